"""The sheets of the workbook that hold a table: headings, cells, filters, widths, colours and links.

Here belongs how a table lies on its sheet. What a cell can hold is in ``cells``, how it looks in
``styles``, which rows are shown and where in ``placing``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

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
from mono_recon.report.glance import HOME_CURRENCY, LINE_KEYS, line_of
from mono_recon.report.headings import heading
from mono_recon.report.phrases import Phrases
from mono_recon.report.placing import ACCOUNT_WORDS, Placed, status_column
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


@dataclass(frozen=True)
class SheetColumn:
    """A column as it lies on a sheet; ``width`` in characters, ``styles`` one for each cell or one for all."""

    heading: str
    cells: list[Cell]
    style: Format | list[Format]
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

    def write(self, sheet: Worksheet, name: str) -> None:
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
            for row, value in enumerate(column.cells):
                style = column.style[row] if isinstance(column.style, list) else column.style
                write_cell(sheet, top + 1 + row, index, value, style)
        self._link(sheet, placed)
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
                yield SheetColumn(words, [pesos_cell(minor) for minor in series], self._money(frame), 20)

    def _column(self, series: pl.Series) -> SheetColumn:
        words = heading(series.name, self.language)
        match series.dtype:
            case pl.Datetime():
                return SheetColumn(words, instant_cells(series, self.timezone), self.styles.instant, 20)
            case pl.Date():
                return SheetColumn(words, date_cells(series), self.styles.date, 12)
            case pl.Int64():
                style, width = (self.styles.integer, 11)
                if series.name.endswith(MINOR):
                    style, width = (self.styles.centavos, 20)
                return SheetColumn(words, [integer_cell(value) for value in series], style, width)
            case pl.Boolean():
                return SheetColumn(words, series.to_list(), self.styles.text, 11)
            case _:
                texts = series.to_frame().select(plain(series.name, series.dtype)).to_series()
                cells = text_cells(texts, self.phrases.text_cut)
                is_read = series.name == f"explanation_{self.language}"
                widest = _SENTENCE_WIDTH if is_read else _text_width(words, texts)
                return SheetColumn(words, cells, self.styles.text, widest)

    def _account_words(self, accounts: pl.Series) -> SheetColumn:
        named = pl.Series([self.accounts.get(account) for account in accounts], dtype=pl.String)
        cells = text_cells(named, self.phrases.text_cut)
        words = heading(ACCOUNT_WORDS, self.language)
        return SheetColumn(words, cells, self.styles.text, _text_width(words, named))

    def _money(self, frame: pl.DataFrame) -> list[Format]:
        """The peso sign belongs to pesos."""
        return [self.styles.money(currency or HOME_CURRENCY) for currency in frame["currency"]]

    def _link(self, sheet: Worksheet, placed: Placed) -> None:
        """Lead from each break to its line, and from each line to its first break."""
        links = self._links_of_breaks(placed) if placed.name == "breaks" else self._links_of_lines(placed)
        for _, (row, column, text, target) in zip(range(_MOST_LINKS), links, strict=False):
            # The link's own text is written apart from the cell's, and not made for texts from outside.
            sheet.write_url(row, column, target, self.styles.link, string="→")
            write_cell(sheet, row, column, text, self.styles.link)

    def _links_of_breaks(self, placed: Placed) -> Iterator[tuple[int, int, Cell, str]]:
        column = placed.columns.index("subject_id")
        about = placed.shown.select("subject_type", "subject_id", pl.col("business_date").dt.to_string("iso"))
        for row, (kind, subject, day) in enumerate(about.iter_rows(), placed.top + 1):
            if target := self.link_to_line(kind, subject, day):
                (text,) = text_cells([subject], self.phrases.text_cut)
                yield row, column, text, target

    def _links_of_lines(self, placed: Placed) -> Iterator[tuple[int, int, Cell, str]]:
        if placed.name not in LINE_KEYS:
            return
        breaks = self.placed["breaks"]
        subjects = breaks.shown["subject_id"].to_list()
        break_rows = {subject: breaks.top + 1 + row for row, subject in reversed([*enumerate(subjects)])}
        column = placed.columns.index("break_types")
        shown = placed.shown.select(LINE_KEYS[placed.name], plain("break_types", placed.shown.schema["break_types"]))
        for row, (key, types) in enumerate(shown.iter_rows(), placed.top + 1):
            if types and key in break_rows:
                yield row, column, types, breaks.link(break_rows[key])

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
