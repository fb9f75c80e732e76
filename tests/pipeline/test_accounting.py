"""Every record that lies in the archive is accounted for exactly once, however it lies there."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive.decoded import CORE_TABLES
from mono_recon.pipeline.ingest import IngestResult, ingest
from mono_recon.pipeline.intake import COUNTS
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.mixtures import KEY, SETTINGS, File, expected, mixtures, packagings, plainly
from tests.soaking import examples

SECRETS = {"SECRET": KEY}
PLACES = {"path", "file_sha256", "line", "byte_offset"}
HELD = ["raw.files", "raw.deliveries", "raw.copies", "raw.export_pages", "raw.exports", "raw.quarantine"]
HELD += [f"core.{name}" for name in CORE_TABLES]
FATES = ("accepted", "duplicates", "unused", "quarantined")


class Archive:
    """A data root that is filled and ingested step by step."""

    def __init__(self, root: Path) -> None:
        (root / "mono_recon.toml").write_text(SETTINGS, encoding="utf-8")
        self.settings = load_settings(root, None, SECRETS)
        self.settings.paths.archive.mkdir()

    def ingest(self, files: Iterable[File]) -> IngestResult:
        for file in files:
            path = self.settings.paths.archive / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        return ingest(self.settings, environ=SECRETS)

    def tables(self) -> dict[str, pl.DataFrame]:
        with open_warehouse(self.settings.warehouse, read_only=True) as warehouse:
            return {name: warehouse.query(f"SELECT * FROM mono.{name}") for name in HELD}  # noqa: S608  names written above


def facts(tables: dict[str, pl.DataFrame]) -> dict[str, list[str]]:
    """What is held, apart from the places where it was found and from damage, which is of files."""
    kept = {name: frame for name, frame in tables.items() if name != "raw.files"}
    kept["raw.quarantine"] = kept["raw.quarantine"].filter(pl.col("reason") != "unreadable_file")
    for name in ("raw.deliveries", "raw.copies"):
        # A bare payload has no raw bytes of its own in an array, and no signature anywhere.
        kept[name] = kept[name].with_columns(pl.col("signature_status").replace("unverifiable", "no_header"))
    return {name: sorted(map(repr, frame.drop(PLACES & {*frame.columns}).rows())) for name, frame in kept.items()}


def check_files(held: pl.DataFrame, files: Sequence[File]) -> None:
    """Of each file the four counts add up to what was written into it, and those of rows to one another."""
    rows = {row["path"]: row for row in held.iter_rows(named=True)}
    assert rows.keys() == {file.path for file in files}
    for file in files:
        row = rows[file.path]
        assert row["records_read"] == sum(row[fate] for fate in FATES) == file.records, file.path
        assert row["rows_read"] == row["rows_accepted"] + row["rows_quarantined"], file.path


def check_run(result: IngestResult, held: pl.DataFrame, files: Sequence[File]) -> None:
    """Counts of a run are those of the files that it read, and add up to what was written into them."""
    counts = result.to_dict()
    assert counts["records_read"] == sum(counts[fate] for fate in FATES) == sum(file.records for file in files)
    of_run = held.filter(pl.col("path").is_in([file.path for file in files]))
    assert of_run.select(pl.col(COUNTS).sum()).row(0, named=True) == {name: counts[name] for name in COUNTS}


def brought_in(folder: Path, files: Sequence[File]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Counts without damage, and facts, after the ingests that a packaging asks for; every sum was checked."""
    archive = Archive(folder)
    rounds = [[file for file in files if file.round == number] for number in (0, 1)]
    results = [archive.ingest(found) for found in rounds if found]
    tables = archive.tables()
    check_files(tables["raw.files"], files)
    for result, found in zip(results, filter(None, rounds), strict=True):
        check_run(result, tables["raw.files"], found)
    counts = tables["raw.files"].select(pl.col(COUNTS).sum()).row(0, named=True)
    damages = sum(file.damages for file in files)
    counts |= {name: counts[name] - damages for name in ("records_read", "quarantined")}
    return counts, facts(tables)


@examples(quick=4, soak=300, shrink=False)
@given(st.data())
def test_every_record_is_counted_once_and_no_packaging_changes_what_is_held(data: st.DataObject) -> None:
    records = data.draw(mixtures)
    files = data.draw(packagings(records))
    with TemporaryDirectory() as plain, TemporaryDirectory() as packed:
        counts, held = brought_in(Path(plain), plainly(records))
        assert counts == expected(records)
        assert brought_in(Path(packed), files) == (counts, held)
