"""A report pack as a folder of files: its names and the writing of all of it.

Here belong the names of a pack and the order in which its files are made. The form of each file is
in the module of its format; publishing the folder, written aside and renamed into place, belongs to
``mono_recon.pipeline``.
"""

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import msgspec

from mono_recon.report.csv import write_csv
from mono_recon.report.manifest import MANIFEST, render, seal, statement
from mono_recon.report.model import Report
from mono_recon.report.page import PAGE, write_page
from mono_recon.report.parquet import write_parquet
from mono_recon.report.privacy import without_emails
from mono_recon.report.workbook import write_workbook


def pack_name(business_date: date, version: int) -> str:
    """What the files of a pack begin with: ``mono_recon_2026-03-02_v1``."""
    return f"mono_recon_{business_date.isoformat()}_v{version}"


def pack_folder(reports_root: Path, business_date: date, version: int) -> Path:
    """Where an issued pack lies: ``<reports>/2026-03-02/v1``."""
    return reports_root / business_date.isoformat() / f"v{version}"


def workbook_path(folder: Path, pack: str) -> Path:
    """Where the workbook of a pack lies."""
    return folder / f"{pack}.xlsx"


def write_pack(report: Report, folder: Path) -> dict[str, str]:
    """Write every file of a pack, the manifest last; equal reports give equal bytes.

    Args:
        report: The report.
        folder: An existing, empty folder.

    Returns:
        SHA-256 in hex of each file by name, the manifest's too.

    Raises:
        FileExistsError: The folder holds something already.
    """
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds files already; a pack is written into an empty folder")
    report = dataclasses.replace(
        report, tables={name: without_emails(name, frame) for name, frame in report.tables.items()}
    )
    name = pack_name(report.business_date, report.version)
    stated = statement(report)
    form = report.settings.report
    with ThreadPoolExecutor() as pool:
        written = [
            pool.submit(write_parquet, report.tables, folder, seal=seal(stated)),
            pool.submit(
                write_csv,
                report.tables,
                folder,
                pack=name,
                delimiter=form.csv_delimiter,
                decimal=form.decimal_separator,
            ),
        ]
        write_workbook(report, workbook_path(folder, name))
        write_page(report, folder / PAGE, pack=name)
    for each in written:
        each.result()
    manifest = msgspec.structs.replace(stated, files=file_hashes(folder))
    (folder / MANIFEST).write_bytes(render(manifest))
    return {**manifest.files, MANIFEST: _sha256(folder / MANIFEST)}


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 in hex of each file in a folder, by name and sorted by it."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    with ThreadPoolExecutor() as pool:
        return {path.name: digest for path, digest in zip(paths, pool.map(_sha256, paths), strict=True)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
