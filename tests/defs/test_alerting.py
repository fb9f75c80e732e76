"""Who hears of a run: those named in the settings, once, whoever began it."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mono_recon.defs import report
from mono_recon.defs.alerting import is_replay
from mono_recon.defs.assembly import assemble
from mono_recon.defs.launch import launch
from mono_recon.defs.partitions import INGEST_JOB
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.errors import WarehouseError
from tests.defs.conftest import RunJob
from tests.pipeline.archives import Archive

MONDAY = "2026-03-02"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the program behind ``ALERT_URL`` was told."""
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("ALERT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        yield taken
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    (archive.root / "mono_recon.toml").write_text('[[alerts.webhook]]\nenv = "ALERT_URL"\n', encoding="utf-8")
    return load_settings(archive.root, None, {})


def sense(settings: Settings, result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, name: str) -> None:
    """Let a sensor see how a run ended."""
    made = assemble(settings)
    sensor: Any = made.resolve_sensor_def(name)
    failed = name == "alert_on_failure"
    event = result.get_run_failure_event() if failed else result.get_run_success_event()
    context = dg.build_run_status_sensor_context(name, event, instance, result.dagster_run)
    sensor(context.for_run_failure() if failed else context)


def fail(*_: object, **__: object) -> None:
    raise WarehouseError("no room on the disk") from OSError(28, "/data/900123456")


def test_a_run_from_the_command_line_tells_of_what_it_issued_once(settings: Settings, told: list[Any]) -> None:
    for _ in range(2):
        launch(settings, None, [date(2026, 3, 2)], as_of="2026-03-03T11:00:00Z")
    ((key, reasons),) = [(each["key"], each["reasons"]) for each in told]
    assert key == f"{MONDAY}_v1"
    assert "feed_missing" in reasons


def test_a_backfill_tells_nobody_of_dates_long_past(settings: Settings, told: list[Any]) -> None:
    assert launch(settings, None, [date(2026, 3, 2)], replay=True).issued
    assert told == []


def test_a_run_of_the_daemon_is_told_of_by_a_sensor_once(
    settings: Settings, told: list[Any], run_job: RunJob, ephemeral: dg.DagsterInstance
) -> None:
    result = run_job(partition_key=MONDAY)
    assert told == []
    for _ in range(2):
        sense(settings, result, ephemeral, "alert_on_issue")
    assert [each["key"] for each in told] == [f"{MONDAY}_v1"]
    sense(settings, run_job(INGEST_JOB), ephemeral, "alert_on_issue")
    assert len(told) == 1


def test_runs_that_replay_the_past_are_told_from_others() -> None:
    config = {"ops": {"report": {"config": {"as_of": "", "replay": True}}}}
    assert is_replay(dg.DagsterRun("daily", run_config=config))
    assert is_replay(dg.DagsterRun("daily", tags={"dagster/backfill": "abc"}))
    assert not is_replay(dg.DagsterRun("daily", run_config={"ops": {"report": {"config": {"as_of": "latest"}}}}))
    assert not is_replay(dg.DagsterRun("daily"))


def test_a_failure_is_told_of_with_what_was_written_for_people(
    settings: Settings, told: list[Any], run_job: RunJob, ephemeral: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "issue_dates", fail)
    result = run_job(partition_key=MONDAY)
    for _ in range(2):
        sense(settings, result, ephemeral, "alert_on_failure")
    assert [(each["key"], each["figures"]["error"]) for each in told] == [
        (f"failure_{result.run_id}", "no room on the disk")
    ]


def test_of_an_unexpected_error_nothing_but_its_kind_is_told(
    settings: Settings, told: list[Any], run_job: RunJob, ephemeral: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError("María Pérez") from KeyError("900123456")

    monkeypatch.setattr(report, "issue_dates", stumble)
    result = run_job(partition_key=MONDAY)
    sense(settings, result, ephemeral, "alert_on_failure")
    text = json.dumps(told)
    assert "unexpected RuntimeError" in text
    assert "900123456" not in text
    assert "Pérez" not in text


def test_a_failure_from_the_command_line_is_told_of_once_and_raised(
    settings: Settings, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "issue_dates", fail)
    with pytest.raises(WarehouseError, match="no room"):
        launch(settings, None, [date(2026, 3, 2)], as_of="latest")
    assert [each["figures"]["error"] for each in told] == ["no room on the disk"]


def test_nobody_to_reach_fails_no_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALERT_URL", "http://127.0.0.1:1/secret")
    assert launch(settings, None, [date(2026, 3, 2)], as_of="latest").issued
    assert "was not sent to webhook: it cannot be reached" in caplog.text
    assert "secret" not in caplog.text
