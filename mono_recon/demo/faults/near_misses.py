"""Stories that come as close to a fault as can be and are none.

Here belongs one beside each rule that has an edge: a centavo, a second, a microsecond or the case of a
letter away. Each names the break that it must not cause.
"""

from dataclasses import replace
from datetime import timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.faults.scene import Fault, Scene
from mono_recon.demo.ordinary import RETRY_MINUTES, repeat_as_credit, retry_after
from mono_recon.demo.people import stranger
from mono_recon.demo.world import ABSENT, DAY, EXPORT_LAG, TICK, Event, ExportView

_MINUTE = timedelta(minutes=1)


def _delivered_at_the_tenth_attempt(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("07:40:01"))
    approval.received[:] = [approval.at + retry_after(len(RETRY_MINUTES) - 1)]


def _inserted_when_the_window_ends(scene: Scene) -> None:
    """Inserted at midnight to the microsecond: the morning's window ends just before it."""
    midnight = scene.sharp("00:00:00")
    batch = acts.open_batch(scene.world, scene.main, midnight, ())
    member = acts.add_member(scene.world, batch, scene.drafts()[0], midnight)
    acts.send(scene.world, batch, midnight + timedelta(seconds=1))
    acts.settle(scene.world, member, "approved", midnight + timedelta(seconds=21))


def _old_state_within_the_export_lag(scene: Scene) -> None:
    """The export of the morning began a microsecond less than the lag after the event."""
    event_at = scene.sharp("05:00:00") + DAY - EXPORT_LAG + TICK
    step_at = event_at - timedelta(seconds=5)
    transfer = scene.sent(scene.at("23:50:07")).members[0]
    acts.settle(scene.world, transfer, "approved", step_at)
    transfer.export = ExportView(frozen_at=step_at - TICK, thawed_at=event_at + 2 * EXPORT_LAG)


def _same_event_written_twice(scene: Scene) -> None:
    """Two bodies with different timestamps and equal content are one event."""
    (approval,) = scene.paid(scene.at("10:36:24"))
    later = approval.at + timedelta(milliseconds=40)
    scene.world.tell(Event(approval.type, later, approval.subject, [], approval.step))


def _payee_renamed(scene: Scene) -> None:
    """Name and e-mail of a payee may differ between the channels."""
    (approval,) = scene.paid(scene.at("15:25:00"))
    approval.changes = {("payee", "name"): "OTRO NOMBRE", ("payee", "email"): "otro@example.com"}


def _payee_without_an_account(scene: Scene) -> None:
    """A missing value differs from nothing."""
    (approval,) = scene.paid(scene.at("15:27:00"))
    approval.changes = {("payee", "bank_account"): ABSENT}


def _two_states_in_one_whole_second(scene: Scene) -> None:
    """As clocks without fractions give them."""
    transfer, at = scene.sent(scene.at("11:07:00")).members[0], scene.sharp("11:07:31")
    acts.fall_back(scene.world, transfer, at)
    acts.settle(scene.world, transfer, "approved", at, lag=timedelta(seconds=12))


def _answered_an_hour_after_midnight(scene: Scene) -> None:
    """Sent by turbo at 23:00 sharp: at midnight its hour is over, but not passed."""
    at = scene.sharp("23:00:00")
    batch = acts.open_batch(scene.world, scene.main, at - timedelta(seconds=2), scene.drafts())
    acts.send(scene.world, batch, at)
    acts.settle(scene.world, batch.members[0], "approved", at + timedelta(hours=1, minutes=2))


def _fallen_back_to_ach(scene: Scene) -> None:
    """Sent by turbo, then taken over by ACH: it has ACH's days, not turbo's hour."""
    transfer = scene.sent(scene.at("10:12:00")).members[0]
    acts.fall_back(scene.world, transfer, scene.at("10:12:45"))
    acts.settle(scene.world, transfer, "approved", scene.at("09:40:00", business_days=1))


def _external_ids_in_another_case(scene: Scene) -> None:
    first, second = scene.drafts(2)
    first, second = first._replace(external_id="Orden-45b"), second._replace(external_id="Orden-45B")
    scene.paid(scene.at("09:33:12"), first, second._replace(amount=first.amount, payee=first.payee))


def _paid_again_after_a_refusal(scene: Scene) -> None:
    (draft,) = scene.drafts()
    draft = draft._replace(external_id="ORDEN-46")
    refused = scene.sent(scene.at("09:36:00"), draft).members[0]
    acts.settle(scene.world, refused, "declined", scene.at("09:36:30"), reason="invalid_account")
    scene.paid(scene.at("09:50:00"), draft)


def _whole_batch_sent_twice(scene: Scene) -> None:
    """Mono notices: the second one is duplicated and moves no money."""
    drafts = [
        draft._replace(external_id=f"NOMINA-{place}")
        for place, draft in enumerate(scene.drafts(3, "transfiya"), start=1)
    ]
    scene.paid(scene.at("11:55:00"), *drafts)
    again = acts.open_batch(scene.world, scene.main, scene.at("11:58:00"), drafts)
    acts.mark_duplicated(scene.world, again, scene.at("11:58:01"))


def _cancelled_with_all_members(scene: Scene) -> None:
    batch = acts.open_batch(scene.world, scene.main, scene.at("09:58:00"), scene.drafts(2))
    acts.ask_authorization(scene.world, batch, scene.at("09:58:01"))
    acts.cancel(scene.world, batch, scene.at("10:09:00"))


