"""Tables of schema ``report``: what was issued, one set of rows per business date and version.

Here belong the contracts of the report's tables, in the order of a pack. All amounts are centavos,
all instants UTC; a business date is a local one.
"""

import polars as pl

from mono_recon.schemas.table import SHA256_PATTERN, Instant, Table, Texts, column

VERDICTS = ("balanced", "awaiting", "breaks", "incomplete")
CONTROL_STATUSES = ("ok", "failed", "info")
RECON_STATUSES = ("matched", "timing", "review", "break")
BREAK_CLASSES = ("break", "review", "timing", "data")
SEVERITIES = ("high", "medium", "low")
SUBJECT_TYPES = ("transfer", "batch", "credit", "collection", "payment_group", "account", "feed")
DIRECTIONS = ("out", "in")
INCLUSIONS = ("created", "finalised", "open")
AGEING_BUCKETS = ("0-1", "2-3", "4-7", "8-30", ">30")
MOVEMENTS = (
    "opening",
    "new",
    "late",
    "cleared",
    "resolved",
    "escalated_out",
    "escalated_in",
    "revalued",
    "closing",
)
PROOF_STATUSES = ("proved", "unexplained", "no_snapshot")
SECTIONS = (
    "created",
    "approved",
    "declined",
    "cancelled",
    "duplicated",
    "reopened",
    "reversed_to_declined",
    "reversed_to_approved",
    "opening_open",
    "closing_open",
    "credits",
    "collections",
)

_CURRENCY = "ISO 4217 code"
_STATUS = "Worst class among the line's open breaks, or matched"
_BREAK_TYPES = "Types of the line's open breaks, sorted"


class ReportTable(Table):
    """What every report table begins with."""

    business_date: pl.Date = column("Business date of the report")
    version: pl.Int64 = column("Version of that date's report, from 1", ge=1)


class Issues(ReportTable):
    """One row per issued report."""

    as_of: Instant = column("What was known at this moment is in the report")
    verdict: str = column("balanced, awaiting, breaks or incomplete", isin=VERDICTS)
    content_sha256: str = column("Hash of the report's facts and breaks", str_matches=SHA256_PATTERN)
    settings_sha256: str = column("Hash of the settings in force", str_matches=SHA256_PATTERN)
    code_version: str = column("Version of the code that made it")
    source_files: pl.Int64 = column("Archive files it rests on; the manifest names them", ge=0)
    supersedes: pl.Int64 = column("Version that it replaces", nullable=True)
    intake: pl.Int64 = column("Number of the last ingest before it", nullable=True)


class OpenItems(ReportTable):
    """One row per break that a report found, listed or not, but for those about feeds.

    The report of the next date looks at their subjects again.
    """

    break_id: str = column("The break")
    subject_type: str = column("What it is about", isin=SUBJECT_TYPES)
    subject_id: str = column("Id of what it is about")
    line_ids: Texts = column("Lines that carry it")


class KnownAccounts(ReportTable):
    """One row per own account that a report knew of. The report of the next date begins with them."""

    account_id: str = column("Own account")
    currency: str = column("Its currency as last stated, else the first of the settings")
    stated_at: Instant = column("When that currency was last stated; null if it never was", nullable=True)


class Control(ReportTable):
    """Identities, counts and totals that prove the report whole."""

    metric: str = column("What is stated")
    account_id: str = column("Account it is about; null for all", nullable=True)
    currency: str = column(_CURRENCY, nullable=True)
    count: pl.Int64 = column("Number; for an identity the difference, 0 when it holds", nullable=True)
    amount_minor: pl.Int64 = column("Centavos; for an identity the difference, 0 when it holds", nullable=True)
    status: str = column("ok or failed for an identity, else info", isin=CONTROL_STATUSES)


