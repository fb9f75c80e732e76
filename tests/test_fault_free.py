"""A world in which nothing goes wrong, near misses included, gives no break at any as-of."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.timing import scheduled
from mono_recon.report.model import Report
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.reading import last_known

DAYS = 8
AS_OFS = ("first issue", "later issue", "latest")


@dataclass(frozen=True)
class World:
    labels: dict[str, int]
    reports: dict[str, list[Report]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root: Path = tmp_path_factory.mktemp("fault free")
    summary = write_demo(root, days=DAYS, transfers_per_day=25, seed=11, faults=False)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    days = [summary.first_day + timedelta(days=offset) for offset in range(DAYS)]
    reports: dict[str, list[Report]] = {}
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        latest = last_known(warehouse)
        assert latest is not None
        for day in days:
            for name, as_of in zip(AS_OFS, (*scheduled(settings, day), latest), strict=True):
                reports.setdefault(name, []).append(make_report(warehouse, settings, day, as_of))
    return World(dict(summary.labels), reports)


def test_the_truth_of_a_world_without_faults_is_empty(world: World) -> None:
    assert world.labels == {}


@pytest.mark.parametrize("as_of", AS_OFS)
def test_nothing_is_invented(world: World, as_of: str) -> None:
    for report in world.reports[as_of]:
        breaks = report.tables["breaks"].filter(pl.col("class") != "timing")
        assert breaks.select("break_type", "subject_id").rows() == []


def test_every_date_awaits_at_most_a_credit_at_first_and_is_balanced_in_the_end(world: World) -> None:
    assert {report.verdict for report in world.reports["first issue"]} <= {"balanced", "awaiting"}
    for report in world.reports["latest"]:
        proof = report.tables["balance_proof"]
        assert (report.verdict, set(proof["status"])) == ("balanced", {"proved"})
        assert proof["unexplained_minor"].sum() == 0
