"""The rows of a sheet, formed from whole columns: cell by cell they would take most of a large date's time.

Here belongs how a column of figures or texts becomes cells of the file, with the limits of the format that
``cells`` knows for single values. Which columns a sheet has, and how they look, belongs to ``sheets``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import EXACT_INTEGER, FIRST_YEAR, LAST_YEAR
from mono_recon.report.text import pesos, plain

_DAY_ZERO = date(1899, 12, 30)
"""A spreadsheet counts days from here, from 1900-03-01 on."""

_MICROSECONDS = 86_400_000_000
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Cells:
    """A column: each cell a figure or a text, or nothing where both are null.

    Attributes:
        figures: Figures as the file states them (String).
        texts: Texts (String).
        style: How a cell looks.
        others: Rows, from 0, that look otherwise.
        is_logical: Whether the figures stand for true and false.
    """

    figures: pl.Series
    texts: pl.Series
    style: Format
    others: Mapping[Format, Sequence[int]] = field(default_factory=dict)
    is_logical: bool = False

    def with_style(self, rows: Sequence[int], style: Format) -> "Cells":
        """The same column with some rows that look otherwise."""
        return replace(self, others={**self.others, style: rows})

    def form(self, letter: str, figure: str, text: str) -> pl.Expr:
        """The cells of a column of a sheet as the file holds them.

        Args:
            letter: The column of the sheet.
            figure: Name of a column with the figures.
            text: Name of a column with the numbers of the texts.
        """
        style = pl.lit(_number_of(self.style))
        for other, rows in self.others.items():
            style = pl.when(pl.col("place").is_in(list(rows))).then(pl.lit(_number_of(other))).otherwise(style)
        start = (pl.lit(f'<c r="{letter}'), "row", pl.lit('" s="'), style)
        ends = ((figure, '" t="b"' if self.is_logical else '"'), (text, '" t="s"'))
        forms = (pl.concat_str(*start, pl.lit(f"{end}><v>"), name, pl.lit("</v></c>")) for name, end in ends)
        return pl.coalesce(*forms, pl.lit(""))


def integers(values: pl.Series, style: Format) -> Cells:
    """Integers, as text where a double would change them."""
    return _exact(values, pl.col(values.name).cast(pl.String), style)


def amounts(minor: pl.Series, style: Format) -> Cells:
    """Centavos as pesos, as text where a double has no centavos."""
    return _exact(minor, pesos(pl.col(minor.name), "."), style)


def instants(moments: pl.Series, timezone: str, style: Format) -> Cells:
    """Moments as local times; as UTC text outside the years that a spreadsheet knows."""
    local = pl.col(moments.name).dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    since = (local - pl.lit(datetime.combine(_DAY_ZERO, datetime.min.time()))).dt.total_microseconds()
    known = pl.col(moments.name).dt.year().is_between(FIRST_YEAR, LAST_YEAR, closed="left")
    return _either(moments, known, since / _MICROSECONDS, plain(moments.name, moments.dtype), style)


def dates(days: pl.Series, style: Format) -> Cells:
    """Dates, or their ISO text before the years that a spreadsheet knows."""
    known = pl.col(days.name).dt.year() >= FIRST_YEAR
    since = (pl.col(days.name) - pl.lit(_DAY_ZERO)).dt.total_days()
    return _either(days, known, since, plain(days.name, days.dtype), style)


def truths(values: pl.Series, style: Format) -> Cells:
    """True and false."""
    return replace(_either(values, pl.lit(value=True), pl.col(values.name).cast(pl.Int8), None, style), is_logical=True)


def texts(values: pl.Series, style: Format) -> Cells:
    """Texts as they are."""
    return Cells(pl.Series([None], dtype=pl.String).new_from_index(0, len(values)), values, style)


def _exact(values: pl.Series, text: pl.Expr, style: Format) -> Cells:
    return _either(values, pl.col(values.name).is_between(-EXACT_INTEGER, EXACT_INTEGER), text, text, style)


def _either(values: pl.Series, is_figure: pl.Expr, figure: pl.Expr, text: pl.Expr | None, style: Format) -> Cells:
    both = values.to_frame().select(
        figures=pl.when(is_figure).then(figure.cast(pl.String)),
        texts=pl.lit(None, pl.String) if text is None else pl.when(~is_figure).then(text),
    )
    return Cells(both["figures"], both["texts"], style)


def _number_of(style: Format) -> str:
    return str(style._get_xf_index())  # type: ignore[no-untyped-call]  # noqa: SLF001  no public name tells it


class ColumnSheet(Worksheet):
    """A sheet whose rows below the heading are laid column by column."""

    fh: Any
    str_table: Any

    def __init__(self) -> None:
        super().__init__()
        self._first = 0
        self._laid: list[Cells] = []

    def lay(self, first: int, columns: Sequence[Cells], shown: Callable[[str], str]) -> None:
        """Lay columns side by side, from the first one on.

        Args:
            first: Their first row, from 0.
            columns: Columns of equal length.
            shown: What is shown of a text.
        """
        self._first = first
        self._laid = [replace(column, texts=self._numbered(column.texts, shown)) for column in columns]
        self._check_dimensions(first + len(columns[0].figures) - 1, len(columns) - 1)

    def link(self, row: int, column: int, target: str, style: Format) -> None:
        """Let a laid cell lead to another sheet."""
        # The link's own text is written apart from the cell's, and not made for texts from outside.
        self.write_url(row, column, target, style, string="→")
        del self.table[row]

    def _numbered(self, values: pl.Series, shown: Callable[[str], str]) -> pl.Series:
        """Numbers of texts in the workbook, which holds each once."""
        distinct = values.drop_nulls().unique(maintain_order=True)
        numbers = [self.str_table._get_shared_string_index(shown(each)) for each in distinct]  # noqa: SLF001  no public name gives it
        return values.replace_strict(distinct, pl.Series(numbers, dtype=pl.UInt32), return_dtype=pl.UInt32)

    def _write_rows(self) -> None:
        super()._write_rows()
        if not self._laid:
            return
        named = {f"{kind}{index}": getattr(column, kind) for index, column in enumerate(self._laid) for kind in _KINDS}
        rows = pl.DataFrame(named).with_row_index("place")
        rows = rows.with_columns((pl.col("place") + self._first + 1).cast(pl.String).alias("row"))
        cells = (
            column.form(xl_col_to_name(index), *(f"{kind}{index}" for kind in _KINDS))
            for index, column in enumerate(self._laid)
        )
        row = pl.concat_str(pl.lit('<row r="'), "row", pl.lit('">'), *cells, pl.lit("</row>"))
        for part in rows.iter_slices(_ROWS_AT_ONCE):
            self.fh.write(part.select(row.str.join("")).item())


_KINDS = ("figures", "texts")
