"""A chunk of the archive read: every record accepted, kept unused, or refused.

Here belongs the way from records to the rows of the ``raw`` tables. How a record is read belongs to ``webhooks``
and ``exports``; finding what is held already belongs to whoever holds it.
"""

from mono_recon.archive.chunks import Chunk, RefusedPiece, Source, too_long
from mono_recon.archive.decoded import Decoded, Gathered
from mono_recon.archive.exports import read_page
from mono_recon.archive.instants import microseconds
from mono_recon.archive.observations import Row
from mono_recon.archive.pages import Page
from mono_recon.archive.plain import read_plain
from mono_recon.archive.records import Record, records_of
from mono_recon.archive.refusals import Refused, RefusedError, quarantine_end
from mono_recon.archive.rules import Rules
from mono_recon.archive.webhooks import Delivery, read_delivery


def decode_chunk(chunk: Chunk, rules: Rules) -> Decoded:
    """Everything that a chunk holds, each record in exactly one place.

    Raises:
        SchemaShapeError: A frame breaks its table's contract: a defect of ours, never of the data.
    """
    gathered = Gathered()
    for piece in chunk.pieces:
        if isinstance(piece, RefusedPiece):
            _add_refused_piece(gathered, piece)
            continue
        for record in records_of(piece, rules):
            if isinstance(record, RefusedPiece):
                _add_refused_piece(gathered, record)
            else:
                _add_record(gathered, piece.source, record, rules)
    return gathered.decoded()


def _add_record(gathered: Gathered, source: Source, record: Record, rules: Rules) -> None:
    place = (source.sha256, record.line, record.byte_offset)
    if len(record.raw) > rules.max_record_bytes:
        refused = Refused("oversized_record", too_long(rules))
        gathered.quarantine.append(_quarantine_row(source, place, refused, quarantine_end(record.raw)))
        return
    try:
        if source.file.kind == "webhooks":
            _add_delivery(gathered, _read_webhook(record, rules, len(gathered.deliveries)), place)
        else:
            fetched_at = source.file.fetched_at
            page = read_page(record.raw, fetched_at, is_element=record.is_element, record=len(gathered.pages))
            _add_page(gathered, source, page, place)
    except RefusedError as error:
        gathered.quarantine.append(_quarantine_row(source, place, error.refused, quarantine_end(record.raw)))


def _read_webhook(record: Record, rules: Rules, number: int) -> Delivery:
    delivery = None if record.is_element else read_plain(record.raw, rules, number)
    return delivery or read_delivery(record.raw, rules, is_element=record.is_element, record=number)


def _add_delivery(gathered: Gathered, delivery: Delivery, place: tuple[str, int, int]) -> None:
    gathered.deliveries.append(
        (
            delivery.delivery_id,
            delivery.event_type,
            delivery.event_at,
            delivery.known_at,
            delivery.known_at_source,
            delivery.subject_id,
            delivery.verdict.status,
            delivery.verdict.secret_name,
            1,
            delivery.body,
            *place,
            delivery.status,
            delivery.state,
            delivery.occurred_at,
        )
    )
    for table, row in delivery.rows:
        gathered.core[table].append(row)


def _add_page(gathered: Gathered, source: Source, page: Page, place: tuple[str, int, int]) -> None:
    gathered.pages.append(
        (
            page.page_id,
            None,
            page.resource,
            page.page_number,
            page.http_status,
            page.fetched_at,
            page.url,
            page.items,
            page.status,
            page.body,
            *place,
            page.declared_export_id,
            page.declared_started_at,
            page.request_key,
            page.account_id,
            page.window_from,
            page.window_until,
            page.is_narrowed,
            page.total_items,
            page.total_pages,
        )
    )
    for table, row in page.rows:
        gathered.core[table].append(row)
    for row_refused in page.refused_rows:
        end = quarantine_end(row_refused.raw)
        gathered.quarantine.append(_quarantine_row(source, place, row_refused.refused, end, page.page_id))


def _add_refused_piece(gathered: Gathered, piece: RefusedPiece) -> None:
    place = (piece.source.sha256, piece.line, piece.byte_offset)
    refused = Refused(piece.reason, piece.detail)
    gathered.quarantine.append(_quarantine_row(piece.source, place, refused, quarantine_end(piece.data, piece.sha256)))


def _quarantine_row(
    source: Source, place: tuple[str, int, int], refused: Refused, end: tuple[str, str], page_id: str | None = None
) -> Row:
    return (
        source.file.kind,
        refused.reason,
        refused.detail,
        source.file.path,
        *place,
        *end,
        _known_at(source, refused),
        source.file.archive_date,
        page_id,
        refused.row_index,
        refused.subject_id,
    )


def _known_at(source: Source, refused: Refused) -> int | None:
    path_clock = source.file.fetched_at if source.file.kind == "exports" else None
    if refused.known_at is not None or path_clock is None:
        return refused.known_at
    return microseconds(path_clock)
