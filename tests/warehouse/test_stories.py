"""Questions that go by an id, put to a lake of literal rows."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from mono_recon.schemas.core import TransferObservations
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.stories import reading
from tests.warehouse.lakes import places

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
BATCH, OTHER = (f"bat_{number:022d}" for number in range(2))
NAMES_IT, LISTED, STRANGER, NEITHER = (f"trn_{number:022d}" for number in range(4))


def statement(transfer_id: str, batch_id: str | None, source_ref: str) -> dict[str, object]:
    stated = {"channel": "export", "state": "approved", "amount_minor": 1, "currency": "COP"}
    moments = dict.fromkeys(("inserted_at", "occurred_at", "known_at"), NOON)
    given = {"transfer_id": transfer_id, "batch_id": batch_id, "source_ref": source_ref}
    return dict.fromkeys(polars_schema(TransferObservations)) | stated | moments | given


def test_members_of_a_batch_come_with_all_that_is_stated_about_them(tmp_path: Path) -> None:
    rows = [
        statement(NAMES_IT, BATCH, "names it"),
        statement(NAMES_IT, None, "names no batch"),
        statement(LISTED, None, "listed"),
        statement(STRANGER, OTHER, "listed, names another"),
        statement(NEITHER, None, "neither"),
        statement(NEITHER, OTHER, "neither, names another"),
    ]
    with open_warehouse(places(tmp_path), read_only=False) as warehouse, warehouse.transaction():
        warehouse.append(TransferObservations, pl.DataFrame(rows, schema=polars_schema(TransferObservations)))
    with reading(places(tmp_path)) as reader:
        found = reader.transfers(BATCH, [LISTED, STRANGER, NAMES_IT])
        assert sorted(found["source_ref"]) == ["listed", "listed, names another", "names it", "names no batch"]
        assert sorted(reader.transfers(BATCH, [])["source_ref"]) == ["names it", "names no batch"]
        assert reader.transfers("bat_", []).is_empty()
