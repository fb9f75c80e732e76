"""The edges of the breaks of single transfers.

Here belong the near misses of what the two channels may say of a transfer, of the steps it may take and
of the time it may take for them.
"""

from datetime import timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.exports import transfers_export, transfers_export_at
from mono_recon.demo.faults.scene import Scene, transfer_of
from mono_recon.demo.faults.stories import Edge, Story, before_a_weekend, workday
from mono_recon.demo.ordinary import RETRY_MINUTES, retry_after
from mono_recon.demo.world import (
    ABSENT,
    EXPORT_LAG,
    NEVER,
    TICK,
    WEBHOOK_HORIZON,
    Event,
    ExportView,
    Step,
)

_SECOND = timedelta(seconds=1)
_ACH_LIMIT = Limit(business_days=2)
_UNIT_OF_VALUE = "COU"


def _told_at_the_horizon(scene: Scene, *, beyond: bool) -> None:
    """At the first issue the horizon is reached but not passed; a microsecond later the webhook comes."""
    approved_at = scene.first_issue - WEBHOOK_HORIZON - TICK * beyond
    transfer = scene.sent(approved_at - 30 * _SECOND).members[0]
    approval = acts.settle(scene.world, transfer, "approved", approved_at)
    approval.received[:] = [] if beyond else [scene.first_issue + TICK]
    if beyond:
        export = transfers_export(scene.day)
        scene.expect("missing_webhook", transfer, since=scene.first_issue, export=export)


def _delivered_at_the_tenth_attempt(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("07:40:01"))
    approval.received[:] = [approval.at + retry_after(len(RETRY_MINUTES) - 1)]


def _told_just_before_the_export(scene: Scene, *, beyond: bool) -> None:
    """The morning's export does not hold it yet, and began a microsecond less than the lag after the event."""
    started_at, _ = transfers_export_at(scene.world, scene.day)
    at = scene.at("23:50:00")
    batch = acts.open_batch(scene.world, scene.main, at, scene.drafts())
    acts.send(scene.world, batch, at + _SECOND).received.clear()
    (transfer,) = batch.members
    told_at = started_at - EXPORT_LAG + TICK * (not beyond)
    acts.settle(scene.world, transfer, "approved", at + 40 * _SECOND, lag=told_at - at - 40 * _SECOND)
    transfer.export = ExportView(hidden_until=NEVER if beyond else started_at + TICK)
    if beyond:
        scene.expect("missing_in_export", transfer, export=transfers_export(scene.day))


def _told_just_before_the_page(scene: Scene, *, beyond: bool) -> None:
    """The morning's page still shows the old state, fetched a microsecond less than the lag after the event."""
    _, fetched_at = transfers_export_at(scene.world, scene.day)
    transfer, at = scene.sent(scene.at("23:59:58")).members[0], scene.at("23:59:59")
    told_at = fetched_at - EXPORT_LAG + TICK * (not beyond)
    acts.settle(scene.world, transfer, "approved", at, lag=told_at - at)
    transfer.export = ExportView(frozen_at=at - TICK, thawed_at=None if beyond else fetched_at + TICK)
    if beyond:
        scene.expect("state_mismatch", transfer, export=transfers_export(scene.day))


def _two_payments_a_centavo_apart(scene: Scene, *, beyond: bool) -> None:
    """Two payments to one payee under one reference; beyond, the first one's approval shows the other's amount."""
    first = Draft(scene.amount(), scene.payee(), "turbo", None, "FACTURA 2207")
    second = first._replace(amount=first.amount + 1)
    approval, _ = scene.paid(scene.at("10:20:33"), first, second)
    if beyond:
        approval.changes = {("amount", "amount"): second.amount}
        export = transfers_export(scene.day)
        scene.expect("amount_mismatch", transfer_of(approval), difference=1, export=export)


def _another_unit_of_account(scene: Scene, *, beyond: bool) -> None:
    """Asked for in COU, refused, and asked for in COP; beyond, the approval says COU, one letter off."""
    (draft,) = scene.drafts()
    refused = scene.sent(scene.at("10:43:02"), draft._replace(currency=_UNIT_OF_VALUE)).members[0]
    acts.settle(scene.world, refused, "declined", scene.at("10:43:30"), reason="invalid_currency")
    (approval,) = scene.paid(scene.at("10:44:02"), draft)
    if beyond:
        approval.changes = {("amount", "currency"): _UNIT_OF_VALUE}
        scene.expect("currency_mismatch", transfer_of(approval), export=transfers_export(scene.day))


