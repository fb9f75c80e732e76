"""Who is told how far long work has come.

Here belongs the one listener of a process. Whoever starts a run may listen; without a listener progress
goes nowhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""


def _ignore(_doing: str, _done: int, _total: int) -> None: ...


_LISTENER: ContextVar[Listener] = ContextVar("progress", default=_ignore)


def advance(doing: str, done: int, total: int) -> None:
    """Tell the listener how far the work has come."""
    _LISTENER.get()(doing, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear of all work inside."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
