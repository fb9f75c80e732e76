"""Answers that were worked out already.

Here belongs keeping them and letting them go. A key says everything that an answer depends on, the state of the
warehouse above all, so that nothing here can be out of date.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """A number of answers; of those that nobody asked for lately the oldest goes first."""

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def recall(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """The answer of a key; worked out by the first that asks, while all others wait for that one.

        An answer that could not be worked out is not kept.
        """
        with self._lock:
            answer: Future[T] | None = self._held.get(key)
            if is_first := answer is None:
                answer = self._held[key] = Future()
                if len(self._held) > self._most:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
        if is_first:
            try:
                answer.set_result(work_out())
            except BaseException as error:
                with self._lock:
                    self._held.pop(key, None)
                answer.set_exception(error)
                raise
        return answer.result()