def _payee_described_otherwise(scene: Scene, *, beyond: bool) -> None:
    """Name, e-mail and kinds of document and account may differ between the channels; the bank may not."""
    (approval,) = scene.paid(scene.at("15:25:00"))
    changes = {
        ("payee", "name"): "OTRO NOMBRE",
        ("payee", "email"): "otro@example.com",
        ("payee", "document_type"): "CE",
        ("payee", "bank_account", "type"): "electronic_deposit",
    }
    if beyond:
        code = transfer_of(approval).payee.bank_code
        changes["payee", "bank_account", "bank_code"] = code.removeprefix("0")
        scene.expect("payee_mismatch", transfer_of(approval), export=transfers_export(scene.day))
    approval.changes = changes


def _payee_without_an_account(scene: Scene) -> None:
    """A missing value differs from nothing."""
    (approval,) = scene.paid(scene.at("15:27:00"))
    approval.changes = {("payee", "bank_account"): ABSENT}


def _two_states_at_one_instant(scene: Scene, *, beyond: bool) -> None:
    """On a whole second, as clocks without fractions give it; beyond, a microsecond off it."""
    transfer, at = scene.sent(scene.at("11:07:00")).members[0], scene.sharp("11:07:31") + TICK * beyond
    acts.fall_back(scene.world, transfer, at)
    acts.settle(scene.world, transfer, "approved", at, lag=12 * _SECOND)
    if beyond:
        scene.expect("conflicting_versions", transfer)


def _two_states_a_microsecond_apart(scene: Scene) -> None:
    transfer, at = scene.sent(scene.at("11:03:00")).members[0], scene.at("11:03:31")
    acts.fall_back(scene.world, transfer, at)
    acts.settle(scene.world, transfer, "approved", at + TICK, lag=12 * _SECOND)


def _same_event_written_twice(scene: Scene) -> None:
    """Two bodies with different timestamps and equal content are one event."""
    (approval,) = scene.paid(scene.at("10:36:24"))
    later = approval.at + timedelta(milliseconds=40)
    scene.world.tell(Event(approval.type, later, approval.subject, [], approval.step))


def _cancelled_at_the_bank(scene: Scene, *, beyond: bool) -> None:
    """A cancelled transfer stays so; beyond, it is approved afterwards."""
    transfer = scene.sent(scene.at("13:07:15")).members[0]
    reason = "Transaction cancelled by the user"
    acts.settle(scene.world, transfer, "cancelled", scene.at("13:08:00"), reason=reason)
    if beyond:
        acts.settle(scene.world, transfer, "approved", scene.at("13:09:30"))
        scene.expect("illegal_transition", transfer)


def _found_to_be_a_duplicate(scene: Scene, *, beyond: bool) -> None:
    """Before it is sent, as Mono provides for; beyond, when it is at the bank already."""
    at = scene.at("12:10:10")
    batch = acts.open_batch(scene.world, scene.main, at, scene.drafts())
    acts.ask_authorization(scene.world, batch, at + _SECOND)
    if beyond:
        acts.send(scene.world, batch, at + 40 * _SECOND)
    (transfer,) = batch.members
    transfer.steps.append(Step("duplicated", at + 90 * _SECOND, "turbo"))
    batch.steps.append(Step("duplicated", at + 90 * _SECOND))
    if beyond:
        scene.expect("illegal_transition", transfer, export=transfers_export(scene.day))


def _told_of_again_the_day_after(scene: Scene, *, beyond: bool) -> None:
    """Approved once more with a new updated_at; beyond, declined."""
    (approval,) = scene.paid(scene.at("09:15:27"))
    transfer, at = transfer_of(approval), scene.at("10:40:00", business_days=1)
    if beyond:
        acts.settle(scene.world, transfer, "declined", at, reason="account_closed")
        scene.expect("final_state_changed", transfer, on=scene.date_of(at))
    else:
        acts.settle(scene.world, transfer, "approved", at)


