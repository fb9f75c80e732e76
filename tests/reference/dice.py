"""Draws from tiny sets, so that what is rare in life happens in every other example.

Here belong the instants, names and amounts that all kinds of rows share. Which rows there are is
decided by their own modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from mono_recon.reconcile.context import Context
from tests import scenario
from tests.reference.entities import Row

T = TypeVar("T")

MICRO, SECOND, MINUTE, HOUR, DAY = (
    timedelta(microseconds=1),
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
HORIZON = timedelta(hours=9, minutes=30)
NOTHING = timedelta(0)
ACCOUNTS = (scenario.ident("acc", "one"), scenario.ident("acc", "two"), scenario.ident("acc", "three"))
NUMBERS = dict(zip(ACCOUNTS, ("095000036", "0950-00037", "007"), strict=True))
AMOUNTS = (100_000, 100_000, 250_050, 333_333, 1)
CLIENT_IDS = ("client-1", "client-2", "client-3", "client-4", "client-5", None)
DOCUMENTS = ("900123456", "9001234567", "1033711400", None)


@dataclass
class Dice:
    """Draws one world, a kind of row at a time."""

    draw: st.DrawFn
    context: Context
    count: int = 0

    def pick(self, *options: T) -> T:
        return self.draw(st.sampled_from(options))

    def rarely(self) -> bool:
        return self.draw(st.integers(0, 9)) == 9

    def heads(self) -> bool:
        return self.draw(st.booleans())

    def names(self, least: int, most: int) -> list[str]:
        """Names of as many things as are drawn."""
        return [str(number) for number in range(self.draw(st.integers(least, most)))]

    def near(self) -> datetime:
        """An instant that is often just before, at or just after a cut-off."""
        edge = self.pick(self.context.start, self.context.end, self.context.end)
        close = (NOTHING, -MICRO, MICRO, -SECOND, SECOND, -MINUTE, HOUR)
        far = (-HOUR, -5 * HOUR, -5 * HOUR + 7 * MICRO, -9 * HOUR, -14 * HOUR, -20 * HOUR, -3 * DAY)
        return edge + self.pick(*close, *far, *far)

    def after(self, moment: datetime) -> datetime:
        """A moment as a rule later, often by very little."""
        return moment + self.pick(NOTHING, MICRO, SECOND, MINUTE, MINUTE + 3 * MICRO, MINUTE, HOUR, HOUR, 5 * HOUR, DAY)

    def times(self, inserted_at: datetime, count: int) -> list[datetime]:
        """Instants of a life, in order or not, none before it began."""
        moments, moment = [], inserted_at
        for _ in range(count):
            moment = self.after(moment)
            moments.append(max(self.near(), inserted_at) if self.rarely() else moment)
        return moments

    def ref(self, channel: str) -> str:
        self.count += 1
        return f"{channel[0].replace('e', 'x')}:{self.draw(st.integers(0, 9))}{self.count:063d}"

    def said(self, channel: str, occurred_at: datetime) -> Row:
        """The channel and clocks of one statement."""
        event_at = occurred_at + self.pick(NOTHING, 6 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HORIZON)
        known_at = event_at + self.pick(*(SECOND,) * 5, HORIZON)
        webhook = channel == "webhook"
        return {
            "channel": channel,
            "occurred_at": occurred_at,
            "event_at": event_at if webhook else None,
            "known_at": known_at,
            "source_ref": self.ref(channel),
        }

    def path(self, paths: Sequence[tuple[str, ...]], states: Sequence[str]) -> tuple[str, ...]:
        if not self.rarely():
            return self.pick(*paths)
        return tuple(self.draw(st.lists(st.sampled_from(states), min_size=1, max_size=4)))
