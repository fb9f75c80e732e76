"""How much work a small date is: what is opened, hashed, asked and written, counted exactly.

Times are never asserted. Where a figure changes a person looks at why, and writes the new one down.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bench.company import FIRST_DAY, Company
from bench.deliveries import SECRET, SECRET_VARIABLE
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.timing import scheduled
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse

DAYS = [FIRST_DAY + timedelta(days=number) for number in range(4)]
DELIVERIES = 100
SECRETS = {SECRET_VARIABLE: SECRET}
SNAPSHOTS = "SELECT max(snapshot_id) FROM mono.snapshots()"


class _Hash:
    """A hash that counts what it is given."""

    def __init__(self, work: "Work", inner: Any) -> None:
        self._work = work
        self._inner = inner

    def update(self, content: bytes) -> None:
        self._work.add(bytes_hashed=len(content))
        self._inner.update(content)

    def hexdigest(self) -> str:
        return str(self._inner.hexdigest())


class Work:
    """Counts what is done while it watches.

    Attributes:
        done: Statements, rows that came out of the lake and went into it, archive files opened, bytes hashed.
    """

    def __init__(self, archive: Path, patched: pytest.MonkeyPatch) -> None:
        self.done: Counter[str] = Counter()
        self._archive = os.fsencode(archive)
        self._is_watching = False
        query, write, sha256 = Warehouse.query, Warehouse._write, hashlib.sha256

        def counted_query(warehouse: Warehouse, *args: Any, **named: Any) -> pl.DataFrame:
            rows = query(warehouse, *args, **named)
            self.add(statements=1, rows_read=rows.height)
            return rows

        def counted_write(warehouse: Warehouse, sql: str, *, incoming: pl.DataFrame, **named: Any) -> None:
            self.add(statements=1, rows_written=incoming.height)
            write(warehouse, sql, incoming=incoming, **named)

        def counted_sha256(content: bytes = b"", **named: Any) -> Any:
            if not sys._getframe(1).f_globals["__name__"].startswith("mono_recon.archive."):
                return sha256(content, **named)  # a seal or a fingerprint, not a record
            self.add(bytes_hashed=len(content))
            return _Hash(self, sha256(content, **named))

        patched.setattr(Warehouse, "query", counted_query)
        patched.setattr(Warehouse, "_write", counted_write)
        patched.setattr(hashlib, "sha256", counted_sha256)
        sys.addaudithook(self._opened)

    @contextmanager
    def watching(self) -> Iterator[Counter[str]]:
        self.done.clear()
        self._is_watching = True
        try:
            yield self.done
        finally:
            self._is_watching = False

    def add(self, **counts: int) -> None:
        if self._is_watching:
            self.done.update(counts)

    def _opened(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], str | bytes) and os.fsencode(args[0]).startswith(self._archive):
            self.add(files_opened=1)


@pytest.fixture
def lived(tmp_path: Path) -> Settings:
    """A company whose first days are issued, and whose last one has been written."""
    company = Company(tmp_path / "data", DELIVERIES)
    settings = load_settings(tmp_path / "data", None, {})
    for day in DAYS[:-1]:
        company.write(day)
        ingest(settings, environ=SECRETS)
        issue(settings, day)
    company.write(DAYS[-1])
    return settings


def issue(settings: Settings, day: date) -> None:
    issue_dates(settings, [day], as_of=None, replay=False, now=max(scheduled(settings, day)))


def commits(settings: Settings) -> int:
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        return int(warehouse.query(SNAPSHOTS).item())


def test_a_small_date_is_as_much_work_as_it_was(lived: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    work, before = Work(lived.paths.archive, monkeypatch), commits(lived)
    with work.watching() as done:
        taken = ingest(lived, environ=SECRETS)
    assert (taken.files_new, taken.records_read) == (10, 106)
    assert done == {
        "files_opened": 20,  # once to hash it, once to read it
        "bytes_hashed": 1_410_287,
        "statements": 20,
        "rows_read": 36,
        "rows_written": 1_593,
    }
    assert (after := commits(lived)) - before == 1
    with work.watching() as done:
        issue(lived, DAYS[-1])
    assert done == {"statements": 76, "rows_read": 3_435, "rows_written": 390}
    assert (last := commits(lived)) - after == 1
    with work.watching() as done:
        ingest(lived, environ=SECRETS)
    assert done == {"statements": 3, "rows_read": 40}
    assert commits(lived) == last