class BalanceProof(ReportTable):
    """One row per account: its opening and closing figures and every movement between them."""

    account_id: str = column("Own account")
    currency: str = column(_CURRENCY)
    status: str = column("proved, unexplained or no_snapshot", isin=PROOF_STATUSES)
    opening_at: Instant = column("Age of the opening figure", nullable=True)
    opening_minor: pl.Int64 = column("Opening figure, centavos", nullable=True)
    credits_minor: pl.Int64 = column("Credits between the figures", nullable=True)
    collections_minor: pl.Int64 = column("Collections between the figures, counted once", nullable=True)
    reversals_in_minor: pl.Int64 = column("Debits given back between the figures", nullable=True)
    transfers_minor: pl.Int64 = column("Transfers debited between the figures", nullable=True)
    fees_minor: pl.Int64 = column("Fees expected by the settings", nullable=True)
    gmf_minor: pl.Int64 = column("GMF expected by the settings", nullable=True)
    expected_minor: pl.Int64 = column("Opening figure and all movements", nullable=True)
    closing_minor: pl.Int64 = column("Closing figure, centavos", nullable=True)
    closing_at: Instant = column("Age of the closing figure", nullable=True)
    unexplained_minor: pl.Int64 = column("Closing less expected", nullable=True)
    in_transit_minor: pl.Int64 = column("Open transfers at the closing figure, beside the proof", nullable=True)
    basis: str = column("Settings and assumptions that the row rests on")
    adjustments_minor: pl.Int64 = column("Adjustments between the figures, signed", nullable=True)
    account_name: str = column("Name of the account", nullable=True)
    account_last4: str = column("Last four digits of its number", nullable=True)


class Summary(ReportTable):
    """Lines of the date, counted and added by section and status."""

    account_id: str = column("Own account", nullable=True)
    currency: str = column(_CURRENCY)
    direction: str = column("out or in", isin=DIRECTIONS)
    section: str = column("Term of the roll-forward, or kind of money in", isin=SECTIONS)
    recon_status: str = column("Status of the lines", isin=RECON_STATUSES)
    count: pl.Int64 = column("Lines", ge=1)
    amount_minor: pl.Int64 = column("Their sum, centavos")


class OutgoingTransfers(ReportTable):
    """One line per outgoing transfer created, finalised or open on the date."""

    transfer_id: str = column("Mono's id of the transfer")
    account_id: str = column("Source account", nullable=True)
    batch_id: str = column("Its batch", nullable=True)
    external_id: str = column("Client's own id", nullable=True)
    reference: str = column("Client's free text", nullable=True)
    description: str = column("Client's free text", nullable=True)
    currency: str = column(_CURRENCY)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    created_at: Instant = column("Earliest inserted_at seen")
    final_at: Instant = column("Start of the final run in force at the cut-off", nullable=True)
    state_at_cutoff: str = column("State just before the end of the date")
    state_latest: str = column("Last state known as of the report")
    state_webhook: str = column("Last state by webhook before the cut-off", nullable=True)
    state_export: str = column("Last state by export before the cut-off", nullable=True)
    routing_requested: str = column("First rail seen", nullable=True)
    routing: str = column("Last rail seen before the cut-off", nullable=True)
    fallbacks: Texts = column("Fallback rails seen, sorted")
    declination_reason: str = column("Free text", nullable=True)
    payee_name: str = column("Name of the payee", nullable=True)
    payee_document_type: str = column("Kind of the payee's document", nullable=True)
    payee_document_number: str = column("Payee's document", nullable=True)
    payee_bank_code: str = column("Payee's bank", nullable=True)
    payee_account_last4: str = column("Last four digits of the payee's account", nullable=True)
    inclusion: str = column("Why it is listed, first that applies", isin=INCLUSIONS)
    recon_status: str = column(_STATUS, isin=RECON_STATUSES)
    break_types: Texts = column(_BREAK_TYPES)
    matched_credit_id: str = column("Incoming credit that is this transfer's money", nullable=True)
    source_refs: Texts = column("Earliest-known observation per channel and run, sorted")


