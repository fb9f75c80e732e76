"""The sheets of the workbook that hold a table: headings, cells, filters, widths, colours and links.

Here belongs how a table lies on its sheet. What a cell can hold is in ``cells``, how it looks in
``styles``, which rows are shown and where in ``placing``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import ceil

import polars as pl
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import text_cell
from mono_recon.report.glance import HOME_CURRENCY, LINE_KEYS, line_of
from mono_recon.report.headings import heading
from mono_recon.report.phrases import Phrases
from mono_recon.report.placing import ACCOUNT_WORDS, Placed, status_column
from mono_recon.report.rows import Cells, ColumnSheet, amounts, dates, instants, integers, texts, truths
from mono_recon.report.styles import Styles
from mono_recon.report.text import MINOR, plain

_TEXT_WIDTHS = (10, 48)
_SENTENCE_WIDTH = 100
_HEADING_HEIGHT = 32
"""Two lines."""

_ROWS_MEASURED = 200
_PAGE_WIDTH = 220
"""Characters side by side on an A4 page that can still be read."""

_MOST_LINKS = 65_530
"""Links that a sheet can hold."""


Links = tuple[int, Iterator[tuple[int, str]]]
"""A column of a sheet, and by row of its table, from 0, where its cell leads."""


@dataclass(frozen=True)
class SheetColumn:
    """A column as it lies on a sheet; ``width`` in characters."""

    heading: str
    cells: Cells
    width: float


@dataclass(frozen=True)
class TableSheets:
    """Writes tables as sheets, all in one language and with one set of styles.

    Attributes:
        placed: Where each table stands.
        accounts: What people call each account, by id.
        styles: Formats of the workbook.
        phrases: Words of its language.
        language: ``es`` or ``en``.
        timezone: Zone of the local times shown.
        pack: Name of the pack, to say where the rest is.
    """

    placed: Mapping[str, Placed]
    accounts: Mapping[str, str]
    styles: Styles
    phrases: Phrases
    language: str
    timezone: str
    pack: str

    def write(self, sheet: ColumnSheet, name: str) -> None:
        """Write a table: heading in the first row, or below the note that says where the rest is."""
        placed = self.placed[name]
        top = placed.top
        if not placed.is_whole:
            sheet.write_string(0, 0, self._note(placed), self.styles.note)
        columns = list(self._columns(placed.shown))
        sheet.set_row(top, _HEADING_HEIGHT)
        for index, column in enumerate(columns):
            sheet.write_string(top, index, column.heading, self.styles.heading)
            sheet.set_column(index, index, column.width)
        self._lay(sheet, placed, [column.cells for column in columns])
        last_row, last_column = top + placed.shown.height, len(columns) - 1
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, last_row, last_column)
        sheet.repeat_rows(top)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(ceil(sum(column.width for column in columns) / _PAGE_WIDTH), 0)
        sheet.set_footer("&L&F&C&A&R&P / &N")
        if placed.shown.height:
            self._colour(sheet, placed)

    def _note(self, placed: Placed) -> str:
        words = self.phrases.cut_by_status if status_column(placed.shown) else self.phrases.cut
        csv, parquet = f"{self.pack}_{placed.name}.csv", f"{placed.name}.parquet"
        return words.format(shown=placed.shown.height, total=placed.rows, csv=csv, parquet=parquet)

    def _columns(self, frame: pl.DataFrame) -> Iterator[SheetColumn]:
        for series in frame:
            yield self._column(series)
            if series.name == "account_id":
                yield self._account_words(series)
            if series.name.endswith(MINOR):
                words = heading(series.name.removesuffix(MINOR), self.language)
                foreign = (frame["currency"].fill_null(HOME_CURRENCY) != HOME_CURRENCY).arg_true().to_list()
                cells = amounts(series, self.styles.pesos).with_style(foreign, self.styles.units)
                yield SheetColumn(words, cells, 20)

    def _column(self, series: pl.Series) -> SheetColumn:
        words = heading(series.name, self.language)
        match series.dtype:
            case pl.Datetime():
                return SheetColumn(words, instants(series, self.timezone, self.styles.instant), 20)
            case pl.Date():
                return SheetColumn(words, dates(series, self.styles.date), 12)
            case pl.Int64() if series.name.endswith(MINOR):
                return SheetColumn(words, integers(series, self.styles.centavos), 20)
            case pl.Int64():
                return SheetColumn(words, integers(series, self.styles.integer), 11)
            case pl.Boolean():
                return SheetColumn(words, truths(series, self.styles.text), 11)
            case _:
                values = series.to_frame().select(plain(series.name, series.dtype)).to_series()
                is_read = series.name == f"explanation_{self.language}"
                widest = _SENTENCE_WIDTH if is_read else _text_width(words, values)
                return SheetColumn(words, texts(values, self.styles.text), widest)

    def _account_words(self, accounts: pl.Series) -> SheetColumn:
        named = accounts.replace_strict(self.accounts, default=None, return_dtype=pl.String)
        words = heading(ACCOUNT_WORDS, self.language)
        return SheetColumn(words, texts(named, self.styles.text), _text_width(words, named))

    def _lay(self, sheet: ColumnSheet, placed: Placed, columns: list[Cells]) -> None:
        """Lay the rows; lead from each break to its line, and from each line to its first break."""
        first = placed.top + 1
        column, links = self._links_of_breaks(placed) if placed.name == "breaks" else self._links_of_lines(placed)
        linked = dict(islice(links, _MOST_LINKS))
        if linked:
            columns[column] = columns[column].with_style([*linked], self.styles.link)
        sheet.lay(first, columns, partial(text_cell, note=self.phrases.text_cut))
        for row, target in linked.items():
            sheet.link(first + row, column, target, self.styles.link)

    def _links_of_breaks(self, placed: Placed) -> Links:
        about = placed.shown.select("subject_type", "subject_id", pl.col("business_date").dt.to_string("iso"))
        targets = (self.link_to_line(*row) for row in about.iter_rows())
        return placed.columns.index("subject_id"), ((row, to) for row, to in enumerate(targets) if to)

    def _links_of_lines(self, placed: Placed) -> Links:
        if placed.name not in LINE_KEYS:
            return 0, iter(())
        breaks, key = self.placed["breaks"], LINE_KEYS[placed.name]
        subjects = breaks.shown.select(pl.col("subject_id").alias(key)).with_row_index("target", breaks.top + 1)
        linked = (
            placed.shown.select(key, "break_types")
            .with_row_index("row")
            .filter(pl.col("break_types").list.len() > 0)
            .join(subjects.unique(key, keep="first"), on=key, maintain_order="left")
        )
        rows = linked.select("row", "target").iter_rows()
        return placed.columns.index("break_types"), ((row, breaks.link(target)) for row, target in rows)

    def link_to_line(self, subject_type: str, subject_id: str, day: str) -> str | None:
        """Address of the row of the line that a break is about; None if the workbook does not show it."""
        line = line_of(subject_type, subject_id, day)
        if line is None:
            return None
        placed = self.placed[line[0]]
        row = placed.row_of.get(line[1])
        return None if row is None else placed.link(row)

    def _colour(self, sheet: Worksheet, placed: Placed) -> None:
        first, last = placed.top + 1, placed.top + placed.shown.height
        for column, value, style, is_row in self.styles.rules(placed.shown.schema):
            index = placed.columns.index(column)
            criteria = f'=${xl_col_to_name(index)}{first + 1}="{value}"'
            left, right = (0, len(placed.columns) - 1) if is_row else (index, index)
            rule = {"type": "formula", "criteria": criteria, "format": style, "stop_if_true": is_row}
            sheet.conditional_format(first, left, last, right, rule)


def _text_width(words: str, texts: pl.Series) -> float:
    longest = texts.head(_ROWS_MEASURED).str.len_chars().max()
    least, most = _TEXT_WIDTHS
    return float(min(max(least, len(words), int(str(longest or 0))) + 2, most))
