import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mono_recon.pipeline.issue import STAGING, Issued, IssueError, _stage, recover
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.reports import issue_dates
from mono_recon.reconcile.totals import IdentityError
from mono_recon.report.model import Report
from mono_recon.report.pack import file_hashes
from mono_recon.report.privacy import without_emails
from mono_recon.schemas.report import PACK_TABLES, TABLES, Lineage
from mono_recon.schemas.table import Table, table_name
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.issued import issued_tables
from tests.pipeline.archives import Archive, clock, delivery, payload

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 3, 11, tzinfo=UTC)
ISSUES = "SELECT business_date, version, content_sha256 FROM mono.report.issues"

KILLED = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from mono_recon.pipeline import issue as module
from mono_recon.pipeline.reports import issue_dates
from mono_recon.settings import load_settings

def die(staged, final):
    os.kill(os.getpid(), signal.SIGKILL)

module._publish = die
now = datetime(2026, 3, 4, tzinfo=UTC)
issue_dates(load_settings(Path(sys.argv[1]), None, {}), [date(2026, 3, 2)], as_of=None, replay=True, now=now)
"""


class Stopped(BaseException):
    """The end of a process, in so far as no code of it runs any more."""


@pytest.fixture(scope="module")
def ingested(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with three transfers of one date."""
    archive = Archive(Path(shutil.copytree(template, tmp_path_factory.mktemp("ingested") / "data")))
    archive.write("webhooks/a.jsonl", *(delivery(payload(number)) for number in (1, 2, 3)))
    archive.ingest()
    return archive.root


@pytest.fixture
def archive(ingested: Path, tmp_path: Path) -> Archive:
    return Archive(Path(shutil.copytree(ingested, tmp_path / "data")))


