"""Faults of the feeds and of the balance.

Here belong captures that failed, events that nobody here knows, and money that no channel explains. Those
that stand beside a near miss are in ``edges``.
"""

from datetime import datetime, timedelta

from mono_recon.demo import acts
from mono_recon.demo.exports import live_balance, transfers_export
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Story, first_saturday, first_sunday, workday
from mono_recon.demo.ids import new_id, uuid_text
from mono_recon.demo.ordinary import RETRY_MINUTES, retry_after
from mono_recon.demo.world import Account, Body, Event, Movement


def _page_healed_by_a_second_try(scene: Scene) -> None:
    """The first page of the morning's export was answered with an error, then well."""
    scene.world.feeds.failed_pages.add(scene.day)
    scene.promise("invalid_record", "feed", f"error_response:{scene.day}")


def _type_of_another_product(scene: Scene) -> None:
    rng, at = scene.world.rng, scene.at("10:10:10")
    body: Body = {
        "amount": {"amount": scene.amount(), "currency": "COP"},
        "description": "Payment to merchant",
        "external_id": uuid_text(rng),
        "id": new_id(rng, "bbot"),
        "inserted_at": at,
        "state": "successful",
        "updated_at": at,
    }
    event_type = "outgoing_transfer.successful"
    scene.world.tell(Event(event_type, at + timedelta(seconds=2), body, []))
    scene.promise("unknown_event_type", "feed", f"{event_type}:{scene.day}")


def _balance_not_answered(scene: Scene) -> None:
    """A live balance was asked for, the bank did not answer, and nobody asked again."""
    at = scene.at("12:00:30")
    scene.world.feeds.unanswered.append((scene.main, at))
    scene.promise("incomplete_export", "feed", live_balance(scene.main, at))
    scene.promise("invalid_record", "feed", f"error_response:{scene.day}")


def _endpoint_down_for_a_day(scene: Scene) -> None:
    """Nothing arrives on a quiet Sunday; the evening's events come by retry after midnight."""
    scene.paid(scene.at("20:20:20"))
    start, end = scene.world.calendar.start_of(scene.day), scene.world.calendar.end_of(scene.day)
    for event in scene.world.events:
        if any(start <= received_at < end for received_at in event.received):
            event.received[:] = _around(event.at, start, end)
    scene.promise("feed_missing", "feed", f"webhooks:{scene.day}", export=transfers_export(scene.day))


def _around(at: datetime, start: datetime, end: datetime) -> list[datetime]:
    """Arrival at once before an outage, else at the first retry after it."""
    first = acts.prompt(at)
    if first[0] < start:
        return first
    retries = (first[0] + retry_after(attempt) for attempt in range(len(RETRY_MINUTES)))
    return [next(retry for retry in retries if retry >= end)]


def _credit_never_told(scene: Scene) -> None:
    """Money came and no webhook said so: only the balance shows it."""
    _move_untold(scene, scene.main, scene.at("14:30:00"), scene.amount())


def _debit_never_told(scene: Scene) -> None:
    """The bank charged something that no channel reports: 2,380 pesos."""
    _move_untold(scene, scene.world.accounts[2], scene.at("17:45:00"), -238_000)


def _move_untold(scene: Scene, account: Account, at: datetime, amount: int) -> None:
    scene.world.movements.append(Movement(account, at, amount))
    scene.promise_difference(account, scene.day, amount)


# Two stories that concern one account's balance of one date would spoil each other's figures, so the
# edges have the business days of the first two accounts, and these the third one's and Saturdays.
FEED_FAULTS = (
    Story("balance_difference", _credit_never_told, first_saturday),
    Story("balance_difference", _debit_never_told, workday(runway=2)),
    Story("incomplete_export", _balance_not_answered, first_saturday),
    Story("invalid_record", _page_healed_by_a_second_try),
    Story("unknown_event_type", _type_of_another_product),
    Story("feed_missing", _endpoint_down_for_a_day, first_sunday),
)
