"""What becomes known after the as-of of a report is not in it."""

import gzip
import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.timing import scheduled
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

CLOCK = re.compile(rb'"(?:received_at|fetched_at)": ?"([^"]+)"')


def test_a_report_reads_nothing_that_arrived_after_its_as_of(tmp_path: Path) -> None:
    whole, early = tmp_path / "whole", tmp_path / "early"
    day = write_demo(whole, days=3, transfers_per_day=8, seed=3).first_day + timedelta(days=1)
    shutil.copytree(whole, early)
    as_of = scheduled(load_settings(whole, None, {}), day)[0]
    assert _forget(early / "archive", as_of)
    then, now = _reports(whole, day, as_of, as_of + timedelta(days=3))
    assert _reports(early, day, as_of)[0] == then
    assert then["breaks"] != now["breaks"]


def _reports(root: Path, day: date, *as_ofs: datetime) -> list[dict[str, list[tuple[Any, ...]]]]:
    """All tables but the places in files, as of each instant."""
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        made = [make_report(warehouse, settings, day, as_of).tables for as_of in as_ofs]
    return [{name: table.rows() for name, table in tables.items() if name != "lineage"} for tables in made]


def _forget(archive: Path, as_of: datetime) -> int:
    """Take every record out of the archive that was not known yet, and count them."""
    forgotten = 0
    for file in archive.rglob("*.jsonl.gz"):
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        kept = [line for line in lines if not _is_later(line, as_of)]
        forgotten += len(lines) - len(kept)
        file.write_bytes(gzip.compress(b"".join(kept)))
    return forgotten


def _is_later(line: bytes, as_of: datetime) -> bool:
    clock = CLOCK.search(line)
    return clock is not None and datetime.fromisoformat(clock[1].decode()) > as_of
