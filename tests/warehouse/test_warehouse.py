import sqlite3
import weakref
from array import array
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import mono_recon
from mono_recon.schemas import core
from mono_recon.schemas.raw import Copies, Deliveries, Quarantine
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.errors import WarehouseError
from tests.warehouse.lakes import START, copies, deliveries, places, sha

ALL = "SELECT * FROM mono.raw.deliveries ORDER BY event_at"


def written(root: Path, count: int) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(count))


def count(warehouse: Warehouse) -> int:
    return int(warehouse.query("SELECT count(*) FROM mono.raw.deliveries").item())


@pytest.mark.parametrize("rows", [3, 200])
def test_what_is_appended_comes_back_with_its_types(root: Path, rows: int) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(rows))
        assert_frame_equal(warehouse.query(ALL), deliveries(rows))


def test_columns_are_told_apart_by_name_not_by_place(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(20).select(reversed(deliveries(1).columns)))
        assert_frame_equal(warehouse.query(ALL), deliveries(20))


def test_a_transaction_inside_another_is_a_part_of_it(root: Path) -> None:
    def fail_behind_it(warehouse: Warehouse) -> None:
        with warehouse.transaction():
            with warehouse.transaction():
                warehouse.append(Deliveries, deliveries(20))
            assert count(warehouse) == 20
            raise LookupError

    with open_warehouse(places(root), read_only=False) as warehouse:
        with pytest.raises(LookupError):
            fail_behind_it(warehouse)
        assert count(warehouse) == 0
        with warehouse.transaction(), warehouse.transaction():
            warehouse.append(Deliveries, deliveries(20))
        with warehouse.transaction():
            assert count(warehouse) == 20


def test_an_empty_frame_writes_nothing(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        before = warehouse.snapshot()
        with warehouse.transaction():
            warehouse.append(Deliveries, deliveries(0))
            warehouse.update(Deliveries, deliveries(0).select("delivery_id"), deliveries(0).select("copies"))
            warehouse.delete(Deliveries, deliveries(0).select("delivery_id"))
        assert warehouse.snapshot() == before


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (deliveries(1).drop("body"), "body is missing, not String"),
        (deliveries(1).with_columns(extra=1), "extra is Int32, not there"),
        (deliveries(1).with_columns(pl.col("copies").cast(pl.Int32)), "copies is Int32, not Int64"),
    ],
)
def test_a_frame_of_another_shape_is_refused_by_column(root: Path, frame: pl.DataFrame, complaint: str) -> None:
    with (
        open_warehouse(places(root), read_only=False) as warehouse,
        pytest.raises(ValueError, match=f"raw.deliveries: {complaint}"),
    ):
        warehouse.append(Deliveries, frame)


def test_a_null_where_the_contract_takes_none_is_refused(root: Path) -> None:
    with (
        open_warehouse(places(root), read_only=False) as warehouse,
        pytest.raises(duckdb.Error, match="NOT NULL"),
    ):
        warehouse.append(Deliveries, deliveries(20).with_columns(body=pl.lit(None, pl.String)))


def test_an_error_in_a_transaction_leaves_the_state_before_it(root: Path) -> None:
    written(root, 30)
    with open_warehouse(places(root), read_only=False) as warehouse:
        before = warehouse.snapshot()
        with pytest.raises(ValueError, match="body is missing"), warehouse.transaction():  # noqa: PT012  a sequence
            warehouse.append(Deliveries, deliveries(30, start=30))
            warehouse.delete(Deliveries, deliveries(5).select("delivery_id"))
            warehouse.append(Deliveries, deliveries(1).drop("body"))
        assert_frame_equal(warehouse.query(ALL), deliveries(30))
        assert warehouse.snapshot() == before


