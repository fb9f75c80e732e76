"""The workbook of a pack: one file that finance opens, filters and prints.

Here belong the file, its sheets and their order. The first sheet is in ``overview``, those of the
tables in ``sheets``. Nothing in it depends on the clock, so equal reports give equal bytes.
"""

from datetime import UTC
from pathlib import Path
from typing import cast

from xlsxwriter import Workbook

from mono_recon.report.glance import accounts
from mono_recon.report.model import Report, pack_schemas
from mono_recon.report.overview import Overview
from mono_recon.report.phrases import phrases
from mono_recon.report.placing import place
from mono_recon.report.rows import ColumnSheet
from mono_recon.report.sheets import TableSheets
from mono_recon.report.styles import Styles

FIRST_SHEET = "overview"
"""Name of the first sheet; the others are named after their tables, in every language."""

_TAB = "#1F3864"
_NOTHING_INTERPRETED = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write_workbook(report: Report, path: Path) -> None:
    """Write the workbook of a report.

    Args:
        report: The report; language, row limit and time zone are those of its settings.
        path: The file; its name without suffix is the name of the pack.
    """
    settings = report.settings
    book = Workbook(str(path), _NOTHING_INTERPRETED)
    book.set_properties({"title": path.stem, "created": report.as_of.astimezone(UTC).replace(tzinfo=None)})
    styles, words = Styles.of(book), phrases(settings.report.language)
    tables = {name: report.tables[name] for name in pack_schemas()}
    sheets = TableSheets(
        placed=place(tables, settings.report.workbook_max_rows),
        accounts=accounts(tables),
        styles=styles,
        phrases=words,
        language=settings.report.language,
        timezone=settings.business.timezone,
        pack=path.stem,
    )
    first = book.add_worksheet(FIRST_SHEET)
    first.set_tab_color(_TAB)
    Overview(first, report, styles, words, sheets).write()
    for name in tables:
        sheets.write(cast("ColumnSheet", book.add_worksheet(name, ColumnSheet)), name)
    book.close()
