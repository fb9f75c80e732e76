"""The sheets of the workbook that hold a table: headings, cells, filters, widths and colours.

Here belong how a table lies on its sheet and which rows of a long one are shown. What a cell can hold
is in ``cells``, how it looks in ``styles``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import (
    Cell,
    date_cells,
    instant_cells,
    integer_cell,
    pesos_cell,
    text_cells,
    write_cell,
)
from mono_recon.report.headings import heading
from mono_recon.report.phrases import Phrases
from mono_recon.report.styles import Styles
from mono_recon.report.text import MINOR, plain

_MOST_ROWS = 1_048_576 - 2  # a sheet, less its note and its heading
_ATTENTION = ("break", "review")
_STATUS_COLUMNS = ("recon_status", "class")
_TEXT_WIDTHS = (10, 48)
_ROWS_MEASURED = 200


@dataclass(frozen=True)
class SheetColumn:
    """A column as it lies on a sheet; ``width`` in characters."""

    heading: str
    cells: list[Cell]
    style: Format
    width: float


@dataclass(frozen=True)
class TableSheets:
    """Writes tables as sheets, all in one language and with one set of styles.

    Attributes:
        styles: Formats of the workbook.
        phrases: Words of its language.
        language: ``es`` or ``en``.
        timezone: Zone of the local times shown.
        max_rows: Rows above which a table is not shown whole.
        pack: Name of the pack, to say where the rest is.
    """

    styles: Styles
    phrases: Phrases
    language: str
    timezone: str
    max_rows: int
    pack: str

    def write(self, sheet: Worksheet, name: str, frame: pl.DataFrame) -> None:
        """Write a table: heading in the first row, or below the note that says where the rest is."""
        shown = excerpt(frame, self.max_rows)
        top = 0
        if shown.height < frame.height:
            sheet.write_string(0, 0, self._note(name, shown.height, frame), self.styles.note)
            top = 1
        columns = list(self._columns(shown))
        for index, column in enumerate(columns):
            sheet.write_string(top, index, column.heading, self.styles.heading)
            sheet.set_column(index, index, column.width)
            for row, value in enumerate(column.cells, top + 1):
                write_cell(sheet, row, index, value, column.style)
        last_row, last_column = top + shown.height, len(columns) - 1
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, last_row, last_column)
        sheet.repeat_rows(top)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        if shown.height:
            self._colour(sheet, shown.schema, (top + 1, 0, last_row, last_column))

    def _note(self, name: str, shown: int, frame: pl.DataFrame) -> str:
        words = self.phrases.cut_by_status if _status_column(frame) else self.phrases.cut
        csv, parquet = f"{self.pack}_{name}.csv", f"{name}.parquet"
        return words.format(shown=shown, total=frame.height, csv=csv, parquet=parquet)

    def _columns(self, frame: pl.DataFrame) -> Iterator[SheetColumn]:
        for series in frame:
            yield self._column(series)
            if series.name.endswith(MINOR):
                words = heading(series.name.removesuffix(MINOR), self.language)
                yield SheetColumn(words, [pesos_cell(minor) for minor in series], self.styles.pesos, 20)

    def _column(self, series: pl.Series) -> SheetColumn:
        words = heading(series.name, self.language)
        match series.dtype:
            case pl.Datetime():
                return SheetColumn(words, instant_cells(series, self.timezone), self.styles.instant, 20)
            case pl.Date():
                return SheetColumn(words, date_cells(series), self.styles.date, 12)
            case pl.Int64():
                style = self.styles.centavos if series.name.endswith(MINOR) else self.styles.integer
                width = 20 if series.name.endswith(MINOR) else 11
                return SheetColumn(words, [integer_cell(value) for value in series], style, width)
            case pl.Boolean():
                return SheetColumn(words, series.to_list(), self.styles.text, 11)
            case _:
                texts = series.to_frame().select(plain(series.name, series.dtype)).to_series()
                cells = text_cells(texts, self.phrases.text_cut)
                return SheetColumn(words, cells, self.styles.text, _text_width(words, texts))

    def _colour(self, sheet: Worksheet, schema: pl.Schema, cells: tuple[int, int, int, int]) -> None:
        names = [name for column in schema for name in _shown_as(column)]
        for column, value, style in self.styles.row_rules(schema):
            criteria = f'=${xl_col_to_name(names.index(column))}{cells[0] + 1}="{value}"'
            rule = {"type": "formula", "criteria": criteria, "format": style, "stop_if_true": True}
            sheet.conditional_format(*cells, rule)


def excerpt(frame: pl.DataFrame, max_rows: int) -> pl.DataFrame:
    """The rows of a table that its sheet shows.

    Args:
        frame: A table of a pack.
        max_rows: Most rows that a sheet shows.

    Returns:
        All rows if they are not more; else the break and review rows, or of a table whose rows have
        no status the first ones, ``max_rows`` at most.
    """
    if frame.height <= max_rows:
        return frame
    status = _status_column(frame)
    rows = frame.filter(pl.col(status).is_in(_ATTENTION)) if status else frame
    return rows.head(min(max_rows, _MOST_ROWS))


def _status_column(frame: pl.DataFrame) -> str | None:
    return next((name for name in _STATUS_COLUMNS if name in frame.columns), None)


def _shown_as(column: str) -> tuple[str, ...]:
    return (column, column.removesuffix(MINOR)) if column.endswith(MINOR) else (column,)


def _text_width(words: str, texts: pl.Series) -> float:
    longest = texts.head(_ROWS_MEASURED).str.len_chars().max()
    least, most = _TEXT_WIDTHS
    return float(min(max(least, len(words), int(str(longest or 0))) + 2, most))
