"""What is checked of each date, as asset checks: the identities, the quarantine and the feeds.

Here belongs how a pack's figures become evaluations, one for each date of a run and each that it restated. An
identity that does not hold stops the issue before it is written; the other checks warn, since what they say is
in the report.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from mono_recon.alerts.digest import Digest
from mono_recon.defs.partitions import DAILY
from mono_recon.defs.specs import table_key
from mono_recon.reconcile.totals import IdentityError
from mono_recon.schemas.report import Breaks, Control

IDENTITIES: Mapping[str, str] = {
    "roll_forward": "Transfers open at the start, added and gone leave those open at the end.",
    "partition_out": "Matched, timing, review and break add up to the outgoing transfers.",
    "partition_in": "Matched, timing, review and break add up to the money in.",
    "break_movement": "The open breaks of the date before and what became of them leave those of the date.",
    "summary": "Each section of the summary is the term of that name.",
}
_FEEDS: Mapping[str, str] = {
    "webhooks_arrived": "webhooks",
    "exports_arrived": "exports",
    "balances_arrived": "balance",
}
_QUARANTINE = "nothing_quarantined"

_Outcome = tuple[bool, dict[str, Any]]
_Evaluations = Iterator[dg.AssetCheckEvaluation | dg.Output[None]]


def _spec(name: str, asset: dg.AssetKey, description: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # Partitions of check specs are a preview in this Dagster; without them a check would name no date.
        warnings.filterwarnings("ignore", message="Specifying a partitions_def on an AssetCheckSpec")
        return dg.AssetCheckSpec(name, asset=asset, description=description, blocking=blocking, partitions_def=DAILY)


SPECS: Mapping[str, dg.AssetCheckSpec] = {
    spec.name: spec
    for spec in (
        *(_spec(name, table_key(Control), meaning, blocking=True) for name, meaning in IDENTITIES.items()),
        _spec(_QUARANTINE, table_key(Control), "No record of the date was refused."),
        *(_spec(name, table_key(Breaks), f"The date has what it needs of {feed}.") for name, feed in _FEEDS.items()),
    )
}


def evaluations(digests: Iterable[Digest]) -> _Evaluations:
    """What the checks say of issued versions.

    Args:
        digests: One for each date.
    """
    for digest in digests:
        for name, spec in SPECS.items():
            passed, metadata = _judge(name, digest)
            yield _evaluation(
                spec, digest.business_date.isoformat(), metadata | {"version": digest.version}, passed=passed
            )
    yield from outputs()


def refusals(error: IdentityError) -> Iterator[dg.AssetCheckEvaluation]:
    """What the checks say of a report that was not issued because identities do not hold."""
    for name in IDENTITIES:
        passed = f"identity.{name}" not in error.metrics
        yield _evaluation(SPECS[name], str(error.business_date), {"said": str(error)}, passed=passed)


def outputs() -> Iterator[dg.Output[None]]:
    """What tells Dagster that each check has been evaluated; the result that it makes of one names no date."""
    for spec in SPECS.values():
        yield dg.Output(None, spec.get_python_identifier())


def _judge(name: str, digest: Digest) -> _Outcome:
    if name in IDENTITIES:
        return f"identity.{name}" not in digest.failed_identities, {}
    if name == _QUARANTINE:
        return digest.quarantined == 0, {"quarantined": digest.quarantined}
    missing = [feed for feed in digest.missing_feeds if feed.partition(":")[0] == _FEEDS[name]]
    return not missing, {"missing": missing}


def _evaluation(
    spec: dg.AssetCheckSpec, day: str, metadata: dict[str, Any], *, passed: bool
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        spec.asset_key,
        spec.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
        blocking=spec.blocking,
        partition=day,
        metadata={
            key: dg.MetadataValue.json(value) if isinstance(value, list) else value for key, value in metadata.items()
        },
    )
