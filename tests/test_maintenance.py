"""A warehouse that lives for long: it stays small, reads stay whole, and what was issued long ago still verifies.

Days pass in seconds here, so what the lake keeps for seven days is kept for the last days lived: seven in a soak.
"""

import shutil
from collections import deque
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.verification import verify_issued
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.attach import start_engine
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.publish import published
from mono_recon.warehouse.row_counts import row_counts
from tests.pipeline.archives import START, Archive, delivery, payload
from tests.soaking import SOAKING

DAYS = 300 if SOAKING else 6
KEPT_DAYS = 7 if SOAKING else 3
FIRST = date(2026, 3, 2)
MOST_FILES = 33 * 3 * 10 if SOAKING else 110
"""Tables, size classes, and a few files of each: what there may be however long the history is. One more file a
table and day would be 150 after six days."""

DAY = 24 * 3600


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """A data root after many daily runs, and the published catalog of a week before the last."""
    archive = Archive(tmp_path_factory.mktemp("lived") / "data")
    settings, begun, kept = archive.settings, deque[datetime](maxlen=KEPT_DAYS), Path()
    for number in range(DAYS):
        begun.append(datetime.now(UTC))
        day = FIRST + timedelta(days=number)
        sent = START + timedelta(days=number)
        stated = {"inserted_at": sent.isoformat(), "updated_at": sent.isoformat()}
        body = payload(1 + number, sent=number * DAY, **stated)
        archive.write(f"webhooks/{day}/a.jsonl", delivery(body, received=number * DAY + 60))
        ingest(settings, environ={})
        issue_dates(settings, [day], as_of=None, replay=False, now=sent + timedelta(days=1))
        if number == DAYS - KEPT_DAYS:
            kept = Path(shutil.copy(published(settings.warehouse.catalog), archive.root / "week_ago.sqlite"))
        forget(settings, begun[0])
    return settings, kept


def forget(settings: Settings, moment: datetime) -> None:
    """Clear what was replaced before a moment, as a run does with what it replaced seven days ago."""
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        for step in ("ducklake_expire_snapshots", "ducklake_cleanup_old_files"):
            warehouse.query(f"SELECT count(*) FROM {step}('mono', older_than => TIMESTAMPTZ '{moment}')")  # noqa: S608  constants and a clock


def test_the_number_of_data_files_is_bounded(lived: tuple[Settings, Path]) -> None:
    settings, _ = lived
    files = list(settings.warehouse.files.rglob("*.parquet"))
    assert len(files) < MOST_FILES
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        before, _ = warehouse.sizes()
        month = warehouse.query("SELECT count(DISTINCT business_date) FROM mono.report.issues").item()
        warehouse.compact(whole=True)
        after, _ = warehouse.sizes()
        assert warehouse.query("SELECT count(DISTINCT business_date) FROM mono.report.issues").item() == month == DAYS
    assert 0 < after <= max(before, 35), "one a table, at most"


def test_what_was_issued_first_still_verifies(lived: tuple[Settings, Path]) -> None:
    settings, _ = lived
    for day in (FIRST, FIRST + timedelta(days=DAYS // 2)):
        (verified,) = verify_issued(settings, day)
        assert verified.differences == ()
        assert "inputs" in verified.compared_with


def test_the_published_catalog_of_a_week_ago_still_reads(lived: tuple[Settings, Path]) -> None:
    settings, kept = lived
    with closing(start_engine()) as reader:
        reader.execute(
            f"ATTACH 'ducklake:sqlite:{kept}' AS old (DATA_PATH '{settings.warehouse.files}/',"
            " OVERRIDE_DATA_PATH true, READ_ONLY)"
        )
        then = DAYS - KEPT_DAYS + 1
        assert reader.execute("SELECT count(DISTINCT business_date) FROM old.report.issues").fetchall() == [(then,)]
        (held,) = (
            reader.execute("SELECT count(DISTINCT transfer_id) FROM old.report.outgoing_transfers").fetchone() or ()
        )
        assert held == then
        assert reader.execute("SELECT count(DISTINCT delivery_id) FROM old.raw.deliveries").fetchall() == [(then,)]


def test_rows_are_counted_without_opening_the_lake(lived: tuple[Settings, Path]) -> None:
    settings, _ = lived
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        warehouse.query("SELECT 1")
        warehouse.publish()
    counted = row_counts(settings.warehouse)
    assert len(counted) > 30
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        for name, rows in counted.items():
            assert warehouse.query(f"SELECT count(*) FROM mono.{name}").item() == rows, name  # noqa: S608  names of the lake


def test_a_backup_of_the_published_catalog_is_restored_and_gone_on_with(
    lived: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, _ = lived
    root = tmp_path / "restored"
    for name in ("archive", "reports", "warehouse/files"):
        shutil.copytree(settings.paths.data / name, root / name)
    shutil.copy(published(settings.warehouse.catalog), root / "warehouse/catalog.sqlite")
    restored = load_settings(root, None, {})
    day = FIRST + timedelta(days=DAYS)
    now = START + timedelta(days=DAYS + 1)
    assert [each.version for each in issue_dates(restored, [day], as_of=None, replay=False, now=now)] == [1]
    assert verify_issued(restored, FIRST)[0].differences == ()
    with open_warehouse(restored.warehouse, read_only=True) as reader:
        assert reader.query("SELECT 1").height == 1
        with open_warehouse(restored.warehouse, read_only=False) as writer, writer.transaction():
            assert reader.query("SELECT count(DISTINCT business_date) FROM mono.report.issues").item() == DAYS + 1
