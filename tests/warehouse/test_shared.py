"""A lake that is held open sees what is committed, and finds its way when it is put somewhere else."""

import shutil
from pathlib import Path

import duckdb
import pytest

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.errors import WarehouseError
from mono_recon.warehouse.shared import Reading, SharedLake
from tests.pipeline.archives import Archive, delivery, payload
from tests.pipeline.conftest import archive, template

__all__ = ["archive", "template"]

EVENTS = "SELECT count(*) AS count FROM mono.raw.deliveries"


def counted(reading: Reading | None) -> int:
    assert reading is not None
    return int(reading.query(EVENTS).item())


def test_without_a_warehouse_and_without_tables_there_is_nothing_to_read(tmp_path: Path) -> None:
    places = Places(catalog=tmp_path / "catalog.sqlite", files=tmp_path / "files")
    lake = SharedLake(places)
    with lake.reading() as reading:
        assert reading is None
    open_warehouse(places, read_only=False).close()
    with lake.reading() as reading:
        assert counted(reading) == 0


def test_a_reading_sees_one_state_and_the_next_what_was_committed_since(archive: Archive) -> None:
    lake = SharedLake(archive.settings.warehouse)
    with lake.reading() as before:
        assert counted(before) == 0
        archive.write("webhooks/a.jsonl", delivery(payload(1)))
        archive.ingest()
        assert counted(before) == 0
        with lake.reading() as after:
            assert counted(after) == 1
            assert before is not None
            assert after is not None
            assert before.state < after.state
    with lake.reading() as again:
        assert again is not None
        assert again.state == after.state


def test_a_warehouse_that_was_put_back_from_a_backup_is_opened_anew(archive: Archive, tmp_path: Path) -> None:
    places = archive.settings.warehouse
    shutil.copytree(places.catalog.parent, backup := tmp_path / "backup")
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    lake = SharedLake(places)
    with lake.reading() as reading:
        assert counted(reading) == 1
        assert reading is not None
        before = reading.state
    shutil.rmtree(places.catalog.parent)
    shutil.copytree(backup, places.catalog.parent)
    with lake.reading() as reading:
        assert counted(reading) == 0
        assert reading is not None
        assert reading.state != before


def test_nothing_can_be_written_through_it(archive: Archive) -> None:
    with SharedLake(archive.settings.warehouse).reading() as reading:
        assert reading is not None
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            reading.query("DELETE FROM mono.raw.deliveries")


def test_a_catalog_that_is_none_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"this is no catalog" * 100)
    lake = SharedLake(Places(catalog=tmp_path / "catalog.sqlite", files=tmp_path / "files"))
    with pytest.raises(WarehouseError, match="cannot be opened"), lake.reading():
        pass
