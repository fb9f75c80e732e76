"""What a cell of the workbook can hold: a table's column as values that a spreadsheet keeps exactly.

Here belong the limits of the format (a number is a double, a text has 32,767 units, a date starts in
1900) and the way round each. Where a cell stands and how it looks belongs to the sheets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mono_recon.money import CENTAVOS_PER_PESO, pesos_text
from mono_recon.report.text import plain, visible

Cell = str | bool | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Computed:
    """A figure that the spreadsheet works out itself.

    Attributes:
        formula: The formula; nothing in it comes from data.
        value: What it comes to, for readers that do not compute.
    """

    formula: str
    value: str | int | float


EXACT_INTEGER = 2**53
"""Up to this a double holds every integer."""

_FIRST_YEAR, _LAST_YEAR = 1901, 9999
_TEXT_UNITS = 32_767
_BYTES_PER_UNIT = 2


def write_cell(sheet: Worksheet, row: int, column: int, value: Cell | Computed, style: Format | None = None) -> None:
    """Write a value as what it is, nothing for None; a text is never read as a formula or a link."""
    match value:
        case None:
            return
        case Computed():
            sheet.write_formula(row, column, value.formula, style, value.value)
        case str():
            sheet.write_string(row, column, value, style)
        case bool():
            sheet.write_boolean(row, column, value, style)
        case datetime():
            sheet.write_datetime(row, column, value, style)
        case _:
            sheet.write_number(row, column, value, style)


def integer_cell(value: int | None) -> Cell:
    """An integer, as text where a double would change it."""
    return value if value is None or abs(value) <= EXACT_INTEGER else str(value)


def pesos_cell(minor: int | None) -> Cell:
    """Centavos as pesos to look at, beside the exact integer; as text where a double has no centavos."""
    if minor is None:
        return None
    return minor / CENTAVOS_PER_PESO if abs(minor) <= EXACT_INTEGER else pesos_text(minor)


def text_cell(value: str, note: str) -> str:
    """A text of at most 32,767 UTF-16 units, in which nothing turns the direction of writing.

    Args:
        value: The text.
        note: What stands at the end of a text that was cut; ``{length}`` is the length of the whole.
    """
    shown = visible(value)
    if len(shown) <= _TEXT_UNITS // 2 or len(shown.encode("utf-16-le")) <= _TEXT_UNITS * _BYTES_PER_UNIT:
        return shown
    ending = note.format(length=len(value)).encode("utf-16-le")
    kept = shown.encode("utf-16-le")[: _TEXT_UNITS * _BYTES_PER_UNIT - len(ending)]
    return (kept.decode("utf-16-le", errors="ignore").encode("utf-16-le") + ending).decode("utf-16-le")


def instant_cells(instants: pl.Series, timezone: str) -> list[Cell]:
    """Moments as local times; as UTC text outside the years that a spreadsheet knows."""
    moment = pl.col(instants.name)
    shown = moment.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR, closed="left")
    local = moment.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    both = instants.to_frame().select(
        local=pl.when(shown).then(local),
        text=pl.when(~shown).then(plain(instants.name, instants.dtype)),
    )
    return [text if time is None else time for time, text in both.iter_rows()]


def date_cells(dates: pl.Series) -> list[Cell]:
    """Dates, or their ISO text outside the years that a spreadsheet knows."""
    return [
        day if day is None or day.year >= _FIRST_YEAR else day.date().isoformat() for day in dates.cast(pl.Datetime)
    ]


def text_cells(texts: Iterable[str | None], note: str) -> list[Cell]:
    """Texts as they are, the long ones cut."""
    return [None if text is None else text_cell(text, note) for text in texts]
