"""Writers and readers in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from polars.testing import assert_frame_equal

from mono_recon.schemas.raw import Deliveries
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.lock import WarehouseLocked
from tests.warehouse.lakes import deliveries, places

ROOT = Path(__file__).parents[2]
ALL = "SELECT * FROM mono.raw.deliveries ORDER BY event_at"
COUNT = "SELECT count(*) FROM mono.raw.deliveries"

PRELUDE = """
import sys
from pathlib import Path
from mono_recon.schemas.raw import Deliveries
from mono_recon.warehouse.connect import open_warehouse
from tests.warehouse.lakes import deliveries, places

def tell(word):
    print(word, flush=True)

def wait():
    sys.stdin.readline()

place = places(Path(sys.argv[1]))
"""

WRITER = """
with open_warehouse(place, read_only=False) as warehouse, warehouse.transaction():
    warehouse.append(Deliveries, deliveries(40, start=40))
    tell("written")
    wait()
tell("committed")
"""

READER = """
with open_warehouse(place, read_only=True) as warehouse:
    count = "SELECT count(*) FROM mono.raw.deliveries"
    with warehouse.transaction():
        tell(warehouse.query(count).item())
        wait()
        tell(warehouse.query(count).item())
    tell(warehouse.query(count).item())
"""


class Other:
    """A process that works up to its next wait, says a word and goes on when told."""

    def __init__(self, process: subprocess.Popen[str], stdin: IO[str], stdout: IO[str]) -> None:
        self.pid = process.pid
        self._process, self._stdin, self._stdout = process, stdin, stdout

    def says(self) -> str:
        return self._stdout.readline().strip()

    def go_on(self) -> None:
        self._stdin.write("\n")
        self._stdin.flush()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def other(script: str, root: Path) -> Iterator[Other]:
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield Other(process, process.stdin, process.stdout)
        process.kill()


@pytest.fixture(autouse=True)
def forty(root: Path) -> None:
    """The warehouse holds forty deliveries."""
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(40))


def test_a_reader_in_a_transaction_does_not_stop_the_writer_and_keeps_its_snapshot(root: Path) -> None:
    with other(READER, root) as reader:
        assert reader.says() == "40"
        with open_warehouse(places(root), read_only=False) as warehouse:
            warehouse.append(Deliveries, deliveries(40, start=40))
            warehouse.append(Deliveries, deliveries(3, start=80))
            warehouse.publish()
        reader.go_on()
        assert reader.says() == "40"
        assert reader.says() == "83"


def test_a_writer_in_a_transaction_does_not_stop_readers_who_see_the_state_before(root: Path) -> None:
    with other(WRITER, root) as writer:
        assert writer.says() == "written"
        with open_warehouse(places(root), read_only=True) as warehouse:
            assert_frame_equal(warehouse.query(ALL), deliveries(40))
            writer.go_on()
            assert writer.says() == "committed"
            assert_frame_equal(warehouse.query(ALL), deliveries(80))


def test_a_second_writer_is_told_who_is_writing(root: Path) -> None:
    with other(WRITER, root) as writer:
        assert writer.says() == "written"
        with pytest.raises(WarehouseLocked, match=rf"\.lock: process {writer.pid} on \S+ \(.*\) is writing"):
            open_warehouse(places(root), read_only=False)
        writer.go_on()
        assert writer.says() == "committed"
    open_warehouse(places(root), read_only=False).close()


def test_a_writer_that_waits_goes_on_when_the_other_has_finished(root: Path) -> None:
    waiting = """
tell("waiting")
with open_warehouse(place, read_only=False, wait=True) as warehouse:
    tell(warehouse.query("SELECT count(*) FROM mono.raw.deliveries").item())
"""
    with other(WRITER, root) as first:
        assert first.says() == "written"
        with other(waiting, root) as second:
            assert second.says() == "waiting"
            first.go_on()
            assert first.says() == "committed"
            assert second.says() == "80"


def test_a_writer_killed_in_a_transaction_leaves_the_state_before_and_no_lock(root: Path) -> None:
    with open_warehouse(places(root), read_only=True) as warehouse:
        before = warehouse.snapshot()
    with other(WRITER, root) as writer:
        assert writer.says() == "written"
        writer.kill()
    with open_warehouse(places(root), read_only=False) as warehouse:
        assert warehouse.snapshot() == before
        assert_frame_equal(warehouse.query(ALL), deliveries(40))
        warehouse.append(Deliveries, deliveries(20, start=40))
        assert_frame_equal(warehouse.query(ALL), deliveries(60))


def test_the_lock_is_free_after_an_error_on_opening(tmp_path: Path) -> None:
    places(tmp_path).catalog.mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(Exception, match="cannot be opened"):
            open_warehouse(places(tmp_path), read_only=False)
