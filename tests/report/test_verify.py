import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.report.manifest import parse, render, seal
from mono_recon.report.model import Report, pack_schemas
from mono_recon.report.pack import write_pack
from mono_recon.report.parquet import write_parquet
from mono_recon.report.verify import verify_pack
from tests.report.sample import report, with_rows

PACK = "mono_recon_2026-03-02_v1"
FILES = sorted(
    [
        *(f"{name}.parquet" for name in pack_schemas()),
        *(f"{PACK}_{name}.csv" for name in pack_schemas()),
        f"{PACK}.xlsx",
        "index.html",
        "manifest.json",
    ]
)


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issued")
    write_pack(report(), folder)
    return folder


@pytest.fixture
def pack(issued: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(issued, tmp_path / "pack"))


def rewrite_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest and put the hashes of the files right, as a careful forger would."""
    stated = json.loads((folder / "manifest.json").read_bytes())
    for path in folder.iterdir():
        if path.name != "manifest.json":
            stated["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    change(stated)
    (folder / "manifest.json").write_bytes(
        (json.dumps(stated, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
    )


def only(differences: list[str]) -> str:
    [difference] = differences
    return difference


def test_a_pack_as_it_was_issued_has_no_difference(pack: Path) -> None:
    assert verify_pack(pack) == []


@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), ("\t", ","), ("|", ",")])
def test_a_pack_is_read_by_the_settings_it_was_written_with(tmp_path: Path, delimiter: str, decimal: str) -> None:
    given = with_rows(
        "outgoing_transfers",
        {"description": 'línea 1\r\n"línea 2",;\t', "payee_name": "", "reference": "=1"},
        csv_delimiter=delimiter,
        decimal_separator=decimal,
        language="en",
    )
    write_pack(given, tmp_path)
    assert verify_pack(tmp_path) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_one_changed_byte_in_any_file_is_found(pack: Path, name: str, place: float) -> None:
    content = bytearray((pack / name).read_bytes())
    content[int(len(content) * place)] ^= 1
    (pack / name).write_bytes(content)
    assert Path(name).stem in "\n".join(verify_pack(pack))


def test_every_byte_of_the_manifest_counts(pack: Path) -> None:
    content = (pack / "manifest.json").read_bytes()
    for place in range(0, len(content), 97):
        (pack / "manifest.json").write_bytes(content[:place] + b"7" + content[place + 1 :])
        if content[place] != ord("7"):
            assert verify_pack(pack), place


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(pack: Path, name: str) -> None:
    (pack / name).unlink()
    assert name in only(verify_pack(pack))


def test_a_file_that_is_not_of_the_pack_is_found(pack: Path) -> None:
    (pack / "notes.txt").touch()
    assert only(verify_pack(pack)) == "notes.txt is not in the manifest"


@pytest.mark.parametrize("name", ["breaks.parquet", "index.html", f"{PACK}.xlsx"])
def test_a_pack_whose_manifest_forgets_a_file_is_found(pack: Path, name: str) -> None:
    (pack / name).unlink()
    rewrite_manifest(pack, lambda stated: stated["files"].pop(name))
    assert only(verify_pack(pack)) == f"{name} is not among the files of the manifest"


def test_a_folder_that_is_no_pack_is_said_to_be_none(tmp_path: Path) -> None:
    assert "manifest.json cannot be read" in only(verify_pack(tmp_path))
    assert "manifest.json cannot be read" in only(verify_pack(tmp_path / "nowhere"))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_two_swapped_files_are_found(pack: Path, suffix: str) -> None:
    one, other = sorted(path for path in pack.iterdir() if path.suffix == suffix)[:2]
    content = one.read_bytes(), other.read_bytes()
    one.write_bytes(content[1])
    other.write_bytes(content[0])
    assert len(verify_pack(pack)) == 2
    rewrite_manifest(pack, lambda _: None)
    assert len(verify_pack(pack)) == 2


@pytest.mark.parametrize("name", [name for name, frame in report().tables.items() if frame.height])
def test_a_dropped_row_is_found_although_the_hashes_were_put_right(pack: Path, name: str) -> None:
    frame = pl.read_parquet(pack / f"{name}.parquet")
    write_parquet({name: frame[1:]}, pack, seal=seal(parse((pack / "manifest.json").read_bytes())))
    rewrite_manifest(pack, lambda _: None)
    assert f"{name} has {frame.height - 1} rows, the manifest says {frame.height}" in verify_pack(pack)


@pytest.mark.parametrize("name", [name for name, frame in report().tables.items() if frame.height])
def test_a_row_dropped_from_a_csv_file_is_found_although_the_hashes_were_put_right(pack: Path, name: str) -> None:
    path = pack / f"{PACK}_{name}.csv"
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([lines[0], *lines[2:]]))
    rewrite_manifest(pack, lambda _: None)
    assert only(verify_pack(pack)).startswith(f"{path.name} differs from {name}.parquet")


def test_a_figure_changed_in_a_csv_file_is_named_by_its_column(pack: Path) -> None:
    path = pack / f"{PACK}_balance_proof.csv"
    path.write_bytes(path.read_bytes().replace(b"8910000,00", b"8910000,01", 1))
    rewrite_manifest(pack, lambda _: None)
    assert only(verify_pack(pack)) == f"{path.name} differs from balance_proof.parquet in expected"


def test_a_csv_file_that_is_none_is_found(pack: Path) -> None:
    (pack / f"{PACK}_control.csv").write_bytes(b"")
    rewrite_manifest(pack, lambda _: None)
    assert f"{PACK}_control.csv cannot be read" in only(verify_pack(pack))


def test_a_parquet_file_that_is_none_is_found(pack: Path) -> None:
    (pack / "control.parquet").write_bytes(b"PAR1 but not really PAR1")
    rewrite_manifest(pack, lambda _: None)
    assert "a Parquet file cannot be read" in only(verify_pack(pack))


def test_a_column_that_is_not_the_contracts_is_found(pack: Path) -> None:
    stated = parse((pack / "manifest.json").read_bytes())
    control = pl.read_parquet(pack / "control.parquet").rename({"metric": "figure"})
    write_parquet({"control": control}, pack, seal=seal(stated))
    rewrite_manifest(pack, lambda _: None)
    assert "control.parquet has columns that are not those of its contract" in only(verify_pack(pack))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("as_of", "2026-03-03T11:00:00.000001Z"),
        ("code_version", "0.1.1"),
        ("supersedes", 1),
        ("issues", []),
        ("content_sha256", "0" * 64),
        ("settings_sha256", "0" * 64),
        ("verdict", "balanced"),
        ("control_totals", []),
        ("source_files", []),
        ("settings", {}),
    ],
)
def test_a_manifest_that_states_something_else_is_found(pack: Path, key: str, value: Any) -> None:
    rewrite_manifest(pack, lambda stated: stated.update({key: value}))
    differences = verify_pack(pack)
    assert "control.parquet and the manifest were not issued together: one of them was changed" in differences


def test_a_pack_of_another_version_under_this_ones_names_is_found(pack: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_pack(report(version=2), other)
    shutil.copy(other / "breaks.parquet", pack / "breaks.parquet")
    rewrite_manifest(pack, lambda _: None)
    assert "breaks has 4 rows of another date or version" in verify_pack(pack)


def forged(given: Report, folder: Path, **change: Any) -> list[str]:
    """Issue a pack whose report was not what the reconciler would state."""
    write_pack(Report(**(vars(given) | change)), folder)
    return verify_pack(folder)


def test_a_content_hash_that_is_not_that_of_the_facts_is_found(tmp_path: Path) -> None:
    assert "content_sha256" in only(forged(report(), tmp_path, content_sha256="0" * 64))


def test_a_verdict_that_the_breaks_do_not_give_is_found(tmp_path: Path) -> None:
    assert "verdict balanced, the tables and settings give breaks" in only(
        forged(report(), tmp_path, verdict="balanced")
    )


def test_a_record_from_a_file_that_is_not_among_the_sources_is_found(tmp_path: Path) -> None:
    sources = report().source_files[:1]
    assert "not among source_files" in only(forged(report(), tmp_path, source_files=sources))


def test_an_identity_that_fails_is_a_difference(tmp_path: Path) -> None:
    given = with_rows("control", {"status": "failed", "count": 1})
    assert "control: identity.roll_forward does not hold" in only(forged(given, tmp_path))


def test_the_date_of_a_pack_is_that_of_its_files(tmp_path: Path) -> None:
    differences = forged(report(), tmp_path, business_date=date(2026, 3, 3))
    assert "control has 14 rows of another date or version" in differences


def test_reading_a_manifest_changes_nothing(pack: Path) -> None:
    content = (pack / "manifest.json").read_bytes()
    assert render(parse(content)) == content
