"""How often a sign-in may fail before the door stays shut for a while.

Here belong the counting and its limits. The clock is given, and what is signed in to is not known here.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock

Clock = Callable[[], float]
"""Seconds that only grow."""

WITHIN = 15 * 60.0
"""Seconds for which a failure counts."""

LIMITS = {"pair": 5, "address": 30, "name": 50}
"""Failures of one name from one address; of any name from one address; of one name from anywhere."""

_MOST_KEYS = 50_000


class Attempts:
    """Failures of the last while, by name, address and both."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def begin(self, name: str, address: str) -> int:
        """Count an attempt, which is a failure until ``succeeded`` says otherwise.

        Returns:
            0 where it may go on; else the seconds until the next one may.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            waits = [
                self._failures[key][-LIMITS[key[0]]] + WITHIN - now
                for key in _keys(name, address)
                if len(self._failures.get(key, ())) >= LIMITS[key[0]]
            ]
            if waits:
                return max(1, math.ceil(max(waits)))
            for key in _keys(name, address):
                self._failures[key].append(now)
            return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name from an address, and that the last attempt was one."""
        with self._lock:
            pair, *others = _keys(name, address)
            self._failures.pop(pair, None)
            for key in others:
                if held := self._failures.get(key):
                    held.pop()

    def _forget(self, now: float) -> None:
        for key in list(self._failures):
            held = self._failures[key]
            while held and (held[0] <= now - WITHIN or len(self._failures) > _MOST_KEYS):
                held.popleft()
            if not held:
                del self._failures[key]


def _keys(name: str, address: str) -> tuple[tuple[str, ...], ...]:
    return ("pair", name.lower(), address), ("address", address), ("name", name.lower())
