"""A month in which webhooks are lost, late or forgotten in a file, and final states flip.

All of it happens in the first week; only a long run lives through the rest of the month too.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.pipeline.remake import remake
from mono_recon.pipeline.reports import issue_dates
from mono_recon.reconcile.lifecycle import break_id
from mono_recon.report.pack import file_hashes
from mono_recon.report.verify import verify_pack
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import ACCOUNT, Archive, ident, transfer
from tests.soaking import SOAKING

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK = [date(2026, 3, day) for day in range(2, 7)]
DAYS = [MONDAY + timedelta(days=day) for day in range(30 if SOAKING else len(WEEK))]
ISSUES = "SELECT business_date, version, as_of, content_sha256 FROM mono.report.issues ORDER BY ALL"
CHANGES = """
    SELECT business_date, version, table_name, row_key, column_name, old_value, new_value, cause
    FROM mono.report.restatements ORDER BY ALL
"""
AFTERWARDS = datetime(2026, 4, 8, 12, tzinfo=UTC)
FORGOTTEN = 7
"""The transfer whose webhook was received in time and lies in a file that turns up on Thursday."""


def local(day: int, clock: str) -> datetime:
    return (datetime.fromisoformat(f"2026-03-{day:02d}T{clock}") + timedelta(hours=5)).replace(tzinfo=UTC)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def stated(number: int, state: str, created: datetime, moment: datetime, **values: object) -> dict[str, Any]:
    clocks = {"inserted_at": text(created), "updated_at": text(moment)}
    batch = transfer(number)["batch"] | {"inserted_at": text(created), "updated_at": text(created)}
    return transfer(number, state=state, batch=batch, **clocks, **values)


class Told:
    """Statements of Mono with the moment at which each reached the archive."""

    def __init__(self) -> None:
        self.webhooks: list[tuple[datetime, str]] = []
        self.pages: list[tuple[datetime, str]] = []
        self.forgotten: list[str] = []

    def webhook(
        self,
        data: dict[str, Any],
        received: datetime,
        event: str = "bank_transfer_approved",
        sent: datetime | None = None,
    ) -> None:
        clock = text(sent) if sent else data.get("updated_at") or data["transaction_at"]
        body = json.dumps({"event": {"type": event, "data": data}, "timestamp": clock})
        record = json.dumps({"received_at": text(received), "headers": {}, "body": body})
        if data["id"] == ident("trn", FORGOTTEN) and data["state"] == "approved":
            self.forgotten.append(record)
        else:
            self.webhooks.append((received, record))

    def export(self, rows: list[dict[str, Any]], opens: datetime, closes: datetime, fetched: datetime) -> None:
        window = f"inserted_at[from]={text(opens)}&inserted_at[until]={text(closes)}"
        pagination = {"page_number": 1, "page_size": 500, "total_items": len(rows), "total_pages": 1}
        url = f"https://api.cuentamono.com/v1/transfers?account_id={ACCOUNT}&{window}&page_size=500&page_number=1"
        page = {
            "export": {"id": f"e-{text(fetched)}", "started_at": text(fetched)},
            "request": {"method": "GET", "url": url, "fetched_at": text(fetched)},
            "response": {"status": 200, "headers": {}, "body": {"pagination": pagination, "transfers": rows}},
        }
        self.pages.append((fetched, json.dumps(page)))


def credit(number: int, moment: datetime) -> dict[str, Any]:
    return {
        "id": ident("tx", number),
        "type": "incoming_wire",
        "account": {"id": ACCOUNT, "number": "095000036"},
        "amount": {"amount": 5_000, "currency": "COP"},
        "transaction_at": text(moment),
    }


def week() -> Told:
    """What happened, and when each channel told of it."""
    told = Told()
    soon = timedelta(seconds=5)
    # 1: a webhook that never comes, of late in the evening.
    lost = stated(1, "approved", local(2, "22:50:00"), local(2, "23:00:00.25"))
    # 2: a webhook that comes after the first issue.
    late_from = local(2, "21:00:00")
    told.webhook(stated(2, "in_progress", late_from, late_from), late_from + soon, "bank_transfer_fallback_routing")
    late = stated(2, "approved", late_from, local(2, "22:00:00.25"))
    told.webhook(late, local(3, "08:00:00"), sent=local(3, "04:58:00"))
    # 3: approved, and declined on Thursday.
    flip_from = local(2, "10:00:00")
    flipped = stated(3, "approved", flip_from, local(2, "10:00:20.25"))
    told.webhook(flipped, local(2, "10:00:30"))
    declined = stated(3, "declined", flip_from, local(5, "12:00:00.25"), previous_state="approved")
    told.webhook(declined, local(5, "12:00:10"), "bank_transfer_change_final_state")
    # 4: the same on Tuesday, but its webhook was lost and Thursday's export tells of it.
    other = stated(4, "approved", flip_from, local(2, "10:00:20.5"))
    told.webhook(other, local(2, "10:00:31"))
    other_declined = stated(4, "declined", flip_from, local(3, "12:00:00.25"))
    # 5: a credit whose webhook comes the next morning.
    told.webhook(credit(5, local(4, "16:00:00")), local(5, "07:00:00"), "account_credited")
    # 7: in progress on Wednesday; the file with its approval is forgotten until Thursday evening.
    seventh = local(4, "09:00:00")
    told.webhook(stated(7, "in_progress", seventh, seventh), seventh + soon, "bank_transfer_fallback_routing")
    approved = stated(FORGOTTEN, "approved", seventh, local(4, "09:10:00.25"))
    told.webhook(approved, local(4, "09:10:10"))
    monday = [lost, stated(2, "in_progress", late_from, late_from), flipped, other]
    told.export(monday, local(2, "00:00:00"), local(3, "00:00:00"), local(3, "05:00:00"))
    for day in (3, 5, 6):
        told.export([], local(day, "00:00:00"), local(day + 1, "00:00:00"), local(day + 1, "05:00:00"))
    told.export([approved], local(4, "00:00:00"), local(5, "00:00:00"), local(6, "05:00:00"))
    told.export([lost, late, flipped, other_declined], local(2, "00:00:00"), local(3, "00:00:00"), local(5, "05:00:00"))
    return told


def schedule() -> Iterator[tuple[date, datetime]]:
    for day in DAYS:
        midnight = local(2, "00:00:00") + (day - MONDAY + timedelta(days=1))
        yield day, midnight + timedelta(hours=6)
        yield day, midnight + timedelta(hours=9, minutes=45)


@pytest.fixture(scope="module")
def lived(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A life of daily runs: what has arrived lies in the archive when each begins."""
    archive = Archive(Path(shutil.copytree(template, tmp_path_factory.mktemp("lived") / "data")))
    told, since = week(), datetime(2026, 1, 1, tzinfo=UTC)
    for number, (day, now) in enumerate(schedule()):
        for folder, records in (("webhooks", told.webhooks), ("exports", told.pages)):
            new = [record for moment, record in sorted(records) if since < moment <= now]
            if new:
                archive.write(f"{folder}/{number:02d}.jsonl", *new)
        if day == THURSDAY:
            archive.write("webhooks/forgotten.jsonl", *told.forgotten)
        archive.ingest()
        before = _packs(archive)
        issue_dates(archive.settings, [day], as_of=None, replay=False, now=now)
        after = _packs(archive)
        assert {path: after[path] for path in before} == before, "an issued pack was touched"
        since = now
    return archive


