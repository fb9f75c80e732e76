"""Faults of single transfers.

Here belong the stories in which the two channels disagree about a transfer, or a transfer goes a way it
must not go.
"""

from dataclasses import replace
from datetime import timedelta

from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.exports import transfers_export
from mono_recon.demo.faults.scene import Fault, Scene, last_workday_but_one, workday
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON, Event, ExportView, Step, Transfer

_AMOUNT = ("amount", "amount")
_CURRENCY = ("amount", "currency")
_DOCUMENT = ("payee", "document_number")
_ACCOUNT = ("payee", "bank_account", "number")


def _transfer(event: Event) -> Transfer:
    if not isinstance(event.subject, Transfer):
        raise TypeError(f"{event.type} is about no transfer")
    return event.subject


def _approval_never_delivered(scene: Scene) -> None:
    """Mono gave up on the approval after ten attempts; the export has it."""
    (approval,) = scene.paid(scene.at("10:02:11"))
    _expect_missing_webhook(scene, approval)


def _refusal_never_delivered(scene: Scene) -> None:
    batch = scene.sent(scene.at("11:30:40"))
    refused_at = scene.at("11:31:05")
    refusal = acts.settle(scene.world, batch.members[0], "declined", refused_at, reason="invalid_account")
    _expect_missing_webhook(scene, refusal)


def _expect_missing_webhook(scene: Scene, lost: Event) -> None:
    lost.received.clear()
    transfer = _transfer(lost)
    since = transfer.steps[-1].at + WEBHOOK_HORIZON + TICK
    scene.expect("missing_webhook", transfer, since=since, export=transfers_export(scene.day))


def _left_out_of_exports(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("09:41:20"))
    transfer = _transfer(approval)
    transfer.export = ExportView(hidden=True)
    scene.expect("missing_in_export", transfer, export=transfers_export(scene.day))


def _export_stays_behind(scene: Scene) -> None:
    """The list endpoint goes on showing the transfer as in progress."""
    (approval,) = scene.paid(scene.at("14:05:09"))
    transfer = _transfer(approval)
    transfer.export = ExportView(frozen_at=transfer.steps[-1].at - TICK)
    scene.expect("state_mismatch", transfer, export=transfers_export(scene.day))


def _one_centavo_more(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("10:20:33"))
    _mistell_amount(scene, approval, _transfer(approval).amount + 1)