def test_a_transaction_sees_its_own_rows_and_is_one_commit(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        before = warehouse.snapshot()
        with warehouse.transaction():
            warehouse.append(Deliveries, deliveries(40))
            warehouse.append(Copies, copies(20))
            assert count(warehouse) == 40
            warehouse.update(
                Deliveries,
                deliveries(40).select("delivery_id", "event_at"),
                deliveries(40).with_columns(copies=pl.lit(7, pl.Int64)).select("copies"),
            )
            warehouse.delete(Deliveries, deliveries(10).select("delivery_id"))
        assert warehouse.snapshot() == before + 1
        assert_frame_equal(warehouse.query(ALL), deliveries(30, start=10).with_columns(copies=pl.lit(7, pl.Int64)))


def test_a_transaction_does_not_hold_on_to_what_was_appended(root: Path) -> None:
    numbers = array("q", [1, 2, 3])
    lent = weakref.ref(numbers)
    column = pl.Series("copies", pa.Array.from_buffers(pa.int64(), 3, [None, pa.py_buffer(numbers)]))
    frame = deliveries(3).with_columns(column)
    del numbers, column
    with open_warehouse(places(root), read_only=False) as warehouse, warehouse.transaction():
        warehouse.append(Deliveries, frame)
        assert lent() is not None
        del frame
        assert lent() is None
        assert warehouse.query(ALL)["copies"].to_list() == [1, 2, 3]


def test_an_update_finds_rows_by_their_present_values_and_may_change_those(root: Path) -> None:
    written(root, 20)
    with open_warehouse(places(root), read_only=False) as warehouse:
        present = deliveries(2).select("delivery_id", "event_at")
        future = present.select(
            pl.Series("delivery_id", [sha("x"), sha("y")]), pl.col("event_at").dt.offset_by("1d").alias("event_at")
        )
        warehouse.update(Deliveries, present, future)
        changed = warehouse.query(
            "SELECT delivery_id, event_at FROM mono.raw.deliveries ORDER BY event_at DESC LIMIT 2"
        )
        assert_frame_equal(changed.reverse(), future)


def test_nulls_in_a_key_find_rows_without_a_value(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        named = deliveries(12).with_columns(state=pl.when(pl.col("line") > 2).then("state"))
        warehouse.append(Deliveries, named)
        warehouse.delete(Deliveries, named.head(3).select("delivery_id", "state"))
        assert count(warehouse) == 9


def test_instants_are_in_utc_whatever_the_zone_of_the_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Bogota")
    written(root, 1)
    with open_warehouse(places(root), read_only=True) as warehouse:
        assert warehouse.query("SELECT event_at FROM mono.raw.deliveries").item() == START
        assert warehouse.query(ALL).schema == polars_schema(Deliveries)


def test_a_name_in_the_callers_code_never_stands_in_for_a_table(root: Path) -> None:
    not_a_table = deliveries(1)
    with (
        open_warehouse(places(root), read_only=False) as warehouse,
        pytest.raises(duckdb.CatalogException, match="not_a_table"),
    ):
        warehouse.query("SELECT * FROM not_a_table")
    assert not_a_table.height == 1


def test_a_reader_cannot_write(root: Path) -> None:
    written(root, 1)
    with (
        open_warehouse(places(root), read_only=True) as warehouse,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        warehouse.append(Deliveries, deliveries(1))


def test_reading_where_there_is_no_warehouse_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"catalog.sqlite: there is no warehouse yet; run mono-recon ingest"):
        open_warehouse(places(tmp_path), read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_catalog_that_is_none_is_an_error_that_names_it_and_the_way_out(tmp_path: Path) -> None:
    places(tmp_path).catalog.parent.mkdir()
    places(tmp_path).catalog.write_text("this is no database, " * 100)
    with pytest.raises(WarehouseError, match=r"catalog.sqlite: the warehouse cannot be opened.*restore it"):
        open_warehouse(places(tmp_path), read_only=False)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        open_warehouse(places(tmp_path), read_only=False)


def test_a_moved_data_root_is_read_and_then_put_right(tmp_path: Path) -> None:
    written(tmp_path / "old", 50)
    (tmp_path / "old").rename(tmp_path / "new")
    with open_warehouse(places(tmp_path / "new"), read_only=True) as warehouse:
        assert_frame_equal(warehouse.query(ALL), deliveries(50))
    with open_warehouse(places(tmp_path / "new"), read_only=False) as warehouse:
        assert_frame_equal(warehouse.query(ALL), deliveries(50))
        stored = warehouse.query("SELECT value FROM __ducklake_metadata_mono.ducklake_metadata WHERE key = 'data_path'")
        assert stored.item() == f"{tmp_path}/new/warehouse/files/"
        warehouse.append(Deliveries, deliveries(50, start=50))
        assert_frame_equal(warehouse.query(ALL), deliveries(100))


def test_a_folder_with_a_quote_in_its_name_can_hold_a_warehouse(tmp_path: Path) -> None:
    written(tmp_path / "it's here", 20)
    with open_warehouse(places(tmp_path / "it's here"), read_only=True) as warehouse:
        assert count(warehouse) == 20


def test_files_of_other_days_are_not_opened(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        for day in range(4):
            warehouse.append(Deliveries, deliveries(20, start=day * 86_400))
        files = sorted(places(root).files.rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
        assert len(files) == 4
        for path in (files[0], files[1], files[3]):
            path.write_bytes(b"damaged")
        keys = deliveries(20, start=2 * 86_400).select("event_at")
        found = warehouse.query(
            "SELECT held.line FROM mono.raw.deliveries AS held SEMI JOIN keys USING (event_at)", keys=keys
        )
        assert found.height == 20


def test_a_few_small_files_are_left_alone_and_many_become_one(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        for day in range(7):
            warehouse.append(Deliveries, deliveries(20, start=day * 20))
        few = warehouse.snapshot()
        warehouse.compact()
        assert warehouse.snapshot() == few
        warehouse.append(Deliveries, deliveries(20, start=140))
        warehouse.append(Deliveries, deliveries(3, start=160))
        warehouse.compact()
        assert_frame_equal(warehouse.query(ALL), deliveries(163))
        listed = warehouse.query("SELECT data_file FROM ducklake_list_files('mono', 'deliveries', schema => 'raw')")
        assert listed.height == 1
        replaced = set(places(root).files.rglob("*.parquet"))
        assert len(replaced) > 1, "what readers may still name stays"


@pytest.mark.parametrize(("turns", "left_crowded"), [(1, 2), (2, 0)])
def test_as_many_tables_have_their_turn_as_there_were_dates(root: Path, *, turns: int, left_crowded: int) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        for _ in range(8):
            with warehouse.transaction():
                for table in core.TABLES[:5]:
                    nothing = pl.DataFrame(schema=polars_schema(table)).clear(20)
                    filled = [pl.col(pl.String).fill_null(""), pl.col(pl.Int64).fill_null(0)]
                    warehouse.append(table, nothing.with_columns(*filled, pl.col(pl.Datetime).fill_null(START)))
        assert warehouse.sizes()[0] == 5 * 8
        warehouse.compact(turns)
        assert warehouse.sizes()[0] == 5 - left_crowded + 8 * left_crowded


def test_the_files_of_one_large_ingest_are_no_crowd(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        with warehouse.transaction():
            for portion in range(9):
                warehouse.append(Deliveries, deliveries(20, start=portion * 20))
        before = warehouse.snapshot()
        warehouse.compact()
        assert warehouse.snapshot() == before


@pytest.mark.parametrize(("hours", "is_kept"), [(1, True), (7 * 24 - 1, True), (9 * 24, False)])
def test_what_a_reader_may_still_name_is_kept_for_seven_whole_days(root: Path, *, hours: int, is_kept: bool) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        for day in range(8):
            warehouse.append(Deliveries, deliveries(20, start=day * 20))
        warehouse.compact()
    removed_at = datetime.now(UTC) - timedelta(hours=hours)
    with closing(sqlite3.connect(places(root).catalog)) as catalog, catalog:
        moved = catalog.execute(
            "UPDATE ducklake_files_scheduled_for_deletion SET schedule_start = ?", [f"{removed_at}"]
        )
        assert moved.rowcount == 8
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.compact()
    assert (len(set(places(root).files.rglob("*.parquet"))) > 1) == is_kept


def test_the_engine_uses_all_cores_for_many_rows_or_in_a_long_history_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = "SELECT current_setting('threads')::BIGINT"
    with duckdb.connect() as plain:
        plain.execute("RESET threads")
        ((cores,),) = plain.execute(threads).fetchall()
    with open_warehouse(places(root), read_only=False) as warehouse:
        used = [warehouse.query(threads).item()]
        warehouse.append(Deliveries, deliveries(200))
        for statements, long in ((10**6, 201), (10, 201), (10, 200)):
            monkeypatch.setattr("mono_recon.warehouse.connect._LONG", long)
            warehouse.expect(statements)
            used.append(warehouse.query(threads).item())
    assert used == [1, cores, 1, cores]


def test_an_analyst_reads_tables_without_naming_schemas(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(root, 3)
    with mono_recon.connect(root) as connection:
        assert connection.execute("SELECT count(*) FROM deliveries").fetchall() == [(3,)]
        assert connection.execute("SELECT count(*) FROM issues, transfer_observations").fetchall() == [(0,)]
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
        with pytest.raises(duckdb.Error):
            connection.execute("DELETE FROM mono.raw.deliveries")
    monkeypatch.setenv("MONO_RECON_DATA", str(root))
    with mono_recon.connect() as connection:
        assert connection.execute("SELECT count(*) FROM deliveries").fetchall() == [(3,)]


def test_money_and_days_read_as_people_read_them(root: Path) -> None:
    written(root, 1)
    with mono_recon.connect(root) as connection:
        largest = 2**63 - 1
        amounts = connection.execute("SELECT pesos(?)::VARCHAR, pesos(-5)::VARCHAR", [largest]).fetchall()
        assert amounts == [("92233720368547758.07", "-0.05")]
        days = connection.execute(
            """
            SELECT business_date(TIMESTAMPTZ '2026-03-02 04:59:59.999999Z')::VARCHAR,
                business_date(TIMESTAMPTZ '2026-03-02 05:00:00Z')::VARCHAR,
                business_date(TIMESTAMPTZ '2026-03-02 23:00:00Z', ends_at := INTERVAL 18 HOURS)::VARCHAR
            """
        ).fetchall()
        assert days == [("2026-03-01", "2026-03-02", "2026-03-03")]


def test_a_refused_row_keeps_a_text_that_is_odd(root: Path) -> None:
    raw = 'ñ "quoted" \\x00 \t\r\n \U0001f600'
    values = dict.fromkeys(polars_schema(Quarantine).names())
    row = values | {
        "kind": "webhooks",
        "reason": "schema",
        "detail": raw,
        "path": raw,
        "file_sha256": sha("file"),
        "line": 1,
        "byte_offset": 0,
        "raw": raw,
        "raw_sha256": sha(raw),
    }
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Quarantine, pl.DataFrame([row], schema=polars_schema(Quarantine)))
        assert warehouse.query("SELECT raw FROM mono.raw.quarantine").item() == raw
