"""Where tables stand in the workbook, so that one sheet can point at another and add up its cells.

Here belong which rows of a long table its sheet shows, in which cell a value lies, and the formulas over
such cells. Nothing of the data goes into a formula: it names cells, and codes of this program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl
from xlsxwriter.utility import xl_rowcol_to_cell

from mono_recon.report.cells import EXACT_INTEGER
from mono_recon.report.glance import LINE_KEYS
from mono_recon.report.text import MINOR

ACCOUNT_WORDS = "account_words"
"""A column of the sheets alone, beside ``account_id``: what people call the account."""

_MOST_ROWS = 1_048_576 - 2  # a sheet, less its note and its heading
_ATTENTION = ("break", "review")
_STATUS_COLUMNS = ("recon_status", "class")
_KEYS = {**LINE_KEYS, "breaks": "break_id", "balance_proof": "account_id"}


@dataclass(frozen=True)
class Placed:
    """A table as it stands on its sheet.

    Attributes:
        name: Name of the table and of its sheet.
        shown: Its rows that the sheet holds.
        rows: Rows of the whole table.
    """

    name: str
    shown: pl.DataFrame
    rows: int

    @property
    def is_whole(self) -> bool:
        """Whether the sheet holds every row."""
        return self.shown.height == self.rows

    @property
    def top(self) -> int:
        """Row of the headings, from 0; a note stands above them if rows were left out."""
        return 0 if self.is_whole else 1

    @cached_property
    def columns(self) -> list[str]:
        """Columns of the sheet: those of the table, pesos beside centavos, words beside account ids."""
        return [name for column in self.shown.columns for name in _shown_as(column)]

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Row of the sheet, from 0, of each id of a line, a break or an account."""
        if self.name not in _KEYS:
            return {}
        ids = self.shown[_KEYS[self.name]].to_list()
        first = self.top + 1
        return {key: first + row for row, key in reversed([*enumerate(ids)])}

    def link(self, row: int) -> str:
        """Address of a row of the sheet, for a link inside the workbook."""
        return f"internal:'{self.name}'!A{row + 1}"

    def cell(self, row: int, column: str) -> str:
        """Reference to a cell, for a formula of another sheet."""
        return f"{self.name}!{xl_rowcol_to_cell(row, self.columns.index(column), row_abs=True, col_abs=True)}"

    def adds_up(self, column: str) -> bool:
        """Whether a spreadsheet adds a column of integers as exactly as we do."""
        if not self.is_whole or self.shown.is_empty():
            return False
        return int(self.shown[column].cast(pl.Int128).abs().sum()) <= EXACT_INTEGER

    def sum_of(self, column: str, conditions: Mapping[str, str]) -> str:
        """The part of a formula that adds a column up where others have a value.

        Args:
            column: Column of integers.
            conditions: By column, the reference of a cell or a code of this program in quotes.
        """
        pairs = ",".join(f"{self._range(name)},{value}" for name, value in conditions.items())
        return f"SUMIFS({self._range(column)},{pairs})"

    def count_of(self, conditions: Mapping[str, str]) -> str:
        """The part of a formula that counts the rows where columns have a value, given as for ``sum_of``."""
        return f"COUNTIFS({','.join(f'{self._range(name)},{value}' for name, value in conditions.items())})"

    def _range(self, column: str) -> str:
        first, last = self.top + 1, self.top + max(self.shown.height, 1)
        index = self.columns.index(column)
        begin, end = (xl_rowcol_to_cell(row, index, row_abs=True, col_abs=True) for row in (first, last))
        return f"{self.name}!{begin}:{end}"


def place(tables: Mapping[str, pl.DataFrame], max_rows: int) -> dict[str, Placed]:
    """Where each table stands."""
    return {name: Placed(name, excerpt(frame, max_rows), frame.height) for name, frame in tables.items()}


def excerpt(frame: pl.DataFrame, max_rows: int) -> pl.DataFrame:
    """The rows of a table that are shown.

    Args:
        frame: A table of a pack.
        max_rows: Most rows that are shown.

    Returns:
        All rows if they are not more; else the break and review rows, or of a table whose rows have
        no status the first ones, ``max_rows`` at most.
    """
    if frame.height <= max_rows:
        return frame
    status = status_column(frame)
    rows = frame.filter(pl.col(status).is_in(_ATTENTION)) if status else frame
    return rows.head(min(max_rows, _MOST_ROWS))


def status_column(frame: pl.DataFrame) -> str | None:
    """The column that says whether a row needs a person."""
    return next((name for name in _STATUS_COLUMNS if name in frame.columns), None)


def _shown_as(column: str) -> tuple[str, ...]:
    if column == "account_id":
        return (column, ACCOUNT_WORDS)
    return (column, column.removesuffix(MINOR)) if column.endswith(MINOR) else (column,)
