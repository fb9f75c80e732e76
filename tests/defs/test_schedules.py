"""When runs begin by themselves, and for which dates: every day, holidays too, and when late files come."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mono_recon.defs.assembly import assemble
from mono_recon.defs.resources import SettingsSource
from mono_recon.pipeline.issue import Issued
from mono_recon.pipeline.reports import issue_dates
from mono_recon.settings import load_settings
from tests.defs.conftest import RunJob
from tests.pipeline.archives import Archive, delivery, payload

ENABLED = '[schedule]\nenabled = true\nlate_files_every = "90s"\n[business]\nissue_at = "06:30"\nreissue_at = "10:15"\n'
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def definitions(root: Path, text: str = "") -> dg.Definitions:
    (root / "mono_recon.toml").write_text(text, encoding="utf-8")
    return assemble(load_settings(root, None, {}))


def ticked(archive: Archive, moment: str, name: str = "daily_issue") -> dg.RunRequest:
    made = definitions(archive.root)
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    with dg.build_schedule_context(
        scheduled_execution_time=at,
        resources={"settings": SettingsSource(data=str(archive.root))},
        repository_def=made.get_repository_def(),
    ) as context:
        (request,) = made.resolve_schedule_def(name).evaluate_tick(context).run_requests or []
    return request


def asked(request: dg.RunRequest) -> tuple[str | None, ...]:
    """The date, or the first and the last of a range."""
    return (request.partition_key,) if request.partition_key else tuple(request.tags[name] for name in RANGE)


def issue(archive: Archive, day: date, now: datetime) -> list[Issued]:
    archive.ingest()
    return issue_dates(archive.settings, [day], as_of=None, replay=False, now=now)


def test_runs_begin_at_the_hours_of_the_settings_in_their_zone(tmp_path: Path) -> None:
    made = definitions(tmp_path, f'{ENABLED}timezone = "America/New_York"\n')
    found = {each: made.resolve_schedule_def(each) for each in ("daily_issue", "daily_reissue")}
    assert [each.cron_schedule for each in found.values()] == ["30 6 * * *", "15 10 * * *"]
    for schedule in found.values():
        assert schedule.execution_timezone == "America/New_York"
        assert schedule.job_name == "daily_reconciliation"


@pytest.mark.parametrize(("text", "status"), [("", "STOPPED"), (ENABLED, "RUNNING")])
def test_runs_begin_by_themselves_only_if_the_settings_say_so(tmp_path: Path, text: str, status: str) -> None:
    made = definitions(tmp_path, text)
    statuses = {made.resolve_schedule_def(each).default_status.name for each in ("daily_issue", "daily_reissue")}
    assert statuses == {status}
    assert made.resolve_sensor_def("late_files").default_status.name == status
    assert made.resolve_sensor_def("alert_on_issue").default_status.name == "STOPPED"
    told = definitions(tmp_path, f'{text}[[alerts.slack]]\nenv = "X"\n')
    for name in ("alert_on_issue", "alert_on_failure"):
        assert told.resolve_sensor_def(name).default_status.name == "RUNNING"


def test_each_day_of_a_holiday_weekend_asks_for_the_day_before(archive: Archive, run_job: RunJob) -> None:
    # Saturday to Tuesday; Monday 23 March 2026 is a holiday in Colombia.
    for day in (21, 22, 23, 24):
        morning = ticked(archive, f"2026-03-{day}T11:00:00")
        assert asked(morning) == (f"2026-03-{day - 1}",)
        assert run_job(partition_key=morning.partition_key).success
        assert asked(ticked(archive, f"2026-03-{day}T14:45:00", "daily_reissue")) == (f"2026-03-{day - 1}",)
    issued = archive.query("SELECT business_date FROM mono.report.latest_issues ORDER BY 1").to_series()
    assert [each.day for each in issued] == [20, 21, 22, 23]


def test_after_days_without_a_run_the_next_tick_asks_for_all_of_them_in_one(archive: Archive, run_job: RunJob) -> None:
    issue(archive, date(2026, 3, 2), datetime(2026, 3, 3, 12, tzinfo=UTC))
    request = ticked(archive, "2026-03-06T11:00:00")
    assert asked(request) == ("2026-03-03", "2026-03-05")
    assert run_job(tags=dict(request.tags)).success
    assert asked(ticked(archive, "2026-03-06T14:45:00", "daily_reissue")) == ("2026-03-05",)
    issued = archive.query("SELECT business_date FROM mono.report.latest_issues ORDER BY 1").to_series()
    assert [each.day for each in issued] == [2, 3, 4, 5]


class Watch:
    """The sensor of late files, tick after tick."""

    def __init__(self, archive: Archive) -> None:
        self._made = definitions(archive.root)
        self._resources = {"settings": SettingsSource(data=str(archive.root))}
        self.cursor: str | None = None

    def tick(self) -> tuple[dg.RunRequest, ...]:
        with dg.build_sensor_context(
            cursor=self.cursor, resources=self._resources, repository_def=self._made.get_repository_def()
        ) as context:
            seen: Any = self._made.resolve_sensor_def("late_files").evaluate_tick(context)
        self.cursor = seen.cursor
        return tuple(seen.run_requests or ())


def test_a_file_of_an_issued_date_has_the_last_date_run_again_once(archive: Archive, run_job: RunJob) -> None:
    watch = Watch(archive)
    assert watch.tick() == (), "nothing is issued yet"
    begun = payload(1, "bank_transfer_fallback_routing", state="in_progress")
    archive.write("webhooks/2026-03-02/a.jsonl", delivery(begun))
    for day in (2, 3):
        issue(archive, date(2026, 3, day), datetime(2026, 3, day + 1, 15, tzinfo=UTC))
    assert watch.tick() == (), "what has been read is not late"
    archive.write("webhooks/2026-03-04/live.jsonl", delivery(payload(2)))
    assert watch.tick() == (), "a file of today is not late"
    archive.write("webhooks/2026-03-02/late.jsonl", delivery(payload(1)))
    (request,) = watch.tick()
    assert request.partition_key == "2026-03-03"
    assert watch.tick() == (), "it was asked for already"
    assert run_job(partition_key=request.partition_key).success
    versions = archive.query("SELECT business_date, version FROM mono.report.latest_issues ORDER BY 1").rows()
    assert versions == [(date(2026, 3, 2), 2), (date(2026, 3, 3), 2)], "it was open on both"
    assert watch.tick() == ()
    archive.write("webhooks/undated.jsonl", delivery(payload(3)))
    (other,) = watch.tick()
    assert other.run_key not in {None, request.run_key}


def test_the_sensor_looks_as_often_as_the_settings_say(tmp_path: Path) -> None:
    assert definitions(tmp_path, ENABLED).resolve_sensor_def("late_files").minimum_interval_seconds == 90


def test_reports_are_overdue_a_while_after_the_hour_of_their_issue(tmp_path: Path) -> None:
    text = '[business]\nissue_at = "23:30"\n[schedule]\noverdue_after = "45m"\nsilent_after = "30h"\n'
    graph: Any = definitions(tmp_path, text).resolve_asset_graph()
    policy = graph.get(dg.AssetKey(["report", "control"])).freshness_policy
    assert (policy.deadline_cron, policy.timezone) == ("15 0 * * *", "America/Bogota")
    assert policy.lower_bound_delta.total_seconds() == 45 * 60
    assert graph.get(dg.AssetKey("archive")).freshness_policy.fail_window.to_timedelta().total_seconds() == 30 * 3600
    assert graph.get(dg.AssetKey(["core", "balances"])).freshness_policy is None


def test_the_archive_is_fresh_when_files_came_and_not_when_a_run_found_none(
    run_job: RunJob, ephemeral: dg.DagsterInstance
) -> None:
    for _ in range(2):
        assert run_job("ingest_archive").success
    came = ephemeral.fetch_materializations(dg.AssetKey("archive"), limit=5).records
    assert [each.asset_materialization.metadata["files"].value for each in came if each.asset_materialization] == [1]
