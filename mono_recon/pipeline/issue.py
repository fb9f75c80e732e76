"""The issue of a report: write the pack aside, commit, rename into place.

Here belongs what makes an issue whole or absent, whatever moment the process dies at. How a report is
made is in ``making``, how it is written in ``report``.
"""

import logging
import shutil
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import polars as pl

from mono_recon.pipeline.logs import tell
from mono_recon.pipeline.timing import LATEST, check_as_of
from mono_recon.report.model import Report
from mono_recon.report.pack import file_hashes, pack_folder, write_pack
from mono_recon.report.parquet import parquet_path
from mono_recon.report.privacy import without_emails
from mono_recon.schemas.report import PACK_TABLES, Issues, KnownAccounts, OpenItems
from mono_recon.schemas.table import Table, polars_schema, table_name
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.news import last_intake
from mono_recon.warehouse.reading import last_known

_LOG = logging.getLogger(__name__)

STAGING = ".staging"

_MANY_ROWS = 100_000
"""From how many rows on a file is copied rather than its rows written a second time."""


class IssueError(RuntimeError):
    """A report that cannot be issued; nothing of it remains."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A report that has been issued.

    Attributes:
        business_date: Its date.
        version: Its version.
        as_of: Its as-of (UTC).
        verdict: Its verdict.
        content_sha256: Hash of its facts.
        folder: Where its pack lies.
        rows: Rows of each of its tables.
    """

    business_date: date
    version: int
    as_of: datetime
    verdict: str
    content_sha256: str
    folder: Path
    rows: Mapping[str, int]

    def to_dict(self) -> dict[str, object]:
        """The same as plain values for JSON."""
        return asdict(self) | {
            "business_date": self.business_date.isoformat(),
            "as_of": self.as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "folder": str(self.folder),
        }


def resolve_as_of(
    warehouse: Warehouse, settings: Settings, day: date, as_of: datetime | str, now: datetime
) -> datetime:
    """The instant that an as-of stands for: itself, or everything there is.

    Raises:
        NotOverError: The date is not over, or the instant is before its end or after the clock.
    """
    if isinstance(as_of, datetime):
        check_as_of(settings, day, as_of, now)
        return as_of
    if as_of != LATEST:
        raise ValueError(f"an as-of is an instant or {LATEST!r}, not {as_of!r}")
    end = settings.business.calendar.end_of(day)
    check_as_of(settings, day, end, now)
    return max(last_known(warehouse) or end, end)


class Issuing:
    """The issue of reports one after another: pack aside, tables in one transaction, then the pack in its place.

    While the pack of one is written, the next is made: what the warehouse holds of the one is there for it, but is
    committed only when the pack lies whole aside. A context manager, at whose end everything is issued that was
    taken; after an error too, but not when the process is to stop.
    """

    def __init__(self, warehouse: Warehouse, settings: Settings, writer: Executor) -> None:
        """Issue nothing yet.

        Args:
            warehouse: The warehouse, open for writing.
            settings: Settings in force.
            writer: Writes the packs.
        """
        self.warehouse = warehouse
        self.settings = settings
        self._writer = writer
        self._taken: _Taken | None = None

    def take(self, report: Report) -> Issued:
        """Issue what was taken before, and begin with another report.

        Args:
            report: A version that has not been issued.

        Raises:
            IssueError: Of the one before, as ``finish`` raises it.
        """
        self.finish()
        reports = self.settings.paths.reports
        day, rows = report.business_date, {name: table.height for name, table in report.tables.items()}
        final = pack_folder(reports, day, report.version)
        issued = Issued(day, report.version, report.as_of, report.verdict, report.content_sha256, final, rows)
        staged = self._writer.submit(_stage, report, reports)
        with ExitStack() as begun:
            begun.enter_context(self.warehouse.transaction())
            self.warehouse.append(Issues, _issue_row(report, last_intake(self.warehouse)))
            self.warehouse.append(OpenItems, report.open_items)
            self.warehouse.append(KnownAccounts, report.known_accounts)
            for model in PACK_TABLES:
                _append(self.warehouse, model, report.tables[table_name(model)], staged)
            self._taken = _Taken(issued, staged, begun.pop_all())
        return issued

    def finish(self) -> None:
        """Issue what was taken.

        Raises:
            IssueError: A pack lies there already that says something else; nothing of the report remains.
        """
        if self._taken is None:
            return
        (made, staging, transaction), self._taken = self._taken, None
        with transaction:
            staged = staging.result()
            if made.folder.exists() and file_hashes(made.folder) != file_hashes(staged):
                shutil.rmtree(staged.parent)
                raise IssueError(
                    f"{made.folder} holds another pack that the warehouse knows nothing of;"
                    " move it away, or restore the warehouse that belongs to it"
                )
        _publish(staged, made.folder)
        tell(
            _LOG,
            "issued",
            business_date=made.business_date,
            version=made.version,
            verdict=made.verdict,
            breaks=made.rows["breaks"],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Exception):
            self.finish()
        elif self._taken is not None:
            self._taken.transaction.__exit__(kind, error, trace)


class _Taken(NamedTuple):
    """A report whose rows are written, its pack, and what commits them."""

    issued: Issued
    staging: Future[Path]
    transaction: ExitStack


def _append(warehouse: Warehouse, model: type[Table], rows: pl.DataFrame, staged: Future[Path]) -> None:
    """Add a table of a report; of many rows the file of the pack, where they are the same."""
    name = table_name(model)
    if rows.height >= _MANY_ROWS and without_emails(name, rows) is rows:
        warehouse.append_file(model, parquet_path(staged.result(), name))
    else:
        warehouse.append(model, rows)


def _issue_row(report: Report, intake: int) -> pl.DataFrame:
    row = {
        "business_date": report.business_date,
        "version": report.version,
        "as_of": report.as_of,
        "verdict": report.verdict,
        "content_sha256": report.content_sha256,
        "settings_sha256": report.settings.sha256(),
        "code_version": report.code_version,
        "source_files": len(report.source_files),
        "supersedes": report.supersedes,
        "intake": intake,
    }
    return pl.DataFrame([row], schema=polars_schema(Issues))


def _stage(report: Report, reports: Path) -> Path:
    staged = _staged_folder(reports, report.business_date, report.version)
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    write_pack(report, staged)
    return staged


def _staged_folder(reports: Path, day: date, version: int) -> Path:
    return reports / STAGING / f"{day}_v{version}"


def _publish(staged: Path, final: Path) -> None:
    if final.exists():
        shutil.rmtree(staged)
    else:
        final.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(final)
    with suppress(OSError):  # another is staged still
        staged.parent.rmdir()


def recover(settings: Settings) -> None:
    """Finish or undo what a killed run left: a pack whose issue was committed goes into its place.

    Args:
        settings: Settings in force.

    Raises:
        WarehouseLocked: The run that seems to have left something is still at work.
    """
    staging = settings.paths.reports / STAGING
    if not staging.exists():
        return
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        for day, version in warehouse.query("SELECT business_date, version FROM mono.report.issues").iter_rows():
            staged = _staged_folder(settings.paths.reports, day, version)
            if staged.exists():
                _publish(staged, pack_folder(settings.paths.reports, day, version))
        shutil.rmtree(staging, ignore_errors=True)
