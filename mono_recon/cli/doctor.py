"""``doctor``: what is wrong with an installation, and how to mend it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mono_recon.alerts.channels import channels, missing_variables
from mono_recon.alerts.outbox import waiting
from mono_recon.archive.files import list_archive
from mono_recon.calendar import BusinessCalendar
from mono_recon.cli.answer import Answer, instant
from mono_recon.cli.failures import FAILED, told
from mono_recon.cli.session import Session, Shared
from mono_recon.pipeline.journal import last_outcomes
from mono_recon.settings import Settings, resolve_secret
from mono_recon.warehouse.attach import start_engine
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.errors import WarehouseError

LOW_DISK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome.

    Attributes:
        check: Its name.
        is_ok: Whether all is well.
        detail: What was found.
        ignored_files: Of the archive: how many files are left aside by their names.
    """

    check: str
    is_ok: bool
    detail: str
    ignored_files: int | None = None


def doctor(*, session: Shared) -> Answer:
    """Check settings, secrets, archive, warehouse, extensions, time zone, disk, Dagster, runs and alerts.

    Args:
        session: Global options.
    """
    findings = _findings(session)
    is_well = all(finding.is_ok for finding in findings)
    data = {
        "ok": is_well,
        "ignored_files": next((each.ignored_files for each in findings if each.ignored_files is not None), None),
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
        _tried("secrets", lambda: _check_secrets(settings)),
        _archive(settings),
        _tried("warehouse", lambda: _check_warehouse(settings)),
        _tried("reports", lambda: _check_reports(settings)),
        *found,
        _tried("time zone", lambda: _check_zone(settings.business.calendar)),
        _tried("disk", lambda: _check_disk(settings.paths.data)),
        _tried("dagster", lambda: _check_dagster(settings)),
        _tried("runs", lambda: _check_runs(settings)),
        _tried("alerts", lambda: _check_alerts(settings)),
    ]


def _tried(check: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(check, is_ok=True, detail=ask())
    except (OSError, ValueError, RuntimeError, WarehouseError) as error:
        return Finding(check, is_ok=False, detail=told(error))


def _archive(settings: Settings) -> Finding:
    root = settings.paths.archive
    try:
        listing = list_archive(root)
    except OSError as error:
        return Finding("archive", is_ok=False, detail=told(error))
    detail = f"{len(listing.files)} files, {listing.ignored} ignored by their names, in {root}"
    return Finding("archive", is_ok=True, detail=detail, ignored_files=listing.ignored)


def _check_warehouse(settings: Settings) -> str:
    if not settings.warehouse.catalog.exists():
        return "none yet; the first run makes it"
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        dates = warehouse.query("SELECT count(DISTINCT business_date) FROM mono.report.issues").item()
    return f"opens; {dates} dates issued"


def _check_secrets(settings: Settings) -> str:
    for secret in settings.webhooks.secrets:
        resolve_secret(secret, os.environ)
    return f"{len(settings.webhooks.secrets)} webhook secrets are where the settings say"


def _check_reports(settings: Settings) -> str:
    for folder in (settings.paths.reports, settings.warehouse.catalog.parent):
        there = _there(folder)
        if not os.access(there, os.W_OK):
            raise OSError(f"{there} cannot be written to; give the right to the user who runs mono-recon")
    return f"{settings.paths.reports} and the warehouse can be written to"


def _check_dagster(settings: Settings) -> str:
    from mono_recon.defs.home import dagster_home, faults_of  # noqa: PLC0415  Dagster takes a second to load

    home = dagster_home(settings.paths.data, os.environ)
    if faults := faults_of(home):
        raise ValueError("; ".join(faults))
    begun_by = "its daemon runs by itself" if settings.schedule.enabled else "runs are begun by somebody else"
    return f"{home}; {begun_by}"


def _check_runs(settings: Settings) -> str:
    outcomes = last_outcomes(settings)
    failed = [f"{step} of run {each.run_id}" for step, each in outcomes.items() if not each.is_done]
    if failed:
        raise ValueError(f"the last {failed[0]} failed; run mono-recon run to see why")
    ended = max((each.ended_at for each in outcomes.values()), default=None)
    return f"the last one ended at {instant(ended)}" if ended else "none yet"


def _check_alerts(settings: Settings) -> str:
    if not settings.alerts.is_on:
        return "nobody is told; docs/operations.md says how"
    there = channels(settings.alerts)
    for channel in there:
        if missing := missing_variables(channel, os.environ):
            raise ValueError(f"{channel.name} needs the environment variable {missing[0]}; set it where runs are begun")
    if kept := waiting(settings):
        raise ValueError(f"{len(kept)} messages wait, {kept[0]} first; the next run tries again and says why they do")
    return f"told by {', '.join(channel.name for channel in there)}"


def _check_extensions() -> str:
    start_engine(check_signatures=True).close()
    return "DuckDB loads DuckLake and SQLite from their installed packages, signed"


def _check_zone(calendar: BusinessCalendar) -> str:
    return f"{calendar.timezone}, a date ends at {calendar.cutoff:%H:%M}"


def _check_disk(data: Path) -> str:
    there = _there(data)
    free = shutil.disk_usage(there).free
    if free < LOW_DISK_BYTES:
        raise OSError(f"only {free >> 20} MiB are free under {there}; make room before the next run")
    return f"{free >> 30} GiB free under {there}"


def _there(folder: Path) -> Path:
    """A folder, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _show(console: Console, findings: list[Finding]) -> None:
    for finding in findings:
        console.print(f"{'ok  ' if finding.is_ok else 'BAD '} {finding.check}: {finding.detail}", soft_wrap=True)
