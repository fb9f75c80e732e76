"""The archive's way into the warehouse: assets ``raw/*`` and ``core/*``, filled together.

They are one step because they are one transaction: what is in ``core`` is always accounted for in
``raw``.
"""

import os
from collections.abc import Iterator

import dagster as dg

from mono_recon.defs.partitions import INGESTED, INTAKE, POOL
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import OWNERS, asset_spec, table_key
from mono_recon.pipeline.ingest import IngestResult, ingest
from mono_recon.pipeline.intake import AccountingError
from mono_recon.pipeline.issue import recover
from mono_recon.pipeline.journal import INGEST, noted
from mono_recon.pipeline.logs import in_run
from mono_recon.pipeline.progress import advance
from mono_recon.schemas import core, raw
from mono_recon.warehouse.row_counts import row_counts

ARCHIVE = dg.AssetSpec(
    "archive",
    description="Archived webhook deliveries and API responses, as they lie on disk. Never written here.",
    group_name="archive",
    kinds={"json"},
    owners=OWNERS,
)
SPECS = [asset_spec(model, deps=[ARCHIVE.key]) for model in (*raw.TABLES, *core.TABLES)]
ACCOUNTED_FOR = dg.AssetCheckSpec(
    "accounted_for",
    asset=table_key(raw.Files),
    description="Every record and row of the files read is accepted, a duplicate, unused or quarantined.",
    blocking=True,
)
NOTHING_QUARANTINED = dg.AssetCheckSpec(
    "nothing_quarantined",
    asset=table_key(raw.Quarantine),
    description="No record or row of the files read was refused.",
)


@dg.multi_asset(name=INTAKE, specs=SPECS, check_specs=[ACCOUNTED_FOR, NOTHING_QUARANTINED], pool=POOL)
def intake(
    context: dg.AssetExecutionContext, settings: SettingsSource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Bring everything new in the archive into the warehouse."""
    loaded = settings.load()
    with in_run(context.run.run_id), noted(loaded, INGEST, context.run.run_id):
        recover(loaded)  # here too, for the runs that find no date to issue
        try:
            result = ingest(loaded, environ=os.environ, on_progress=advance)
        except AccountingError as error:
            yield _result(ACCOUNTED_FOR, {"said": str(error)}, passed=False)
            raise
    if result.files_new:
        context.log_event(dg.AssetMaterialization(ARCHIVE.key, metadata={"files": result.files_new}))
    stated, rows = dg.MetadataValue.json(result.to_dict()), row_counts(loaded.warehouse)
    for spec in SPECS:
        counted: dict[str, dg.RawMetadataValue] = {"dagster/row_count": rows[".".join(spec.key.path)], INGESTED: stated}
        yield dg.MaterializeResult(asset_key=spec.key, metadata=counted)
    yield from _checked(result)


def _checked(result: IngestResult) -> Iterator[dg.AssetCheckResult]:
    counts = {name: getattr(result, name) for name in ("records_read", "accepted", "duplicates", "unused")}
    refused = {name: getattr(result, name) for name in ("quarantined", "rows_quarantined")}
    yield _result(ACCOUNTED_FOR, {**counts, **refused}, passed=True)
    yield _result(NOTHING_QUARANTINED, refused, passed=not any(refused.values()))


def _result(spec: dg.AssetCheckSpec, metadata: dict[str, int | str], *, passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
