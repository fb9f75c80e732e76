"""``doctor``: what is wrong with an installation, and how to mend it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mono_recon.archive.files import list_archive
from mono_recon.calendar import BusinessCalendar
from mono_recon.cli.answer import Answer
from mono_recon.cli.failures import FAILED, told
from mono_recon.cli.session import Session, Shared
from mono_recon.settings import Settings
from mono_recon.warehouse.attach import start_engine
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.errors import WarehouseError

LOW_DISK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome."""

    check: str
    is_ok: bool
    detail: str


def doctor(*, session: Shared) -> Answer:
    """Check settings, archive, warehouse, extensions, time zone and disk.

    Args:
        session: Global options.
    """
    findings = _findings(session)
    is_well = all(finding.is_ok for finding in findings)
    data = {
        "ok": is_well,
        "checks": [{"check": finding.check, "ok": finding.is_ok, "detail": finding.detail} for finding in findings],
    }
    return Answer(data, lambda console: _show(console, findings), 0 if is_well else FAILED)


def _findings(session: Session) -> list[Finding]:
    found = [_tried("extensions", _check_extensions)]
    try:
        settings = session.settings()
    except ValueError as error:
        return [Finding("settings", is_ok=False, detail=told(error)), *found]
    return [
        Finding("settings", is_ok=True, detail=f"data root {settings.paths.data}"),
        _tried("archive", lambda: _check_archive(settings)),
        _tried("warehouse", lambda: _check_warehouse(settings)),
        *found,
        _tried("time zone", lambda: _check_zone(settings.business.calendar)),
        _tried("disk", lambda: _check_disk(settings.paths.data)),
    ]


def _tried(check: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(check, is_ok=True, detail=ask())
    except (OSError, ValueError, RuntimeError, WarehouseError) as error:
        return Finding(check, is_ok=False, detail=told(error))


def _check_archive(settings: Settings) -> str:
    listing = list_archive(settings.paths.archive)
    return f"{len(listing.files)} files, {listing.ignored} ignored by their names, in {settings.paths.archive}"


def _check_warehouse(settings: Settings) -> str:
    if not settings.warehouse.catalog.exists():
        return "none yet; the first run makes it"
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        dates = warehouse.query("SELECT count(DISTINCT business_date) FROM mono.report.issues").item()
    return f"opens; {dates} dates issued"


def _check_extensions() -> str:
    start_engine().close()
    return "DuckDB loads DuckLake and SQLite from their installed packages"


def _check_zone(calendar: BusinessCalendar) -> str:
    return f"{calendar.timezone}, a date ends at {calendar.cutoff:%H:%M}"


def _check_disk(data: Path) -> str:
    there = next(folder for folder in (data, *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < LOW_DISK_BYTES:
        raise OSError(f"only {free >> 20} MiB are free under {there}; make room before the next run")
    return f"{free >> 30} GiB free under {there}"


def _show(console: Console, findings: list[Finding]) -> None:
    for finding in findings:
        console.print(f"{'ok  ' if finding.is_ok else 'BAD '} {finding.check}: {finding.detail}", soft_wrap=True)
