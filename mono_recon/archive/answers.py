"""Pages and what their rows say, laid flat.

Here belongs the reading of the rows of many pages together, those that have a layout in common.
"""

from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from mono_recon.archive.alike import flat_rows
from mono_recon.archive.exports import RowsApart, read_rows
from mono_recon.archive.leaves import flatten, series
from mono_recon.archive.pages import Page
from mono_recon.archive.said import PLACE, Said, Told, framed
from mono_recon.archive.strict_json import JsonError, decode, is_flat, is_odd
from mono_recon.schemas import raw
from mono_recon.schemas.table import polars_schema

_BEGIN = {"file_sha256", "line", "byte_offset"}
_FRAME = pl.Schema(
    {
        PLACE: pl.UInt32(),
        **{name: dtype for name, dtype in polars_schema(raw.ExportPages).items() if name not in _BEGIN},
        "bank_kind": pl.String(),
    }
)


def read_together(apart: Sequence[tuple[int, RowsApart]]) -> tuple[Told, set[int]]:
    """What the rows of pages say, and the places of those pages that need the complete reading after all.

    Args:
        apart: Pages, each with its place. Rows that have no layout in common with many are read to their page.
    """
    told: Told = {}
    broken: set[int] = set()
    for wanted in dict.fromkeys(each.wanted for _, each in apart):
        pages = [(place, each) for place, each in apart if each.wanted is wanted]
        rows = [(place, index, row) for place, each in pages for index, row in enumerate(each.rows)]
        flat = flat_rows([row for _, _, row in rows], wanted)
        left: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for place, index, row in map(rows.__getitem__, sorted({*range(len(rows))}.difference(flat[PLACE]))):
            left[place].append((index, row))
        broken |= {place for place, each in pages if place in left and not _read_left(each.page, left[place])}
        told[wanted] = _placed(flat.drop(PLACE), [rows[index][:2] for index in flat[PLACE]])
    return {wanted: flat.filter(~pl.col(PLACE).is_in(broken)) for wanted, flat in told.items()}, broken


def of_pages(pages: Sequence[tuple[int, Page]]) -> Said:
    """Pages with the rows that were read to them, each with its place."""
    objects: dict[type, list[tuple[int, int, object]]] = defaultdict(list)
    for place, page in pages:
        for index, value in page.objects:
            objects[type(value)].append((place, index, value))
    told: Told = {
        wanted: _placed(flatten([value for _, _, value in found], wanted), [each[:2] for each in found])
        for wanted, found in objects.items()
    }
    return Said(framed({PLACE: [place for place, _ in pages]}, [page for _, page in pages], _FRAME), told)


def _placed(flat: pl.DataFrame, places: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """Objects with the place of the page and the row of each."""
    return flat.with_columns(
        series(PLACE, [place for place, _ in places], pl.UInt32()),
        series("row", [row for _, row in places], pl.Int64()),
    )


def _read_left(page: Page, rows: Sequence[tuple[int, bytes]]) -> bool:
    """Read rows to their page; False where one of them is no strict JSON, or may nest too deeply."""
    if not all(is_flat(row) for _, row in rows):
        return False
    try:
        items = [(index, decode(row)) for index, row in rows]
    except JsonError:
        return False
    read_rows(page, items, needs_care=any(is_odd(row) for _, row in rows))
    return True
