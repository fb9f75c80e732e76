"""A chunk of the archive read: every record accepted, kept unused, or refused.

Here belongs the way from records to the rows of the ``raw`` tables. How a record is read belongs to ``webhooks``
and ``exports``; finding what is held already belongs to whoever holds it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from mono_recon.archive.chunks import Chunk, RefusedPiece, Source, too_long
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.exports import read_page
from mono_recon.archive.gathered import Gathered, Place
from mono_recon.archive.instants import microseconds
from mono_recon.archive.plain import read_plain
from mono_recon.archive.records import Record, records_of
from mono_recon.archive.refusals import Refused, RefusedError, quarantine_end
from mono_recon.archive.rules import Rules
from mono_recon.archive.webhooks import read_delivery

_STRETCH = 2048
"""Records that are read in one go: enough that what is done once for all of them does not count."""

_Found = tuple[Source, Record]


def decode_chunk(chunk: Chunk, rules: Rules) -> Decoded:
    """Everything that a chunk holds, each record in exactly one place.

    Raises:
        SchemaShapeError: A frame breaks its table's contract: a defect of ours, never of the data.
    """
    gathered = Gathered()
    records = _records(chunk, rules, gathered)
    while stretch := list(islice(records, _STRETCH)):
        _read(gathered, stretch, rules)
    return gathered.decoded()


def _records(chunk: Chunk, rules: Rules, gathered: Gathered) -> Iterator[_Found]:
    """The records that are to be read; the others are refused."""
    for piece in chunk.pieces:
        for record in [piece] if isinstance(piece, RefusedPiece) else records_of(piece, rules):
            if isinstance(record, RefusedPiece):
                _refuse_piece(gathered, record)
            elif len(record.raw) > rules.max_record_bytes:
                place = Place(piece.source.sha256, record.line, record.byte_offset)
                refused = Refused("oversized_record", too_long(rules))
                _refuse(gathered, piece.source, place, refused, quarantine_end(record.raw))
            else:
                yield piece.source, record


def _read(gathered: Gathered, found: Sequence[_Found], rules: Rules) -> None:
    plain = iter(read_plain([record.raw for source, record in found if source.file.kind == "webhooks"], rules))
    deliveries, places = [], []
    for source, record in found:
        place = Place(source.sha256, record.line, record.byte_offset)
        try:
            if source.file.kind == "webhooks":
                deliveries.append(next(plain) or read_delivery(record.raw, rules, is_element=record.is_element))
                places.append(place)
            else:
                page = read_page(record.raw, source.file.fetched_at, is_element=record.is_element)
                for row in page.refused_rows:
                    _refuse(gathered, source, place, row.refused, quarantine_end(row.raw), page.page_id)
                gathered.add_page(page, place)
        except RefusedError as error:
            _refuse(gathered, source, place, error.refused, quarantine_end(record.raw))
    gathered.add_deliveries(deliveries, places)


def _refuse_piece(gathered: Gathered, piece: RefusedPiece) -> None:
    place = Place(piece.source.sha256, piece.line, piece.byte_offset)
    end = quarantine_end(piece.data, piece.sha256)
    _refuse(gathered, piece.source, place, Refused(piece.reason, piece.detail), end)


def _refuse(
    gathered: Gathered,
    source: Source,
    place: Place,
    refused: Refused,
    end: tuple[str, str],
    page_id: str | None = None,
) -> None:
    gathered.refuse(
        (
            source.file.kind,
            refused.reason,
            refused.detail,
            source.file.path,
            place.file_sha256,
            place.line,
            place.byte_offset,
            *end,
            _known_at(source, refused),
            source.file.archive_date,
            page_id,
            refused.row_index,
            refused.subject_id,
        )
    )


def _known_at(source: Source, refused: Refused) -> int | None:
    path_clock = source.file.fetched_at if source.file.kind == "exports" else None
    if refused.known_at is not None or path_clock is None:
        return refused.known_at
    return microseconds(path_clock)
