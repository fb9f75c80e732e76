"""Is an issued pack what was issued? Answered from the pack alone.

Here belongs the comparison of a pack's manifest with its files and of its files with each other. The
identities between the tables are in ``identities``; making the pack again from the warehouse belongs
to ``mono_recon.pipeline``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from mono_recon.report.content import content_sha256
from mono_recon.report.csv import csv_frame, csv_path, read_csv
from mono_recon.report.identities import failed_identities, verdict
from mono_recon.report.manifest import MANIFEST, Manifest, control_totals, parse, seal
from mono_recon.report.model import pack_schemas
from mono_recon.report.pack import file_hashes, pack_name, workbook_path
from mono_recon.report.page import PAGE
from mono_recon.report.parquet import parquet_path, read_seal

Tables = Mapping[str, pl.DataFrame]


def verify_pack(folder: Path) -> list[str]:
    """Recompute every hash, count, control total and identity of a pack.

    Args:
        folder: The folder of a pack; nothing else is read.

    Returns:
        The differences in words; none if the pack is what was issued.
    """
    try:
        manifest = parse((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        return [f"{MANIFEST} cannot be read: {error}"]
    # What is not the file that was issued may not even be readable; so each stage needs the one before.
    if differences := list(_file_differences(folder, manifest)):
        return differences
    try:
        tables = {name: pl.read_parquet(parquet_path(folder, name), glob=False) for name in pack_schemas()}
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        return [f"a Parquet file cannot be read: {error}"]
    if differences := list(_shape_differences(tables, manifest)):
        return differences
    differences = [
        *_seal_differences(folder, manifest),
        *_statement_differences(tables, manifest),
        *failed_identities(tables),
    ]
    # Only the settings that were issued say how to read a CSV file.
    return differences or list(_csv_differences(folder, tables, manifest))


def _file_differences(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, foreign or changed, against the manifest and against the names of a pack."""
    found = {name: sha256 for name, sha256 in file_hashes(folder).items() if name != MANIFEST}
    for name in sorted(found.keys() | manifest.files.keys()):
        if name not in manifest.files:
            yield f"{name} is not in the manifest"
        elif name not in found:
            yield f"{name} is missing"
        elif found[name] != manifest.files[name]:
            yield f"{name} has SHA-256 {found[name]}, the manifest says {manifest.files[name]}"
    pack = pack_name(manifest.business_date, manifest.version)
    due = [workbook_path(folder, pack), folder / PAGE]
    for table in pack_schemas():
        due += [parquet_path(folder, table), csv_path(folder, pack, table)]
    for path in due:
        if path.name not in manifest.files:
            yield f"{path.name} is not among the files of the manifest"


def _shape_differences(tables: Tables, manifest: Manifest) -> Iterator[str]:
    """Columns, rows and date of each table."""
    for name, schema in pack_schemas().items():
        frame = tables[name]
        if frame.schema != schema:
            yield f"{name}.parquet has columns that are not those of its contract: {frame.schema}"
            continue
        if frame.height != manifest.tables.get(name):
            yield f"{name} has {frame.height} rows, the manifest says {manifest.tables.get(name)}"
        own = pl.col("business_date").eq(manifest.business_date) & pl.col("version").eq(manifest.version)
        if foreign := frame.filter(~own).height:
            yield f"{name} has {foreign} rows of another date or version"
    if foreign_tables := sorted(manifest.tables.keys() - tables.keys()):
        yield f"the manifest counts tables that no pack has: {', '.join(foreign_tables)}"


def _seal_differences(folder: Path, manifest: Manifest) -> Iterator[str]:
    expected = seal(manifest)
    for name in pack_schemas():
        if read_seal(folder, name) != expected:
            yield f"{name}.parquet and the manifest were not issued together: one of them was changed"


def _csv_differences(folder: Path, tables: Tables, manifest: Manifest) -> Iterator[str]:
    pack = pack_name(manifest.business_date, manifest.version)
    form = manifest.settings["report"]
    for name, frame in tables.items():
        path = csv_path(folder, pack, name)
        try:
            written = read_csv(path, form["csv_delimiter"])
        except pl.exceptions.PolarsError as error:
            yield f"{path.name} cannot be read: {error}"
            continue
        expected = csv_frame(frame, form["decimal_separator"])
        if not written.equals(expected):
            columns = [column for column in expected.columns if not _same(written, expected, column)]
            yield f"{path.name} differs from {name}.parquet in {', '.join(columns) or 'its columns'}"


def _same(written: pl.DataFrame, expected: pl.DataFrame, column: str) -> bool:
    return column in written.columns and written[column].equals(expected[column])


def _statement_differences(tables: Tables, manifest: Manifest) -> Iterator[str]:
    """What the manifest states, against what the tables and its settings give."""
    canonical = json.dumps(manifest.settings, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    stated_and_found = {
        "content_sha256": (manifest.content_sha256, content_sha256(tables)),
        "settings_sha256": (manifest.settings_sha256, hashlib.sha256(canonical.encode()).hexdigest()),
        "control_totals": (manifest.control_totals, control_totals(tables["control"])),
        "verdict": (manifest.verdict, verdict(tables["breaks"])),
    }
    for key, (stated, found) in stated_and_found.items():
        if stated != found:
            yield f"the manifest states {key} {stated}, the tables and settings give {found}"
    sources = {file.sha256 for file in manifest.source_files}
    for sha256 in sorted(set(tables["lineage"]["file_sha256"]) - sources):
        yield f"lineage names a file with SHA-256 {sha256} that is not among source_files"
