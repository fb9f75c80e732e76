"""Faults of single transfers.

Here belong the stories in which the two channels disagree about a transfer, or a transfer goes a way it
must not go. Those that stand beside a near miss are in ``edges``.
"""

from dataclasses import replace

from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.exports import transfers_export
from mono_recon.demo.faults.scene import Scene, transfer_of
from mono_recon.demo.faults.stories import Story, last_workday_but_one, workday
from mono_recon.demo.world import NEVER, TICK, WEBHOOK_HORIZON, Event, ExportView, Step

_AMOUNT = ("amount", "amount")
_CURRENCY = ("amount", "currency")
_DOCUMENT = ("payee", "document_number")
_ACCOUNT = ("payee", "bank_account", "number")


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
    transfer = transfer_of(lost)
    since = transfer.steps[-1].at + WEBHOOK_HORIZON + TICK
    scene.expect("missing_webhook", transfer, since=since, export=transfers_export(scene.day))


def _left_out_of_exports(scene: Scene) -> None:
    (approval,) = scene.paid(scene.at("09:41:20"))
    transfer = transfer_of(approval)
    transfer.export = ExportView(hidden_until=NEVER)
    scene.expect("missing_in_export", transfer, export=transfers_export(scene.day))


def _export_stays_behind(scene: Scene) -> None:
    """The list endpoint goes on showing the transfer as in progress."""
    (approval,) = scene.paid(scene.at("14:05:09"))
    transfer = transfer_of(approval)
    transfer.export = ExportView(frozen_at=transfer.steps[-1].at - TICK)
    scene.expect("state_mismatch", transfer, export=transfers_export(scene.day))


def _pesos_for_centavos(scene: Scene) -> None:
    """The approval shows the amount in another unit; what was paid is what the export shows."""
    amount = scene.amount() // 100 * 100
    (approval,) = scene.paid(scene.at("16:12:45"), Draft(amount, scene.payee(), "turbo"))
    approval.changes = {_AMOUNT: amount // 100}
    difference, export = amount // 100 - amount, transfers_export(scene.day)
    scene.expect("amount_mismatch", transfer_of(approval), difference=difference, export=export)


def _dollars(scene: Scene) -> None:
    """The approval shows the amount in dollars: the currencies differ, so the amounts are not compared."""
    (approval,) = scene.paid(scene.at("10:46:02"))
    transfer = transfer_of(approval)
    approval.changes = {_CURRENCY: "USD", _AMOUNT: transfer.amount // 4000}
    scene.expect("currency_mismatch", transfer, export=transfers_export(scene.day))


def _another_payee_account(scene: Scene) -> None:
    """The approval names an account that differs in its last digit."""
    (approval,) = scene.paid(scene.at("15:21:37"))
    transfer = transfer_of(approval)
    number = transfer.payee.account_number
    approval.changes = {_ACCOUNT: number[:-1] + str((int(number[-1]) + 1) % 10)}
    scene.expect("payee_mismatch", transfer, export=transfers_export(scene.day))


def _payee_document_without_zero(scene: Scene) -> None:
    """A document with a leading zero in one channel and without it in the other."""
    payee = replace(scene.payee(), document_number="0079123456", document_type="CC")
    (approval,) = scene.paid(scene.at("15:46:58"), Draft(scene.amount(), payee, "turbo"))
    approval.changes = {_DOCUMENT: "79123456"}
    scene.expect("payee_mismatch", transfer_of(approval), export=transfers_export(scene.day))


def _approved_after_refusal(scene: Scene) -> None:
    transfer = scene.sent(scene.at("08:50:19")).members[0]
    acts.settle(scene.world, transfer, "declined", scene.at("08:51:00"), reason="invalid_account")
    at = scene.at("11:15:00", business_days=1)
    acts.settle(scene.world, transfer, "approved", at)
    scene.expect("final_state_changed", transfer, on=scene.date_of(at))


def _under_review(scene: Scene) -> None:
    """For two business days the export shows a state that nobody has described."""
    (transfer,) = scene.sent(scene.at("10:31:50"), *scene.drafts(routing="ach")).members
    transfer.steps.append(Step("under_review", scene.at("10:50:00"), "ach"))
    acts.settle(scene.world, transfer, "approved", scene.at("10:00:00", business_days=2))
    scene.expect("unknown_state", transfer, export=transfers_export(scene.day))


def _turbo_never_answers(scene: Scene) -> None:
    """Turbo has an hour; only the export names the rail."""
    transfer = scene.sent(scene.at("10:05:05")).members[0]
    scene.expect("stuck_transfer", transfer, export=transfers_export(scene.day))


TRANSFER_FAULTS = (
    Story("missing_webhook", _approval_never_delivered),
    Story("missing_webhook", _refusal_never_delivered),
    Story("missing_in_export", _left_out_of_exports),
    Story("state_mismatch", _export_stays_behind),
    Story("amount_mismatch", _pesos_for_centavos),
    Story("currency_mismatch", _dollars),
    Story("payee_mismatch", _another_payee_account),
    Story("payee_mismatch", _payee_document_without_zero),
    Story("final_state_changed", _approved_after_refusal, workday(runway=2)),
    Story("unknown_state", _under_review, last_workday_but_one),
    Story("stuck_transfer", _turbo_never_answers),
)
