"""The page of a pack: the report as one file that any browser opens, without network.

Here belong what stands on the page and the making of it. Figures come from ``glance``, tables from
``page_tables``, markup from the templates in ``web``; every text of the data is escaped there.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from mono_recon.report import glance
from mono_recon.report.csv import csv_path
from mono_recon.report.glance import Figure
from mono_recon.report.headings import heading
from mono_recon.report.labels import MARKS, label
from mono_recon.report.model import Report, pack_schemas
from mono_recon.report.page_charts import PageCharts
from mono_recon.report.page_tables import PageTables, amount
from mono_recon.report.parquet import parquet_path
from mono_recon.report.phrases import phrases
from mono_recon.report.text import MINOR, visible

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE = "index.html"
"""Name of the file."""

WEB = Path(__file__).parent / "web"
"""Templates, styles and script of the page."""

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in b"\t\n\r"} | {0x7F: "\u2421"}
_STORY = ("money", "balance_proof", "breaks", "roll_forward", "changes")
_LINES = ("outgoing_transfers", "batches", "incoming_credits", "collections", "break_movement", "data_quality")
_LISTED = ("breaks", "restatements")
_ACCOUNTS_SHOWN = 40
_PROOF: Mapping[str, str] = {
    "opening_minor": "",
    **dict.fromkeys(glance.PROOF_IN, "+ "),
    **dict.fromkeys(glance.PROOF_OUT, "− "),
    "expected_minor": "= ",
    "closing_minor": "",
    "unexplained_minor": "",
    "in_transit_minor": "",
}
"""Terms of the balance proof in the order of a statement, with the sign before each."""


def write_page(report: Report, path: Path, *, pack: str) -> None:
    """Write the page of a report; equal reports give equal bytes.

    Args:
        report: The report; language and time zone are those of its settings.
        path: The file.
        pack: Name of the pack, which the files beside the page begin with.
    """
    text = templates().get_template("page.html.j2").render(_Page(report, pack).content())
    path.write_text(text, encoding="utf-8", newline="\n")


@cache
def templates() -> "Environment":
    """The templates, which escape every text and show no mark that turns the direction of writing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  most commands make no page

    environment = Environment(
        loader=FileSystemLoader(WEB),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_seen,
        keep_trailing_newline=True,
    )
    environment.globals["mark"] = lambda code: MARKS.get(code, "")
    return environment


def inline(name: str) -> tuple[str, str]:
    """A style sheet or script of ours to stand in a page.

    Args:
        name: File in ``web``.

    Returns:
        Its text, marked as needing no escape, and its hash for a content security policy.
    """
    from markupsafe import Markup  # noqa: PLC0415  comes with the templates

    text = (WEB / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704  a file of this package


def _as_seen(value: object) -> object:
    """What is shown of a value: control characters and marks of direction as signs that only look."""
    return visible(value).translate(_CONTROL_PICTURES) if type(value) is str else value


class _Page:
    """What the template of the page is filled with."""

    def __init__(self, report: Report, pack: str) -> None:
        self._report = report
        self._language = report.settings.report.language
        self._words = phrases(self._language)
        self._pack = pack
        self._tables = PageTables(report, self._words, self._pack)
        self._charts = PageCharts(report, self._words)

    def content(self) -> dict[str, object]:
        report, words = self._report, self._words
        style, style_hash = inline("style.css")
        script, script_hash = inline("page.js")
        holds = not (report.tables["control"]["status"] == "failed").any()
        lines = [self._tables.table(name) for name in (*_LINES, "control")]
        return {
            "language": self._language,
            "words": words,
            "style": style,
            "script": script,
            "policy": (
                f"default-src 'none'; style-src {style_hash}; script-src {script_hash}; img-src data:;"
                " base-uri 'none'; form-action 'none'"
            ),
            "title": words.title.format(date=report.business_date.isoformat(), version=report.version),
            "as_of": f"{report.as_of.astimezone(ZoneInfo(report.settings.business.timezone)):%Y-%m-%d %H:%M:%S}",
            "supersedes": report.supersedes or words.first_version,
            "first_version": report.supersedes is None,
            "identities": words.identities_hold if holds else words.identities_fail,
            "verdict": report.verdict,
            "verdict_words": words.verdicts[report.verdict],
            "contents": [*((name, self._story_title(name)) for name in _STORY), *((t.name, t.title) for t in lines)],
            "cards": [*self._cards()],
            "currencies": [self._charts.of_currency(currency) for currency in glance.currencies(report.tables)],
            "statements": [*self._statements()],
            "accounts_left_out": max(report.tables["balance_proof"].height - _ACCOUNTS_SHOWN, 0),
            "listed": {name: self._tables.table(name) for name in _LISTED},
            "lines": lines,
            "files": [*self._files()],
            "code_version": report.code_version,
            "content_sha256": report.content_sha256,
        }

    def _story_title(self, name: str) -> str:
        words = self._words
        titles = {
            "money": words.money,
            "balance_proof": words.balance,
            "breaks": words.open_now,
            "roll_forward": words.roll_forward,
            "changes": words.changes,
        }
        return titles[name].partition(":")[0]

    def _files(self) -> Iterator[str]:
        """Names of the other files of the pack, which lie beside the page."""
        folder = Path()
        yield f"{self._pack}.xlsx"
        for name in pack_schemas():
            yield csv_path(folder, self._pack, name).name
            yield parquet_path(folder, name).name

    def _cards(self) -> Iterator[Mapping[str, str]]:
        words, tables = self._words, self._report.tables
        for currency in glance.currencies(tables)[:1] or [glance.HOME_CURRENCY]:
            for metric, name in (("money.out", words.money_out), ("money.in", words.money_in)):
                figure = glance.stated(tables, metric, currency)
                notes = {"money.out": words.transfers_counted, "money.in": words.credits_counted}
                yield self._card(name, figure, currency, notes[metric].format(count=figure.count))
            proof = tables["balance_proof"].filter(pl.col("currency") == currency)
            minor = int(proof["unexplained_minor"].cast(pl.Int128).abs().sum())
            yield self._card(words.balance_columns[5], Figure(0, minor), currency, words.balance)
            own = glance.stated(tables, "open.break", currency)
            carried = glance.stated(tables, "carried.break", currency)
            note = f"{words.of_the_date}: {own.count} · {words.carried}: {carried.count}"
            yield self._card(label("breaks", self._language), glance.total([own, carried]), currency, note)

    def _card(self, name: str, figure: Figure, currency: str, note: str) -> dict[str, str]:
        return {"label": name, "value": amount(figure.minor, currency, self._language), "note": note}

    def _statements(self) -> Iterator[dict[str, Any]]:
        """Each account as a statement, what is unexplained first."""
        tables = self._report.tables
        accounts = glance.accounts(tables)
        proof = tables["balance_proof"].with_row_index("place").to_dicts()
        proof.sort(key=lambda row: (-abs(row["unexplained_minor"] or 0), row["account_id"], row["currency"]))
        for row in proof[:_ACCOUNTS_SHOWN]:
            terms = [
                {
                    "name": f"{sign}{heading(column.removesuffix(MINOR), self._language)}",
                    "value": amount(row[column], row["currency"], self._language),
                    "kind": column.removesuffix(MINOR),
                }
                for column, sign in _PROOF.items()
                if row[column] is not None
            ]
            yield {
                "anchor": f"balance_proof-{row['place']}",
                "name": accounts.get(row["account_id"], ""),
                "account_id": row["account_id"],
                "status": row["status"],
                "status_words": label(row["status"], self._language),
                "terms": terms,
                "basis": row["basis"],
            }
