from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from mono_recon.schemas import core, raw, report
from mono_recon.schemas.table import Table, column, describe, polars_schema, schema_name, table_name
from mono_recon.warehouse import ddl
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.errors import WarehouseError
from tests.warehouse.lakes import START, deliveries, places

DAY = date(2026, 3, 4)


class Sightings(Table):
    """What a newer version might add; told apart by its module's name."""

    sighting_id: str = column("Id")


def rows(table: type[Table], **values: object) -> pl.DataFrame:
    """Rows of a table: nulls, or the least there can be, where no value is given."""
    least = {pl.String(): "x", pl.Int64(): 0, pl.Boolean(): False, pl.Date(): DAY, pl.List(pl.String()): []}
    instant = {pl.Datetime("us", "UTC"): START}
    rules = table.to_schema().columns
    row = {
        name: values.get(name, None if rules[name].nullable else (least | instant)[dtype])
        for name, dtype in polars_schema(table).items()
    }
    return pl.DataFrame([row], schema=polars_schema(table))


def issue(warehouse: Warehouse, version: int, breaks: int, day: date = DAY) -> None:
    warehouse.append(report.Issues, rows(report.Issues, business_date=day, version=version))
    for number in range(breaks):
        row = rows(report.Breaks, business_date=day, version=version, break_id=f"{version}.{number}")
        warehouse.append(report.Breaks, row)


def test_every_table_of_the_contracts_is_there_with_its_columns_in_order(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        assert len(ddl.TABLES) == len({*raw.TABLES, *core.TABLES, *report.TABLES})
        for table in ddl.TABLES:
            name = f"mono.{schema_name(table)}.{table_name(table)}"
            assert warehouse.query(f"SELECT * FROM {name}").schema == polars_schema(table)  # noqa: S608  a contract's name


def test_every_table_and_column_carries_its_description(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        columns = warehouse.query(
            "SELECT schema_name, table_name, column_name, comment, is_nullable FROM duckdb_columns()"
            " WHERE database_name = 'mono'"
        )
        found = {(schema, table, name): (comment, null) for schema, table, name, comment, null in columns.rows()}
        for table in ddl.TABLES:
            rules = table.to_schema().columns
            for name, meaning in describe(table).items():
                assert found[schema_name(table), table_name(table), name] == (meaning, rules[name].nullable)
        tables = warehouse.query("SELECT schema_name, comment FROM duckdb_tables() WHERE database_name = 'mono'")
        assert tables.filter(pl.col("schema_name") != "main").height == len(ddl.TABLES)
        assert tables["comment"].null_count() == 0
        version = columns.filter(pl.col("table_name") == "lake_version")
        assert version.height > version["comment"].null_count() == 0


def test_opening_a_warehouse_again_writes_nothing(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        first = warehouse.snapshot()
    with open_warehouse(places(root), read_only=False) as warehouse:
        assert warehouse.snapshot() == first


def test_an_older_warehouse_is_given_the_columns_and_tables_that_it_lacks(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(raw.Deliveries, deliveries(20))

    class Deliveries(raw.Deliveries):
        tenant: str = column("Whose it is", nullable=True)

    class Exports(raw.Exports):
        tenant: str = column("Whose it is")

    for table in (Deliveries, Exports, Sightings):
        monkeypatch.setattr(table, "__module__", "newer.raw")
    monkeypatch.setattr(ddl, "TABLES", (Deliveries, Exports, Sightings))
    with open_warehouse(places(root), read_only=False) as warehouse:
        found = warehouse.query("SELECT * FROM mono.raw.deliveries")
        assert found.schema == polars_schema(Deliveries)
        assert found["tenant"].null_count() == found.height == 20
        with pytest.raises(duckdb.Error, match="NOT NULL"):
            warehouse.append(Exports, rows(Exports).with_columns(tenant=pl.lit(None, pl.String)))
        warehouse.append(Sightings, rows(Sightings))


def test_rows_in_the_way_of_a_new_column_are_said_to_be_and_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(raw.Deliveries, deliveries(20))

    class Deliveries(raw.Deliveries):
        tenant: str = column("Whose it is")

    monkeypatch.setattr(Deliveries, "__module__", "newer.raw")
    monkeypatch.setattr(ddl, "TABLES", (Deliveries,))
    with pytest.raises(WarehouseError, match=r"raw.deliveries .*new column tenant; move the warehouse away"):
        open_warehouse(places(root), read_only=False)
    monkeypatch.undo()
    with open_warehouse(places(root), read_only=False) as warehouse:
        assert warehouse.query("SELECT * FROM mono.raw.deliveries").schema == polars_schema(raw.Deliveries)


def test_a_warehouse_of_a_newer_format_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ddl, "VERSION", 9)
    open_warehouse(places(tmp_path), read_only=False).close()
    monkeypatch.undo()
    with pytest.raises(WarehouseError, match=r"format 9 .* install the version that wrote it"):
        open_warehouse(places(tmp_path), read_only=False)


def test_the_latest_view_shows_the_latest_version_of_each_date_only(root: Path) -> None:
    with open_warehouse(places(root), read_only=False) as warehouse:
        issue(warehouse, version=1, breaks=2)
        issue(warehouse, version=2, breaks=1)
        issue(warehouse, version=1, breaks=1, day=DAY + timedelta(days=1))
        found = warehouse.query("SELECT break_id FROM mono.report.latest_breaks ORDER BY business_date, break_id")
        assert found["break_id"].to_list() == ["2.0", "1.0"]
        issue(warehouse, version=3, breaks=0)
        assert warehouse.query("SELECT break_id FROM mono.report.latest_breaks")["break_id"].to_list() == ["1.0"]
        assert warehouse.query("SELECT version FROM mono.report.latest_issues ORDER BY 1")["version"].to_list() == [
            1,
            3,
        ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Later in time, whatever the state.
        ({"state": "approved"}, {"state": "created", "occurred_at": START + timedelta(microseconds=1)}),
        # One on a whole second: all are compared by the second, then by the rank of the state.
        ({"state": "in_progress", "occurred_at": START + timedelta(microseconds=9)}, {"state": "approved"}),
        ({"state": "created"}, {"state": "in_progress"}),
        # Equal states: the later event, then the export, then the greater source.
        ({"event_at": START, "known_at": START + timedelta(days=1)}, {"event_at": START + timedelta(seconds=1)}),
        ({"channel": "webhook", "event_at": START}, {"channel": "export", "event_at": None}),
        ({"source_ref": "w:a"}, {"source_ref": "w:b"}),
    ],
)
def test_the_latest_state_of_a_transfer_is_the_last_of_its_timeline(
    root: Path, first: dict[str, object], second: dict[str, object]
) -> None:
    def moment(values: dict[str, object]) -> dict[str, object]:
        shared: dict[str, object] = {"transfer_id": "trn_1", "state": "approved", "channel": "webhook"}
        return shared | {"occurred_at": START, "source_ref": "w:x"} | values

    if second.get("occurred_at"):
        first, second = (
            first | {"occurred_at": START + timedelta(microseconds=500)},
            second | {"occurred_at": START + timedelta(microseconds=501)},
        )
    for order in ((first, second), (second, first)):
        with open_warehouse(places(root), read_only=False) as warehouse:
            for values in order:
                warehouse.append(core.TransferObservations, rows(core.TransferObservations, **moment(values)))
            wanted = rows(core.TransferObservations, **moment(second))
            assert warehouse.query("SELECT * FROM mono.core.latest_transfers").equals(wanted)
            warehouse.delete(core.TransferObservations, wanted.select("transfer_id"))
