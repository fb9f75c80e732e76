"""``metrics``, ``compact``, ``doctor`` and the log: what operations ask of the command line."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mono_recon.pipeline.logs import ROOT
from tests.commands import command
from tests.pipeline.archives import Archive, delivery, payload

ONE_A_TABLE = 35


@pytest.fixture
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger(ROOT)
    before = root.handlers, root.propagate, root.level
    yield
    root.handlers, root.propagate = before[0], before[1]
    root.setLevel(before[2])


def checks(root: Path, settings: str = "", **environ: str) -> dict[str, tuple[bool, str]]:
    (root / "mono_recon.toml").write_text(settings, encoding="utf-8")
    done = command("--data", root, "--json", "doctor", environ=environ)
    found = {each["check"]: (each["ok"], each["detail"]) for each in done.json["checks"]}
    assert done.code == (0 if all(ok for ok, _ in found.values()) else 1)
    return found


def test_metrics_are_prometheus_text_or_json(demo: Path) -> None:
    text = command("--data", demo, "metrics")
    assert text.code == 0
    assert '\nmono_recon_last_verdict{verdict="balanced"} 1.0\n' in text.out
    assert text.out.endswith("\n")
    assert command("--data", demo, "--json", "metrics").json['mono_recon_last_verdict{verdict="balanced"}'] == 1


def test_compact_puts_files_together_and_changes_nothing(own_demo: Path) -> None:
    before = command("--data", own_demo, "--json", "report", "list").json
    done = command("--data", own_demo, "--json", "compact").json
    assert 0 < done["files"] <= ONE_A_TABLE
    assert done["bytes"] > 0
    assert command("--data", own_demo, "--json", "report", "list").json == before
    assert command("--data", own_demo, "report", "verify", "--all").code == 0


def test_compact_needs_a_warehouse(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "compact")
    assert done.code == 1
    assert "there is no warehouse yet" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_log_as_before")
def test_the_log_of_a_run_is_json_on_stderr_with_one_id(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "data")
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    run = ("run", "--date", "2026-03-02", "--as-of", "latest")
    done = command("--data", archive.root, "--json", "--log", "json", *run, home=tmp_path / "home")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert [line["event"] for line in lines] == ["run begun", "issued", "run ended"]
    assert {line["run_id"] for line in lines} == {done.json["run_id"]}
    assert (lines[1]["business_date"], lines[1]["version"]) == ("2026-03-02", 1)
    found = checks(archive.root)
    assert found["runs"][0]
    assert found["runs"][1].startswith("the last one ended at 20")


def test_a_doctor_finds_everything_of_operations_in_order(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    assert {name for name, (ok, _) in checks(tmp_path).items() if not ok} == set()


@pytest.mark.parametrize(
    ("check", "settings", "said"),
    [
        ("secrets", '[[webhooks.secrets]]\nname = "main"\nenv = "NOT_SET"\n', "there is no secret"),
        ("alerts", '[[alerts.slack]]\nenv = "NOT_SET"\n', "slack needs the environment variable NOT_SET"),
    ],
)
def test_a_doctor_misses_secrets_by_name(tmp_path: Path, check: str, settings: str, said: str) -> None:
    (tmp_path / "archive").mkdir()
    ok, detail = checks(tmp_path, settings)[check]
    assert not ok
    assert said in detail
    assert checks(tmp_path, settings, NOT_SET="https://hooks.example.com/hidden")[check][0]


def test_a_doctor_tells_of_messages_that_wait_and_of_runs_that_failed(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "alerts/outbox").mkdir(parents=True)
    (tmp_path / "alerts/outbox/2026-03-02_v1.json").write_text("{}")
    (tmp_path / "warehouse").mkdir()
    outcome = {"run_id": "run-9", "ended_at": "2026-03-03T11:00:00Z", "seconds": 1.0, "is_done": False}
    (tmp_path / "warehouse/last_runs.json").write_text(json.dumps({"reports": outcome}))
    found = checks(tmp_path, '[[alerts.slack]]\nenv = "X"\n', X="https://hooks.example.com/hidden")
    assert found["alerts"] == (
        False,
        "1 messages wait, 2026-03-02_v1 first; the next run tries again and says why they do",
    )
    assert found["runs"] == (False, "the last reports of run run-9 failed; run mono-recon run to see why")


def test_a_doctor_looks_into_the_home_of_dagster(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    done = command("--data", tmp_path, "--json", "doctor", home=home)
    (dagster,) = (each for each in done.json["checks"] if each["check"] == "dagster")
    assert not dagster["ok"]
    assert "telemetry.enabled is True, not False" in dagster["detail"]
