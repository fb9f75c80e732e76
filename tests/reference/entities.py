"""What was said about one entity, in order, and what that makes of it at a moment.

A plain reference of observations, timelines and the facts of a date. It knows no break type.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

Row = dict[str, Any]

TRANSFER_RANKS = {"created": 0, "in_progress": 1}
BATCH_RANKS = {"created": 0, "pending_otp": 1, "verified_otp": 2, "processing_transactions": 3}
COLLECTION_RANKS = {"created": 0, "in_progress": 1, "approved_in_provider": 2}
FINAL = ("approved", "declined", "cancelled", "duplicated")


@dataclass(frozen=True)
class Run:
    """Neighbouring observations of one state."""

    state: str
    start: datetime
    observations: tuple[Row, ...]

    def told_by(self, channel: str) -> bool:
        return any(row["channel"] == channel for row in self.observations)


@dataclass(frozen=True)
class Facts:
    """What an entity is just before a moment."""

    id: str
    inserted_at: datetime
    first: Row
    seen: list[Row]

    @cached_property
    def runs(self) -> list[Run]:
        return runs_of(self.seen)

    @property
    def state(self) -> str:
        return self.runs[-1].state if self.runs else "created"

    @property
    def is_open(self) -> bool:
        return self.state not in FINAL

    @property
    def final_at(self) -> datetime | None:
        return None if self.is_open else self.runs[-1].start

    def value(self, name: str) -> Any:
        """The last value that is not null; without an observation the first one's."""
        if not self.seen:
            return None if name == "routing" else self.first[name]
        stated = [row[name] for row in self.seen if row[name] is not None]
        return stated[-1] if stated else None

    def latest(self, channel: str) -> Row | None:
        told = [row for row in self.seen if row["channel"] == channel]
        return told[-1] if told else None


@dataclass(frozen=True)
class Entity:
    """Everything known of a transfer, a batch or an intent, in order."""

    id: str
    observations: list[Row]
    ranks: Mapping[str, int]

    @property
    def inserted_at(self) -> datetime:
        moments: list[datetime] = [row["inserted_at"] for row in self.observations]
        return min(moments)

    @cached_property
    def runs(self) -> list[Run]:
        return runs_of(self.observations)

    def before(self, moment: datetime) -> Facts:
        """The facts just before a moment, at which the entity need not exist; what came later orders nothing."""
        seen = in_order([row for row in self.observations if row["occurred_at"] < moment], self.ranks)
        return Facts(self.id, self.inserted_at, self.observations[0], seen)

    def known(self) -> Facts:
        """Everything known, whenever it happened."""
        return Facts(self.id, self.inserted_at, self.observations[0], self.observations)


def runs_of(ordered: Iterable[Row]) -> list[Run]:
    """Merge neighbours of the same state."""
    grouped: list[list[Row]] = []
    for row in ordered:
        if grouped and grouped[-1][0]["state"] == row["state"]:
            grouped[-1].append(row)
        else:
            grouped.append([row])
    return [Run(rows[0]["state"], rows[0]["occurred_at"], tuple(rows)) for rows in grouped]


def entities(rows: Iterable[Row], key: str, ranks: Mapping[str, int]) -> dict[str, Entity]:
    """Group observations by entity and put each entity's in order."""
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[key]].append(row)
    return {name: Entity(name, in_order(grouped[name], ranks), ranks) for name in sorted(grouped)}


def in_order(rows: list[Row], ranks: Mapping[str, int]) -> list[Row]:
    """By instant, state, time of telling, channel and source; never by arrival."""
    whole = any(row["occurred_at"].microsecond == 0 for row in rows)

    def place(row: Row) -> tuple[Any, ...]:
        moment = row["occurred_at"].replace(microsecond=0) if whole else row["occurred_at"]
        stated_at = row["event_at"] or row["known_at"]
        return moment, ranks.get(row["state"], 9), stated_at, row["channel"] != "webhook", row["source_ref"]

    return sorted(rows, key=place)
