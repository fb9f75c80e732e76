"""Runs of Dagster's daemon side by side, and one whose process is killed: nothing is doubled, nothing is lost."""

import logging
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
from dagster._core.test_utils import freeze_time
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import should_retry
from dagster._daemon.monitoring.concurrency import execute_concurrency_slots_iteration

from mono_recon.defs.assembly import assemble
from mono_recon.defs.home import instance_in
from mono_recon.defs.partitions import DAILY_JOB, POOL
from tests.defs.conftest import run_config
from tests.pipeline.archives import Archive

ROOT = Path(__file__).parents[2]
PATIENCE = 300
LOOKING = 0.02

# What the daemon's launcher does in a process of its own: no tag of ours, no lock of ours.
RUN = """
import os, signal, sys
from pathlib import Path
from mono_recon.defs import report
from mono_recon.defs.assembly import assemble
from mono_recon.defs.home import instance_in
from mono_recon.defs.partitions import DAILY_JOB
from tests.defs.conftest import run_config

root, home, day, how = sys.argv[1:]
issue_dates = report.issue_dates

def held_up(*args, **chosen):
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    print("writing", flush=True)
    sys.stdin.readline()
    return issue_dates(*args, **chosen)

report.issue_dates = held_up
with instance_in(Path(home)) as instance:
    job = assemble().resolve_job_def(DAILY_JOB)
    job.execute_in_process(run_config=run_config(Path(root)), instance=instance, partition_key=day)
print("done", flush=True)
"""


@contextmanager
def run_of_the_daemon(archive: Archive, home: Path, day: str, how: str = "") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, archive.root, home, day, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def issued(archive: Archive) -> list[tuple[Any, ...]]:
    return archive.query("SELECT business_date, version FROM mono.report.issues ORDER BY ALL").rows()


def test_of_two_runs_one_waits_for_the_pool_and_each_date_is_issued_once(archive: Archive, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with instance_in(home) as instance:

        def waiting() -> bool:
            pending = instance.event_log_storage.get_concurrency_info(POOL).pending_steps
            return any(step.assigned_timestamp is None for step in pending)

        with run_of_the_daemon(archive, home, "2026-03-02") as first:
            assert said(first) == "writing"
            assert not waiting()
            with run_of_the_daemon(archive, home, "2026-03-02") as second:
                latest = time.monotonic() + PATIENCE
                while not waiting():
                    assert time.monotonic() < latest, "the second run does not wait"
                    assert second.poll() is None
                    time.sleep(LOOKING)
                go_on(first)
                assert said(first) == "done"
                assert said(second) == "writing"
                go_on(second)
                assert said(second) == "done"
    assert issued(archive) == [(date(2026, 3, 2), 1)]


def test_a_killed_run_is_tried_again_and_its_place_in_the_pool_is_given_back(archive: Archive, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with run_of_the_daemon(archive, home, "2026-03-02", "die") as killed:
        assert killed.wait(PATIENCE) == -signal.SIGKILL
    with instance_in(home) as instance:
        (run,) = instance.get_runs()
        # As Dagster's code server reports a process that is gone.
        instance.report_run_failed(run, "Run execution process unexpectedly exited with exit code -9.")
        (run,) = instance.get_runs()
        assert should_retry(run, instance)
        assert instance.event_log_storage.get_concurrency_info(POOL).claimed_slots
        with freeze_time(datetime.now(UTC) + timedelta(seconds=61)):
            list(
                execute_concurrency_slots_iteration(
                    SimpleNamespace(instance=instance),  # type: ignore[arg-type]  # all that it asks of it
                    logging.getLogger("test"),
                )
            )
        assert not instance.event_log_storage.get_concurrency_info(POOL).claimed_slots
        again = assemble().resolve_job_def(DAILY_JOB)
        assert again.execute_in_process(
            run_config=run_config(archive.root), instance=instance, partition_key="2026-03-02"
        ).success
    assert issued(archive) == [(date(2026, 3, 2), 1)]


def test_a_step_that_failed_is_not_tried_again(archive: Archive, tmp_path: Path) -> None:
    shutil.rmtree(archive.folder)
    with instance_in(tmp_path / "home") as instance:
        result = (
            assemble()
            .resolve_job_def(DAILY_JOB)
            .execute_in_process(
                run_config=run_config(archive.root), instance=instance, partition_key="2026-03-02", raise_on_error=False
            )
        )
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
        assert not should_retry(run, instance)


def test_a_home_is_made_with_what_runs_need(tmp_path: Path) -> None:
    with instance_in(tmp_path) as instance:
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] == 60
        assert not instance.telemetry_enabled
