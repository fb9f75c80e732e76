"""Tables of schema ``raw``: what was found in the archive, record by record.

Here belong the contracts of files, deliveries, pages and of what was refused. Business meaning
starts in ``core``.
"""

import polars as pl

from mono_recon.schemas.table import SHA256_PATTERN, Instant, Table, column

KINDS = ("webhooks", "exports")
RECORD_STATUSES = ("accepted", "unused")
SIGNATURE_STATUSES = (
    "verified",
    "failed",
    "no_header",
    "malformed_header",
    "no_secret",
    "unverifiable",
)
KNOWN_AT_SOURCES = ("received_at", "event_timestamp")
INCOMPLETE_REASONS = ("error_response", "missing_page", "item_count_changed", "duplicate_ids")
QUARANTINE_REASONS = (
    "unreadable_file",
    "oversized_record",
    "invalid_utf8",
    "malformed_json",
    "duplicate_key",
    "unknown_shape",
    "signature_failed",
    "missing_signature",
    "error_response",
    "no_fetch_time",
    "schema",
)


class Files(Table):
    """One row per archive file that was read, with the four counts that account for its records."""

    file_sha256: str = column("SHA-256 of the file's bytes as they lie on disk", str_matches=SHA256_PATTERN)
    path: str = column("Path relative to the archive root, with /")
    copy_of: str = column("Path of the file with the same content whose records were counted", nullable=True)
    bytes: pl.Int64 = column("Size on disk", ge=0)
    kind: str = column("webhooks or exports, by the folder it lies in", isin=KINDS)
    archive_date: pl.Date = column("Day named by the folders of the path", nullable=True)
    records_read: pl.Int64 = column("Records found: accepted + duplicates + unused + quarantined", ge=0)
    accepted: pl.Int64 = column("Records used", ge=0)
    duplicates: pl.Int64 = column("Records that repeat one already held", ge=0)
    unused: pl.Int64 = column("Records kept but not used: unknown event type or resource", ge=0)
    quarantined: pl.Int64 = column("Records refused, each with its reason in raw.quarantine", ge=0)
    rows_read: pl.Int64 = column("Rows of accepted export pages: rows_accepted + rows_quarantined", ge=0)
    rows_accepted: pl.Int64 = column("Export rows used", ge=0)
    rows_quarantined: pl.Int64 = column("Export rows refused", ge=0)
    mtime_ns: pl.Int64 = column("Modification time on disk, nanoseconds; an unchanged file is not read again")
    intake: pl.Int64 = column("Number of the ingest that read it, from 1", nullable=True, ge=1)


class Deliveries(Table):
    """One row per distinct webhook event, however often it was delivered."""

    delivery_id: str = column(
        "SHA-256 of the raw body, hex; of compact JSON with sorted keys where no raw bytes were kept",
        str_matches=SHA256_PATTERN,
    )
    event_type: str = column("Mono's event.type")
    event_at: Instant = column("Envelope timestamp: when Mono made the event; earliest of equal events")
    known_at: Instant = column("When the organisation could know it; earliest of all copies")
    known_at_source: str = column("Clock that known_at came from", isin=KNOWN_AT_SOURCES)
    subject_id: str = column("event.data.id", nullable=True)
    signature_status: str = column("Best status among the copies", isin=SIGNATURE_STATUSES)
    secret_name: str = column("Name of the secret that verified it", nullable=True)
    copies: pl.Int64 = column("Records that carried this event, this one included", ge=1)
    body: str = column("The body as received")
    file_sha256: str = column("File of the copy described here", str_matches=SHA256_PATTERN)
    line: pl.Int64 = column("Line where the record begins in the decompressed content, from 1", ge=1)
    byte_offset: pl.Int64 = column("Byte where it begins in the decompressed content, from 0", ge=0)
    status: str = column("accepted, or unused (unknown event type)", isin=RECORD_STATUSES)
    state: str = column("event.data.state of a used event", nullable=True)
    occurred_at: Instant = column("event.data.updated_at of a used event; transaction_at of a credit", nullable=True)


class Copies(Table):
    """Every record of an event or page that was found more than once, the first one included.

    Reports as of an earlier moment take their clocks, bytes and places from here.
    """

    kind: str = column("webhooks or exports", isin=KINDS)
    record_id: str = column("delivery_id or page_id under which the event or page is held", str_matches=SHA256_PATTERN)
    copy_id: str = column("SHA-256 of this copy's own bytes", str_matches=SHA256_PATTERN)
    known_at: Instant = column("When this copy could be known")
    known_at_source: str = column("Clock that known_at came from", nullable=True, isin=KNOWN_AT_SOURCES)
    event_at: Instant = column("Envelope timestamp of this copy; null for a page", nullable=True)
    signature_status: str = column("Status of this copy; null for a page", nullable=True, isin=SIGNATURE_STATUSES)
    secret_name: str = column("Name of the secret that verified this copy", nullable=True)
    body: str = column("This copy's body where it differs from the one held", nullable=True)
    file_sha256: str = column("File that holds this copy", str_matches=SHA256_PATTERN)
    line: pl.Int64 = column("Line where the record begins, from 1", ge=1)
    byte_offset: pl.Int64 = column("Byte where it begins, from 0", ge=0)


