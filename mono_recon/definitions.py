"""Dagster's entry point: every asset, check and job of the project."""

import warnings

import dagster as dg

with warnings.catch_warnings():
    # Partitions of check specs are a preview in this Dagster; without them a check would name no date.
    warnings.filterwarnings("ignore", message="Specifying a partitions_def on an AssetCheckSpec")
    from mono_recon.defs.intake import ARCHIVE, intake
    from mono_recon.defs.report import report_tables
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB
from mono_recon.defs.resources import SettingsSource

defs = dg.Definitions(
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
