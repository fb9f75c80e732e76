"""Tables that were never written: their statistics of nothing change no answer."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from mono_recon.schemas.core import Accounts
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.ddl import TABLES
from tests.warehouse.lakes import places

_STATED = """
    SELECT count(*), count(DISTINCT table_id) FROM ducklake_table JOIN ducklake_table_stats USING (table_id)
    WHERE end_snapshot IS NULL
"""


def opened(root: Path) -> None:
    open_warehouse(places(root), read_only=False).close()


def stated(root: Path) -> tuple[int, int]:
    """How many statistics the catalog has, and of how many tables."""
    with closing(sqlite3.connect(places(root).catalog)) as catalog:
        rows, tables = catalog.execute(_STATED).fetchone()
    return rows, tables


def accounts(first: int, count: int) -> pl.DataFrame:
    """Accounts, every other one without a name."""
    rows = [
        {
            "account_id": f"acc_{number}",
            "name": f"name {number}" if number % 2 else None,
            "currency": "COP",
            "known_at": datetime(2026, 3, 2, tzinfo=UTC),
            "source_ref": f"x:{number}",
        }
        for number in range(first, first + count)
    ]
    return pl.DataFrame(rows, schema=polars_schema(Accounts))


def test_each_table_has_statistics_once_however_often_it_is_opened_and_written(root: Path) -> None:
    for number in range(3):
        with open_warehouse(places(root), read_only=False) as warehouse:
            warehouse.append(Accounts, accounts(100 * number, 100))
    opened(root)
    rows, tables = stated(root)
    assert rows == tables
    assert tables >= len(TABLES)


def test_what_is_written_after_nothing_was_is_read_and_found(root: Path) -> None:
    opened(root)
    with open_warehouse(places(root), read_only=False) as warehouse:
        assert warehouse.query("SELECT * FROM mono.core.accounts").is_empty()
        for start, number in ((0, 1), (1, 1), (2, 500)):  # few rows lie in the catalog, many in a file
            warehouse.append(Accounts, accounts(start, number))
    with open_warehouse(places(root), read_only=True) as warehouse:
        held = warehouse.query("SELECT * FROM mono.core.accounts ORDER BY source_ref")
        assert_frame_equal(held, accounts(0, 502).sort("source_ref"))
        asked = "SELECT count(*) FROM mono.core.accounts WHERE"
        assert warehouse.query(f"{asked} name IS NULL").item() == 251
        assert warehouse.query(f"{asked} name > 'name 49'").item() == 34
        assert warehouse.query("SELECT max(account_id) FROM mono.core.accounts").item() == "acc_99"
        assert warehouse.query("SELECT count(DISTINCT rowid) FROM mono.core.accounts").item() == 502
