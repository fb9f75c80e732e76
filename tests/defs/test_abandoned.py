import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from mono_recon.defs.abandoned import alone_in
from mono_recon.defs.launch import launch
from mono_recon.defs.partitions import POOL
from mono_recon.settings import load_settings
from mono_recon.warehouse.lock import WarehouseLocked, WriterLock
from tests.pipeline.archives import Archive, delivery, payload

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from mono_recon.defs import launch as module
from mono_recon.defs import report
from mono_recon.settings import load_settings

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

report.issue_dates = die
module.launch(load_settings(Path(sys.argv[1]), None, {}), None, [date(2026, 3, 2)], as_of="latest")
"""


def test_a_run_that_was_killed_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path / "data")
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    environ = os.environ | {"DAGSTER_HOME": str(tmp_path / "home")}
    killed = subprocess.run([sys.executable, "-c", KILLED, archive.root], cwd=ROOT, env=environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    with dg.DagsterInstance.from_config(environ["DAGSTER_HOME"]) as instance:
        (slot,) = instance.event_log_storage.get_concurrency_info(POOL).claimed_slots
    settings = load_settings(archive.root, None, {})
    monkeypatch.setenv("DAGSTER_HOME", environ["DAGSTER_HOME"])
    (made,) = launch(settings, None, [date(2026, 3, 2)], as_of="latest").issued
    assert made["version"] == 1
    with dg.DagsterInstance.from_config(environ["DAGSTER_HOME"]) as instance:
        abandoned = instance.get_run_by_id(slot.run_id)
        assert abandoned is not None
        assert abandoned.status == dg.DagsterRunStatus.FAILURE
        assert not instance.event_log_storage.get_concurrency_info(POOL).claimed_slots


def test_a_home_is_opened_by_one_command_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = dg.DagsterInstance.from_config

    def open_(home: str) -> dg.DagsterInstance:
        with pytest.raises(WarehouseLocked):
            WriterLock.acquire(tmp_path)
        return opened(home)

    monkeypatch.setattr(dg.DagsterInstance, "from_config", open_)
    for _ in range(2):
        with alone_in(tmp_path):
            pass