def _cancelled_with_one_l(scene: Scene, *, beyond: bool) -> None:
    """Mono writes this state with two l's; beyond, with one for a day, as it does with an account's."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("10:31:50"), scene.drafts(2, "ach"))
    acts.ask_authorization(scene.world, batch, scene.at("10:31:51"))
    stopped, other = batch.members
    stopped.steps.append(Step("canceled" if beyond else "cancelled", scene.at("10:40:00"), "ach"))
    acts.send(scene.world, batch, scene.at("10:50:00"))
    acts.settle(scene.world, other, "approved", scene.at("13:20:00"))
    if beyond:
        stopped.steps.append(Step("cancelled", scene.at("09:00:00", business_days=1), "ach"))
        scene.expect("unknown_state", stopped)


def _batch_in_a_state_of_its_own(scene: Scene) -> None:
    """Mono does not say which states a batch ends in, so none is unknown."""
    scene.paid(scene.at("12:21:00"))
    scene.world.batches[-1].steps.append(Step("finished", scene.at("12:22:00")))


def _turbo_hour_over_at_midnight(scene: Scene, *, beyond: bool) -> None:
    """Sent at 23:00 sharp: at midnight its hour is over, but not passed."""
    at = scene.sharp("23:00:00") - TICK * beyond
    batch = acts.open_batch(scene.world, scene.main, at - 2 * _SECOND, scene.drafts())
    acts.send(scene.world, batch, at)
    (transfer,) = batch.members
    scene.world.feeds.looked_up.append((transfer, scene.sharp("23:30:00")))
    acts.settle(scene.world, transfer, "approved", at + timedelta(hours=1, minutes=2))
    if beyond:
        scene.expect("stuck_transfer", transfer)


def _ach_over_a_weekend(scene: Scene, *, beyond: bool) -> None:
    """ACH has two business days from when its batch went to the bank; beyond, it never answers."""
    batch = scene.sent(scene.at("10:17:30"), *scene.drafts(routing="ach"))
    due = scene.world.calendar.add(batch.steps[-1].at, _ACH_LIMIT)
    (transfer,) = batch.members
    if beyond:
        scene.expect("stuck_transfer", transfer, on=scene.date_of(due))
    else:
        acts.settle(scene.world, transfer, "approved", due)


def _fallen_back_to_ach(scene: Scene) -> None:
    """Sent by turbo, then taken over by ACH: it has ACH's days, not turbo's hour."""
    transfer = scene.sent(scene.at("10:12:00")).members[0]
    acts.fall_back(scene.world, transfer, scene.at("10:12:45"))
    acts.settle(scene.world, transfer, "approved", scene.at("09:40:00", business_days=1))


def _external_ids_in_another_case(scene: Scene, *, beyond: bool) -> None:
    name = scene.client_id()
    again = name if beyond else name[:-1] + name[-1].upper()
    first = scene.drafts()[0]._replace(external_id=name)
    scene.paid(scene.at("09:33:12"), first)
    scene.paid(scene.at("14:45:51"), first._replace(external_id=again))
    if beyond:
        scene.promise("duplicate_payment", "payment_group", f"{scene.main.id}:{name}", amount=first.amount)


def _one_external_id_on_two_accounts(scene: Scene) -> None:
    draft = scene.drafts()[0]._replace(external_id=scene.client_id())
    for account in (scene.main, scene.other):
        scene.paid(scene.at("09:34:00"), draft, account=account)


def _paid_again_after_a_refusal(scene: Scene) -> None:
    draft = scene.drafts()[0]._replace(external_id=scene.client_id())
    refused = scene.sent(scene.at("09:36:00"), draft).members[0]
    acts.settle(scene.world, refused, "declined", scene.at("09:36:30"), reason="invalid_account")
    scene.paid(scene.at("09:50:00"), draft)


def _whole_batch_sent_twice(scene: Scene) -> None:
    """Mono notices: the second one is duplicated and moves no money."""
    drafts = [draft._replace(external_id=scene.client_id()) for draft in scene.drafts(3, "transfiya")]
    scene.paid(scene.at("11:55:00"), *drafts)
    again = acts.open_batch(scene.world, scene.main, scene.at("11:58:00"), drafts)
    acts.mark_duplicated(scene.world, again, scene.at("11:58:01"))


TRANSFER_EDGES = (
    Edge("missing_webhook", _told_at_the_horizon),
    Edge("missing_in_export", _told_just_before_the_export),
    Edge("state_mismatch", _told_just_before_the_page),
    Edge("amount_mismatch", _two_payments_a_centavo_apart),
    Edge("currency_mismatch", _another_unit_of_account),
    Edge("payee_mismatch", _payee_described_otherwise),
    Edge("conflicting_versions", _two_states_at_one_instant),
    Edge("illegal_transition", _cancelled_at_the_bank),
    Edge("illegal_transition", _found_to_be_a_duplicate),
    Edge("final_state_changed", _told_of_again_the_day_after, workday(runway=2)),
    Edge("unknown_state", _cancelled_with_one_l),
    Edge("stuck_transfer", _turbo_hour_over_at_midnight),
    Edge("stuck_transfer", _ach_over_a_weekend, before_a_weekend(2)),
    Edge("duplicate_payment", _external_ids_in_another_case),
)
TRANSFER_NEAR_MISSES = (
    Story("missing_webhook", _delivered_at_the_tenth_attempt),
    Story("payee_mismatch", _payee_without_an_account),
    Story("conflicting_versions", _two_states_a_microsecond_apart),
    Story("conflicting_versions", _same_event_written_twice),
    Story("unknown_state", _batch_in_a_state_of_its_own),
    Story("stuck_transfer", _fallen_back_to_ach),
    Story("duplicate_payment", _one_external_id_on_two_accounts),
    Story("duplicate_payment", _paid_again_after_a_refusal),
    Story("duplicate_payment", _whole_batch_sent_twice),
)
