"""A small data root whose dates are issued again and again, and all that a finished run leaves behind."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.issue import recover
from mono_recon.pipeline.reports import issue_dates
from mono_recon.report.pack import file_hashes
from mono_recon.schemas import core, raw, report
from mono_recon.schemas.table import schema_name, table_name
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

FIRST, LAST = DATES = (date(2026, 3, 2), date(2026, 3, 3))
COMMAND = ("backfill", "--from", str(FIRST), "--to", str(LAST))
NOW = datetime(2026, 3, 10, tzinfo=UTC)
"""A clock for runs within the process, by which every schedule of the dates has passed."""


@dataclass(frozen=True)
class Left:
    """What a run left: SHA-256 of every file of every pack, and the rows of every table."""

    packs: dict[str, dict[str, str]]
    rows: dict[str, int]


def write_archive(root: Path, transfers_per_day: int) -> None:
    """Write what Mono sent on the dates, faults included."""
    write_demo(root, days=(LAST - FIRST + timedelta(days=1)).days, transfers_per_day=transfers_per_day, seed=3)


def run(root: Path) -> None:
    """Do within this process what the command does."""
    settings = load_settings(root, None, {})
    recover(settings)
    ingest(settings, environ={})
    issue_dates(settings, DATES, as_of=None, replay=True, now=NOW)


def packs(root: Path) -> dict[str, dict[str, str]]:
    """SHA-256 of the files of each pack that lies in its place."""
    return {
        f"{folder.parent.name}/{folder.name}": file_hashes(folder)
        for folder in sorted((root / "reports").glob("2*/v*"))
    }


def left(root: Path) -> Left:
    """All that a run left."""
    names = [f"{schema_name(table)}.{table_name(table)}" for table in (*raw.TABLES, *core.TABLES, *report.TABLES)]
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM mono.{name}" for name in names)  # noqa: S608  contracts' names
    with open_warehouse(load_settings(root, None, {}).warehouse, read_only=True) as warehouse:
        return Left(packs(root), dict(warehouse.query(counts).iter_rows()))
