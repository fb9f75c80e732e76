"""The report tables: one step, partitioned by business date.

They are one step because a report is issued whole or not at all.
"""

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from mono_recon.defs.partitions import DAILY, ISSUED, POOL, REPORT
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import asset_spec
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.timing import parse_as_of
from mono_recon.schemas import core, report
from mono_recon.schemas.table import schema_name, table_name

CORE_KEYS = [dg.AssetKey([schema_name(model), table_name(model)]) for model in core.TABLES]
SPECS = [asset_spec(model, deps=CORE_KEYS) for model in report.TABLES]
with warnings.catch_warnings():
    # Partitions of check specs are a preview in this Dagster; without them a check would name no date.
    warnings.filterwarnings("ignore", message="Specifying a partitions_def on an AssetCheckSpec")
    IDENTITIES = dg.AssetCheckSpec(
        "identities",
        asset=dg.AssetKey(["report", "control"]),
        description="Every identity of the issued reports holds; one that does not stops the issue.",
        blocking=True,
        partitions_def=DAILY,
    )


class IssueConfig(dg.Config):
    """As of when dates are reported.

    Attributes:
        as_of: An instant with its zone, ``latest``, or empty for the schedule.
        replay: Whether the schedule is replayed from each date's first issue on.
    """

    as_of: str = ""
    replay: bool = False


@dg.multi_asset(
    name=REPORT,
    specs=SPECS,
    check_specs=[IDENTITIES],
    partitions_def=DAILY,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=POOL,
)
def report_tables(
    context: dg.AssetExecutionContext, config: IssueConfig, settings: SettingsSource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation | dg.Output[None]]:
    """Issue each date of the run that has not been issued."""
    days = [date.fromisoformat(key) for key in context.partition_keys]
    as_of = parse_as_of(config.as_of) if config.as_of else None
    made = issue_dates(settings.load(), days, as_of=as_of, replay=config.replay, now=datetime.now(UTC))
    for spec in SPECS:
        for each in made:
            stated = {
                "dagster/row_count": each.rows.get(spec.key.path[-1], 1),
                ISSUED: dg.MetadataValue.json(each.to_dict()),
            }
            context.add_asset_metadata(stated, spec.key, each.business_date.isoformat())
        yield dg.MaterializeResult(asset_key=spec.key)
    # The result that Dagster makes of a check names no partition where a run has several.
    for key in context.partition_keys:
        yield dg.AssetCheckEvaluation(IDENTITIES.asset_key, IDENTITIES.name, passed=True, blocking=True, partition=key)
    yield dg.Output(None, IDENTITIES.get_python_identifier())
