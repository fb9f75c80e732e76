"""The report tables: one step, partitioned by business date.

They are one step because a report is issued whole or not at all.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import dagster as dg

from mono_recon.alerts.digest import Digest, latest_digest
from mono_recon.defs import checks
from mono_recon.defs.partitions import DAILY, ISSUED, POOL, REPORT
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import asset_spec, table_key
from mono_recon.pipeline.issue import Issued
from mono_recon.pipeline.journal import REPORTS, noted
from mono_recon.pipeline.logs import in_run
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.timing import parse_as_of
from mono_recon.reconcile.totals import IdentityError
from mono_recon.schemas import core, report
from mono_recon.settings import Settings

SPECS = [asset_spec(model, deps=[table_key(table) for table in core.TABLES]) for model in report.TABLES]


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
    check_specs=list(checks.SPECS.values()),
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
    loaded, now = settings.load(), datetime.now(UTC)
    with in_run(context.run.run_id), noted(loaded, REPORTS, context.run.run_id):
        try:
            made = _by_date(issue_dates(loaded, days, as_of=as_of, replay=config.replay, now=now))
        except IdentityError as error:
            yield from checks.refusals(error)
            raise
    for spec in SPECS:
        for key, versions in made.items():
            stated: dict[str, dg.RawMetadataValue] = {
                "dagster/row_count": versions[-1].rows.get(spec.key.path[-1], 1),
                ISSUED: dg.MetadataValue.json([each.to_dict() for each in versions]),
            }
            if key in context.partition_keys:
                context.add_asset_metadata(stated, spec.key, key)
            else:  # an earlier date, restated
                context.log_event(dg.AssetMaterialization(spec.key, partition=key, metadata=stated))
        yield dg.MaterializeResult(asset_key=spec.key)
    yield from checks.evaluations(_digests(loaded, {*context.partition_keys, *made}))


def _digests(settings: Settings, days: Iterable[str]) -> Iterator[Digest]:
    """What the last version of each date says, whether it was issued now or before."""
    found = (latest_digest(settings.paths.reports, date.fromisoformat(day)) for day in sorted(days))
    return (digest for digest in found if digest is not None)


def _by_date(made: Iterable[Issued]) -> dict[str, list[Issued]]:
    """Versions by their date, oldest first."""
    versions: dict[str, list[Issued]] = {}
    for each in made:
        versions.setdefault(each.business_date.isoformat(), []).append(each)
    return dict(sorted(versions.items()))
