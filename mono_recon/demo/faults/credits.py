"""Faults of money that comes in by credit, and of transfers between own accounts.

Here belong the stories of credits reported twice, with two amounts, for nobody's transfer, from nobody
known, and of money that left one own account and never reached the other.
"""

from datetime import datetime, timedelta

from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.faults.scene import Fault, Scene, workday
from mono_recon.demo.ids import uuid_text
from mono_recon.demo.people import Party, stranger
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON, Changes, Credit, Event, Transfer

_SOON = timedelta(minutes=12)


def _credit(event: Event) -> Credit:
    if not isinstance(event.subject, Credit):
        raise TypeError(f"{event.type} is about no credit")
    return event.subject


def _wire(scene: Scene, at: datetime, amount: int, payer: Party) -> Event:
    return acts.receive_wire(scene.world, scene.other, amount, payer, at, at + _SOON)


def _told_with_two_amounts(scene: Scene) -> None:
    """The same credit again an hour later, a peso higher; the bank booked the first figure."""
    first = _wire(scene, scene.at("10:33:20"), scene.amount(), scene.customer())
    credit = _credit(first)
    told_at = first.at + timedelta(hours=1)
    changes: Changes = {("amount", "amount"): credit.amount + 100}
    scene.world.tell(Event("account_credited", told_at, credit, [], changes=changes))
    scene.expect("conflicting_credit", credit, difference=-100)


def _same_credit_under_two_ids(scene: Scene) -> None:
    """Equal in everything but the id; the bank did book it twice."""
    at, amount, payer = scene.at("11:45:10"), scene.amount(), scene.customer()
    _wire(scene, at, amount, payer)
    second = acts.receive_wire(scene.world, scene.other, amount, payer, at, at + 2 * _SOON)
    scene.expect("duplicate_credit", _credit(second))


def _internal_sent(scene: Scene, at: datetime, amount: int, reference: str | None = None) -> Transfer:
    draft = Draft(amount, acts.own_party(scene.other), "turbo", None, reference, "Traslado")
    scene.paid(at, draft)
    return scene.world.batches[-1].members[0]


def _centavo_lost_between_own_accounts(scene: Scene) -> None:
    transfer = _internal_sent(scene, scene.at("08:20:20"), scene.amount())
    arrival = acts.receive_mono(
        scene.world,
        scene.other,
        transfer.amount - 1,
        acts.own_party(scene.main),
        transfer.steps[-1].at + timedelta(seconds=1),
        entity_id=transfer.external_id,
        reference=transfer.reference,
    )
    scene.expect("credit_amount_mismatch", _credit(arrival), difference=-1)


def _one_credit_for_two_transfers(scene: Scene) -> None:
    """Two equal transfers with one reference, and one credit that names only the reference."""
    amount, reference = scene.amount(), "TRASLADO QUINCENA"
    _internal_sent(scene, scene.at("09:05:02"), amount, reference)
    last = _internal_sent(scene, scene.at("09:06:13"), amount, reference)
    arrived_at = last.steps[-1].at + timedelta(seconds=1)
    payer = acts.own_party(scene.main)
    arrival = acts.receive_mono(scene.world, scene.other, amount, payer, arrived_at, reference=reference)
    scene.expect("ambiguous_match", _credit(arrival))


def _money_back_from_the_bank(scene: Scene) -> None:
    """A refused transfer, then a wire of the same amount from the payee's bank."""
    batch = scene.sent(scene.at("09:11:11"))
    transfer = batch.members[0]
    acts.settle(scene.world, transfer, "declined", scene.at("09:12:00"), reason="account_closed")
    payer = stranger(scene.world.rng, transfer.payee.bank_code)
    at = scene.at("15:30:00", business_days=1)
    arrival = acts.receive_wire(scene.world, scene.main, transfer.amount, payer, at, at + _SOON)
    scene.expect("suspected_return", _credit(arrival), on=scene.date_of(at))


def _money_back_after_approval(scene: Scene) -> None:
    """An approved transfer turns declined and its money comes back as a credit: once, not twice."""
    scene.paid(scene.at("10:25:45"))
    transfer = scene.world.batches[-1].members[0]
    declined_at = scene.at("09:35:00", business_days=1)
    acts.settle(scene.world, transfer, "declined", declined_at, reason="account_closed")
    transfer.returned = True
    scene.expect("final_state_changed", transfer, on=scene.date_of(declined_at))
    at = scene.at("11:00:00", business_days=1)
    payer = stranger(scene.world.rng, transfer.payee.bank_code)
    arrival = acts.receive_wire(scene.world, scene.main, transfer.amount, payer, at, at + _SOON)
    scene.expect("suspected_return", _credit(arrival), on=scene.date_of(at))


def _own_money_from_nowhere(scene: Scene) -> None:
    """A credit from the company itself that names no transfer of it."""
    arrival = acts.receive_mono(
        scene.world,
        scene.other,
        scene.amount(),
        acts.own_party(scene.main),
        scene.at("12:40:07"),
        entity_id=uuid_text(scene.world.rng),
        reference="TRASLADO",
    )
    scene.expect("orphan_internal_credit", _credit(arrival))


def _wire_from_a_stranger(scene: Scene) -> None:
    arrival = _wire(scene, scene.at("13:13:13"), scene.amount(), stranger(scene.world.rng))
    scene.expect("unidentified_credit", _credit(arrival))


def _mono_payment_from_a_stranger(scene: Scene) -> None:
    payer = stranger(scene.world.rng, "066")
    arrival = acts.receive_mono(
        scene.world, scene.other, scene.amount(), payer, scene.at("16:01:50"), reference="abono"
    )
    scene.expect("unidentified_credit", _credit(arrival))


def _never_reached_the_other_account(scene: Scene) -> None:
    transfer = _internal_sent(scene, scene.at("08:45:30"), scene.amount())
    since = transfer.steps[-1].at + WEBHOOK_HORIZON + TICK
    scene.expect("internal_transfer_not_credited", transfer, since=since)


CREDIT_FAULTS = (
    Fault("conflicting_credit", _told_with_two_amounts),
    Fault("duplicate_credit", _same_credit_under_two_ids),
    Fault("credit_amount_mismatch", _centavo_lost_between_own_accounts),
    Fault("ambiguous_match", _one_credit_for_two_transfers),
    Fault("suspected_return", _money_back_from_the_bank, workday(runway=2)),
    Fault("suspected_return", _money_back_after_approval, workday(runway=2)),
    Fault("orphan_internal_credit", _own_money_from_nowhere),
    Fault("unidentified_credit", _wire_from_a_stranger),
    Fault("unidentified_credit", _mono_payment_from_a_stranger),
    Fault("internal_transfer_not_credited", _never_reached_the_other_account),
)
