"""A small archive, an instance in memory, and the daily job run on both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mono_recon.defs.assembly import assemble
from mono_recon.defs.partitions import DAILY_JOB, INGEST_JOB
from mono_recon.settings import load_settings
from tests.pipeline.archives import Archive, delivery, payload

RunJob = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "data")
    made.write("webhooks/2026-03-02/a.jsonl", delivery(payload(1)))
    return made


@pytest.fixture
def ephemeral() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def run_job(archive: Archive, ephemeral: dg.DagsterInstance) -> RunJob:
    """Run the daily job, or the intake alone, as the daemon does."""

    def run(job: str = DAILY_JOB, **chosen: Any) -> dg.ExecuteInProcessResult:
        config = run_config(archive.root)
        definition = assemble(load_settings(archive.root, None, {})).resolve_job_def(job)
        return definition.execute_in_process(run_config=config, instance=ephemeral, raise_on_error=False, **chosen)

    return run


def run_config(root: Path) -> dict[str, Any]:
    return {
        "resources": {"settings": {"config": {"data": str(root)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


__all__ = ["INGEST_JOB", "RunJob", "run_config"]