class Batches(ReportTable):
    """One line per batch created on the date or with a member among its transfers."""

    batch_id: str = column("Mono's id of the batch")
    account_id: str = column("Source account", nullable=True)
    origin: str = column("Where it was made", nullable=True)
    state: str = column("State just before the end of the date")
    currency: str = column(_CURRENCY, nullable=True)
    declared_minor: pl.Int64 = column("Requested total", nullable=True)
    approved_minor: pl.Int64 = column("Members approved just before the cut-off")
    declined_minor: pl.Int64 = column("Members declined")
    cancelled_minor: pl.Int64 = column("Members cancelled")
    duplicated_minor: pl.Int64 = column("Members duplicated")
    open_minor: pl.Int64 = column("Members open, unknown states too")
    difference_minor: pl.Int64 = column("Declared less the sum of all members", nullable=True)
    members: pl.Int64 = column("Members known", ge=0)
    members_listed: pl.Int64 = column("Members that batch events list; null without such an event", nullable=True)
    recon_status: str = column(_STATUS, isin=RECON_STATUSES)
    break_types: Texts = column(_BREAK_TYPES)
    source_refs: Texts = column("Earliest-known observation per channel and run, sorted")


class IncomingCredits(ReportTable):
    """One line per credit whose transaction_at falls on the date."""

    credit_id: str = column("Mono's id of the credit")
    type: str = column("bank_transfer_mono or incoming_wire")
    account_id: str = column("Credited account")
    currency: str = column(_CURRENCY)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    transaction_at: Instant = column("When the money was credited")
    payer_name: str = column("Name of the payer", nullable=True)
    payer_document_number: str = column("Payer's document", nullable=True)
    payer_bank_code: str = column("Payer's bank", nullable=True)
    reference: str = column("Payer's reference", nullable=True)
    matched_to: str = column("Transfer, collection or payer label it was matched to", nullable=True)
    match_rule: str = column("Rule that matched it", nullable=True)
    label: str = column("Label of the known payer", nullable=True)
    recon_status: str = column(_STATUS, isin=RECON_STATUSES)
    break_types: Texts = column(_BREAK_TYPES)
    source_refs: Texts = column("Earliest-known observation, sorted")


class Collections(ReportTable):
    """One line per collection intent created, decided or open on the date."""

    intent_id: str = column("Mono's id of the intent")
    link_id: str = column("Its collection link", nullable=True)
    account_id: str = column("Account to be credited", nullable=True)
    currency: str = column(_CURRENCY)
    amount_minor: pl.Int64 = column("Amount in centavos", ge=0)
    state_at_cutoff: str = column("State just before the end of the date")
    state_webhook: str = column("Last state by webhook before the cut-off", nullable=True)
    state_export: str = column("Last state by export before the cut-off", nullable=True)
    external_id: str = column("Client's own id", nullable=True)
    reference: str = column("Reference shown to the payer", nullable=True)
    payer_document_number: str = column("Payer's document", nullable=True)
    payment_transaction_id: str = column("Id at the payment provider", nullable=True)
    counted: bool = column("False if an incoming credit reports the same money")
    recon_status: str = column(_STATUS, isin=RECON_STATUSES)
    break_types: Texts = column(_BREAK_TYPES)
    source_refs: Texts = column("Earliest-known observation per channel and run, sorted")


