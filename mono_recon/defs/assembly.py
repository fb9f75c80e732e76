"""All definitions put together.

Here belongs which assets, checks, jobs, schedules and sensors there are, and by when assets are expected. The
settings say when and how often; data is not opened until a run begins.
"""

from datetime import timedelta

import dagster as dg

from mono_recon.defs.alerting import alert_sensors
from mono_recon.defs.intake import ARCHIVE, intake
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB
from mono_recon.defs.report import report_tables
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.schedules import late_file_sensor, schedules
from mono_recon.settings import Settings

_INGEST = dg.define_asset_job(
    INGEST_JOB, selection=dg.AssetSelection.assets(intake), description="Bring the archive in."
)
_DAILY = dg.define_asset_job(
    DAILY_JOB,
    selection=dg.AssetSelection.assets(intake, report_tables),
    description="Bring the archive in and issue reports.",
)


def assemble(settings: Settings | None = None) -> dg.Definitions:
    """Everything of the project that Dagster knows.

    Args:
        settings: Hours and channels; None: those of the environment, by the usual order.

    Raises:
        SettingsError: There are settings and they cannot be read.
    """
    known = settings or SettingsSource().load()
    silent = dg.FreshnessPolicy.time_window(fail_window=known.schedule.silent_after)
    overdue = _overdue(known)
    return dg.Definitions(
        assets=[
            dg.apply_freshness_policy(ARCHIVE, silent),
            intake,
            report_tables.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, overdue)),
        ],
        jobs=[_INGEST, _DAILY],
        schedules=schedules(known),
        sensors=[late_file_sensor(known), *alert_sensors(known, [_INGEST, _DAILY])],
        resources={"settings": SettingsSource()},
        executor=dg.in_process_executor,
    )


def _overdue(settings: Settings) -> dg.FreshnessPolicy:
    """Reports are expected each day between the hour of the first issue and a while after it."""
    grace = settings.schedule.overdue_after
    at = settings.business.issue_at
    minutes = int((timedelta(hours=at.hour, minutes=at.minute) + grace) / timedelta(minutes=1))
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{minutes % 60} {minutes // 60 % 24} * * *",
        lower_bound_delta=grace,
        timezone=settings.business.timezone,
    )
