"""Who is told of the runs of Dagster's daemon: a sensor of what they issued, and one of those that failed.

Here belongs how a run of Dagster is read. What is told of it is in ``mono_recon.alerts``, which tells nothing
twice: a run from the command line has told of itself already.
"""

import os
from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any

import dagster as dg

from mono_recon.alerts.telling import tell_failure, tell_issued, told_error
from mono_recon.defs.partitions import ISSUED, REPORT
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import table_key
from mono_recon.schemas.report import Issues
from mono_recon.settings import Settings

_BACKFILL = "dagster/backfill"


def alert_sensors(settings: Settings, jobs: list[Any]) -> list[dg.SensorDefinition]:
    """The sensors that tell people; they are on if there is anybody to tell.

    Args:
        settings: Whether there is.
        jobs: The jobs whose runs are told of.
    """
    is_on = dg.DefaultSensorStatus.RUNNING if settings.alerts.is_on else dg.DefaultSensorStatus.STOPPED

    @dg.run_status_sensor(
        dg.DagsterRunStatus.SUCCESS,
        name="alert_on_issue",
        monitored_jobs=jobs,
        default_status=is_on,
        description="Tell of issued versions that somebody has to look at.",
    )
    def alert_on_issue(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        if not is_replay(run):
            tell_issued(_settings_of(run), _issued_by(context.instance, run.run_id), os.environ)

    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitored_jobs=jobs,
        default_status=is_on,
        description="Tell of runs that failed, killed ones too.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        tell_failure(_settings_of(context.dagster_run), context.dagster_run.run_id, _said(context), os.environ)

    return [alert_on_issue, alert_on_failure]


def is_replay(run: dg.DagsterRun) -> bool:
    """Whether a run issues dates long past, of which nobody wants to be told one by one."""
    config = dict[str, Any](run.run_config).get("ops", {}).get(REPORT, {}).get("config", {})
    return bool(config.get("replay")) or _BACKFILL in run.tags


def _settings_of(run: dg.DagsterRun) -> Settings:
    """The settings under which a run was made."""
    config = dict[str, Any](run.run_config).get("resources", {}).get("settings", {}).get("config", {})
    return SettingsSource(**config).load()


def _issued_by(instance: dg.DagsterInstance, run_id: str) -> list[tuple[date, int]]:
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = chain.from_iterable(_stated(event) for event in events)
    return sorted((date.fromisoformat(each["business_date"]), each["version"]) for each in made)


def _stated(event: dg.EventLogEntry) -> Iterator[Any]:
    materialization = event.asset_materialization
    if materialization is not None and materialization.asset_key == table_key(Issues):
        stated = materialization.metadata.get(ISSUED)
        yield from [] if stated is None else stated.value  # type: ignore[misc]  # a list, as the report wrote it


def _said(context: dg.RunFailureSensorContext) -> str:
    """What may be told of the error that stopped a run."""
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        if error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
            error = error.cause  # Dagster's account of it says where, its cause what
        if error is not None:
            name = (error.cls_name or "").rpartition(".")[2]
            return told_error(name, error.message.partition(": ")[2])
    return "its process ended before the run did"
