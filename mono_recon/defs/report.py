"""The report tables: one step, partitioned by business date.

They are one step because a report is issued whole or not at all.
"""

import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import dagster as dg

from mono_recon.defs.partitions import DAILY, ISSUED, POOL, REPORT
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import asset_spec
from mono_recon.pipeline.issue import Issued
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
    """Issue each date of the run that has no version, and new versions of what turned out to be wrong."""
    days = [date.fromisoformat(key) for key in context.partition_keys]
    as_of = parse_as_of(config.as_of) if config.as_of else None
    made = issue_dates(settings.load(), days, as_of=as_of, replay=config.replay, now=datetime.now(UTC))
    for spec in SPECS:
        for key, versions in _by_date(made).items():
            stated: dict[str, dg.RawMetadataValue] = {
                "dagster/row_count": versions[-1].rows.get(spec.key.path[-1], 1),
                ISSUED: dg.MetadataValue.json([each.to_dict() for each in versions]),
            }
            if key in context.partition_keys:
                context.add_asset_metadata(stated, spec.key, key)
            else:  # an earlier date, restated
                context.log_event(dg.AssetMaterialization(spec.key, partition=key, metadata=stated))
        yield dg.MaterializeResult(asset_key=spec.key)
    # The result that Dagster makes of a check names no partition where a run has several.
    for key in context.partition_keys:
        yield dg.AssetCheckEvaluation(IDENTITIES.asset_key, IDENTITIES.name, passed=True, blocking=True, partition=key)
    yield dg.Output(None, IDENTITIES.get_python_identifier())


def _by_date(made: Iterable[Issued]) -> dict[str, list[Issued]]:
    """Versions by their date, oldest first."""
    versions: dict[str, list[Issued]] = {}
    for each in made:
        versions.setdefault(each.business_date.isoformat(), []).append(each)
    return dict(sorted(versions.items()))
