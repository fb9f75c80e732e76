"""A warehouse that an earlier version wrote is opened, brought up to date and gone on with.

``fixtures/warehouse/format_before_narrowing.tar.xz`` is a data root made by commit 62f82e0: two dates with faults
(``write_demo(days=2, transfers_per_day=3, seed=3)``), ingested, the first of them issued at both of its as-ofs.
Its tables lack columns and one table that later ones have.
"""

import tarfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.schemas import core, raw, report
from mono_recon.schemas.table import polars_schema, schema_name, table_name
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import open_warehouse

OLD = Path(__file__).parent / "fixtures/warehouse/format_before_narrowing.tar.xz"
NOW = datetime(2026, 3, 10, tzinfo=UTC)
ISSUED = "SELECT business_date, version, as_of, verdict, content_sha256 FROM mono.report.issues ORDER BY ALL"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with tarfile.open(OLD) as packed:
        packed.extractall(tmp_path, filter="data")
    return load_settings(tmp_path, None, {})


def columns(settings: Settings) -> dict[str, set[str]]:
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        rows = warehouse.query(
            "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE database_name = 'mono'"
        )
    return {str(table): set(of["column_name"]) for (table,), of in rows.group_by(rows.columns[0])}


def test_an_earlier_warehouse_gains_what_it_lacks_and_keeps_what_was_issued(settings: Settings) -> None:
    tables = {
        f"{schema_name(table)}.{table_name(table)}": set(polars_schema(table))
        for table in (*raw.TABLES, *core.TABLES, *report.TABLES)
    }
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        before = warehouse.query(ISSUED)
    old = columns(settings)
    assert {name for name in tables if tables[name] - old.get(name, set())}, "the fixture lacks nothing"
    assert ingest(settings, environ={}).files_new == 0
    new = columns(settings)
    assert [name for name in tables if tables[name] - new[name]] == []
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        assert warehouse.query(ISSUED).equals(before)
    assert before.height == 2


def test_the_dates_after_those_that_an_earlier_version_issued_follow_as_ever(
    settings: Settings, tmp_path: Path
) -> None:
    ingest(settings, environ={})
    made = issue_dates(settings, [date(2026, 3, 3)], as_of=None, replay=True, now=NOW)
    anew = load_settings(tmp_path / "anew", None, {"MONO_RECON_CONFIG": str(tmp_path / "mono_recon.toml")})
    anew.paths.archive.parent.mkdir()
    anew.paths.archive.symlink_to(tmp_path / "archive")
    ingest(anew, environ={})
    whole = issue_dates(anew, [date(2026, 3, 2), date(2026, 3, 3)], as_of=None, replay=True, now=NOW)
    hashes = {(each.business_date, each.version): each.content_sha256 for each in whole}
    assert {(each.business_date, each.version): each.content_sha256 for each in made}.items() <= hashes.items()
    assert (date(2026, 3, 3), 1) in hashes
