"""The archive's way into the warehouse: assets ``raw/*`` and ``core/*``, filled together.

They are one step because they are one transaction: what is in ``core`` is always accounted for in
``raw``.
"""

import os
from collections.abc import Iterator

import dagster as dg

from mono_recon.defs.partitions import INGESTED, INTAKE, POOL
from mono_recon.defs.resources import SettingsSource
from mono_recon.defs.specs import asset_spec
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.issue import recover
from mono_recon.pipeline.progress import advance
from mono_recon.schemas import core, raw

ARCHIVE = dg.AssetSpec(
    "archive",
    description="Archived webhook deliveries and API responses, as they lie on disk. Never written here.",
    group_name="archive",
    kinds={"json"},
)
SPECS = [asset_spec(model, deps=[ARCHIVE.key]) for model in (*raw.TABLES, *core.TABLES)]


@dg.multi_asset(name=INTAKE, specs=SPECS, pool=POOL)
def intake(settings: SettingsSource) -> Iterator[dg.MaterializeResult[None]]:
    """Bring everything new in the archive into the warehouse."""
    loaded = settings.load()
    recover(loaded)  # here too, for the runs that find no date to issue
    result = ingest(loaded, environ=os.environ, on_progress=advance)
    for spec in SPECS:
        yield dg.MaterializeResult(asset_key=spec.key, metadata={INGESTED: dg.MetadataValue.json(result.to_dict())})
