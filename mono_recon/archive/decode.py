"""A chunk of the archive read: every record accepted, kept unused, or refused.

Here belongs the way from records to the rows of the ``raw`` tables. How a record is read belongs to ``webhooks``
and ``exports``; finding what is held already belongs to whoever holds it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from mono_recon.archive import answers, deliveries
from mono_recon.archive.chunks import Chunk, RefusedPiece, Source, too_long
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.exports import read_page, take_rows_apart
from mono_recon.archive.gathered import gathered
from mono_recon.archive.instants import microseconds
from mono_recon.archive.plain import read_plain, unwrap
from mono_recon.archive.records import Record, records_of
from mono_recon.archive.refusals import Refused, RefusedError, quarantine_end
from mono_recon.archive.rules import Rules
from mono_recon.archive.said import PLACE, Said
from mono_recon.archive.webhooks import read_delivery

_Found = tuple[int, Source, Record]
"""A record, its place among all of the chunk first."""


def decode_chunk(chunk: Chunk, rules: Rules) -> Decoded:
    """Everything that a chunk holds, each record in exactly one place.

    Raises:
        SchemaShapeError: A frame breaks its table's contract: a defect of ours, never of the data.
    """
    refused = _Refusals()
    found = [(place, *each) for place, each in enumerate(_records(chunk, rules, refused))]
    begins = [(source.sha256, record.line, record.byte_offset) for _, source, record in found]
    webhooks = [each for each in found if each[1].file.kind == "webhooks"]
    exports = [each for each in found if each[1].file.kind != "webhooks"]
    return gathered(_deliveries(webhooks, rules, refused), _pages(exports, refused), begins, refused.rows)


def _records(chunk: Chunk, rules: Rules, refused: "_Refusals") -> Iterator[tuple[Source, Record]]:
    """The records that are to be read; the others are refused."""
    for piece in chunk.pieces:
        for record in [piece] if isinstance(piece, RefusedPiece) else records_of(piece, rules):
            if isinstance(record, RefusedPiece):
                end = quarantine_end(record.data, record.sha256)
                refused.add(record.source, record, Refused(record.reason, record.detail), end)
            elif len(record.raw) > rules.max_record_bytes:
                refusal = Refused("oversized_record", too_long(rules))
                refused.add(piece.source, record, refusal, quarantine_end(record.raw))
            else:
                yield piece.source, record


def _deliveries(found: Sequence[_Found], rules: Rules, refused: "_Refusals") -> list[Said]:
    """Deliveries, read the quickest way that can read them."""
    places = [place for place, _, _ in found]
    unwrapped = [unwrap(record.raw, rules) for _, _, record in found]
    together = deliveries.read_together(unwrapped, places)
    is_read = set(together.frame[PLACE])
    left = [each for each in zip(found, unwrapped, strict=True) if each[0][0] not in is_read]
    plain = read_plain([each for _, each in left])
    read = []
    for ((place, source, record), _), delivery in zip(left, plain, strict=True):
        try:
            read.append((place, delivery or read_delivery(record.raw, rules, is_element=record.is_element)))
        except RefusedError as error:
            refused.add(source, record, error.refused, quarantine_end(record.raw))
    return [together, deliveries.read_each(read)]


def _pages(found: Sequence[_Found], refused: "_Refusals") -> list[Said]:
    """Pages, their rows read together where that can be done."""
    apart = {
        place: taken
        for place, source, record in found
        if not record.is_element and (taken := take_rows_apart(record.raw, source.file.fetched_at))
    }
    told, broken = answers.read_together(list(apart.items()))
    read = []
    for place, source, record in found:
        try:
            if place in apart and place not in broken:
                page = apart[place].page
            else:
                page = read_page(record.raw, source.file.fetched_at, is_element=record.is_element)
        except RefusedError as error:
            refused.add(source, record, error.refused, quarantine_end(record.raw))
            continue
        for row in page.refused_rows:
            refused.add(source, record, row.refused, quarantine_end(row.raw), page.page_id)
        read.append((place, page))
    said = answers.of_pages(read)
    return [said, Said(said.frame.clear(), told)]


class _Refusals:
    """The rows of ``raw.quarantine`` so far, their values in the order of the columns."""

    def __init__(self) -> None:
        self.rows: list[Sequence[Any]] = []

    def add(
        self,
        source: Source,
        record: Record | RefusedPiece,
        refused: Refused,
        end: tuple[str, str],
        page_id: str | None = None,
    ) -> None:
        """Take a refused record, or a refused row of an accepted page; ``end`` as of ``quarantine_end``."""
        self.rows.append(
            (
                source.file.kind,
                refused.reason,
                refused.detail,
                source.file.path,
                source.sha256,
                record.line,
                record.byte_offset,
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
