"""The tables of the page: which columns a reader needs, in which words, and how many rows.

Here belong the columns of each table on the page and the form of their cells. The whole tables are in the
files of the pack; how a table becomes markup is in the template.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from mono_recon.report import glance
from mono_recon.report.headings import heading
from mono_recon.report.labels import label, money_text, table_label
from mono_recon.report.model import Report
from mono_recon.report.phrases import Phrases
from mono_recon.report.placing import excerpt, status_column
from mono_recon.report.text import MINOR
from mono_recon.schemas.report import BREAK_CLASSES

ROWS_SHOWN = 250
"""Most rows of a table on the page, so that a day of a million stays a page."""

_LETTERS_SHOWN = 300

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "breaks": (
        "break_type",
        "amount_minor",
        "difference_minor",
        "break_date",
        "age_days",
        "account_id",
        "subject_id",
    ),
    "outgoing_transfers": (
        "recon_status",
        "transfer_id",
        "amount_minor",
        "state_at_cutoff",
        "created_at",
        "account_id",
        "payee_name",
        "payee_account_last4",
        "reference",
        "break_types",
    ),
    "batches": (
        "recon_status",
        "batch_id",
        "state",
        "declared_minor",
        "approved_minor",
        "declined_minor",
        "open_minor",
        "difference_minor",
        "members",
        "account_id",
        "break_types",
    ),
    "incoming_credits": (
        "recon_status",
        "credit_id",
        "amount_minor",
        "transaction_at",
        "account_id",
        "payer_name",
        "reference",
        "matched_to",
        "match_rule",
        "break_types",
    ),
    "collections": (
        "recon_status",
        "intent_id",
        "amount_minor",
        "state_at_cutoff",
        "account_id",
        "reference",
        "counted",
        "break_types",
    ),
    "break_movement": ("movement", "break_type", "amount_minor", "account_id", "break_id", "cleared_by"),
    "restatements": ("table_name", "row_key", "column_name", "old_value", "new_value", "cause"),
    "data_quality": ("check_name", "subject", "count", "detail"),
    "control": ("metric", "account_id", "currency", "count", "amount_minor", "status"),
}
_IDS = frozenset({*glance.LINE_KEYS.values(), "subject_id", "row_key", "break_id", "matched_to"})
_CODES = frozenset(
    {"state", "state_at_cutoff", "movement", "cause", "match_rule", "cleared_by", "check_name", "inclusion"}
)
_STATUSES = frozenset({"recon_status", "status"})
_SHORT_HEADINGS = {"break_type": 0, "break_date": 3, "age_days": 4, "account_id": 6, "subject_id": 7}
"""Columns whose heading in the list of items is shorter than that of the table, by its place there."""


@dataclass(frozen=True, slots=True)
class PageCell:
    """A cell: its text and what stands below it, what it is sorted by, its look, and where it leads."""

    text: str = ""
    below: str = ""
    sort: str | None = None
    look: str = ""
    badge: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row: its anchor, its look, its cells."""

    anchor: str
    look: str
    cells: list[PageCell]


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table as it stands on the page; ``total`` counts its rows, ``note`` says what was left out."""

    name: str
    title: str
    headings: list[tuple[str, str]]
    rows: list[PageRow]
    total: int
    note: str


class PageTables:
    """Makes the tables of one page."""

    def __init__(self, report: Report, words: Phrases, pack: str) -> None:
        self._report = report
        self._words = words
        self._pack = pack
        self._language = report.settings.report.language
        self._accounts = glance.accounts(report.tables)
        self._shown = {name: self._rows_shown(name) for name in _COLUMNS}
        keys = {**glance.LINE_KEYS, "breaks": "break_id"}
        rows = {name: self._shown[name][column] for name, column in keys.items()}
        rows["balance_proof"] = report.tables["balance_proof"]["account_id"]
        self._anchors = {
            name: {key: f"{name}-{row}" for row, key in reversed([*enumerate(ids)])} for name, ids in rows.items()
        }

    def table(self, name: str) -> PageTable:
        """A table with what of it is shown."""
        shown, whole = self._shown[name], self._report.tables[name]
        note = ""
        if shown.height < whole.height:
            words = self._words.cut_by_status if status_column(whole) else self._words.cut
            files = {"csv": f"{self._pack}_{name}.csv", "parquet": f"{name}.parquet"}
            note = words.format(shown=shown.height, total=whole.height, **files)
        makers = [(column, self._maker(column)) for column in _COLUMNS[name]]
        rows = [
            PageRow(f"{name}-{number}", _row_look(row), [make(row) for _, make in makers])
            for number, row in enumerate(shown.iter_rows(named=True))
        ]
        return PageTable(name, table_label(name, self._language), [*self._headings(name)], rows, whole.height, note)

    def _headings(self, name: str) -> Iterator[tuple[str, str]]:
        for column in _COLUMNS[name]:
            words = heading(column.removesuffix(MINOR), self._language)
            if name in ("breaks", "break_movement") and column in _SHORT_HEADINGS:
                words = self._words.item_columns[_SHORT_HEADINGS[column]]
            is_number = column.endswith(MINOR) or self._report.tables[name].schema.get(column) == pl.Int64
            yield words, "num" if is_number else ""

    def _rows_shown(self, name: str) -> pl.DataFrame:
        frame = self._report.tables[name]
        if name == "breaks":
            order = {kind: place for place, kind in enumerate(glance.to_do(self._report.verdict))}
            rank = pl.col("class").replace_strict(order, return_dtype=pl.Int8)
            by = [pl.col("status") == "resolved", rank, pl.col("amount_minor").neg(), pl.col("break_id")]
            frame = frame.sort(by)
        limit = min(ROWS_SHOWN, self._report.settings.report.workbook_max_rows)
        shown = excerpt(frame, limit)
        local = pl.selectors.datetime().dt.convert_time_zone(self._report.settings.business.timezone)
        return shown.with_columns(local.dt.to_string("%Y-%m-%d %H:%M:%S"))

    def _maker(self, column: str) -> Callable[[Mapping[str, Any]], PageCell]:
        if column.endswith(MINOR):
            return partial(self._money, column)
        special: Mapping[str, Callable[[Mapping[str, Any]], PageCell]] = {
            "account_id": self._account,
            "break_type": self._break_type,
            "break_types": self._break_types,
            "subject_id": self._subject,
            "break_id": self._break,
            "table_name": lambda row: PageCell(table_label(row["table_name"], self._language)),
            "column_name": self._column_name,
            "old_value": partial(self._value, "old_value"),
            "new_value": partial(self._value, "new_value"),
        }
        if column in special:
            return special[column]
        if column in _STATUSES:
            return partial(self._status, column)
        return partial(self._plain, column)

    def _plain(self, column: str, row: Mapping[str, Any]) -> PageCell:
        value = row[column]
        if value is None:
            return PageCell()
        if isinstance(value, bool):
            return PageCell("✓" if value else "–")
        if isinstance(value, int):
            return PageCell(str(value), sort=str(value), look="num")
        text = label(value, self._language) if column in _CODES else str(value)
        look = "id" if column in _IDS else "text"
        return PageCell(self._short(text), look=look)

    def _money(self, column: str, row: Mapping[str, Any]) -> PageCell:
        minor = row[column]
        if minor is None:
            return PageCell(look="num")
        look = "num negative" if minor < 0 else "num"
        return PageCell(amount(minor, row["currency"], self._language), sort=str(minor), look=look)

    def _status(self, column: str, row: Mapping[str, Any]) -> PageCell:
        code = row[column]
        return PageCell(label(code, self._language), badge=code)

    def _account(self, row: Mapping[str, Any]) -> PageCell:
        account = row["account_id"]
        return PageCell() if account is None else PageCell(self._accounts.get(account, account), look="text")

    def _break_type(self, row: Mapping[str, Any]) -> PageCell:
        """The type, and of a listed break the sentence that explains it and the decision about it."""
        sentence = row.get(f"explanation_{self._language}", "").removeprefix(f"{row.get('subject_id')}: ")
        if row.get("status") == "resolved":
            sentence = f"{label('resolved', self._language)}: {row['resolution_code']}. {sentence}"
        return PageCell(label(row["break_type"], self._language), self._short(sentence), badge=row["class"])

    def _break_types(self, row: Mapping[str, Any]) -> PageCell:
        return PageCell(", ".join(label(each, self._language) for each in row["break_types"]), look="text")

    def _subject(self, row: Mapping[str, Any]) -> PageCell:
        line = glance.line_of(row["subject_type"], row["subject_id"], row["business_date"].isoformat())
        anchor = self._anchors[line[0]].get(line[1]) if line else None
        return PageCell(self._short(row["subject_id"]), look="id", href=f"#{anchor}" if anchor else "")

    def _break(self, row: Mapping[str, Any]) -> PageCell:
        anchor = self._anchors["breaks"].get(row["break_id"])
        return PageCell(row["break_id"], look="id", href=f"#{anchor}" if anchor else "")

    def _column_name(self, row: Mapping[str, Any]) -> PageCell:
        column = row["column_name"]
        if column is None:
            return PageCell(self._words.line_came if row["old_value"] is None else self._words.line_went)
        return PageCell(heading(column.removesuffix(MINOR), self._language))

    def _value(self, column: str, row: Mapping[str, Any]) -> PageCell:
        fact, value = row["column_name"], row[column]
        if fact is None or value is None:
            return PageCell()
        if fact.endswith(MINOR):
            return PageCell(money_text(int(value), self._language), sort=value, look="num")
        return PageCell(self._short(label(value, self._language)), look="text")

    def _short(self, text: str) -> str:
        if len(text) <= _LETTERS_SHOWN:
            return text
        return text[:_LETTERS_SHOWN] + self._words.text_cut.format(length=len(text))


def amount(minor: int, currency: str | None, language: str) -> str:
    """Centavos with the sign of their currency, a peso sign for pesos and else its code: ``-$ 0,01``."""
    sign = "$" if currency in (None, glance.HOME_CURRENCY) else currency
    return f"{'-' * (minor < 0)}{sign}\u00a0{money_text(abs(minor), language)}"


def _row_look(row: Mapping[str, Any]) -> str:
    if row.get("status") == "resolved":
        return "resolved-row"
    look = row.get("recon_status") or row.get("class") or ""
    return look if look in BREAK_CLASSES else ""