class Exports(Table):
    """One row per export: the pages of one question put to Mono's API."""

    export_id: str = column("The archive's id of the export, or a hash of its question and start")
    resource: str = column("What was asked for")
    account_id: str = column("Account filter of the question", nullable=True)
    window_from: Instant = column("inserted_at[from] of the question", nullable=True)
    window_until: Instant = column("inserted_at[until] of the question", nullable=True)
    started_at: Instant = column("When the export began")
    pages: pl.Int64 = column("Distinct page numbers answered with 200", ge=0)
    items: pl.Int64 = column("Distinct ids on those pages", ge=0)
    is_complete: bool = column("Every page is there, totals agree and no id is missing or doubled")
    incomplete_reason: str = column("First reason that applies", nullable=True, isin=INCOMPLETE_REASONS)
    proves_absence: bool = column("Complete, and no filter but account and window: what it lacks Mono does not have")
    first_fetched_at: Instant = column("When the first of its pages was fetched, error pages included", nullable=True)
    last_fetched_at: Instant = column("When the last was", nullable=True)


class ExportPages(Table):
    """One row per page of an API response that was kept."""

    page_id: str = column("SHA-256 of the page record's bytes, hex", str_matches=SHA256_PATTERN)
    export_id: str = column("Export the page belongs to; null where it is not used", nullable=True)
    resource: str = column("What was asked for; null where it is not used", nullable=True)
    page_number: pl.Int64 = column("Page number, from 1", nullable=True)
    http_status: pl.Int64 = column("Status of the response; null for a bare page", nullable=True)
    fetched_at: Instant = column(
        "When the page was fetched; null for an unused bare page without a time", nullable=True
    )
    url: str = column("Request URL; null for a bare page", nullable=True)
    items: pl.Int64 = column("Rows on the page", ge=0)
    status: str = column("accepted, or unused", isin=RECORD_STATUSES)
    body: str = column("The record's text as it lies in the archive")
    file_sha256: str = column("File that holds it", str_matches=SHA256_PATTERN)
    line: pl.Int64 = column("Line where the record begins, from 1", ge=1)
    byte_offset: pl.Int64 = column("Byte where it begins, from 0", ge=0)
    declared_export_id: str = column("export.id of a captured page", nullable=True)
    declared_started_at: Instant = column("export.started_at of a captured page", nullable=True)
    request_key: str = column("Path and sorted decoded query without page_number; null for a bare page", nullable=True)
    account_id: str = column("Account filter, or the account in the path", nullable=True)
    window_from: Instant = column("inserted_at[from] of the question", nullable=True)
    window_until: Instant = column("inserted_at[until] of the question", nullable=True)
    is_narrowed: bool = column("The question has a filter besides account and window, or is not known")
    total_items: pl.Int64 = column("pagination.total_items", nullable=True)
    total_pages: pl.Int64 = column("pagination.total_pages", nullable=True)


class Quarantine(Table):
    """One row per record, or row of an accepted page, that was refused."""

    kind: str = column("webhooks or exports", isin=KINDS)
    reason: str = column("First reason that applies", isin=QUARANTINE_REASONS)
    detail: str = column("Every failed rule, joined with '; '")
    path: str = column("File, relative to the archive root")
    file_sha256: str = column("SHA-256 of the file", str_matches=SHA256_PATTERN)
    line: pl.Int64 = column("Line where the record begins, from 1", ge=1)
    byte_offset: pl.Int64 = column("Byte where it begins, from 0", ge=0)
    raw: str = column("The record's text, or its first 64 KiB; bytes that are no UTF-8 are escaped")
    raw_sha256: str = column("SHA-256 of the whole record's bytes", str_matches=SHA256_PATTERN)
    known_at: Instant = column("received_at or fetched_at, else the envelope timestamp, where readable", nullable=True)
    archive_date: pl.Date = column("Day named by the folders, the clock of a record that has none", nullable=True)
    page_id: str = column("Page of a refused row; null for a record", nullable=True)
    row_index: pl.Int64 = column(
        "Index of a refused row on its page, from 0; of a captured page whose status is not 200 its page number",
        nullable=True,
    )
    subject_id: str = column(
        "Id of a refused row, where it can be read; of a page that is not 200 its export id, else its request key",
        nullable=True,
    )


class Evaluations(Table):
    """Up to where every issued date has been held against what is known; one row, or none."""

    as_of: Instant = column("Everything known by then has been seen")
    intake: pl.Int64 = column("As far as ingests up to this number brought it in", ge=0)


TABLES: tuple[type[Table], ...] = (Files, Deliveries, Copies, Exports, ExportPages, Quarantine, Evaluations)