@pytest.fixture(scope="module")
def replayed(lived: Archive, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A backfill over the same archive, all of it there at once."""
    archive = Archive(Path(shutil.copytree(template, tmp_path_factory.mktemp("replayed") / "data")))
    shutil.copytree(lived.folder, archive.folder, dirs_exist_ok=True)
    archive.ingest()
    issue_dates(archive.settings, DAYS, as_of=None, replay=True, now=AFTERWARDS)
    return archive


def _packs(archive: Archive) -> dict[str, dict[str, str]]:
    packs = archive.settings.paths.reports.glob("*/v*")
    return {f"{pack.parent.name}/{pack.name}": file_hashes(pack) for pack in sorted(packs)}


def _changes(archive: Archive, day: date, version: int) -> list[tuple[object, ...]]:
    rows = archive.query(CHANGES).filter(business_date=day, version=version)
    return rows.drop("business_date", "version").rows()


def test_a_version_follows_only_where_the_last_was_wrong(lived: Archive) -> None:
    issued = lived.query(ISSUES).rows()
    assert [(day, version, as_of) for day, version, as_of, _ in issued if day in WEEK] == [
        (MONDAY, 1, local(3, "06:00:00")),
        (MONDAY, 2, local(3, "09:45:00")),
        (TUESDAY, 1, local(4, "06:00:00")),
        (TUESDAY, 2, local(5, "06:00:00")),
        (WEDNESDAY, 1, local(5, "06:00:00")),
        (WEDNESDAY, 2, local(5, "09:45:00")),
        (WEDNESDAY, 3, local(6, "06:00:00")),
        (THURSDAY, 1, local(6, "06:00:00")),
        (FRIDAY, 1, local(7, "06:00:00")),
    ]
    assert [(day, version) for day, version, _, _ in issued if day not in WEEK] == [(day, 1) for day in DAYS[5:]]


def test_a_webhook_that_came_late_and_one_that_never_came_restate_monday(lived: Archive) -> None:
    unheard = break_id("missing_webhook", "transfer", ident("trn", 1))
    late, lot = ident("trn", 2), ident("bat", 2)
    assert _changes(lived, MONDAY, 2) == [
        ("batches", lot, "approved_minor", "0", "102", "late_webhook"),
        ("batches", lot, "open_minor", "102", "0", "late_webhook"),
        ("breaks", unheard, "break_type", None, "missing_webhook", "time"),
        ("outgoing_transfers", late, "final_at", None, "2026-03-03T03:00:00.000000Z", "late_webhook"),
        ("outgoing_transfers", late, "state_at_cutoff", "in_progress", "approved", "late_webhook"),
    ]


def test_a_reversal_that_an_export_tells_of_later_restates_the_day_it_happened_on(lived: Archive) -> None:
    assert _changes(lived, TUESDAY, 2) == [
        ("batches", ident("bat", 4), None, None, ident("bat", 4), "late_export"),
        (
            "breaks",
            break_id("missing_webhook", "transfer", ident("trn", 4)),
            "break_type",
            None,
            "missing_webhook",
            "late_export",
        ),
        ("outgoing_transfers", ident("trn", 4), None, None, ident("trn", 4), "late_export"),
    ]


def test_a_reversal_that_happened_later_restates_nothing(lived: Archive) -> None:
    lines = lived.query(
        "SELECT business_date, version, inclusion, state_at_cutoff, state_latest, transfer_id"
        " FROM mono.report.outgoing_transfers ORDER BY ALL"
    ).filter(transfer_id=ident("trn", 3))
    assert lines.drop("transfer_id").rows() == [
        (MONDAY, 1, "created", "approved", "approved"),
        (MONDAY, 2, "created", "approved", "approved"),
        (THURSDAY, 1, "finalised", "declined", "declined"),
    ]


def test_a_credit_told_late_and_a_file_that_turns_up_restate_wednesday(lived: Archive) -> None:
    assert _changes(lived, WEDNESDAY, 2) == [
        ("incoming_credits", ident("tx", 5), None, None, ident("tx", 5), "late_credit")
    ]
    found = _changes(lived, WEDNESDAY, 3)
    assert {(table, column, cause) for table, _, column, _, _, cause in found} == {
        ("batches", "approved_minor", "late_webhook"),
        ("batches", "open_minor", "late_webhook"),
        ("outgoing_transfers", "final_at", "late_webhook"),
        ("outgoing_transfers", "state_at_cutoff", "late_webhook"),
    }


def test_every_version_verifies_and_comes_out_the_same_although_the_archive_has_grown(lived: Archive) -> None:
    packs = sorted(lived.settings.paths.reports.glob("*/v*"))
    assert len(packs) == lived.query(ISSUES).height
    with open_warehouse(lived.settings.warehouse, read_only=True) as warehouse:
        found = {str(pack): [*verify_pack(pack), *remake(warehouse, lived.settings, pack)] for pack in packs}
    assert found == {str(pack): [] for pack in packs}


def test_a_backfill_leaves_the_same_issues_as_a_life_of_daily_runs(lived: Archive, replayed: Archive) -> None:
    """But for the file that turned up late: a backfill has it from the start, so Wednesday's third is its first."""
    one, other = lived.query(ISSUES), replayed.query(ISSUES)
    assert one.filter(pl.col("business_date") != WEDNESDAY).equals(other.filter(pl.col("business_date") != WEDNESDAY))
    last = pl.col("content_sha256").last()
    assert (
        one.group_by("business_date", maintain_order=True)
        .agg(last)
        .equals(other.group_by("business_date", maintain_order=True).agg(last))
    )
    untouched = [name for name in _packs(lived) if name.startswith((str(MONDAY), str(TUESDAY) + "/v1"))]
    assert len(untouched) == 3
    assert {name: _packs(lived)[name] for name in untouched} == {name: _packs(replayed)[name] for name in untouched}


def test_the_same_commands_on_an_empty_root_leave_the_same_bytes(replayed: Archive, tmp_path: Path) -> None:
    again = Archive(tmp_path / "data")
    shutil.copytree(replayed.folder, again.folder, dirs_exist_ok=True)
    again.ingest()
    issue_dates(again.settings, DAYS[:2], as_of=None, replay=True, now=AFTERWARDS)
    made = _packs(again)
    assert set(made) == {f"{MONDAY}/v1", f"{MONDAY}/v2", f"{TUESDAY}/v1"}
    assert made == {name: _packs(replayed)[name] for name in made}


def test_a_date_issued_out_of_turn_gets_the_versions_that_it_would_have_had(replayed: Archive, tmp_path: Path) -> None:
    late = Archive(tmp_path / "data")
    shutil.copytree(replayed.folder, late.folder, dirs_exist_ok=True)
    late.ingest()
    for day in (WEDNESDAY, MONDAY):
        issue_dates(late.settings, [day], as_of=None, replay=True, now=AFTERWARDS)
    of_monday = pl.col("business_date") == MONDAY
    assert late.query(ISSUES).filter(of_monday).equals(replayed.query(ISSUES).filter(of_monday))
