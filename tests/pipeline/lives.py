"""Small lives of an archive: what Mono states, when it arrives, and which dates are issued as of when."""

import json
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.pipeline import making, reports
from mono_recon.pipeline.ahead import Ahead
from mono_recon.pipeline.issue import Issued, Issuing
from mono_recon.pipeline.touched import touched_dates
from mono_recon.report.manifest import MANIFEST, render, statement
from mono_recon.report.model import EarlierIssue, Report
from mono_recon.settings import Settings
from mono_recon.warehouse.news import News
from tests.pipeline.archives import ACCOUNT, Archive, ident, transfer

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK = [date(2026, 3, day) for day in range(2, 7)]
NOW = datetime(2026, 4, 1, tzinfo=UTC)
OTHER_ACCOUNT = "acc_223RxfTSugBz8KfLSWoEnT"
SETTINGS = """
[business]
own_bank_codes = ["611"]
own_documents = ["900123456"]

[credits]
return_window = "1bd"
"""
ISSUES = "SELECT business_date, version FROM mono.report.issues ORDER BY ALL"

Body = dict[str, Any]


def local(day: int, clock: str) -> datetime:
    """An instant of March 2026 in Bogota's time."""
    return (datetime.fromisoformat(f"2026-03-{day:02d}T{clock}") + timedelta(hours=5)).replace(tzinfo=UTC)


def issue_of(day: date) -> datetime:
    """When a date is first issued."""
    return local(day.day + 1, "06:00:00")


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def stated(number: int, state: str, created: datetime, moment: datetime, **values: Any) -> Body:
    """A transfer in a batch of its own; a value of None leaves the field away."""
    lot = {
        "id": ident("bat", number),
        "inserted_at": text(created),
        "updated_at": text(created),
        "state": "processing_transactions",
    }
    known = {"routing": "ach", "batch": transfer(number)["batch"] | lot} | values
    told = transfer(number, state=state, inserted_at=text(created), updated_at=text(moment), **known)
    return {name: value for name, value in told.items() if value is not None}


def credit(number: int, moment: datetime, amount: int, **values: Any) -> Body:
    return {
        "id": ident("tx", number),
        "type": "incoming_wire",
        "account": {"id": ACCOUNT, "number": "095000036"},
        "amount": {"amount": amount, "currency": "COP"},
        "payer": {"name": "X", "bank": {"code": "007", "name": "B"}, "document_number": "800000001"},
        "transaction_at": text(moment),
    } | values


def intent(number: int, state: str, created: datetime, moment: datetime, amount: int) -> Body:
    return {
        "account_id": ACCOUNT,
        "amount": {"amount": amount, "currency": "COP"},
        "id": ident("ci", number),
        "inserted_at": text(created),
        "state": state,
        "updated_at": text(moment),
    }


def payee(number: str = "000000009", bank: str = "007") -> Body:
    account = {"bank_code": bank, "number": number, "type": "savings_account"}
    return {"name": "P", "document_type": "CC", "document_number": "1033711400", "bank_account": account}


def account(name: str, number: str, available: int | None, at: datetime, currency: str = "COP") -> Body:
    row: Body = {"id": name, "name": number, "number": number, "state": "active", "type": "savings_account"}
    if available is not None:
        row["balance"] = {"available": {"amount": available, "currency": currency}, "updated_at": text(at)}
    return row


