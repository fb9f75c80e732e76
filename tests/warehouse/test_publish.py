import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from mono_recon.schemas.raw import Deliveries
from mono_recon.warehouse import attach
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.publish import published
from tests.warehouse.lakes import deliveries, places

ALL = "SELECT * FROM mono.raw.deliveries ORDER BY event_at"


@pytest.fixture(autouse=True)
def forty(root: Path) -> None:
    """The warehouse holds forty deliveries and is published."""
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(40))
        warehouse.publish()


def test_the_published_catalog_reads_alone_and_without_a_log_beside_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "_is_writable", lambda _catalog: False)
    for path in places(root).catalog.parent.glob("catalog.sqlite*"):
        path.rename(path.with_name(f"away-{path.name}"))
    places(root).catalog.touch()
    with open_warehouse(places(root), read_only=True) as warehouse:
        assert_frame_equal(warehouse.query(ALL), deliveries(40))
    with closing(sqlite3.connect(published(places(root).catalog))) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
    assert not list(places(root).catalog.parent.glob("published.sqlite-*"))


def test_readers_use_the_catalog_itself_where_they_may_write_beside_it(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(20, start=40))
    with open_warehouse(places(root), read_only=True) as warehouse:
        assert_frame_equal(warehouse.query(ALL), deliveries(60))


def test_publishing_replaces_the_copy_in_one_step_and_only_if_something_changed(root: Path) -> None:
    copy = published(places(root).catalog)
    first = copy.stat().st_ino
    with copy.open("rb") as reader, open_warehouse(places(root), read_only=False) as warehouse:
        content = copy.read_bytes()
        warehouse.publish()
        assert copy.stat().st_ino == first
        warehouse.append(Deliveries, deliveries(20, start=40))
        warehouse.publish()
        assert copy.stat().st_ino != first
        assert reader.read() == content
    assert not list(copy.parent.glob(".published*"))


def test_a_copy_that_a_crash_left_behind_the_catalog_is_made_again(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(20, start=40))
    with open_warehouse(places(root), read_only=False) as warehouse:
        first = published(places(root).catalog).stat().st_ino
        warehouse.publish()
        assert published(places(root).catalog).stat().st_ino != first


@pytest.mark.parametrize("damage", ["missing", "no database"])
def test_a_damaged_copy_is_made_again(root: Path, damage: str) -> None:
    copy = published(places(root).catalog)
    copy.unlink()
    if damage != "missing":
        copy.write_text(damage * 1000)
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.publish()
    assert copy.read_bytes().startswith(b"SQLite format 3")


def test_the_copy_of_a_moved_warehouse_names_the_new_place(root: Path) -> None:
    moved = root.with_name("moved")
    root.rename(moved)
    with open_warehouse(places(moved), read_only=False) as warehouse:
        warehouse.publish()
    with closing(sqlite3.connect(published(places(moved).catalog))) as copy:
        stored = copy.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'").fetchall()
    assert stored == [(f"{moved}/warehouse/files/",)]
