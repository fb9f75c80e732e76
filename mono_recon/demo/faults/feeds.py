"""Faults of the feeds and of the balance.

Here belong forged and broken records, captures that failed, figures that are missing, and money that no
channel explains.
"""

from datetime import datetime, timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.exports import transfers_export
from mono_recon.demo.faults.scene import Fault, Scene, first_sunday, last_day, workday
from mono_recon.demo.ids import new_id, uuid_text
from mono_recon.demo.instants import instant_text
from mono_recon.demo.ordinary import RETRY_MINUTES, retry_after
from mono_recon.demo.world import DAY, TICK, Account, Body, Changes, Credit, Event, Movement

_SMALLEST_PAGE = 10
_BALANCE_PATIENCE = Limit(business_days=1)


def _forged_credit(scene: Scene) -> None:
    """Somebody who does not know the secret announces money."""
    at = scene.at("03:14:15")
    credit = Credit(
        new_id(scene.world.rng, "tx"),
        "incoming_wire",
        scene.main,
        scene.amount(),
        scene.customer(),
        at,
        "Abono",
        {},
    )
    scene.world.tell(Event("account_credited", at, credit, [], forged=True))
    scene.promise("signature_failed", "feed", f"signature_failed:{scene.day}")


def _decimal_amount(scene: Scene) -> None:
    """An approval with an amount in pesos and centavos, and then the right one."""
    (approval,) = scene.paid(scene.at("11:11:11"))
    early = approval.at - timedelta(seconds=1)
    changes: Changes = {("amount", "amount"): 1600.505}
    scene.world.tell(Event(approval.type, early, approval.subject, [], approval.step, changes=changes))
    scene.promise("invalid_record", "feed", f"schema:{scene.day}")


def _broken_line(scene: Scene) -> None:
    """The endpoint's disk was full for a moment: half a line, without a clock."""
    at = scene.at("12:12:12")
    line = f'{{"received_at":"{instant_text(at)}","headers":{{"Content-Ty'.encode()
    scene.world.feeds.debris.append((at, line))
    scene.promise("invalid_record", "feed", f"malformed_json:{scene.day}")


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
    _tell_unknown(scene, "outgoing_transfer.successful", at, body)


def _type_of_tomorrow(scene: Scene) -> None:
    at = scene.at("15:51:00")
    body: Body = {"account_id": scene.main.id, "id": new_id(scene.world.rng, "stmt"), "updated_at": at}
    _tell_unknown(scene, "account_statement_ready", at, body)


def _tell_unknown(scene: Scene, event_type: str, at: datetime, body: Body) -> None:
    scene.world.tell(Event(event_type, at + timedelta(seconds=2), body, []))
    scene.promise("unknown_event_type", "feed", f"{event_type}:{scene.day}")


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


def _closing_figure_too_old(scene: Scene) -> None:
    """At midnight the bank still answered with a figure of the evening before."""
    scene.paid(scene.at("10:49:21"), account=scene.other)
    scene.world.feeds.stale_figures.add((scene.other.id, scene.day))
    scene.promise("feed_missing", "feed", f"balance:{scene.other.id}:{scene.day}")


def _last_page_not_fetched(scene: Scene) -> None:
    """The collector stopped before the last page, and no later export covers the day."""
    week = scene.world.transfers[-7:]
    if sum(map(len, week)) <= 2 * _SMALLEST_PAGE:
        return
    export = transfers_export(scene.day)
    scene.world.feeds.cut_short.add(scene.day + DAY)
    scene.promise("incomplete_export", "feed", export, export=export)
    scene.promise("feed_missing", "feed", f"exports:{scene.day}")


def _credit_never_told(scene: Scene) -> None:
    """Money came and no webhook said so: only the balance shows it."""
    _move_untold(scene, scene.main, scene.at("14:30:00"), scene.amount())


def _debit_never_told(scene: Scene) -> None:
    """The bank charged something that no channel reports: 2,380 pesos."""
    _move_untold(scene, scene.world.accounts[2], scene.at("17:45:00"), -238_000)


def _move_untold(scene: Scene, account: Account, at: datetime, amount: int) -> None:
    calendar = scene.world.calendar
    scene.world.movements.append(Movement(account, at, amount))
    scene.promise(
        "balance_difference",
        "account",
        f"{account.id}:{scene.day}",
        amount=abs(amount),
        difference=amount,
        since=calendar.add(calendar.end_of(scene.day), _BALANCE_PATIENCE) + TICK,
    )


FEED_FAULTS = (
    Fault("balance_difference", _credit_never_told, workday(runway=2)),
    Fault("balance_difference", _debit_never_told, workday(runway=2)),
    Fault("signature_failed", _forged_credit),
    Fault("invalid_record", _decimal_amount),
    Fault("invalid_record", _broken_line),
    Fault("invalid_record", _page_healed_by_a_second_try),
    Fault("unknown_event_type", _type_of_another_product),
    Fault("unknown_event_type", _type_of_tomorrow),
    Fault("feed_missing", _closing_figure_too_old),
    Fault("incomplete_export", _last_page_not_fetched, last_day),
    Fault("feed_missing", _endpoint_down_for_a_day, first_sunday),
)
