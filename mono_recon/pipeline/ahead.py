"""News of the steps to come, read while the report of another is made.

Here belongs what can be known beforehand of a row of steps. What is read of news is in ``warehouse.news``.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from types import TracebackType
from typing import NamedTuple, Self

from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.news import News, Watermark, last_intake
from mono_recon.warehouse.reading import statements_known

_STEPS = 2
"""How far ahead is read: often every other step of a date brings next to nothing."""

_MANY = 200_000
"""New statements that are too many to be held beside a report."""


class Ahead:
    """The news of steps one after another; a context manager that stops reading at its end.

    A step begins, as a rule, where the one before it ended, and nothing that news are read of is written meanwhile.
    """

    def __init__(self, warehouse: Warehouse, lag: timedelta, moments: Sequence[datetime]) -> None:
        """Read nothing yet.

        Args:
            warehouse: The warehouse, of which this process is the writer.
            lag: How long after an event an export must show it.
            moments: The as-of (UTC) of each step.
        """
        self._warehouse = warehouse
        self._lag = lag
        self._to_come = deque(pairwise(moments))
        self._intake = last_intake(warehouse) if self._to_come else 0
        self._begun: deque[tuple[_Step, Future[News | None]]] = deque()
        self._open = ExitStack()
        self._beside = self._open.enter_context(warehouse.beside())
        self._thread = self._open.enter_context(ThreadPoolExecutor(1))

    def news(self, since: Watermark, as_of: datetime) -> News:
        """The news of a step; to be asked once for each, in their order.

        Args:
            since: Where the step begins.
            as_of: The as-of (UTC) of the step.
        """
        step, reading = self._begun.popleft() if self._begun else (None, None)
        while self._to_come and len(self._begun) < _STEPS:
            ended, then = self._to_come.popleft()
            foreseen = _Step(Watermark(ended, self._intake), then)
            self._begun.append((foreseen, self._thread.submit(self._read, foreseen)))
        found = reading.result() if reading and step == (since, as_of) else None
        return found or News(self._warehouse, since, as_of)

    def _read(self, step: "_Step") -> News | None:
        with self._beside.transaction():  # one reading of the catalog for all of it
            if statements_known(self._beside, step.since.as_of, step.as_of) > _MANY:
                return None
            news = News(self._beside, *step)
            news.read_all(self._lag)
        news.warehouse = self._warehouse
        return news

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._open.close()


class _Step(NamedTuple):
    """Where a step begins, and its as-of."""

    since: Watermark
    as_of: datetime