class Story:
    """Lines of the archive, each with the moment at which it came."""

    def __init__(self) -> None:
        self.webhooks: list[tuple[datetime, str]] = []
        self.pages: list[tuple[datetime, str]] = []

    def tell(self, data: Body, event: str = "bank_transfer_approved", *, received: datetime | None = None) -> "Story":
        """A webhook, sent as what it tells of happens and received then or later."""
        happened = data.get("transaction_at") or data["updated_at"]
        body = json.dumps({"event": {"type": event, "data": data}, "timestamp": happened})
        came = received or datetime.fromisoformat(happened) + timedelta(seconds=5)
        self.webhooks.append((came, json.dumps({"received_at": text(came), "headers": {}, "body": body})))
        return self

    def pull(self, rows: Sequence[Body], fetched: datetime, query: str = "", resource: str = "transfers") -> "Story":
        """A complete export."""
        pagination = {"page_number": 1, "page_size": 500, "total_items": len(rows), "total_pages": 1}
        page = f"{resource}?{query}page_size=500&page_number=1"
        return self._answered(page, fetched, {"pagination": pagination, resource: rows}, f"{resource}-{query}")

    def balance(self, name: str, available: int, at: datetime) -> "Story":
        """The balance of an account that is asked for alone."""
        money = {"amount": available, "currency": "COP"}
        body = {"id": name, "available": money, "inserted_at": text(at), "updated_at": text(at)}
        return self._answered(f"accounts/{name}/balances", at, body, f"balance-{name}")

    def _answered(self, page: str, fetched: datetime, body: Body, export: str) -> "Story":
        record = {
            "export": {"id": f"{export}-{text(fetched)}", "started_at": text(fetched)},
            "request": {"method": "GET", "url": f"https://api.cuentamono.com/v1/{page}", "fetched_at": text(fetched)},
            "response": {"status": 200, "headers": {}, "body": body},
        }
        self.pages.append((fetched, json.dumps(record)))
        return self

    def figures(self, days: Iterable[int]) -> "Story":
        """The account's balance at the midnights with which some days of the month begin; it never changes."""
        for day in days:
            midnight = local(day, "00:00:05")
            rows = [account(ACCOUNT, "095000036", 1_000_000, midnight)]
            self.pull(rows, midnight + timedelta(seconds=30), resource="accounts")
        return self

    def write(self, archive: Archive, name: str) -> None:
        """Write all of it into files of one name, and read them."""
        for folder, lines in (("webhooks", self.webhooks), ("exports", self.pages)):
            if lines:
                archive.write(f"{folder}/{name}.jsonl", *(line for _, line in sorted(lines)))
        archive.ingest()


def data_root(template: Path, folder: Path, settings: str = SETTINGS) -> Archive:
    """A data root with an empty warehouse and settings of its own."""
    root = Path(shutil.copytree(template, folder))
    (root / "mono_recon.toml").write_text(settings, encoding="utf-8")
    return Archive(root)


def _manifest_alone(report: Report, folder: Path) -> dict[str, str]:
    (folder / MANIFEST).write_bytes(render(statement(report)))
    return {}


def write_manifests_alone(patched: pytest.MonkeyPatch) -> None:
    """Packs take longest to write, and of them only manifests are read again."""
    patched.setattr("mono_recon.pipeline.issue.write_pack", _manifest_alone)


def issue_each(archive: Archive, days: Iterable[date]) -> None:
    """Issue dates one by one, each as of its own schedule's first moment."""
    for day in days:
        reports.issue_dates(archive.settings, [day], as_of=issue_of(day), replay=False, now=NOW)


def issue_in_one_go(archive: Archive, days: Sequence[date]) -> None:
    """Issue dates together, as a backfill does, each as of its own schedule's last moment."""
    reports.issue_dates(archive.settings, days, as_of=None, replay=False, now=NOW)


class Lookout:
    """Looks at every issued date in each step, though only some of them would have been looked at.

    Attributes:
        missed: Versions that a step gave for dates which would not have been.
    """

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.missed: list[tuple[date, int]] = []
        bring = reports.bring_up_to_date
        found: list[date] = []

        def look_at_all(news: News, settings: Settings, days: Sequence[date]) -> list[date]:
            found[:] = touched_dates(news, settings, days)
            return list(days)

        def note(issuing: Issuing, ahead: Ahead, day: date, as_of: datetime) -> list[Issued]:
            made = bring(issuing, ahead, day, as_of)
            again = [each for each in made if each.version > 1 and each.business_date not in found]
            self.missed += [(each.business_date, each.version) for each in again]
            return made

        patched.setattr(reports, "touched_dates", look_at_all)
        patched.setattr(reports, "bring_up_to_date", note)


class BothWays:
    """Makes the first report of each date from what it needs and from the whole history.

    Attributes:
        made: How many reports could be made from less.
        differences: Date, as-of and table of what came out otherwise.
    """

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.made = 0
        self.differences: list[tuple[date, datetime, str]] = []
        patched.setattr(reports, "make_report", self._make)

    def _make(self, *asked: Any, issues: Sequence[EarlierIssue], news: News) -> Report:
        report = making.make_report(*asked, issues=issues, news=news)
        *_, day, as_of = asked
        if [issue.business_date < day for issue in issues] == [True]:
            self.made += 1
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(making, "_base", lambda *_: None)
                whole = making.make_report(*asked, issues=issues)
            names = [name for name, table in whole.tables.items() if not table.equals(report.tables[name])]
            if not _sorted(whole.open_items).equals(_sorted(report.open_items)):
                names.append("open_items")
            if not whole.known_accounts.equals(report.known_accounts):
                names.append("known_accounts")
            self.differences += [(day, as_of, name) for name in names]
        return report


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("break_id")
