"""The edges of what is said of the feeds and of the balance.

Here belong the near misses of records that are odd and right, of figures and exports that are just good
enough, and of money that is explained after all.
"""

from datetime import datetime, timedelta

from mono_recon.demo import acts
from mono_recon.demo.exports import FIGURE_AT
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Edge, Story, first_saturday, workday
from mono_recon.demo.ids import new_id
from mono_recon.demo.instants import instant_text
from mono_recon.demo.ordinary import repeat_as_credit
from mono_recon.demo.people import Party
from mono_recon.demo.world import DAY, FORGER, MONO, TICK, Body, Changes, Event, Intent, Movement

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_QUARTER = 15 * _MINUTE
_TOLERANCE = timedelta(hours=2)


def _collected(scene: Scene, payer: Party, credited_at: datetime) -> Intent:
    intent = acts.start_collection(scene.world, scene.main, scene.amount(), payer, credited_at - 2 * _MINUTE)
    acts.advance(scene.world, intent, "approved_in_provider", credited_at - _MINUTE)
    acts.advance(scene.world, intent, "account_credited", credited_at)
    return intent


def _collection_reported_twice(scene: Scene, *, beyond: bool) -> None:
    """The bank reports a collection as a credit too, a quarter of an hour later; beyond, a microsecond more."""
    payer, at = scene.customer(), scene.sharp("10:32:00")
    intent = _collected(scene, payer, at - _QUARTER - TICK * beyond)
    repeat_as_credit(scene.world, intent, payer, at)
    if beyond:
        scene.world.credits[-1].match = acts.customer_of(scene.world, payer)
        scene.promise_difference(scene.main, scene.day, -intent.amount)


def _paid_twice_by_a_customer(scene: Scene) -> None:
    """A microsecond more than a quarter of an hour apart, and two payments indeed."""
    payer, at = scene.customer(), scene.sharp("14:32:00")
    intent = _collected(scene, payer, at - _QUARTER - TICK)
    acts.receive_wire(scene.world, scene.main, intent.amount, payer, at, at + _MINUTE)


def _credited_when_the_figure_is_taken(scene: Scene, *, beyond: bool) -> None:
    """Money that comes with the closing figure is in it; beyond, the bank books it a microsecond later."""
    world, account = scene.world, scene.other
    at = world.calendar.end_of(scene.day) + FIGURE_AT
    amount = scene.amount()
    acts.receive_mono(world, account, amount, scene.customer(), at)
    if beyond:
        world.movements += [Movement(account, at, -amount), Movement(account, at + TICK, amount)]
        scene.promise_difference(account, scene.day, -amount)
        scene.promise_difference(account, scene.day + DAY, amount)


def _figure_two_hours_old(scene: Scene, *, beyond: bool) -> None:
    """At midnight the bank still answered with a figure of 22:00; beyond, of a microsecond before."""
    account = scene.world.accounts[2] if beyond else scene.other
    scene.paid(scene.at("10:49:21"), account=account)
    scene.world.feeds.figure_ages[account.id, scene.day] = _TOLERANCE + TICK * beyond
    if beyond:
        scene.promise("feed_missing", "feed", f"balance:{account.id}:{scene.day}")


def _export_taken_again(scene: Scene) -> None:
    """An export broke off before its last page; ten minutes later it was taken whole."""
    scene.world.feeds.broken_off.add(scene.day + DAY)


def _signed_by_another_too(scene: Scene, *, beyond: bool) -> None:
    """Two signatures, one of which holds; beyond, the other alone, on money that never came."""
    at = scene.at("03:14:15")
    told = acts.receive_wire(scene.world, scene.main, scene.amount(), scene.customer(), at, at + _MINUTE)
    told.signers = (FORGER,) if beyond else (FORGER, MONO)
    if beyond:
        scene.world.credits.pop()
        scene.promise("signature_failed", "feed", f"signature_failed:{scene.day}")


def _amount_with_a_point(scene: Scene, *, beyond: bool) -> None:
    """An approval told early with a field that nobody knows; beyond, with ``.0`` after its centavos."""
    (approval,) = scene.paid(scene.at("11:11:11"))
    amount = scene.world.batches[-1].members[0].amount
    changes: Changes = {("amount", "amount"): float(amount)} if beyond else {("clearing_cycle",): 3}
    early = approval.at - _SECOND
    scene.world.tell(Event(approval.type, early, approval.subject, [], approval.step, changes=changes))
    if beyond:
        scene.promise("invalid_record", "feed", f"schema:{scene.day}")


def _line_without_an_end(scene: Scene, *, beyond: bool) -> None:
    """A blank line in the archive; beyond, half a line without a clock: the disk was full for a moment."""
    at = scene.at("12:12:12")
    half = f'{{"received_at":"{instant_text(at)}","headers":{{"Content-Ty'.encode()
    scene.world.feeds.debris.append((at, half if beyond else b""))
    if beyond:
        scene.promise("invalid_record", "feed", f"malformed_json:{scene.day}")


def _entry_of_the_ledger(scene: Scene, *, beyond: bool) -> None:
    """An event of Core that is used; beyond, its type has a capital letter."""
    rng, at = scene.world.rng, scene.at("15:51:00")
    body: Body = {
        "amount": {"amount": scene.amount(), "currency": "COP"},
        "description": "Compra con tarjeta",
        "details": {},
        "id": new_id(rng, "ltx"),
        "id_in_origin": new_id(rng, "cpp"),
        "operation_type": "debit",
        "origin": "card_presentment_payment",
        "origin_transaction_at": at,
        "reverted_by_id": None,
        "reverts_id": None,
        "transaction_at": at,
    }
    name = "ledger_account_transaction_created"
    event_type = name.capitalize() if beyond else name
    scene.world.tell(Event(event_type, at + _SECOND, body, []))
    if beyond:
        scene.promise("unknown_event_type", "feed", f"{event_type}:{scene.day}")


FEED_EDGES = (
    Edge("balance_difference", _collection_reported_twice, workday(runway=2)),
    Edge("balance_difference", _credited_when_the_figure_is_taken, workday(runway=3)),
    Edge("feed_missing", _figure_two_hours_old, first_saturday),
    Edge("signature_failed", _signed_by_another_too),
    Edge("invalid_record", _amount_with_a_point),
    Edge("invalid_record", _line_without_an_end),
    Edge("unknown_event_type", _entry_of_the_ledger),
)
FEED_NEAR_MISSES = (
    Story("balance_difference", _paid_twice_by_a_customer),
    Story("incomplete_export", _export_taken_again),
)
