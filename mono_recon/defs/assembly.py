"""All definitions put together.

Here belongs which assets, checks and jobs there are. Nothing is read and nothing is opened until a run
begins.
"""

import dagster as dg

from mono_recon.defs.intake import ARCHIVE, intake
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB
from mono_recon.defs.report import report_tables
from mono_recon.defs.resources import SettingsSource


def assemble() -> dg.Definitions:
    """Every asset, check and job of the project."""
    return dg.Definitions(
        assets=[ARCHIVE, intake, report_tables],
        jobs=[
            dg.define_asset_job(
                INGEST_JOB, selection=dg.AssetSelection.assets(intake), description="Bring the archive in."
            ),
            dg.define_asset_job(
                DAILY_JOB,
                selection=dg.AssetSelection.assets(intake, report_tables),
                description="Bring the archive in and issue reports.",
            ),
        ],
        resources={"settings": SettingsSource()},
        executor=dg.in_process_executor,
    )