def _pesos_for_centavos(scene: Scene) -> None:
    amount = scene.amount() // 100 * 100
    (approval,) = scene.paid(scene.at("16:12:45"), Draft(amount, scene.payee(), "turbo"))
    _mistell_amount(scene, approval, amount // 100)


def _mistell_amount(scene: Scene, approval: Event, told: int) -> None:
    """The approval shows another amount than everything else; what was paid is what the export shows."""
    transfer = _transfer(approval)
    approval.changes = {_AMOUNT: told}
    export = transfers_export(scene.day)
    scene.expect("amount_mismatch", transfer, difference=told - transfer.amount, export=export)


def _dollars(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("10:44:02"))
    approval.changes = {_CURRENCY: "USD"}
    scene.expect("currency_mismatch", _transfer(approval), export=transfers_export(scene.day))


def _another_payee_account(scene: Scene) -> None:
    """The approval names an account that differs in its last digit."""
    (approval,) = scene.paid(scene.at("15:21:37"))
    transfer = _transfer(approval)
    number = transfer.payee.account_number
    approval.changes = {_ACCOUNT: number[:-1] + str((int(number[-1]) + 1) % 10)}
    scene.expect("payee_mismatch", transfer, export=transfers_export(scene.day))


def _payee_document_without_zero(scene: Scene) -> None:
    """A document with a leading zero in one channel and without it in the other."""
    payee = replace(scene.payee(), document_number="0079123456", document_type="CC")
    (approval,) = scene.paid(scene.at("15:46:58"), Draft(scene.amount(), payee, "turbo"))
    approval.changes = {_DOCUMENT: "79123456"}
    scene.expect("payee_mismatch", _transfer(approval), export=transfers_export(scene.day))


def _two_states_at_one_instant(scene: Scene) -> None:
    """A fallback and an approval carry the same updated_at, to the microsecond."""
    batch = scene.sent(scene.at("11:03:00"))
    transfer, at = batch.members[0], scene.at("11:03:31")
    acts.fall_back(scene.world, transfer, at)
    acts.settle(scene.world, transfer, "approved", at, lag=timedelta(seconds=12))
    scene.expect("conflicting_versions", transfer)


def _duplicated_after_dispatch(scene: Scene) -> None:
    """A transfer that was already at the bank is shown as duplicated."""
    transfer = scene.sent(scene.at("12:10:10")).members[0]
    transfer.steps.append(Step("duplicated", scene.at("12:11:40"), "turbo"))
    scene.expect("illegal_transition", transfer, export=transfers_export(scene.day))


def _approved_after_cancellation(scene: Scene) -> None:
    transfer = scene.sent(scene.at("13:07:15")).members[0]
    reason = "Transaction cancelled by the user"
    acts.settle(scene.world, transfer, "cancelled", scene.at("13:08:00"), reason=reason)
    acts.settle(scene.world, transfer, "approved", scene.at("13:09:30"))
    scene.expect("illegal_transition", transfer)


def _declined_the_day_after(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("09:15:27"))
    transfer, at = _transfer(approval), scene.at("10:40:00", business_days=1)
    acts.settle(scene.world, transfer, "declined", at, reason="account_closed")
    scene.expect("final_state_changed", transfer, on=scene.date_of(at))


def _approved_after_refusal(scene: Scene) -> None:
    transfer = scene.sent(scene.at("08:50:19")).members[0]
    acts.settle(scene.world, transfer, "declined", scene.at("08:51:00"), reason="invalid_account")
    at = scene.at("11:15:00", business_days=1)
    acts.settle(scene.world, transfer, "approved", at)
    scene.expect("final_state_changed", transfer, on=scene.date_of(at))


def _under_review(scene: Scene) -> None:
    """The export shows a state that nobody has described."""
    transfer = scene.sent(scene.at("10:31:50"), *scene.drafts(routing="ach")).members[0]
    transfer.steps.append(Step("under_review", scene.at("10:50:00"), "ach"))
    scene.expect("unknown_state", transfer, export=transfers_export(scene.day))


def _turbo_never_answers(scene: Scene) -> None:
    """Turbo has an hour; only the export names the rail."""
    transfer = scene.sent(scene.at("10:05:05")).members[0]
    scene.expect("stuck_transfer", transfer, export=transfers_export(scene.day))


def _ach_never_answers(scene: Scene) -> None:
    """ACH has two business days from the moment the batch went to the bank."""
    batch = scene.sent(scene.at("10:17:30"), *scene.drafts(routing="ach"))
    limit_passed = scene.at("10:17:30", business_days=2)
    scene.expect("stuck_transfer", batch.members[0], on=scene.date_of(limit_passed))


def _paid_twice(scene: Scene) -> None:
    """One external id, two approved transfers: Mono did not notice."""
    first, second = scene.drafts(2)
    second = second._replace(external_id="FACTURA-7781", amount=first.amount, payee=first.payee)
    scene.paid(scene.at("09:30:12"), first._replace(external_id="FACTURA-7781"))
    scene.paid(scene.at("14:45:51"), second)
    group = f"{scene.main.id}:FACTURA-7781"
    scene.promise("duplicate_payment", "payment_group", group, amount=first.amount)


TRANSFER_FAULTS = (
    Fault("missing_webhook", _approval_never_delivered),
    Fault("missing_webhook", _refusal_never_delivered),
    Fault("missing_in_export", _left_out_of_exports),
    Fault("state_mismatch", _export_stays_behind),
    Fault("amount_mismatch", _one_centavo_more),
    Fault("amount_mismatch", _pesos_for_centavos),
    Fault("currency_mismatch", _dollars),
    Fault("payee_mismatch", _another_payee_account),
    Fault("payee_mismatch", _payee_document_without_zero),
    Fault("conflicting_versions", _two_states_at_one_instant),
    Fault("illegal_transition", _duplicated_after_dispatch),
    Fault("illegal_transition", _approved_after_cancellation),
    Fault("final_state_changed", _declined_the_day_after, workday(runway=2)),
    Fault("final_state_changed", _approved_after_refusal, workday(runway=2)),
    Fault("unknown_state", _under_review, last_workday_but_one),
    Fault("stuck_transfer", _turbo_never_answers),
    Fault("stuck_transfer", _ach_never_answers, workday(runway=2)),
    Fault("duplicate_payment", _paid_twice),
)
