"""Runs started from the command line, on the instance that Dagster's UI shows.

Here belongs how a run is started and what it left. What a run does is in its assets.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import dagster as dg

from mono_recon.defs.abandoned import LAUNCHED, alone
from mono_recon.defs.assembly import assemble
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB, INGESTED, INTAKE, ISSUED, REPORT
from mono_recon.settings import Settings

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = "dagster_home"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
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


def dagster_home(data: Path, environ: dict[str, str]) -> Path:
    """The absolute folder of Dagster's instance: the environment's, ``./dagster_home``, or one under the data root."""
    named = environ.get(HOME_VARIABLE)
    if named:
        return Path(named).absolute()
    beside = Path(DEFAULT_HOME).absolute()
    return beside if beside.is_dir() else data.absolute() / DEFAULT_HOME


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
    source = {"data": str(settings.paths.data.absolute()), "config": str(config.absolute()) if config else ""}
    run_config: dict[str, Any] = {"resources": {"settings": {"config": source}}, **_QUIET}
    if days:
        run_config["ops"] = {REPORT: {"config": {"as_of": as_of, "replay": replay}}}
    tags = {LAUNCHED: "command line"}
    if days:
        tags |= {_RANGE[0]: days[0].isoformat(), _RANGE[1]: days[-1].isoformat()}
    with _instance(settings.paths.data) as instance, _original_error():
        result = (
            assemble()
            .resolve_job_def(DAILY_JOB if days else INGEST_JOB)
            .execute_in_process(
                run_config=run_config,
                instance=instance,
                tags=tags,
            )
        )
    return Launched(
        run_id=result.run_id,
        ingest=_stated(result, INTAKE, INGESTED)[0],
        issued=_issued(result) if days else [],
    )


@contextmanager
def _instance(data: Path) -> Iterator[dg.DagsterInstance]:
    home = dagster_home(data, dict(os.environ))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        with resources.as_file(resources.files("mono_recon.defs") / "dagster.yaml") as default:
            shutil.copy(default, home / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(home)) as instance, alone(instance, home):
        yield instance


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
    """What the first of a step's assets states, by partition."""
    materializations = result.asset_materializations_for_node(op)
    of_one = (each for each in materializations if each.asset_key == materializations[0].asset_key)
    return [each.metadata[name].value for each in of_one if name in each.metadata]