class Breaks(ReportTable):
    """One row per break that the date lists."""

    break_id: str = column("First 16 hex digits of SHA-256 of type|subject_type|subject_id")
    break_type: str = column("Name in the break catalogue")
    class_: str = column("break, review, timing or data", isin=BREAK_CLASSES, alias="class")
    severity: str = column("high, medium or low", isin=SEVERITIES)
    subject_type: str = column("What it is about", isin=SUBJECT_TYPES)
    subject_id: str = column("Id of what it is about")
    account_id: str = column("Own account", nullable=True)
    currency: str = column(_CURRENCY, nullable=True)
    amount_minor: pl.Int64 = column("Money at stake, centavos")
    difference_minor: pl.Int64 = column("Left figure less right figure, where two figures differ", nullable=True)
    break_date: pl.Date = column("Business date on which it arose")
    age_days: pl.Int64 = column("Calendar days since then")
    age_business_days: pl.Int64 = column("Colombian business days since then")
    ageing_bucket: str = column("Bucket of the calendar age", isin=AGEING_BUCKETS)
    left_source: str = column("Where the first figure or state comes from", nullable=True)
    left_value: str = column("First figure or state", nullable=True)
    right_source: str = column("Where the second comes from", nullable=True)
    right_value: str = column("Second figure or state", nullable=True)
    status: str = column("open or resolved", isin=("open", "resolved"))
    resolution_code: str = column("Code of the decision in force", nullable=True)
    explanation_es: str = column("One sentence in Spanish with the figures and ids")
    explanation_en: str = column("One sentence in English with the figures and ids")
    source_refs: Texts = column("Evidence, sorted")


class BreakAgeing(ReportTable):
    """The open rows of ``breaks``, counted and added by age."""

    break_type: str = column("Name in the break catalogue")
    class_: str = column("break, review, timing or data", isin=BREAK_CLASSES, alias="class")
    account_id: str = column("Own account", nullable=True)
    currency: str = column(_CURRENCY, nullable=True)
    ageing_bucket: str = column("Bucket of the calendar age", isin=AGEING_BUCKETS)
    count: pl.Int64 = column("Breaks", ge=1)
    amount_minor: pl.Int64 = column("Their money at stake, centavos")


class BreakMovement(ReportTable):
    """How the open breaks and timing items came from those of the date before."""

    movement: str = column("Term of the movement", isin=MOVEMENTS)
    break_id: str = column("The break")
    break_type: str = column("Name in the break catalogue")
    class_: str = column("break or timing", isin=BREAK_CLASSES, alias="class")
    account_id: str = column("Own account", nullable=True)
    currency: str = column(_CURRENCY, nullable=True)
    amount_minor: pl.Int64 = column("Centavos; signed for revalued")
    cleared_by: str = column("What cleared it", nullable=True)


class Restatements(ReportTable):
    """What a version changed against the one before, fact by fact, with the cause."""

    previous_version: pl.Int64 = column("Version it is compared with", ge=1)
    table_name_: str = column("Table of the fact", alias="table_name")
    row_key: str = column("Id of the line")
    column_name: str = column("Column; null for a line that came or went", nullable=True)
    old_value: str = column("Value in the previous version", nullable=True)
    new_value: str = column("Value in this version", nullable=True)
    cause: str = column("Which feed, limit, setting or code changed it")


class DataQuality(ReportTable):
    """What is odd about the data without being a break."""

    check_name: str = column("What was checked")
    subject: str = column("What it is about")
    count: pl.Int64 = column("How many", ge=1)
    detail: str = column("What was seen, in words")


class Lineage(ReportTable):
    """Where each source reference of the report lies in the archive."""

    source_ref: str = column("w:<delivery_id>, or x:<page_id>:<row index>")
    record_id: str = column("delivery_id or page_id", str_matches=SHA256_PATTERN)
    path: str = column("File, relative to the archive root")
    file_sha256: str = column("SHA-256 of the file", str_matches=SHA256_PATTERN)
    line: pl.Int64 = column("Line where the record begins, from 1")
    byte_offset: pl.Int64 = column("Byte where it begins in the decompressed content, from 0")
    signature_status: str = column("Signature of the delivery; null for a page", nullable=True)
    known_at: Instant = column("When this copy could be known")


PACK_TABLES: tuple[type[ReportTable], ...] = (
    Control,
    BalanceProof,
    Summary,
    OutgoingTransfers,
    Batches,
    IncomingCredits,
    Collections,
    Breaks,
    BreakAgeing,
    BreakMovement,
    Restatements,
    DataQuality,
    Lineage,
)

TABLES: tuple[type[ReportTable], ...] = (Issues, OpenItems, KnownAccounts, *PACK_TABLES)
