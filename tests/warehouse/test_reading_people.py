"""What a connection for people does so that a plain question gives the answer one expects."""

import os
from pathlib import Path

import polars as pl
import pytest

import mono_recon
from mono_recon.schemas.raw import Deliveries
from mono_recon.warehouse.connect import open_warehouse
from tests.warehouse.lakes import deliveries, places


@pytest.fixture(autouse=True)
def forty(root: Path) -> None:
    """The warehouse holds forty deliveries, too many to lie in the catalog."""
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(40))


def test_a_variable_does_not_stand_in_for_a_table(root: Path) -> None:
    deliveries = issues = pl.DataFrame({"line": [1]})
    with mono_recon.connect(root) as connection:
        assert connection.sql("SELECT count(*) FROM deliveries").fetchall() == [(40,)]
        assert connection.sql("SELECT count(*) FROM issues").fetchall() == [(0,)]
        connection.register("mine", deliveries)
        assert connection.sql("SELECT count(*) FROM deliveries JOIN mine USING (line)").fetchall() == [(1,)]
    assert issues.height == 1


def test_the_least_and_the_greatest_are_of_rows_that_are_there(root: Path) -> None:
    ends = "SELECT min(line), max(line), min(known_at), max(known_at) FROM deliveries"
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(40, start=40))
        warehouse.delete(Deliveries, pl.concat([deliveries(1), deliveries(60, start=20)]).select("delivery_id"))
    there = deliveries(19, start=1)
    with mono_recon.connect(root) as connection:
        (found,) = connection.execute(ends).fetchall()
        assert found == (2, 20, there["known_at"].min(), there["known_at"].max())
        assert connection.execute("SELECT max(line) FROM deliveries").fetchall() == [(20,)]


def test_an_earlier_snapshot_tells_what_the_warehouse_held(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        before = warehouse.snapshot()
        warehouse.append(Deliveries, deliveries(40, start=40))
    with mono_recon.connect(root) as connection:
        then = connection.execute(f"SELECT count(*) FROM deliveries AT (VERSION => {before})").fetchall()  # noqa: S608  a number
        now = connection.execute("SELECT count(*) FROM deliveries").fetchall()
        added = connection.execute(
            f"SELECT count(*) FROM mono.raw.table_changes('deliveries', {before + 1}, {before + 1})"  # noqa: S608  a number
        ).fetchall()
    assert (then, now, added) == ([(40,)], [(80,)], [(40,)])


def test_each_user_puts_aside_what_memory_does_not_hold_in_a_folder_of_his_own(root: Path) -> None:
    with mono_recon.connect(root) as connection:
        ((place,),) = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    assert Path(place).name == f"mono_recon-{os.getuid()}"
