"""A run killed at any moment loses nothing, doubles nothing, and leaves no report half-issued."""

import gzip
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from mono_recon.pipeline.ingest import BETWEEN
from mono_recon.pipeline.issue import STAGING
from mono_recon.report.manifest import MANIFEST, parse
from mono_recon.schemas.report import PACK_TABLES
from mono_recon.schemas.table import table_name
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests import replayed
from tests.soaking import SOAKING

ROOT = Path(__file__).parents[1]
KILLS = 200 if SOAKING else 12
SEED = secrets.randbelow(1 << 32) if SOAKING else 20260302
LOOKING = 0.01
"""Seconds between two looks at what a process has done."""

PATIENCE = 300
"""Seconds in which any moment of such a little run comes, however busy the machine is."""

LONGEST = 0.25
"""Share of an undisturbed run after which a run is killed at the latest, so that several get killed in each life."""

# What the command does without Dagster, which takes longer to start than the run lasts. Even this little is
# read by processes of its own.
RUN = """
import sys
from pathlib import Path
from mono_recon.archive import chunks
from mono_recon.warehouse import attach
from tests import replayed

chunks.CHUNK_BYTES = 50_000
attach._CONFIG["threads"] = 1
print("begun", flush=True)
replayed.run(Path(sys.argv[1]))
print("done", flush=True)
"""
ISSUED = "SELECT business_date, version FROM mono.report.issues"
RECORDS = """
    SELECT count(*), coalesce(sum(records_read), 0),
        coalesce(sum(records_read - accepted - duplicates - unused - quarantined), 0),
        coalesce(sum(accepted + unused), 0)
            - (SELECT count(DISTINCT delivery_id) FROM mono.raw.deliveries)
            - (SELECT count(DISTINCT (page_id, fetched_at)) FROM mono.raw.export_pages),
        (SELECT count(*) - count(DISTINCT delivery_id) FROM mono.raw.deliveries),
        (SELECT count(*) - count(DISTINCT (page_id, fetched_at)) FROM mono.raw.export_pages)
    FROM mono.raw.files
"""
ROWS = " UNION ALL ".join(
    f"SELECT business_date, version, '{name}' AS name, count(*) FROM mono.report.{name} GROUP BY ALL"  # noqa: S608  contracts' names
    for name in map(table_name, PACK_TABLES)
)


@dataclass(frozen=True)
class Life:
    """An archive, its files and records, and what a run that nobody disturbs makes of it in how many seconds."""

    archive: Path
    records: tuple[int, int]
    left: replayed.Left
    seconds: float

    def begin(self, root: Path) -> Path:
        shutil.rmtree(root, ignore_errors=True)
        return Path(shutil.copytree(self.archive, root))

    def assert_goes_on_from(self, root: Path) -> None:
        """A run has been killed here; the archive is in the warehouse as a whole or not at all."""
        _assert_nothing_is_half_there(root, [(*self.records, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0)])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Life:
    archive, root = tmp_path_factory.mktemp("archive"), tmp_path_factory.mktemp("undisturbed") / "data"
    replayed.write_archive(archive, transfers_per_day=4)
    shutil.copytree(archive, root)
    begin = time.perf_counter()
    replayed.run(root)
    seconds = time.perf_counter() - begin
    records = sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in archive.rglob("*.jsonl.gz"))
    files = sum(1 for _ in archive.rglob("*.jsonl.gz"))
    found = replayed.left(root)
    assert {f"{replayed.FIRST}/v2", f"{replayed.LAST}/v1"} <= set(found.packs)
    _assert_nothing_is_half_there(root, [(files, records, 0, 0, 0, 0)])
    return Life(archive, (files, records), found, seconds)


