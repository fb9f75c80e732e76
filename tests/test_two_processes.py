"""A reader and a run, each in a process of its own: neither waits for the other."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO

import pytest

import mono_recon
from tests.pipeline.archives import Archive, delivery, payload

ROOT = Path(__file__).parents[1]
RUN = ("run", "--date", "2026-03-02", "--as-of", "2026-03-03T11:00:00Z")
ISSUED = "SELECT business_date, version FROM issues"

READER = """
import sys
import mono_recon

def told():
    print(connection.execute("SELECT count(*) FROM issues, deliveries").fetchone()[0], flush=True)

with mono_recon.connect(sys.argv[1]) as connection:
    connection.execute("BEGIN")
    told()
    sys.stdin.readline()
    told()
    connection.execute("COMMIT")
    told()
"""

WRITER = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from mono_recon.pipeline.reports import issue_dates
from mono_recon.schemas.report import Lineage
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import Warehouse

append = Warehouse.append

def stop_after_the_last_table(warehouse, table, frame):
    append(warehouse, table, frame)
    if table is Lineage:
        print("written", flush=True)
        sys.stdin.readline()

Warehouse.append = stop_after_the_last_table
now = datetime(2026, 3, 4, tzinfo=UTC)
issue_dates(load_settings(Path(sys.argv[1]), None, {}), [date(2026, 3, 2)], as_of=None, replay=True, now=now)
print("issued", flush=True)
"""


class Other:
    """A process that works up to its next wait, says a word and goes on when told."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin, self._stdout = stdin, stdout

    def says(self) -> str:
        return self._stdout.readline().strip()

    def go_on(self) -> None:
        self._stdin.write("\n")
        self._stdin.flush()


@contextmanager
def other(script: str, root: Path) -> Iterator[Other]:
    with subprocess.Popen(
        [sys.executable, "-c", script, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Other(process.stdin, process.stdout)
        finally:
            process.kill()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A data root with one delivery in the warehouse and another in the archive."""
    made = Archive(tmp_path / "data")
    made.write("webhooks/first.jsonl", delivery(payload(1)))
    made.ingest()
    made.write("webhooks/second.jsonl", delivery(payload(2)))
    return made


def test_a_run_goes_through_while_a_reader_is_in_a_transaction_who_keeps_the_state_it_saw(
    archive: Archive, tmp_path: Path
) -> None:
    with other(READER, archive.root) as reader:
        assert reader.says() == "0"
        run = subprocess.run(
            [sys.executable, "-m", "mono_recon", "--data", archive.root, *RUN],
            env={"DAGSTER_HOME": str(tmp_path / "home"), "PATH": ""},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        with mono_recon.connect(archive.root) as connection:
            assert connection.execute("SELECT count(*) FROM issues, deliveries").fetchall() == [(2,)]
        reader.go_on()
        assert reader.says() == "0"
        assert reader.says() == "2"


def test_a_reader_reads_while_an_issue_is_written_and_sees_it_when_it_is_whole(archive: Archive) -> None:
    with other(WRITER, archive.root) as writer, mono_recon.connect(archive.root) as connection:
        assert writer.says() == "written"
        assert connection.execute(ISSUED).fetchall() == []
        writer.go_on()
        assert writer.says() == "issued"
        assert connection.execute(ISSUED).fetchall() == [(date(2026, 3, 2), 1)]