@pytest.fixture(scope="module")
def undisturbed(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack that an issue leaves which nothing disturbs."""
    archive = Archive(Path(shutil.copytree(ingested, tmp_path_factory.mktemp("undisturbed") / "another root")))
    (made,) = issue_day(archive)
    return made.folder


@pytest.fixture
def made(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is made already; what is tried is how it is issued."""
    monkeypatch.setattr("mono_recon.pipeline.reports.make_report", lambda *_, **__: report)


@pytest.fixture(scope="module")
def report(ingested: Path) -> Report:
    settings = Archive(ingested).settings
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        return make_report(warehouse, settings, DAY, AS_OF)


def issue_day(archive: Archive) -> list[Issued]:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    return issue_dates(archive.settings, [DAY], as_of=AS_OF, replay=False, now=now)


def assert_nothing_is_issued(archive: Archive, snapshot: int) -> None:
    assert archive.snapshot() == snapshot
    assert not (archive.root / "reports" / str(DAY)).exists()


def assert_issued_once_and_whole(archive: Archive, undisturbed: Path) -> None:
    assert [row[:2] for row in archive.query(ISSUES).rows()] == [(DAY, 1)]
    assert file_hashes(archive.root / f"reports/{DAY}/v1") == file_hashes(undisturbed)
    assert not (archive.root / "reports" / STAGING).exists()


def test_a_report_takes_nothing_from_where_its_data_lies_or_when_it_is_made(
    archive: Archive, undisturbed: Path
) -> None:
    issue_day(archive)
    assert_issued_once_and_whole(archive, undisturbed)


@pytest.mark.usefixtures("made")
def test_what_dies_before_the_commit_has_issued_nothing_and_can_be_done_again(
    archive: Archive, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, before = Warehouse.append, archive.snapshot()

    def die(warehouse: Warehouse, model: type[Table], frame: pl.DataFrame) -> None:
        append(warehouse, model, frame)
        if model is Lineage:
            raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "append", die)
        with pytest.raises(Stopped):
            issue_day(archive)
    assert_nothing_is_issued(archive, before)
    assert len(issue_day(archive)) == 1
    assert_issued_once_and_whole(archive, undisturbed)


def test_what_a_run_left_that_never_committed_is_removed(archive: Archive) -> None:
    staged = archive.root / "reports" / STAGING / f"{DAY}_v1"
    staged.mkdir(parents=True)
    (staged / "half.csv").write_text("a;b\n1")
    before = archive.snapshot()
    recover(archive.settings)
    assert_nothing_is_issued(archive, before)
    assert list((archive.root / "reports").iterdir()) == []


def test_a_run_killed_after_the_commit_is_finished_by_the_next_one(archive: Archive, undisturbed: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, archive.root], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert archive.query(ISSUES).height == 1
    assert not (archive.root / f"reports/{DAY}").exists()
    assert issue_day(archive) == []
    assert_issued_once_and_whole(archive, undisturbed)


def test_recovery_leaves_alone_what_needs_none(archive: Archive) -> None:
    before = archive.snapshot()
    recover(archive.settings)
    assert archive.snapshot() == before
    assert not (archive.root / "reports").exists()


@pytest.mark.usefixtures("made")
def test_another_pack_in_the_place_of_one_is_refused_and_left_as_it_is(archive: Archive, undisturbed: Path) -> None:
    place = Path(shutil.copytree(undisturbed, archive.root / f"reports/{DAY}/v1"))
    (place / "manifest.json").write_text("{}")
    before = archive.snapshot(), file_hashes(place)
    with pytest.raises(IssueError, match=rf"{place} holds another pack .*; move it away"):
        issue_day(archive)
    assert (archive.snapshot(), file_hashes(place)) == before
    assert not (archive.root / "reports" / STAGING).exists()


@pytest.mark.usefixtures("made")
def test_the_same_pack_in_its_place_already_is_taken_for_it(archive: Archive, undisturbed: Path) -> None:
    shutil.copytree(undisturbed, archive.root / f"reports/{DAY}/v1")
    assert len(issue_day(archive)) == 1
    assert_issued_once_and_whole(archive, undisturbed)


def test_a_report_that_does_not_add_up_is_not_issued(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise IdentityError("open transfers do not roll forward")

    before = archive.snapshot()
    monkeypatch.setattr("mono_recon.pipeline.making.reconcile_day", wrong)
    with pytest.raises(IdentityError, match="roll forward"):
        issue_day(archive)
    assert_nothing_is_issued(archive, before)
    assert not (archive.root / "reports").exists()


@pytest.mark.parametrize("address", ["", "ana@example.com"])
def test_of_many_rows_the_lake_gets_the_file_of_the_pack_where_that_leaves_nothing_out(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("mono_recon.pipeline.issue._MANY_ROWS", 1)
    archive.write("webhooks/b.jsonl", delivery(payload(4, description=f"Pago {address}")))
    archive.ingest()
    append_file, taken = Warehouse.append_file, []

    def watched(warehouse: Warehouse, model: type[Table], file: Path) -> None:
        taken.append(table_name(model))
        append_file(warehouse, model, file)

    monkeypatch.setattr(Warehouse, "append_file", watched)
    (made,) = issue_day(archive)
    assert "lineage" in taken
    assert ("outgoing_transfers" in taken) is (address == "")
    moved = Archive(Path(shutil.move(archive.root, tmp_path / "moved")))
    for model in PACK_TABLES:
        name = table_name(model)
        held = moved.query(f"SELECT * FROM mono.report.{name}")  # noqa: S608  a contract's name
        shown = pl.read_parquet(moved.root / f"reports/{DAY}/v1/{name}.parquet")
        assert without_emails(name, held.sort(held.columns[:4])).equals(shown.sort(held.columns[:4])), name
    assert address in moved.query("SELECT string_agg(description) FROM mono.report.outgoing_transfers").item()
    assert made.rows["outgoing_transfers"] == 4


@pytest.fixture
def days(archive: Archive) -> list[date]:
    """Three dates to be issued, with a transfer each."""
    day = 24 * 60 * 60
    for number in (1, 2):
        told = payload(3 + number, inserted_at=clock(number * day), updated_at=clock(number * day + 1))
        archive.write(f"webhooks/later-{number}.jsonl", delivery(told, number * day + 60))
    archive.ingest()
    return [DAY + timedelta(days=number) for number in range(3)]


def issue_days(archive: Archive, days: Sequence[date]) -> list[Issued]:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return issue_dates(archive.settings, days, as_of=datetime(2026, 3, 9, tzinfo=UTC), replay=False, now=now)


def issued_packs(archive: Archive) -> dict[str, dict[str, str]]:
    folders = (archive.root / "reports").glob("2*/*")
    return {str(folder.relative_to(archive.root)): file_hashes(folder) for folder in folders}


def issued_rows(archive: Archive, day: date) -> list[pl.DataFrame]:
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        return list(issued_tables(warehouse, day, 1, map(table_name, TABLES)).values())


def test_dates_issued_together_are_the_ones_issued_one_by_one(archive: Archive, days: list[date]) -> None:
    alone = Archive(Path(shutil.copytree(archive.root, archive.root.with_name("alone"))))
    assert [made.business_date for made in issue_days(archive, days)] == days
    for day in days:
        issue_days(alone, [day])
    assert len(issued_packs(archive)) == len(days)
    assert issued_packs(archive) == issued_packs(alone)
    for day in days:
        for left, right in zip(issued_rows(archive, day), issued_rows(alone, day), strict=True):
            assert_frame_equal(left, right, check_row_order=False)


def test_a_pack_is_written_while_the_next_report_is_made(
    archive: Archive, days: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, is_next_made = [], Event()

    def stage(report: Report, reports: Path) -> Path:
        made.append(report.business_date)
        assert len(made) > 1 or is_next_made.wait(60)
        return _stage(report, reports)

    def make(warehouse: Warehouse, settings: Settings, day: date, *rest: Any, **named: Any) -> Report:
        report = make_report(warehouse, settings, day, *rest, **named)
        assert day == days[0] or warehouse.query(ISSUES)["business_date"].to_list() == [days[0]]
        assert not (archive.root / "reports" / str(days[0])).exists()
        if day != days[0]:
            is_next_made.set()
        return report

    monkeypatch.setattr("mono_recon.pipeline.issue._stage", stage)
    monkeypatch.setattr("mono_recon.pipeline.reports.make_report", make)
    assert len(issue_days(archive, days[:2])) == 2
    assert made == days[:2]
    assert len(issued_packs(archive)) == 2


@pytest.mark.parametrize("error", [IdentityError("it does not add up"), Stopped()])
def test_what_stops_a_report_leaves_the_one_before_issued_unless_it_stops_the_process(
    archive: Archive, days: list[date], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def make(warehouse: Warehouse, settings: Settings, day: date, *rest: Any, **named: Any) -> Report:
        if day == days[0]:
            return make_report(warehouse, settings, day, *rest, **named)
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("mono_recon.pipeline.reports.make_report", make)
        with pytest.raises(type(error)):
            issue_days(archive, days)
    expected = [days[0]] if isinstance(error, Exception) else []
    assert archive.query(ISSUES)["business_date"].to_list() == expected
    assert len(issued_packs(archive)) == len(expected)
    assert [each.business_date for each in issue_days(archive, days)] == days[len(expected) :]
    assert len(issued_packs(archive)) == len(days)
    assert not (archive.root / "reports" / STAGING).exists()


def test_without_its_pack_a_report_is_not_issued(
    archive: Archive, days: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(report: Report, _: Path) -> dict[str, str]:
        raise OSError(f"no space left for {report.business_date}")

    before = archive.snapshot()
    with monkeypatch.context() as patched:
        patched.setattr("mono_recon.pipeline.issue.write_pack", full)
        with pytest.raises(OSError, match=f"no space left for {days[0]}"):
            issue_days(archive, days[:2])
    assert_nothing_is_issued(archive, before)
    assert len(issue_days(archive, days)) == len(days)


def test_what_a_version_was_made_of_lies_in_its_place_when_the_next_is_made(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_there = []

    def make(warehouse: Warehouse, settings: Settings, day: date, *rest: Any, **named: Any) -> Report:
        was_there.append((archive.root / f"reports/{day}/v1/manifest.json").exists())
        return make_report(warehouse, settings, day, *rest, **named)

    monkeypatch.setattr("mono_recon.pipeline.reports.touched_dates", lambda *_: [DAY])
    monkeypatch.setattr("mono_recon.pipeline.reports.make_report", make)
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert len(issue_dates(archive.settings, [DAY, DAY], as_of=AS_OF, replay=False, now=now)) == 1
    assert was_there == [False, True]