def _authorized_just_in_time(scene: Scene) -> None:
    """Authorized a minute before the business day is over."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("10:30:00"), scene.drafts())
    acts.ask_authorization(scene.world, batch, scene.at("10:30:01"))
    limit = scene.world.calendar.add(batch.inserted_at, Limit(business_days=1))
    acts.send(scene.world, batch, limit - _MINUTE)
    acts.settle(scene.world, batch.members[0], "approved", limit)


def _declined_batch_with_declined_members(scene: Scene) -> None:
    batch = scene.sent(scene.at("15:05:00"), *scene.drafts(2))
    for member in batch.members:
        acts.settle(scene.world, member, "declined", scene.at("15:05:40"), reason="insufficient_funds")
    batch.steps.append(batch.steps[-1]._replace(state="declined", at=scene.at("15:05:41")))


def _credits_a_second_apart(scene: Scene) -> None:
    at, amount, payer = scene.at("11:48:10"), scene.amount(), scene.customer()
    for offset in (timedelta(0), timedelta(seconds=1)):
        acts.receive_wire(scene.world, scene.other, amount, payer, at + offset, at + 10 * _MINUTE)


def _credits_a_centavo_apart(scene: Scene) -> None:
    at, amount, payer = scene.at("11:50:10"), scene.amount(), scene.customer()
    for told in (amount, amount + 1):
        acts.receive_wire(scene.world, scene.other, told, payer, at, at + 10 * _MINUTE)


def _two_credits_for_two_transfers(scene: Scene) -> None:
    """Equal in amount and reference, but as many of one as of the other: paired in time order."""
    draft = Draft(scene.amount(), acts.own_party(scene.other), "turbo", None, "TRASLADO NOMINA")
    for clock in ("08:30:00", "08:33:00"):
        scene.paid(scene.at(clock), draft)
        transfer = scene.world.batches[-1].members[0]
        arrived_at = transfer.steps[-1].at + timedelta(seconds=1)
        payer, reference = acts.own_party(scene.main), draft.reference or ""
        acts.receive_mono(scene.world, scene.other, draft.amount, payer, arrived_at, reference=reference)


def _own_number_at_another_bank(scene: Scene) -> None:
    payee = replace(acts.own_party(scene.other), bank_code="007")
    scene.paid(scene.at("08:55:00"), Draft(scene.amount(), payee, "turbo"))


def _customer_pays_a_centavo_more_than_was_refused(scene: Scene) -> None:
    """Almost the amount of a refused transfer, from the payee's bank: a payment, not a return."""
    customer = scene.customer()
    payee = replace(scene.payee(), bank_code=customer.bank_code)
    draft = Draft(scene.amount(), payee, "turbo")
    refused = scene.sent(scene.at("09:14:00"), draft).members[0]
    acts.settle(scene.world, refused, "declined", scene.at("09:14:30"), reason="invalid_account")
    at = scene.at("12:00:00")
    acts.receive_wire(scene.world, scene.main, draft.amount + 1, customer, at, at + _MINUTE)


def _collection_reported_twice_within_the_quarter(scene: Scene) -> None:
    """Exactly fifteen minutes apart: the same money."""
    payer, at = stranger(scene.world.rng), scene.sharp("10:15:00")
    intent = acts.start_collection(scene.world, scene.main, scene.amount(), payer, at)
    acts.advance(scene.world, intent, "approved_in_provider", at + _MINUTE)
    acts.advance(scene.world, intent, "account_credited", at + 2 * _MINUTE)
    repeat_as_credit(scene.world, intent, payer, at + 17 * _MINUTE)


def _paid_twice_by_a_customer(scene: Scene) -> None:
    """A second more than fifteen minutes apart: two payments."""
    payer, at = scene.customer(), scene.sharp("14:15:00")
    intent = acts.start_collection(scene.world, scene.main, scene.amount(), payer, at)
    acts.advance(scene.world, intent, "approved_in_provider", at + _MINUTE)
    acts.advance(scene.world, intent, "account_credited", at + 2 * _MINUTE)
    paid_at = at + 17 * _MINUTE + timedelta(seconds=1)
    acts.receive_wire(scene.world, scene.main, intent.amount, payer, paid_at, paid_at + _MINUTE)


NEAR_MISSES = (
    Fault("missing_webhook", _delivered_at_the_tenth_attempt),
    Fault("missing_in_export", _inserted_when_the_window_ends),
    Fault("state_mismatch", _old_state_within_the_export_lag),
    Fault("conflicting_versions", _same_event_written_twice),
    Fault("payee_mismatch", _payee_renamed),
    Fault("payee_mismatch", _payee_without_an_account),
    Fault("conflicting_versions", _two_states_in_one_whole_second),
    Fault("stuck_transfer", _answered_an_hour_after_midnight),
    Fault("stuck_transfer", _fallen_back_to_ach),
    Fault("duplicate_payment", _whole_batch_sent_twice),
    Fault("batch_state_contradiction", _cancelled_with_all_members),
    Fault("duplicate_payment", _external_ids_in_another_case),
    Fault("duplicate_payment", _paid_again_after_a_refusal),
    Fault("stuck_batch", _authorized_just_in_time),
    Fault("batch_outcome_differs", _declined_batch_with_declined_members),
    Fault("duplicate_credit", _credits_a_second_apart),
    Fault("duplicate_credit", _credits_a_centavo_apart),
    Fault("ambiguous_match", _two_credits_for_two_transfers),
    Fault("internal_transfer_not_credited", _own_number_at_another_bank),
    Fault("suspected_return", _customer_pays_a_centavo_more_than_was_refused),
    Fault("duplicate_credit", _collection_reported_twice_within_the_quarter),
    Fault("balance_difference", _paid_twice_by_a_customer),
)
