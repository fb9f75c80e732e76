"""How long the last runs took, for metrics and for ``doctor``.

Here belongs one small file beside the catalog with the last outcome of each step. It is about runs and never
about figures, so a clock may be in it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mono_recon.settings import Settings

INGEST, REPORTS = "ingest", "reports"


class Outcome(msgspec.Struct, frozen=True):
    """The last time that a step ended.

    Attributes:
        run_id: Id of its run.
        ended_at: When it ended (UTC).
        seconds: How long it took.
        is_done: Whether it came to its end without an error.
    """

    run_id: str
    ended_at: datetime
    seconds: float
    is_done: bool


def last_outcomes(settings: Settings) -> dict[str, Outcome]:
    """The last outcome of each step that has ever ended; none where there is no such file, or no such form."""
    try:
        return msgspec.json.decode(_file(settings).read_bytes(), type=dict[str, Outcome])
    except (OSError, msgspec.MsgspecError):
        return {}


@contextmanager
def noted(settings: Settings, step: str, run_id: str) -> Iterator[None]:
    """Note how long a step takes and how it ends. That it cannot be noted fails nothing."""
    begun, is_done = time.monotonic(), False
    try:
        yield
        is_done = True
    finally:
        outcome = Outcome(run_id, datetime.now(UTC), round(time.monotonic() - begun, 3), is_done)
        with suppress(OSError):
            _write(_file(settings), last_outcomes(settings) | {step: outcome})


def _file(settings: Settings) -> Path:
    return settings.warehouse.catalog.with_name("last_runs.json")


def _write(path: Path, outcomes: dict[str, Outcome]) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_bytes(msgspec.json.encode(outcomes))
    aside.replace(path)
