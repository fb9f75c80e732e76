import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from mono_recon.report.model import pack_schemas
from mono_recon.report.pack import pack_folder, pack_name, write_pack
from mono_recon.report.parquet import write_parquet
from tests.report.sample import report, with_rows

ROOT = Path(__file__).parents[2]


def test_a_pack_is_named_after_its_date_and_version() -> None:
    assert pack_name(date(2026, 3, 2), 12) == "mono_recon_2026-03-02_v12"
    assert pack_folder(Path("reports"), date(2026, 3, 2), 12) == Path("reports/2026-03-02/v12")


def test_a_pack_holds_a_workbook_a_page_two_files_per_table_and_its_manifest(tmp_path: Path) -> None:
    hashes = write_pack(report(), tmp_path)
    tables = [
        name for table in pack_schemas() for name in (f"{table}.parquet", f"mono_recon_2026-03-02_v1_{table}.csv")
    ]
    assert sorted(hashes) == sorted([*tables, "mono_recon_2026-03-02_v1.xlsx", "index.html", "manifest.json"])
    assert sorted(hashes) == sorted(path.name for path in tmp_path.iterdir())


def test_parquet_holds_the_exact_types(tmp_path: Path) -> None:
    given = report()
    write_pack(given, tmp_path)
    for name, frame in given.tables.items():
        if name != "data_quality":
            assert pl.read_parquet(tmp_path / f"{name}.parquet").equals(frame)
        assert pl.read_parquet(tmp_path / f"{name}.parquet").schema == pack_schemas()[name]


def test_an_issued_folder_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").touch()
    with pytest.raises(FileExistsError, match="empty folder"):
        write_pack(report(), tmp_path)


@pytest.mark.parametrize("language", ["es", "en"])
def test_another_process_writes_the_same_bytes(tmp_path: Path, language: str) -> None:
    code = (
        "import json, sys; from pathlib import Path; from mono_recon.report.pack import write_pack; "
        "from tests.report.sample import report; "
        "print(json.dumps(write_pack(report(language=sys.argv[2]), Path(sys.argv[1]))))"
    )
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    environment = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(there), language],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    assert json.loads(done.stdout) == write_pack(report(language=language), here)


def test_how_a_table_lies_in_memory_changes_no_byte(tmp_path: Path) -> None:
    given = report()
    in_pieces = {name: pl.concat([frame[:1], frame[1:]], rechunk=False) for name, frame in given.tables.items()}
    reordered = dict(reversed(in_pieces.items()))
    hashes = []
    for number, tables in enumerate((given.tables, reordered)):
        folder = tmp_path / str(number)
        folder.mkdir()
        hashes.append(write_pack(report(tables), folder))
    assert hashes[0] == hashes[1]


def test_the_pieces_of_a_large_table_change_no_byte(tmp_path: Path) -> None:
    whole = pl.DataFrame({"line": range(100_000)})
    in_pieces = pl.concat([whole[:33_333], whole[33_333:]], rechunk=False)
    write_parquet({"whole": whole, "in_pieces": in_pieces}, tmp_path, seal="")
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "in_pieces.parquet").read_bytes()


def test_a_table_of_many_rows_is_written_whole(tmp_path: Path) -> None:
    lineage = report().tables["lineage"]
    many = pl.concat([lineage] * 70_000).with_columns(line=pl.int_range(1, pl.len() + 1))
    write_pack(report({"lineage": many}, workbook_max_rows=5), tmp_path)
    assert pl.read_parquet(tmp_path / "lineage.parquet")["line"].to_list() == list(range(1, 210_001))
    csv = pl.read_csv(tmp_path / "mono_recon_2026-03-02_v1_lineage.csv", separator=";", infer_schema=False)
    assert csv["line"].cast(int).to_list() == list(range(1, 210_001))


def test_another_fact_gives_another_pack(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert write_pack(report(), one) != write_pack(with_rows("breaks", {"amount_minor": 1}), other)
