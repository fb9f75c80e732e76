"""The lists of the workbook's first sheet: what to do, what changed, and where the rest is.

Here belong these lists, their order and how much of them is shown. Each row leads to the sheet that
holds it.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from mono_recon.report import glance
from mono_recon.report.canvas import LAST_COLUMN, Canvas
from mono_recon.report.cells import Cell, pesos_cell, text_cell
from mono_recon.report.headings import heading
from mono_recon.report.labels import MARKS, label, money_text, table_label
from mono_recon.report.model import Report
from mono_recon.report.phrases import Phrases
from mono_recon.report.sheets import TableSheets
from mono_recon.report.styles import Styles
from mono_recon.report.text import MINOR

_ITEMS_SHOWN = {"break": 25, "review": 10, "data": 10}
"""Timing items clear by themselves."""

_CHANGES_SHOWN = 15
_SENTENCE_ON_A_LINE = 180
_LINE_HEIGHT = 14


class Agenda:
    """Writes the lists on the grid of the first sheet."""

    def __init__(self, canvas: Canvas, report: Report, styles: Styles, words: Phrases, sheets: TableSheets) -> None:
        self._canvas = canvas
        self._report = report
        self._styles = styles
        self._words = words
        self._sheets = sheets
        self._language = report.settings.report.language

    def open_items(self) -> None:
        """Open breaks, review and data items, the largest amount first, each with its sentence."""
        for kind in glance.to_do(self._report.verdict):
            most = _ITEMS_SHOWN.get(kind)
            if most is None:
                continue
            items = glance.open_items(self._report.tables, kind)
            title = self._words.open_items[kind].format(count=items.height)
            if items.is_empty():
                self._canvas.section(title)
                self._canvas.put([self._words.nothing], [self._styles.text])
                continue
            styles = self._styles
            looks = [styles.heading, *[styles.heading_right] * 2, *[styles.heading_middle] * 3, *[styles.heading] * 3]
            self._canvas.section(title, self._words.item_columns, looks)
            for item in items.head(most).iter_rows(named=True):
                self._item(item)
            if items.height > most:
                self._canvas.put([self._words.more_items.format(count=items.height - most)], [self._styles.note])

    def _item(self, item: Mapping[str, Any]) -> None:
        styles, placed = self._styles, self._sheets.placed["breaks"]
        kind, subject, account = item["class"], item["subject_id"], item["account_id"]
        words = f"{MARKS[kind]} {label(item['break_type'], self._language)}"
        about = self._text(subject)
        money = styles.money(item["currency"] or glance.HOME_CURRENCY)
        whose = self._sheets.accounts.get(account, account)
        since = styles.own_date if item["break_date"] == item["business_date"] else styles.date_middle
        cells: list[Cell] = [
            words,
            pesos_cell(item["amount_minor"]),
            pesos_cell(item["difference_minor"]),
            datetime.combine(item["break_date"], time()),
            item["age_days"],
            item["currency"],
            None if whose is None else self._text(whose),
            about,
        ]
        looks = {"break": styles.alert, "review": styles.watch, "data": styles.watch}
        middle = styles.middle
        self._canvas.put(cells, [looks[kind], money, money, since, middle, middle, styles.text, styles.text])
        if (row := placed.row_of.get(item["break_id"])) is not None:
            self._canvas.link_back(0, words, placed.link(row))
        if line := self._sheets.link_to_line(item["subject_type"], subject, item["business_date"].isoformat()):
            self._canvas.link_back(LAST_COLUMN - 1, about, line)
        sentence = self._text(item[f"explanation_{self._language}"].removeprefix(f"{subject}: "))
        lines = 1 + len(sentence) // _SENTENCE_ON_A_LINE
        self._canvas.put_wide(sentence, styles.wrapped, height=_LINE_HEIGHT * min(lines, 8), first=1)

    def changes(self) -> None:
        """What a new version says otherwise than the one before, and why."""
        words, styles, canvas = self._words, self._styles, self._canvas
        changes = self._report.tables["restatements"]
        if self._report.supersedes is None:
            canvas.section(words.changes)
            canvas.put([words.no_changes], [styles.text])
            return
        canvas.section(words.changes, [words.changes_by_cause, words.count])
        for cause, count in changes.group_by("cause").len().sort("len", "cause", descending=[True, False]).iter_rows():
            canvas.put([label(cause, self._language), count], [styles.text, styles.integer])
        if changes.is_empty():
            canvas.put([words.nothing], [styles.text])
            return
        canvas.row += 1
        looks = [styles.heading] * 3 + [styles.heading_right] * 2 + [styles.heading] * (LAST_COLUMN - 4)
        canvas.headings(words.change_columns, looks)
        for row in changes.head(_CHANGES_SHOWN).iter_rows(named=True):
            self._change(row)
        if changes.height > _CHANGES_SHOWN:
            canvas.put([words.more_changes.format(count=changes.height - _CHANGES_SHOWN)], [styles.note])

    def _change(self, row: Mapping[str, Any]) -> None:
        table, key, column, styles = row["table_name"], row["row_key"], row["column_name"], self._styles
        fact = self._words.line_came if row["old_value"] is None else self._words.line_went
        values: list[Cell] = [None, None]
        if column is not None:
            fact = heading(column.removesuffix(MINOR), self._language)
            values = [self._value(column, row[name]) for name in ("old_value", "new_value")]
        cells = [
            self._text(key),
            table_label(table, self._language),
            fact,
            *values,
            label(row["cause"], self._language),
        ]
        self._canvas.put(cells, [*[styles.text] * 3, *[styles.text_right] * 2, styles.text])
        if (place := self._sheets.placed[table].row_of.get(key)) is not None:
            self._canvas.link_back(0, cells[0], self._sheets.placed[table].link(place))

    def _value(self, column: str, value: str | None) -> Cell:
        """A restated value to look at: centavos as pesos, codes in words."""
        if value is None:
            return None
        if column.endswith(MINOR):
            return money_text(int(value), self._language)
        return self._text(label(value, self._language))

    def contents(self) -> None:
        """Every sheet with its rows, and the files that hold a table whole; then what the report is."""
        words, styles, canvas, report = self._words, self._styles, self._canvas, self._report
        canvas.section(
            words.sheets,
            ["", *words.sheet_columns],
            [styles.heading, *[styles.heading_right] * 2, *[styles.heading] * (LAST_COLUMN - 2)],
        )
        for name, placed in self._sheets.placed.items():
            files = f"{self._sheets.pack}_{name}.csv, {name}.parquet"
            cells: list[Cell] = [
                f"{name} · {table_label(name, self._language)}",
                placed.rows,
                placed.shown.height,
                files,
            ]
            looks = [styles.text, styles.integer, styles.integer if placed.is_whole else styles.watch, styles.text]
            canvas.put(cells, looks)
            canvas.link_back(0, cells[0], placed.link(0))
        canvas.section(words.proof_of_pack)
        canvas.put([words.code_version, report.code_version], [styles.strong, styles.text])
        canvas.put([words.content_sha256, report.content_sha256], [styles.strong, styles.text])

    def _text(self, value: str) -> str:
        return text_cell(value, self._words.text_cut)
