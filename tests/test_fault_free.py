"""A world in which nothing goes wrong, near misses of every kind included, gives no break at any as-of."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from mono_recon.demo.faults.catalogue import FAULTS, NEAR_MISSES
from mono_recon.demo.faults.stories import stretches
from mono_recon.demo.write import make_world, write_world
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.timing import scheduled
from mono_recon.report.model import Report
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.scenario import DAY

DAYS = 12
AS_OFS = {"first issue": 1, "later issue": 4, "latest": 1}
"""When each date is asked about, and of how many dates one is."""


@dataclass(frozen=True)
class World:
    near_misses: set[str]
    promised: int
    reports: dict[str, list[Report]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root: Path = tmp_path_factory.mktemp("fault free")
    made = make_world(days=DAYS, transfers_per_day=10, seed=11, first_day=DAY - timedelta(days=2), faults=False)
    write_world(made, root)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    reports: dict[str, list[Report]] = {}
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        for number, day in enumerate(made.dates):
            for (name, share), as_of in zip(AS_OFS.items(), (*scheduled(settings, day), made.end), strict=True):
                if number % share == 0:
                    reports.setdefault(name, []).append(make_report(warehouse, settings, day, as_of))
    (month,) = stretches(made)
    near_misses = {story.break_type for place, story in enumerate(NEAR_MISSES) if story.when(month, place)}
    return World(near_misses, len(made.expectations), reports)


def test_it_has_near_misses_of_every_kind_and_no_fault(world: World) -> None:
    assert (world.near_misses, world.promised) == ({fault.break_type for fault in FAULTS}, 0)


@pytest.mark.parametrize("as_of", AS_OFS)
def test_nothing_is_invented(world: World, as_of: str) -> None:
    for report in world.reports[as_of]:
        breaks = report.tables["breaks"].filter(pl.col("class") != "timing")
        assert breaks.select("break_type", "subject_id").rows() == []


def test_every_date_awaits_at_most_a_credit_at_first_and_is_balanced_in_the_end(world: World) -> None:
    for early, report in zip(world.reports["first issue"], world.reports["latest"], strict=True):
        told_later = report.tables["incoming_credits"].height - early.tables["incoming_credits"].height
        assert early.verdict == ("awaiting" if told_later else "balanced")
        proof = report.tables["balance_proof"]
        assert (report.verdict, set(proof["status"])) == ("balanced", {"proved"})
        assert proof["unexplained_minor"].sum() == 0