def test_a_run_killed_at_random_moments_ends_as_if_nobody_had_disturbed_it(undisturbed: Life, tmp_path: Path) -> None:
    dice, killed = random.Random(SEED), 0  # noqa: S311  nothing secret
    root = undisturbed.begin(tmp_path / "data")
    while killed < KILLS:
        with _group([sys.executable, "-c", RUN, str(root)]) as process:
            assert _line(process) == "begun"
            try:
                process.wait(dice.uniform(0, LONGEST) * undisturbed.seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
                killed += 1
                undisturbed.assert_goes_on_from(root)
            else:
                assert (process.returncode, _line(process)) == (0, "done")
                assert replayed.left(root) == undisturbed.left, f"seed {SEED}, after {killed} kills"
                undisturbed.begin(root)
    replayed.run(root)
    assert replayed.left(root) == undisturbed.left, f"seed {SEED}, at the end"
    assert not (root / "warehouse" / BETWEEN).exists(), "rows on their way when a run was killed are still there"


def test_the_command_may_be_killed_and_given_again(undisturbed: Life, tmp_path: Path) -> None:
    root = undisturbed.begin(tmp_path / "data")
    command = [sys.executable, "-m", "mono_recon", "--data", str(root), "--quiet", *replayed.COMMAND]
    for moment in (
        (root / "warehouse" / "catalog.sqlite").exists,
        (root / "reports" / STAGING).exists,
        lambda: len(replayed.packs(root)) > 1,
    ):
        with _group(command, DAGSTER_HOME=str(tmp_path / "home")) as process:
            _wait_for(process, moment)
            _kill(process)
        undisturbed.assert_goes_on_from(root)
    replayed.run(root)
    assert replayed.left(root) == undisturbed.left


def test_the_processes_that_read_the_archive_end_with_the_one_that_began_them(
    undisturbed: Life, tmp_path: Path
) -> None:
    root = undisturbed.begin(tmp_path / "data")
    with _group([sys.executable, "-c", RUN, str(root)]) as process:
        _wait_for(process, lambda: len(_members(process.pid)) >= 1 + 2)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)  # they hold its output open nearly as long as they live
        latest = time.monotonic() + PATIENCE
        while left := _members(process.pid):
            assert time.monotonic() < latest, f"{left} live on"


@contextmanager
def _group(command: list[str], **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, of which nothing is left afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MONO_RECON", "DAGSTER"))}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=kept | environ, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                _kill(process)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _wait_for(process: subprocess.Popen[str], moment: Callable[[], bool]) -> None:
    """Wait for a moment in the life of a process, which must neither end before nor wait for ever."""
    latest = time.monotonic() + PATIENCE
    while not moment():
        assert time.monotonic() < latest, "it hangs"
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOKING)
            pytest.fail("it ended before that")


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a command with all its processes, and wait until the last has let go of its output."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _members(group: int) -> list[int]:
    """Processes of a group that are alive."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)  # noqa: S607  a tool of the system
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, of_group, state in rows if int(of_group) == group and not state.startswith("Z")]


def _assert_nothing_is_half_there(root: Path, records: list[tuple[int, ...]]) -> None:
    """What the next run finds: records counted once each, and of every version all or nothing."""
    with open_warehouse(load_settings(root, None, {}).warehouse, read_only=False) as warehouse:
        assert warehouse.query(RECORDS).row(0) in records
        issued = {f"{day}/v{version}" for day, version in warehouse.query(ISSUED).iter_rows()}
        rows: dict[str, dict[str, int]] = {}
        for day, version, name, count in warehouse.query(ROWS).iter_rows():
            rows.setdefault(f"{day}/v{version}", {})[name] = count
    packs = {name: root / "reports" / name for name in replayed.packs(root)}
    staged = {name: root / "reports" / STAGING / name.replace("/", "_") for name in issued - set(packs)}
    assert set(packs) <= issued
    stated = {name: parse((pack / MANIFEST).read_bytes()).tables for name, pack in (packs | staged).items()}
    assert {name: {table: count for table, count in of.items() if count} for name, of in stated.items()} == rows
