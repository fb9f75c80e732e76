"""What the program writes to its log: one line an event, each with the id of its run.

Here belong the run's id and the two forms of a line. What is logged are counts, dates, versions and errors:
never what somebody sent, and no secret.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

Form = Literal["text", "json"]

ROOT = "mono_recon"
_RUN: ContextVar[str] = ContextVar("run_id", default="")


@contextmanager
def in_run(run_id: str) -> Iterator[None]:
    """Let every line that is written inside bear the id of a run."""
    token = _RUN.set(run_id)
    try:
        yield
    finally:
        _RUN.reset(token)


def tell(logger: logging.Logger, event: str, **facts: object) -> None:
    """Log an event with its facts.

    Args:
        logger: Whose event it is.
        event: What happened, in a few constant words.
        **facts: Plain values.
    """
    logger.info("%s", event, extra={"facts": facts})


def write_logs(form: Form, stream: TextIO | None = None) -> None:
    """Write the program's log, from now on.

    Args:
        form: A line of text, or one of JSON.
        stream: Where to; standard error if None.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logger = logging.getLogger(ROOT)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _parts(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    parts = {"at": at, "level": record.levelname.lower(), "run_id": _RUN.get(), "event": record.getMessage()}
    return parts | getattr(record, "facts", {})


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_parts(record) | {"logger": record.name}, ensure_ascii=False, default=str)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at, level, run_id, event, *facts = _parts(record).items()
        told = " ".join([event[1], *(f"{name}={value}" for name, value in facts)])
        return f"{at[1]} {level[1]} [{run_id[1]}] {' '.join(told.split())}"
