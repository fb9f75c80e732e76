"""The rows of a sheet, formed from whole columns: cell by cell they would take most of a large date's time.

Here belongs how a column of figures or texts becomes cells of the file, with the limits of the format that
``cells`` knows for single values. Which columns a sheet has, and how they look, belongs to ``sheets``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import EXACT_INTEGER, FIRST_YEAR, LAST_YEAR, TEXT_UNITS
from mono_recon.report.text import DIRECTION_MARKS, pesos, plain

_DAY_ZERO = date(1899, 12, 30)
"""A spreadsheet counts days from here, from 1900-03-01 on."""

_MICROSECONDS = 86_400_000_000
_ROWS_AT_ONCE = 20_000
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = rf"[\x00-\x08\x0b-\x1f\x{{fffe}}\x{{ffff}}{DIRECTION_MARKS}]|_x[0-9a-fA-F]{{4}}_|^\s|\s$"
"""In texts that the file cannot hold as they are, or that are shown otherwise."""


class Form(Enum):
    """How a cell holds its value in the file: what stands between its style and the value, and after the value.

    A text stands in its cell: the list of all texts that a file may have would be made text by text.
    """

    FIGURE = ('"><v>', "</v></c>")
    TRUTH = ('" t="b"><v>', "</v></c>")
    TEXT = ('" t="inlineStr"><is><t>', "</t></is></c>")
    SHARED_TEXT = ('" t="s"><v>', "</v></c>")


@dataclass(frozen=True, slots=True)
class Cells:
    """A column: each cell in one form, or nothing.

    Attributes:
        values: What the cells hold in each form (String); no row has a value in two.
        style: How a cell looks.
        others: Rows, from 0, that look otherwise.
    """

    values: Mapping[Form, pl.Series]
    style: Format
    others: Mapping[Format, Sequence[int]] = field(default_factory=dict)

    def with_style(self, rows: Sequence[int], style: Format) -> "Cells":
        """The same column with some rows that look otherwise."""
        return replace(self, others={**self.others, style: rows})

    def written(self, letter: str) -> pl.Expr:
        """The cells as the file holds them, from columns that are named after the letter and the form.

        Args:
            letter: The column of the sheet.
        """
        style = pl.lit(_number_of(self.style))
        for other, rows in self.others.items():
            style = pl.when(pl.col("place").is_in(list(rows))).then(pl.lit(_number_of(other))).otherwise(style)
        start = (pl.lit(f'<c r="{letter}'), "row", pl.lit('" s="'), style)
        forms = [pl.concat_str(*start, pl.lit(f.value[0]), _name(letter, f), pl.lit(f.value[1])) for f in self.values]
        return pl.coalesce(*forms, pl.lit(""))


def _name(letter: str, form: Form) -> str:
    return f"{letter} {form.name}"


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
    return Cells({Form.TRUTH: values.cast(pl.Int8).cast(pl.String)}, style)


def texts(values: pl.Series, style: Format) -> Cells:
    """Texts as they are."""
    return Cells({Form.TEXT: values}, style)


def _exact(values: pl.Series, text: pl.Expr, style: Format) -> Cells:
    return _either(values, pl.col(values.name).is_between(-EXACT_INTEGER, EXACT_INTEGER), text, text, style)


def _either(values: pl.Series, is_figure: pl.Expr, figure: pl.Expr, text: pl.Expr, style: Format) -> Cells:
    both = values.to_frame().select(
        figures=pl.when(is_figure).then(figure.cast(pl.String)), texts=pl.when(~is_figure).then(text)
    )
    return Cells({Form.FIGURE: both["figures"], Form.TEXT: both["texts"]}, style)


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
        self._laid = [replace(column, values=dict(self._values(column, shown))) for column in columns]
        height = len(next(iter(columns[0].values.values())))
        self._check_dimensions(first + height - 1, len(columns) - 1)

    def link(self, row: int, column: int, target: str, style: Format) -> None:
        """Let a laid cell lead to another sheet."""
        # The link's own text is written apart from the cell's, and not made for texts from outside.
        self.write_url(row, column, target, style, string="→")
        del self.table[row]

    def _values(self, column: Cells, shown: Callable[[str], str]) -> Iterator[tuple[Form, pl.Series]]:
        """The values of a column as the file holds them; a form that no cell has is left out."""
        for form, values in column.values.items():
            if values.null_count() == len(values):
                continue
            if form is not Form.TEXT:
                yield form, values
                continue
            is_special = values.str.contains(_SPECIAL) | (values.str.len_bytes() > TEXT_UNITS // 2)
            yield form, values.set(is_special, None).str.replace_many(_ESCAPES)
            if is_special.any():
                yield Form.SHARED_TEXT, self._numbered(values.set(~is_special, None), shown)

    def _numbered(self, texts: pl.Series, shown: Callable[[str], str]) -> pl.Series:
        """Numbers of texts in the list that the workbook has of texts, each of which is made there by itself."""
        distinct = texts.drop_nulls().unique(maintain_order=True)
        numbers = [str(self.str_table._get_shared_string_index(shown(each))) for each in distinct]  # noqa: SLF001  no public name gives it
        return texts.replace_strict(distinct, numbers, return_dtype=pl.String)

    def _write_rows(self) -> None:
        super()._write_rows()
        if not self._laid:
            return
        lettered = [(xl_col_to_name(index), column) for index, column in enumerate(self._laid)]
        named = {_name(letter, form): each for letter, column in lettered for form, each in column.values.items()}
        rows = pl.DataFrame(named).with_row_index("place")
        rows = rows.with_columns((pl.col("place") + self._first + 1).cast(pl.String).alias("row"))
        cells = (column.written(letter) for letter, column in lettered)
        row = pl.concat_str(pl.lit('<row r="'), "row", pl.lit('">'), *cells, pl.lit("</row>"))
        for part in rows.iter_slices(_ROWS_AT_ONCE):
            self.fh.write(part.select(row.str.join("")).item())
