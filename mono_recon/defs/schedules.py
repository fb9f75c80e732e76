"""When runs begin by themselves: each day at the two hours of the settings, and when late files come.

Here belongs which dates a tick asks for. They are begun only if the settings say so; a person may switch each of
them in Dagster's page whatever the settings say.
"""

from collections.abc import Sequence
from datetime import date, time

import dagster as dg

from mono_recon.defs.partitions import DAILY_JOB, RANGE_TAGS
from mono_recon.defs.resources import SettingsSource
from mono_recon.pipeline.due import due
from mono_recon.pipeline.late import look_for_late_files
from mono_recon.settings import Settings


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The schedule of the first issue of a date, and of the later look after the webhooks' horizon."""
    business = settings.business
    return [
        _daily(settings, "daily_issue", business.issue_at, "Issue every date that is over and not issued yet."),
        _daily(settings, "daily_reissue", business.reissue_at, "Issue anew what late webhooks have proved wrong."),
    ]


def late_file_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor that runs the last issued date again, and so all that late files touch."""

    @dg.sensor(
        name="late_files",
        job_name=DAILY_JOB,
        minimum_interval_seconds=int(settings.schedule.late_files_every.total_seconds()),
        description="Look for new files of dates that are issued already, and issue anew what they prove wrong.",
        default_status=dg.DefaultSensorStatus.RUNNING if settings.schedule.enabled else dg.DefaultSensorStatus.STOPPED,
    )
    def late_files(context: dg.SensorEvaluationContext, settings: SettingsSource) -> dg.RunRequest | dg.SkipReason:
        found = look_for_late_files(settings.load(), context.cursor or "")
        context.update_cursor(found.seen)
        if found.last_issued is None or not found.late:
            return dg.SkipReason("No file has come for a date that is issued.")
        context.log.info("Late: %s", ", ".join(found.late))
        return _request([found.last_issued], run_key=found.key)

    return late_files


def _daily(settings: Settings, name: str, at: time, description: str) -> dg.ScheduleDefinition:
    is_on = settings.schedule.enabled

    @dg.schedule(
        name=name,
        job_name=DAILY_JOB,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=settings.business.timezone,
        description=description,
        default_status=dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED,
    )
    def tick(context: dg.ScheduleEvaluationContext, settings: SettingsSource) -> dg.RunRequest:
        return _request(due(settings.load(), context.scheduled_execution_time))

    return tick


def _request(days: Sequence[date], run_key: str | None = None) -> dg.RunRequest:
    """A run for one date, or for a range of dates in one go."""
    first, *_, last = (days[0], *days)
    if len(days) == 1:
        return dg.RunRequest(run_key=run_key, partition_key=first.isoformat())
    return dg.RunRequest(
        run_key=run_key, tags=dict(zip(RANGE_TAGS, (first.isoformat(), last.isoformat()), strict=True))
    )
