"""Dagster definitions: which there are, what loading them needs, and what their runs leave."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mono_recon.defs.assembly import assemble
from mono_recon.defs.home import dagster_home
from mono_recon.defs.launch import launch
from mono_recon.defs.partitions import DAILY, DAILY_JOB, POOL
from mono_recon.pipeline.issue import STAGING
from mono_recon.schemas.report import Issues
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import Archive, delivery, payload
from tests.soaking import SOAKING

ROOT = Path(__file__).parents[2]
CONTROL = dg.AssetKey(["report", "control"])
ROLL_FORWARD = dg.AssetCheckKey(CONTROL, "roll_forward")
DAYS = [date(2026, 3, 2), date(2026, 3, 3)]

KEYS = {
    "archive": [""],
    "raw": ["copies", "deliveries", "evaluations", "export_pages", "exports", "files", "quarantine"],
    "core": [
        "account_credits",
        "accounts",
        "adjustments",
        "balances",
        "banks",
        "batch_observations",
        "collection_links",
        "collection_observations",
        "ledger_transactions",
        "resolutions",
        "transfer_observations",
    ],
    "report": [
        "balance_proof",
        "batches",
        "break_ageing",
        "break_movement",
        "breaks",
        "collections",
        "control",
        "data_quality",
        "incoming_credits",
        "issues",
        "known_accounts",
        "lineage",
        "open_items",
        "outgoing_transfers",
        "restatements",
        "summary",
    ],
}

BARE = """
import os, dagster
from mono_recon.definitions import defs
dagster.Definitions.validate_loadable(defs)
print(*os.listdir())
"""


@pytest.fixture(scope="module")
def graph() -> Any:
    return assemble().resolve_asset_graph()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "data")
    made.write("webhooks/a.jsonl", delivery(payload(1)))
    return made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "dagster_home"
    monkeypatch.setenv("DAGSTER_HOME", str(place))
    return place


@pytest.fixture
def ephemeral() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run_job(archive: Archive, instance: dg.DagsterInstance, **chosen: Any) -> dg.ExecuteInProcessResult:
    config = {
        "resources": {"settings": {"config": {"data": str(archive.root)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    return assemble().resolve_job_def(DAILY_JOB).execute_in_process(run_config=config, instance=instance, **chosen)


def evaluated(result: dg.ExecuteInProcessResult, name: str = "roll_forward") -> list[tuple[bool, str | None]]:
    found = result.get_asset_check_evaluations()
    return [(each.passed, each.partition) for each in found if each.check_name == name]


def row_counts(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str | None, object]:
    made = [each for each in result.asset_materializations_for_node("report") if each.asset_key == key]
    return {each.partition: each.metadata["dagster/row_count"].value if each.metadata else None for each in made}


def issued(archive: Archive) -> Sequence[tuple[object, ...]]:
    return archive.query("SELECT business_date, version FROM mono.report.issues ORDER BY ALL").rows()


def test_definitions_load_without_a_warning_an_environment_or_a_file(tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", BARE],
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (0, "\n", "")


def test_there_is_an_asset_for_the_archive_and_for_each_table_and_no_other(graph: Any) -> None:
    expected = {"/".join(filter(None, (layer, name))) for layer, names in KEYS.items() for name in names}
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == expected


def test_an_asset_is_in_the_group_of_its_layer_and_says_what_it_holds(graph: Any) -> None:
    for layer, names in KEYS.items():
        for name in filter(None, names):
            node = graph.get(dg.AssetKey([layer, name]))
            assert node.group_name == layer
            assert node.description
            assert node.pools == {POOL}
            assert node.owners == ["team:finance-operations"]
            assert node.kinds == {"duckdb", "polars"}
            columns = node.metadata["dagster/column_schema"].columns
            assert all(column.description and column.type for column in columns)


def test_reports_are_partitioned_by_business_date_and_come_from_what_was_read(graph: Any) -> None:
    for name in KEYS["report"]:
        node = graph.get(dg.AssetKey(["report", name]))
        assert node.partitions_def == DAILY
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        assert node.parent_keys == {dg.AssetKey(["core", table]) for table in KEYS["core"]}
    for layer in ("raw", "core"):
        for name in KEYS[layer]:
            node = graph.get(dg.AssetKey([layer, name]))
            assert node.partitions_def is None
            assert node.parent_keys == {dg.AssetKey("archive")}


def test_partitions_are_bogota_days_from_2020_on() -> None:
    assert DAILY.get_first_partition_key() == "2020-01-01"
    assert DAILY.timezone == "America/Bogota"


def test_there_is_a_job_for_the_day_and_one_for_the_intake_alone() -> None:
    jobs = {job.name for job in assemble().resolve_all_job_defs() if not job.name.startswith("__")}
    assert jobs == {"daily_reconciliation", "ingest_archive"}


def test_a_run_for_a_range_tells_of_each_date_by_itself(archive: Archive, ephemeral: dg.DagsterInstance) -> None:
    ends = {"dagster/asset_partition_range_start": "2026-03-02", "dagster/asset_partition_range_end": "2026-03-03"}
    result = run_job(archive, ephemeral, tags=ends)
    assert issued(archive) == [(DAYS[0], 1), (DAYS[1], 1)]
    assert evaluated(result) == [(True, "2026-03-02"), (True, "2026-03-03")]
    transfers = dg.AssetKey(["report", "outgoing_transfers"])
    assert row_counts(result, transfers) == {"2026-03-02": 1, "2026-03-03": 0}
    history = ephemeral.event_log_storage.get_asset_check_execution_history(ROLL_FORWARD, limit=10)
    assert {each.status.value for each in history} == {"SUCCEEDED"}
    assert ephemeral.get_materialized_partitions(CONTROL) == {"2026-03-02", "2026-03-03"}
    again = run_job(archive, ephemeral, partition_key="2026-03-02")
    assert evaluated(again) == [(True, "2026-03-02")]
    assert row_counts(again, transfers) == {"2026-03-02": None}, "what was issued before is not told again"
    latest = ephemeral.get_latest_materialization_event(dg.AssetKey(["core", "transfer_observations"]))
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.metadata["dagster/row_count"].value == 1


def test_a_launched_run_is_on_the_instance_of_dagster_home(archive: Archive, home: Path) -> None:
    launched = launch(archive.settings, None, DAYS[:1], replay=True)
    assert [(each["business_date"], each["as_of"]) for each in launched.issued] == [
        ("2026-03-02", "2026-03-03T11:00:00.000000Z")
    ]
    assert (launched.ingest["files_new"], launched.ingest["accepted"]) == (1, 1)
    assert (home / "dagster.yaml").read_text("utf-8") == (ROOT / "dagster_home/dagster.yaml").read_text("utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        assert (run.run_id, run.job_name, run.status) == (launched.run_id, DAILY_JOB, dg.DagsterRunStatus.SUCCESS)
        assert instance.get_materialized_partitions(CONTROL) == {"2026-03-02"}


def test_a_run_without_a_date_finishes_what_a_killed_one_left(archive: Archive, home: Path) -> None:
    with open_warehouse(archive.settings.warehouse, read_only=False) as warehouse:
        row = {"business_date": DAYS[0], "version": 1, "as_of": datetime(2026, 3, 3, 11, tzinfo=UTC)}
        rest = {"verdict": "balanced", "content_sha256": "", "settings_sha256": "", "code_version": ""}
        warehouse.append(Issues, pl.DataFrame([row | rest | {"source_files": 0}], schema=polars_schema(Issues)))
    staged = archive.root / "reports" / STAGING / "2026-03-02_v1"
    staged.mkdir(parents=True)
    (staged / "manifest.json").write_text("{}")
    assert launch(archive.settings, None, []).issued == []
    assert (archive.root / "reports/2026-03-02/v1/manifest.json").read_text() == "{}"
    assert not staged.parent.exists()
    assert home.is_dir()


def test_the_home_of_dagster_is_the_environments_else_the_one_beside_else_the_data_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = Path("data")
    assert dagster_home(data, {"DAGSTER_HOME": "elsewhere"}) == tmp_path / "elsewhere"
    assert dagster_home(data, {}) == tmp_path / "data/dagster_home"
    (tmp_path / "dagster_home").mkdir()
    assert dagster_home(data, {"DAGSTER_HOME": ""}) == tmp_path / "dagster_home"


def test_a_backfill_of_many_dates_is_one_run(archive: Archive, ephemeral: dg.DagsterInstance) -> None:
    days = 60 if SOAKING else 5
    keys = [(DAYS[0] + timedelta(days=number)).isoformat() for number in range(days)]
    ends = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    assert run_job(archive, ephemeral, tags=ends).success
    assert len(ephemeral.get_runs()) == 1
    assert ephemeral.get_materialized_partitions(CONTROL) == set(keys)
    assert [str(day) for day, _ in issued(archive)] == keys
