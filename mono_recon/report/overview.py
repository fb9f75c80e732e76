"""The first sheet of the workbook: what a person must know at a glance and do first.

Here belong the figures of that sheet, added up from the tables of the pack, and their places. The
words are in ``phrases``; nothing is stated here that a table of the pack does not hold.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import Cell, integer_cell, pesos_cell, text_cell, write_cell
from mono_recon.report.headings import heading
from mono_recon.report.model import Report
from mono_recon.report.phrases import Phrases
from mono_recon.report.styles import Styles
from mono_recon.report.text import MINOR
from mono_recon.schemas.report import PROOF_STATUSES, RECON_STATUSES

_ITEMS_SHOWN = {"break": 20, "data": 10, "review": 10}
_ITEM_COLUMNS = ("break_type", "subject_id", "account_id", "currency", "amount_minor", "age_days")
_WIDTHS = (36, 34, 34, 12, 20, 14, 20, 14, 20, 14, 20)


class Overview:
    """Writes the first sheet from top to bottom."""

    def __init__(self, sheet: Worksheet, report: Report, styles: Styles, phrases: Phrases) -> None:
        self._sheet = sheet
        self._report = report
        self._styles = styles
        self._phrases = phrases
        self._row = 0

    def write(self) -> None:
        """Verdict, where it comes from, money, lines by status, balance proof and what to do."""
        for column, width in enumerate(_WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._title()
        self._money()
        self._lines()
        self._balance()
        for kind in _ITEMS_SHOWN:
            self._open_items(kind)

    def _title(self) -> None:
        report, words, styles = self._report, self._phrases, self._styles
        title = words.title.format(date=report.business_date.isoformat(), version=report.version)
        self._put([title], [styles.title])
        marks = {"balanced": styles.calm, "awaiting": styles.watch}
        self._put([words.verdicts[report.verdict]], [marks.get(report.verdict, styles.alert)])
        self._row += 1
        zone = ZoneInfo(report.settings.business.timezone)
        known = report.as_of.astimezone(zone).replace(tzinfo=None)
        self._put([words.as_of, known], [styles.strong, styles.instant])
        self._put([words.supersedes, integer_cell(report.supersedes)], [styles.strong, styles.integer])
        self._put([words.code_version, report.code_version], [styles.strong, styles.text])
        self._put([words.content_sha256, report.content_sha256], [styles.strong, styles.text])

    def _money(self) -> None:
        words = self._phrases
        self._section(words.money, ["", self._head("currency"), *self._units()])
        control = self._report.tables["control"]
        for metric, label in (("money.out", words.money_out), ("money.in", words.money_in)):
            rows = control.filter(pl.col("metric") == metric)
            for currency in _currencies(rows):
                of_currency = rows.filter(pl.col("currency").eq_missing(currency))
                count = int(of_currency["count"].sum())
                self._figures([label, currency], [(count, _minor(of_currency))])

    def _lines(self) -> None:
        words = self._phrases
        names = [*(words.statuses[status] for status in RECON_STATUSES), words.total]
        headings = [f"{name}: {unit}" for name in names for unit in self._units()]
        self._section(words.lines, ["", self._head("currency"), *headings])
        for table, label in words.tables.items():
            lines = self._report.tables[table]
            for currency in _currencies(lines):
                of_currency = lines.filter(pl.col("currency").eq_missing(currency))
                of_status = [of_currency.filter(pl.col("recon_status") == status) for status in RECON_STATUSES]
                figures = [(part.height, _minor(part)) for part in (*of_status, of_currency)]
                self._figures([label, currency], figures)

    def _balance(self) -> None:
        words = self._phrases
        proof = self._report.tables["balance_proof"].with_columns(amount_minor=pl.col("unexplained_minor").abs())
        self._section(words.balance, ["", self._head("currency"), words.accounts, words.unexplained])
        for status in PROOF_STATUSES:
            rows = proof.filter(pl.col("status") == status)
            for currency in _currencies(rows):
                of_currency = rows.filter(pl.col("currency").eq_missing(currency))
                self._figures([words.proofs[status], currency], [(of_currency.height, _minor(of_currency))])

    def _open_items(self, kind: str) -> None:
        words, shown = self._phrases, _ITEMS_SHOWN[kind]
        items = self._report.tables["breaks"].filter(pl.col("status") == "open", pl.col("class") == kind)
        language = self._report.settings.report.language
        title = words.open_items[kind].format(count=items.height)
        if items.is_empty():
            self._section(title)
            self._put([words.nothing], [self._styles.text])
            return
        self._section(title, [*map(self._head, _ITEM_COLUMNS), words.explanation])
        ranked = items.sort("amount_minor", "break_id", descending=[True, False]).head(shown)
        for row in ranked.select(*_ITEM_COLUMNS, f"explanation_{language}").iter_rows():
            *texts, minor, age, explanation = row
            cells = [*texts, pesos_cell(minor), age, text_cell(explanation, words.text_cut)]
            styles = self._styles
            self._put(cells, [*(styles.text for _ in texts), styles.pesos, styles.integer, styles.text])
        if items.height > shown:
            self._put([words.more_items.format(count=items.height - shown)], [self._styles.note])

    def _section(self, title: str, headings: Sequence[str] = ()) -> None:
        self._row += 1
        self._put([title], [self._styles.strong])
        if headings:
            self._put(headings, [self._styles.heading] * len(headings))

    def _figures(self, labels: Sequence[str | None], figures: Sequence[tuple[int, int]]) -> None:
        cells: list[Cell] = [*labels]
        styles = [self._styles.text for _ in labels]
        for count, minor in figures:
            cells += [integer_cell(count), pesos_cell(minor)]
            styles += [self._styles.integer, self._styles.pesos]
        self._put(cells, styles)

    def _put(self, cells: Sequence[Cell], styles: Sequence[Format]) -> None:
        for column, (value, style) in enumerate(zip(cells, styles, strict=True)):
            write_cell(self._sheet, self._row, column, value, style)
        self._row += 1

    def _head(self, column: str) -> str:
        return heading(column.removesuffix(MINOR), self._report.settings.report.language)

    def _units(self) -> tuple[str, str]:
        return self._phrases.count, self._phrases.pesos


def _currencies(rows: pl.DataFrame) -> list[str | None]:
    return rows["currency"].unique().sort().to_list()


def _minor(rows: pl.DataFrame) -> int:
    """Sum of the amounts, wider than one amount can be."""
    return int(rows["amount_minor"].cast(pl.Int128).sum())
