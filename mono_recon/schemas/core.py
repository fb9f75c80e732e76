"""Tables of schema ``core``: what Mono stated, one row per statement.

Here belong the contracts of observations, credits, accounts, balances and of what people add
(resolutions, adjustments). What is concluded from them belongs to ``report``.
"""

import polars as pl

from mono_recon.schemas.table import CURRENCY_PATTERN, ID_PATTERN, Instant, Table, Texts, column

CHANNELS = ("webhook", "export")

_CHANNEL = "Which of Mono's two channels said it"
_EVENT_TYPE = "Event type of a webhook; null for an export row"
_CURRENCY = "ISO 4217 code"
_INSERTED_AT = "When Mono created it"
_OCCURRED_AT = "Mono's updated_at, but never before inserted_at"
_EVENT_AT = "Envelope timestamp; null for an export row"
_KNOWN_AT = "When the organisation could know it: arrival or fetch time"
_SOURCE_REF = "w:<delivery_id>, or x:<page_id>:<row index from 0>"


class TransferObservations(Table):
    """One row per statement about an outgoing transfer: a webhook, a member of a batch event, an export row."""

    transfer_id: str = column("Mono's id of the transfer (trn_)", str_matches=ID_PATTERN)
    channel: str = column(_CHANNEL, isin=CHANNELS)
    event_type: str = column(_EVENT_TYPE, nullable=True)
    state: str = column("State as Mono wrote it; unknown ones are kept")
    previous_state: str = column("previous_state of a change of a final state", nullable=True)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    account_id: str = column("Source account: of the batch, else the export's account filter", nullable=True)
    batch_id: str = column("Batch the transfer names", nullable=True, str_matches=ID_PATTERN)
    external_id: str = column("external_id, else entity_id: the client's own id, not unique", nullable=True)
    reference: str = column("Client's free text", nullable=True)
    description: str = column("Client's free text", nullable=True)
    routing: str = column("Rail: ach, turbo or transfiya", nullable=True)
    fallback_routing: Texts = column("Rails to try when the first fails, in Mono's order", nullable=True)
    declination_reason: str = column("Free text", nullable=True)
    payee_name: str = column("Name of the payee", nullable=True)
    payee_document_type: str = column("Kind of the payee's document", nullable=True)
    payee_document_number: str = column("Payee's document, as text", nullable=True)
    payee_bank_code: str = column("Payee's bank, with leading zeros", nullable=True)
    payee_account_number: str = column("Payee's account, with leading zeros", nullable=True)
    payee_account_type: str = column("Kind of the payee's account", nullable=True)
    inserted_at: Instant = column(_INSERTED_AT)
    occurred_at: Instant = column(_OCCURRED_AT)
    event_at: Instant = column(_EVENT_AT, nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class BatchObservations(Table):
    """One row per statement about a batch: its own event, or the batch inside a transfer event or export row."""

    batch_id: str = column("Mono's id of the batch (bat_)", str_matches=ID_PATTERN)
    channel: str = column(_CHANNEL, isin=CHANNELS)
    event_type: str = column(_EVENT_TYPE, nullable=True)
    state: str = column("State as Mono wrote it; it implies nothing about a transfer")
    origin: str = column("Where the batch was made, for example api", nullable=True)
    account_id: str = column("Source account", nullable=True, str_matches=ID_PATTERN)
    total_amount_minor: pl.Int64 = column("Requested total in centavos", nullable=True, ge=0)
    currency: str = column(_CURRENCY, nullable=True, str_matches=CURRENCY_PATTERN)
    reference: str = column("Client's free text", nullable=True)
    listed_transfer_ids: Texts = column("Transfers that a batch event lists, sorted; null elsewhere", nullable=True)
    inserted_at: Instant = column(_INSERTED_AT)
    occurred_at: Instant = column(_OCCURRED_AT)
    event_at: Instant = column(_EVENT_AT, nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class AccountCredits(Table):
    """One row per statement about money received (event account_credited); more than one only if they differ."""

    credit_id: str = column("Mono's id of the credit (tx_)", str_matches=ID_PATTERN)
    type: str = column("bank_transfer_mono or incoming_wire; others are kept")
    account_id: str = column("Credited account", str_matches=ID_PATTERN)
    account_number: str = column("Number of the credited account", nullable=True)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    description: str = column("Bank's text", nullable=True)
    external_id: str = column("extra.entity_id: the payer's own id of its transfer", nullable=True)
    reference: str = column("extra.reference: the payer's reference", nullable=True)
    payer_name: str = column("Name of the payer", nullable=True)
    payer_document_number: str = column("Payer's document, with or without check digit", nullable=True)
    payer_bank_code: str = column("Payer's bank, with leading zeros", nullable=True)
    payer_bank_name: str = column("Name of the payer's bank", nullable=True)
    transaction_at: Instant = column("When the money was credited")
    event_at: Instant = column("Envelope timestamp")
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class CollectionObservations(Table):
    """One row per statement about a collection intent (PSE): a webhook or an export row."""

    intent_id: str = column("Mono's id of the intent (cint_)", str_matches=ID_PATTERN)
    link_id: str = column("Collection link it came from (clink_)", nullable=True)
    channel: str = column(_CHANNEL, isin=CHANNELS)
    event_type: str = column(_EVENT_TYPE, nullable=True)
    state: str = column("State as Mono wrote it")
    account_id: str = column("Account to be credited", nullable=True, str_matches=ID_PATTERN)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    external_id: str = column("Client's own id, of the link", nullable=True)
    reference: str = column("Reference shown to the payer", nullable=True)
    payer_name: str = column("Name of the payer", nullable=True)
    payer_document_number: str = column("Payer's document", nullable=True)
    payment_transaction_id: str = column("Id at the payment provider", nullable=True)
    inserted_at: Instant = column(_INSERTED_AT)
    occurred_at: Instant = column(_OCCURRED_AT)
    event_at: Instant = column(_EVENT_AT, nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class CollectionLinks(Table):
    """One row per statement about a collection link (export rows)."""

    link_id: str = column("Mono's id of the link (clink_)", str_matches=ID_PATTERN)
    account_id: str = column("Account to be credited", nullable=True)
    link: str = column("Public address of the link", nullable=True)
    amount_minor: pl.Int64 = column("Configured amount in centavos", nullable=True, ge=0)
    currency: str = column(_CURRENCY, nullable=True, str_matches=CURRENCY_PATTERN)
    amount_validation: str = column("fixed, free, can_be_less or can_be_greater", nullable=True)
    enabled: bool = column("Whether it can be paid", nullable=True)
    usage_type: str = column("single_use, or another kind", nullable=True)
    successful_payments: pl.Int64 = column("Payments so far", nullable=True)
    expires_at: Instant = column("When it stops working", nullable=True)
    external_id: str = column("Client's own id", nullable=True)
    inserted_at: Instant = column(_INSERTED_AT, nullable=True)
    updated_at: Instant = column("Last change at Mono", nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class Accounts(Table):
    """One row per statement about an own account (accounts export)."""

    account_id: str = column("Mono's id of the account (acc_)", str_matches=ID_PATTERN)
    name: str = column("Name of the account", nullable=True)
    number: str = column("Account number, with leading zeros", nullable=True)
    type: str = column("Kind of account", nullable=True)
    state: str = column("active or canceled", nullable=True)
    currency: str = column("Currency of its balance", nullable=True, str_matches=CURRENCY_PATTERN)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class Balances(Table):
    """One row per statement about an account's available balance."""

    account_id: str = column("Mono's id of the account (acc_)", str_matches=ID_PATTERN)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    amount_minor: pl.Int64 = column("Available balance in centavos", ge=0)
    balance_at: Instant = column("Age of the figure: balance.updated_at")
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class Banks(Table):
    """One row per statement about a bank that can be paid or that pays over PSE."""

    code: str = column("Bank code, with leading zeros")
    name: str = column("Name of the bank", nullable=True)
    kind: str = column("transfers or pse", nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class LedgerTransactions(Table):
    """One row per statement about a transaction of a Core ledger account."""

    ledger_transaction_id: str = column("Mono's id of the transaction (ltx_)", str_matches=ID_PATTERN)
    channel: str = column(_CHANNEL, isin=CHANNELS)
    account_id: str = column("Ledger account of the request; null in webhooks", nullable=True)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    description: str = column("Text of the movement", nullable=True)
    operation_type: str = column("credit, debit, hold or release", nullable=True)
    origin: str = column("What caused it", nullable=True)
    id_in_origin: str = column("Id of the cause", nullable=True)
    origin_transaction_at: Instant = column("When the cause happened", nullable=True)
    transaction_at: Instant = column("When it was performed")
    reverts_id: str = column("Transaction that this one reverts", nullable=True)
    reverted_by_id: str = column("Transaction that reverts this one", nullable=True)
    event_at: Instant = column(_EVENT_AT, nullable=True)
    known_at: Instant = column(_KNOWN_AT)
    source_ref: str = column(_SOURCE_REF)


class Resolutions(Table):
    """One row per decision that a person took about a break."""

    break_id: str = column("Break it decides")
    resolution_code: str = column("accepted, corrected_at_provider, written_off, false_alarm or withdrawn")
    reason: str = column("Why")
    actor: str = column("Who decided")
    decided_at: Instant = column("When; it is known from then on")
    approved_by: str = column("Second person, needed above the limit", nullable=True)
    path: str = column("File, relative to the resolutions folder")
    line: pl.Int64 = column("Line of the file, from 1", ge=1)


class Adjustments(Table):
    """One row per movement of money that Mono does not report: invoiced fees, interest, withholding, manual entries."""

    adjustment_id: str = column("Id given by the person who recorded it")
    account_id: str = column("Account it moved", str_matches=ID_PATTERN)
    currency: str = column(_CURRENCY, str_matches=CURRENCY_PATTERN)
    effective_at: Instant = column("When the money moved")
    amount_minor: pl.Int64 = column("Centavos, signed: positive came in")
    kind: str = column("What it is")
    reason: str = column("Why")
    actor: str = column("Who recorded it")
    decided_at: Instant = column("When; it is known from then on")
    path: str = column("File, relative to the adjustments folder")
    line: pl.Int64 = column("Line of the file, from 1", ge=1)


TABLES: tuple[type[Table], ...] = (
    TransferObservations,
    BatchObservations,
    AccountCredits,
    CollectionObservations,
    CollectionLinks,
    Accounts,
    Balances,
    Banks,
    LedgerTransactions,
    Resolutions,
    Adjustments,
)
