"""Near misses lie at the very edge of what they must not be: one step further they are it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from mono_recon.demo.faults.catalogue import EDGES, FAULTS, NEAR_MISSES
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Edge, stretches
from mono_recon.demo.truth import Expectation
from mono_recon.demo.world import World
from mono_recon.demo.write import make_world, quiet_world, write_world
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.timing import scheduled
from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

MONDAY = date(2026, 3, 2)
DAYS = 10
FOUND_BY_NAME = {name for name, kind in CATALOGUE.items() if kind.class_ != "timing"}

Finding = tuple[str, str, int, int | None]
"""Type, subject, amount and difference."""


@dataclass(frozen=True)
class Told:
    """What each edge promises beyond it, and what the reports of its dates say.

    Of each credit besides: rule and counterpart that the last report gives, and those that it was made of.
    """

    promised: dict[Edge, list[Expectation]]
    found: dict[tuple[date, datetime], set[Finding]]
    matched: dict[str, tuple[str | None, str | None]]
    belongs: Mapping[str, tuple[str | None, str | None]]

    def as_of(self, promise: Expectation) -> datetime:
        """The first as-of asked about at which a promise is due."""
        known_from = max(promise.since, min(at for day, at in self.found if day == promise.business_date))
        return min(at for day, at in self.found if day == promise.business_date and at >= known_from)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    root: Path = tmp_path_factory.mktemp("edges")
    world = quiet_world(days=DAYS, transfers_per_day=1, seed=5, first_day=MONDAY)
    promised = {edge: told_twice(world, edge) for edge in EDGES}
    write_world(world, root)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    found = {}
    matched: dict[str, tuple[str | None, str | None]] = {}
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        for day in sorted({promise.business_date for promises in promised.values() for promise in promises}):
            for as_of in (*scheduled(settings, day), world.end):
                tables = make_report(warehouse, settings, day, as_of).tables
                found[day, as_of] = findings(tables["breaks"].filter(pl.col("break_date") == day))
            arrived = tables["incoming_credits"].select("credit_id", "match_rule", "matched_to")
            matched |= {credit_id: (rule, to) for credit_id, rule, to in arrived.iter_rows()}
    belongs = {credit.id: credit.match or (None, None) for credit in world.credits}
    return Told(promised, found, matched, belongs)


def findings(breaks: pl.DataFrame) -> set[Finding]:
    judged = breaks.filter(pl.col("class") != "timing")
    return set(judged.select("break_type", "subject_id", "amount_minor", "difference_minor").rows())


def told_twice(world: World, edge: Edge) -> list[Expectation]:
    """Let an edge happen on the first day that fits it, up to it and beyond."""
    (stretch,) = stretches(world)
    day = edge.when(stretch, 0)
    assert day is not None
    before = len(world.expectations)
    edge.near_miss.inject(Scene(world, day))
    assert len(world.expectations) == before
    edge.fault.inject(Scene(world, day))
    return world.expectations[before:]


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.tell.__name__.strip("_"))
def test_one_step_beyond_the_edge_is_the_break(told: Told, edge: Edge) -> None:
    promises = told.promised[edge]
    assert edge.break_type in {promise.break_type for promise in promises}
    for promise in promises:
        finding = (promise.break_type, promise.subject_id, promise.amount_minor, promise.difference_minor)
        assert finding in told.found[promise.business_date, told.as_of(promise)]


def test_up_to_the_edge_nothing_is_found(told: Told) -> None:
    promised: dict[date, set[tuple[str, str]]] = defaultdict(set)
    for promise in (promise for promises in told.promised.values() for promise in promises):
        promised[promise.business_date].add((promise.break_type, promise.subject_id))
    for (day, _), found in told.found.items():
        assert {(break_type, subject) for break_type, subject, *_ in found} <= promised[day]


def test_each_credit_is_matched_to_what_it_is_and_to_nothing_else(told: Told) -> None:
    assert told.matched == {credit_id: told.belongs[credit_id] for credit_id in told.matched}
    rules = {rule for rule, _ in told.matched.values()}
    assert rules == {None, "internal_external_id", "internal_reference", "collection", "return", "known_payer"}


@pytest.mark.parametrize("days", [15, 31, 62, 100])
def test_every_month_has_a_fault_and_a_near_miss_of_every_type(days: int) -> None:
    world = make_world(days=days, transfers_per_day=1, seed=days, first_day=MONDAY)
    months = list(stretches(world))
    assert sum(len(month.dates) for month in months) == days
    for month in months:
        assert len(month.dates) <= 31
        labelled = {told.break_type for told in world.expectations if told.business_date in month.dates}
        assert labelled == FOUND_BY_NAME
        near = {story.break_type for place, story in enumerate(NEAR_MISSES) if story.when(month, place)}
        assert near == FOUND_BY_NAME


def test_a_near_miss_promises_nothing() -> None:
    world = make_world(days=15, transfers_per_day=1, seed=1, first_day=MONDAY, faults=False)
    assert world.expectations == []
    assert {story.break_type for story in FAULTS} == FOUND_BY_NAME
