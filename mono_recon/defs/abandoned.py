"""Runs that were killed: what they still hold of Dagster's pool is given back.

Here belongs what Dagster leaves to its daemon, which a command line does without. Only runs that were started
from the command line are judged, and only while no other command is at work on the instance.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from mono_recon.defs.home import instance_in
from mono_recon.defs.partitions import POOL
from mono_recon.warehouse.lock import WriterLock

LAUNCHED = "mono_recon/launched_from"
"""Tag of runs started from the command line."""


@contextmanager
def alone_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance in a folder, once other commands are done with it, and without what killed ones have left."""
    home.mkdir(parents=True, exist_ok=True)
    with WriterLock.acquire(home, wait=True), instance_in(home) as instance:
        _end_abandoned(instance)
        yield instance


def _end_abandoned(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    held = storage.get_concurrency_info(POOL)
    for run_id in {slot.run_id for slot in held.claimed_slots} | {step.run_id for step in held.pending_steps}:
        run = instance.get_run_by_id(run_id)
        if run is None or LAUNCHED in run.tags:
            storage.free_concurrency_slots_for_run(run_id)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, "Its process was killed.")
