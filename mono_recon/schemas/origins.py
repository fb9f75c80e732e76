"""From which field of Mono's API a column is taken.

Here belongs the provider's own name of what a column holds, for columns whose values are Mono's words. A
column that is not named here is ours: a clock of the archive, a place, or a conclusion. Paths start at the
object: ``event.data`` of a webhook, the row of an export page. What a column means is in its contract.
"""

from collections.abc import Mapping

from mono_recon.schemas import core, raw, report
from mono_recon.schemas.table import Table

_ENVELOPE = {"event_type": "event.type", "event_at": "timestamp"}
_AMOUNT = {"amount_minor": "amount.amount", "currency": "amount.currency"}
_BALANCE = "balance.available, or available of …/balances"


def _same(*names: str) -> dict[str, str]:
    """Columns that are named as Mono's field is."""
    return {name: name for name in names}


_PAYEE = {
    "payee_name": "payee.name",
    "payee_document_type": "payee.document_type",
    "payee_document_number": "payee.document_number",
    "payee_bank_code": "payee.bank_account.bank_code",
}
_TRANSFER = {
    **_AMOUNT,
    **_PAYEE,
    **_same("reference", "description", "routing", "declination_reason"),
    "transfer_id": "id",
    "account_id": "batch.account_id, else account_id of the request",
    "batch_id": "batch.id",
    "external_id": "external_id, else entity_id",
}
_CREDIT = {
    **_AMOUNT,
    **_same("type", "transaction_at"),
    "credit_id": "id",
    "account_id": "account.id",
    "reference": "extra.reference",
    "payer_name": "payer.name",
    "payer_document_number": "payer.document_number",
    "payer_bank_code": "payer.bank.code",
}
_INTENT = {
    **_AMOUNT,
    **_same("account_id", "external_id", "reference"),
    "intent_id": "id",
    "link_id": "collection_link_id",
    "payer_document_number": "payer.document_number",
    "payment_transaction_id": "payment.transaction_id",
}
_BOTH_STATES = {"state_at_cutoff": "state", "state_webhook": "state", "state_export": "state"}
_QUESTION = {
    "account_id": "account_id of the request",
    "window_from": "inserted_at[from] of the request",
    "window_until": "inserted_at[until] of the request",
}

ORIGINS: Mapping[type[Table], Mapping[str, str]] = {
    raw.Deliveries: _ENVELOPE
    | _same("state")
    | {"subject_id": "id", "occurred_at": "updated_at; transaction_at of a credit", "body": "the whole body"},
    raw.Copies: {"event_at": "timestamp", "body": "the whole body"},
    raw.Exports: _QUESTION,
    raw.ExportPages: _QUESTION
    | {
        "page_number": "page_number of the request, or pagination.page_number",
        "body": "the whole response",
        "total_items": "pagination.total_items",
        "total_pages": "pagination.total_pages",
    },
    core.TransferObservations: _ENVELOPE
    | _TRANSFER
    | _same("state", "previous_state", "fallback_routing", "inserted_at")
    | {
        "payee_account_number": "payee.bank_account.number",
        "payee_account_type": "payee.bank_account.type",
        "occurred_at": "updated_at",
    },
    core.BatchObservations: _ENVELOPE
    | _same("state", "origin", "account_id", "reference", "inserted_at")
    | {
        "batch_id": "id, or batch.id of a transfer",
        "total_amount_minor": "total_amount.amount",
        "currency": "total_amount.currency",
        "listed_transfer_ids": "transfers[].id",
        "occurred_at": "updated_at",
    },
    core.AccountCredits: _CREDIT
    | _same("description")
    | {
        "account_number": "account.number",
        "external_id": "extra.entity_id",
        "payer_bank_name": "payer.bank.name",
        "event_at": "timestamp",
    },
    core.CollectionObservations: _ENVELOPE
    | _INTENT
    | _same("state", "inserted_at")
    | {"payer_name": "payer.name", "occurred_at": "updated_at"},
    core.CollectionLinks: _AMOUNT
    | _same("account_id", "link", "amount_validation", "enabled", "usage_type", "successful_payments", "expires_at")
    | _same("external_id", "inserted_at", "updated_at")
    | {"link_id": "id"},
    core.Accounts: _same("name", "number", "type", "state")
    | {"account_id": "id", "currency": "balance.available.currency"},
    core.Balances: {
        "account_id": "id",
        "currency": f"{_BALANCE}: currency",
        "amount_minor": f"{_BALANCE}: amount",
        "balance_at": "balance.updated_at, or updated_at of …/balances",
    },
    core.Banks: _same("code", "name") | {"kind": "kind of the request"},
    core.LedgerTransactions: _AMOUNT
    | _same("description", "operation_type", "origin", "id_in_origin", "origin_transaction_at", "transaction_at")
    | _same("reverts_id", "reverted_by_id")
    | {
        "ledger_transaction_id": "id",
        "account_id": "account of the request",
        "event_at": "timestamp",
    },
    report.BalanceProof: {
        "account_id": "id",
        "currency": f"{_BALANCE}: currency",
        "opening_at": "balance.updated_at, or updated_at of …/balances",
        "opening_minor": f"{_BALANCE}: amount",
        "closing_at": "balance.updated_at, or updated_at of …/balances",
        "closing_minor": f"{_BALANCE}: amount",
        "account_name": "name",
        "account_last4": "number",
    },
    report.OutgoingTransfers: _TRANSFER
    | _BOTH_STATES
    | {
        "created_at": "inserted_at",
        "final_at": "updated_at",
        "state_latest": "state",
        "routing_requested": "routing",
        "fallbacks": "fallback_routing",
        "payee_account_last4": "payee.bank_account.number",
    },
    report.Batches: {
        "batch_id": "id, or batch.id of a transfer",
        "account_id": "account_id",
        "origin": "origin",
        "state": "state",
        "currency": "total_amount.currency",
        "declared_minor": "total_amount.amount",
        "members_listed": "transfers[]",
    },
    report.IncomingCredits: _CREDIT,
    report.Collections: _INTENT | _BOTH_STATES,
}
"""By table and column."""
