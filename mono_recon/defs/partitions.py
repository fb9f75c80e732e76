"""Names and partitions that all definitions share."""

import dagster as dg

from mono_recon.pipeline.timing import FIRST_DATE

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DATE.isoformat(), timezone="America/Bogota", end_offset=1)
"""Business dates. One more than is over by midnight, since a date may end before it."""

POOL = "warehouse"
"""Its limit of one keeps two runs from writing at once."""

RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
"""Tags by which Dagster gives one run all dates from one to another."""

INGEST_JOB = "ingest_archive"
DAILY_JOB = "daily_reconciliation"
INTAKE = "intake"
REPORT = "report"
INGESTED = "ingest"
ISSUED = "issued"
"""Metadata under which a run's materialisations state what it did."""
