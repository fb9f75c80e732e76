"""What a cell of the workbook can hold: a value that a spreadsheet keeps exactly.

Here belong the limits of the format (a number is a double, a text has 32,767 units, a date starts in
1900) and the way round each. Where a cell stands and how it looks belongs to the sheets, whole columns
of cells to ``rows``.
"""

from dataclasses import dataclass
from datetime import datetime

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mono_recon.money import CENTAVOS_PER_PESO, pesos_text
from mono_recon.report.text import visible

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

FIRST_YEAR, LAST_YEAR = 1901, 9999
"""A spreadsheet shows dates from the first to before the last."""

TEXT_UNITS = 32_767
"""UTF-16 units that a cell holds."""

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
    if len(shown) <= TEXT_UNITS // 2 or len(shown.encode("utf-16-le")) <= TEXT_UNITS * _BYTES_PER_UNIT:
        return shown
    ending = note.format(length=len(value)).encode("utf-16-le")
    kept = shown.encode("utf-16-le")[: TEXT_UNITS * _BYTES_PER_UNIT - len(ending)]
    return (kept.decode("utf-16-le", errors="ignore").encode("utf-16-le") + ending).decode("utf-16-le")
