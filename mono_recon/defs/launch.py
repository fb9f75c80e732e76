"""Runs started from the command line, on the instance that Dagster's UI shows.

Here belongs how a run is started and what it left. What a run does is in its assets.
"""

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import dagster as dg

from mono_recon.alerts.telling import tell_failure, tell_issued, told_error
from mono_recon.defs.abandoned import LAUNCHED, alone_in
from mono_recon.defs.assembly import assemble
from mono_recon.defs.home import dagster_home
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB, INGESTED, INTAKE, ISSUED, RANGE_TAGS, REPORT
from mono_recon.pipeline.logs import in_run, tell
from mono_recon.settings import Settings

_LOG = logging.getLogger(__name__)
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class Launched:
    """What a run left.

    Attributes:
        run_id: Its id in Dagster.
        ingest: Counts of the intake.
        issued: The versions it issued, in order of date and version.
    """

    run_id: str
    ingest: dict[str, Any]
    issued: list[dict[str, Any]] = field(default_factory=list)


def launch(
    settings: Settings, config: Path | None, days: Sequence[date], *, as_of: str = "", replay: bool = False
) -> Launched:
    """Run the daily job for a range of dates, or the intake alone where there is none.

    Args:
        settings: Settings, for the data root.
        config: The settings file given on the command line.
        days: Dates without a gap, oldest first.
        as_of: As in the assets' configuration.
        replay: Likewise.

    Raises:
        Exception: What stopped the run, as it was raised.
    """
    run_id = str(uuid.uuid4())
    home = dagster_home(settings.paths.data, os.environ)
    with in_run(run_id), _told(settings, run_id), alone_in(home) as instance, _original_error():
        tell(_LOG, "run begun", dates=[day.isoformat() for day in days])
        result = (
            assemble(settings)
            .resolve_job_def(DAILY_JOB if days else INGEST_JOB)
            .execute_in_process(
                run_config=_run_config(settings, config, days, as_of=as_of, replay=replay),
                instance=instance,
                tags={LAUNCHED: "command line"} | _range(days),
                run_id=run_id,
            )
        )
        launched = Launched(
            run_id=result.run_id,
            ingest=_stated(result, INTAKE, INGESTED)[0],
            issued=_issued(result) if days else [],
        )
        tell(_LOG, "run ended", issued=len(launched.issued), **launched.ingest)
    if not replay:
        versions = [(date.fromisoformat(each["business_date"]), each["version"]) for each in launched.issued]
        tell_issued(settings, versions, os.environ)
    return launched


def _run_config(
    settings: Settings, config: Path | None, days: Sequence[date], *, as_of: str, replay: bool
) -> dict[str, Any]:
    source = {"data": str(settings.paths.data.absolute()), "config": str(config.absolute()) if config else ""}
    issue = {"ops": {REPORT: {"config": {"as_of": as_of, "replay": replay}}}} if days else {}
    return {"resources": {"settings": {"config": source}}, **_QUIET, **issue}


def _range(days: Sequence[date]) -> dict[str, str]:
    return dict(zip(RANGE_TAGS, (days[0].isoformat(), days[-1].isoformat()), strict=True)) if days else {}


@contextmanager
def _told(settings: Settings, run_id: str) -> Iterator[None]:
    """Log an error that stops a run, and tell of it."""
    try:
        yield
    except Exception as error:
        said = told_error(type(error).__name__, str(error))
        _LOG.info("run failed", extra={"facts": {"error": said}})
        tell_failure(settings, run_id, said, os.environ)
        raise


@contextmanager
def _original_error() -> Iterator[None]:
    """Raise what an asset raised rather than Dagster's account of it."""
    try:
        yield
    except dg.DagsterExecutionStepExecutionError as error:
        raise error.__cause__ or error from None


def _issued(result: dg.ExecuteInProcessResult) -> list[Any]:
    versions = chain.from_iterable(_stated(result, REPORT, ISSUED))
    return sorted(versions, key=itemgetter("business_date", "version"))


def _stated(result: dg.ExecuteInProcessResult, op: str, name: str) -> list[Any]:
    """What the first of a step's assets that states something states, by partition."""
    stating = [each for each in result.asset_materializations_for_node(op) if name in each.metadata]
    return [each.metadata[name].value for each in stating if each.asset_key == stating[0].asset_key]
