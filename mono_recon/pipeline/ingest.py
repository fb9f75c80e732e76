"""Ingest: bring what is new in the archive into the warehouse, once, in one transaction.

Here belongs the order of the steps. How bytes become records is the archive's business, which records
repeat one another is decided in ``core``, and what is written for them in ``intake``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import polars as pl

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, list_archive
from mono_recon.archive.parallel import decode_files, hash_files, reading_processes
from mono_recon.archive.rules import Rules, Secret
from mono_recon.pipeline.exports import settle_exports
from mono_recon.pipeline.handwritten import take_adjustments, take_resolutions
from mono_recon.pipeline.intake import COUNTS, AccountingError, portions, take
from mono_recon.pipeline.inventory import Hashed, Inventory, take_inventory, unchanged
from mono_recon.schemas.raw import Files, Quarantine
from mono_recon.schemas.table import polars_schema
from mono_recon.settings import Settings, resolve_secret
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.held import held_files, refused_records
from mono_recon.warehouse.news import last_intake

BETWEEN = ".read"
"""Folder beside the catalog for what is on its way from the processes that read; the writer's lock keeps it."""

Decode = Callable[[Sequence[Hashed]], Iterator[Decoded]]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one ingest did.

    Files by what became of them, records and rows of the files it read, and what was left out of the
    adjustments and resolutions, each with its file, line and reason.
    """

    files_new: int
    files_skipped: int
    copies: int
    ignored_files: int
    records_read: int = 0
    accepted: int = 0
    duplicates: int = 0
    unused: int = 0
    quarantined: int = 0
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    refused_adjustments: tuple[str, ...] = ()
    refused_resolutions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same by name."""
        return asdict(self)


def ingest(
    settings: Settings,
    *,
    environ: Mapping[str, str],
    rehash: bool = False,
    on_progress: Progress | None = None,
) -> IngestResult:
    """Bring what is new in the archive into the warehouse, and publish its catalog.

    Files whose path, size and modification time are as they were are not opened. Where nothing is new
    nothing is written; otherwise all of it is, in one transaction, or none.

    Args:
        settings: Places, limits and secrets.
        environ: The environment, for secrets.
        rehash: Look into every file, also those that seem unchanged.
        on_progress: Told how far the reading has come, in bytes on disk.

    Raises:
        ArchiveError: The archive does not exist or cannot be listed.
        SettingsError: A secret is not there.
        WarehouseError: The warehouse cannot be opened, or another process is writing to it.
        AccountingError: Records went missing or were counted twice; nothing was written.
    """
    rules = _rules(settings, environ)
    listing = list_archive(settings.paths.archive)
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        held = held_files(warehouse)
        still = set() if rehash else unchanged(listing.files, held)
        candidates = [file for file in listing.files if file.path not in still]
        with reading_processes(candidates, settings.warehouse.catalog.parent / BETWEEN) as pool:
            hashed = list(zip(candidates, hash_files(candidates, pool), strict=True))
            inventory = take_inventory(hashed, still, held)
            read = pl.DataFrame(schema=polars_schema(Files))
            with warehouse.transaction():
                adjustments = take_adjustments(warehouse, settings)
                resolutions = take_resolutions(warehouse, settings)
                if inventory.has_news:
                    read = _write(
                        warehouse, inventory, held, _heard(partial(decode_files, rules=rules, pool=pool), on_progress)
                    )
        if inventory.has_news:
            warehouse.compact()
        warehouse.publish()
    return IngestResult(
        files_new=read.height,
        files_skipped=len(listing.files) - read.height - len(inventory.copies),
        copies=len(inventory.copies),
        ignored_files=listing.ignored,
        refused_adjustments=adjustments,
        refused_resolutions=resolutions,
        **read.select(pl.col(COUNTS).sum()).row(0, named=True),
    )


def _rules(settings: Settings, environ: Mapping[str, str]) -> Rules:
    secrets = [
        Secret(secret.name, resolve_secret(secret, environ), secret.valid_from, secret.valid_until)
        for secret in settings.webhooks.secrets
    ]
    limits = settings.archive
    return Rules(tuple(secrets), settings.webhooks.require_signature, limits.max_record_bytes, limits.max_file_bytes)


def _heard(decode: Decode, on_progress: Progress | None) -> Decode:
    """Decoding that tells how many bytes on disk have been reached."""

    def heard(files: Sequence[Hashed]) -> Iterator[Decoded]:
        sizes = {sha256: file.size for file, sha256 in files}
        total, reached = sum(sizes.values()), set[str]()
        for decoded in decode(files):
            for frame in (decoded.deliveries, decoded.pages, decoded.quarantine):
                reached.update(frame["file_sha256"].unique())
            if on_progress is not None:
                on_progress("ingest", sum(sizes[sha256] for sha256 in reached), total)
            yield decoded

    return heard


def _write(warehouse: Warehouse, inventory: Inventory, held: pl.DataFrame, decode: Decode) -> pl.DataFrame:
    """Write everything that an inventory asks for.

    Returns:
        Columns of ``raw.files`` of the files that were read.
    """
    _move_files(warehouse, inventory)
    paths = held.select("file_sha256", "path")
    read, pages = _file_rows([]), []
    for files in inventory.unread:
        rows = _file_rows([(file, sha256, None) for file, sha256 in files])
        paths = pl.concat([paths, rows.select(paths.columns)]).group_by("file_sha256").agg(pl.col("path").min())
        refused = refused_records(warehouse, rows.select("path").join(held, on="path", how="semi"))
        taken = [take(warehouse, portion, paths, refused) for portion in portions(decode(files))]
        read = pl.concat([read, _counted(rows, [part.counts for part in taken])])
        pages += [part.pages for part in taken]
    _check(read)
    number = pl.lit(1 + last_intake(warehouse)).cast(pl.Int64).alias("intake")
    warehouse.append(Files, pl.concat([read, _file_rows(inventory.copies)]).with_columns(number))
    if pages:
        settle_exports(warehouse, pl.concat(pages))
    return read


def _move_files(warehouse: Warehouse, inventory: Inventory) -> None:
    """Let the rows of moved and touched files say where they lie now."""
    known = [*inventory.moved, *inventory.touched]
    rows = _file_rows([(file, row["file_sha256"], None) for file, row in known])
    found_by = rows.select("file_sha256", path=pl.Series([row["path"] for _, row in known], dtype=pl.String))
    warehouse.update(Files, found_by, rows.select("path", "archive_date", "mtime_ns"))
    is_moved = rows["path"] != found_by["path"]
    moved, place = found_by.filter(is_moved), rows.filter(is_moved)
    warehouse.update(Files, moved.rename({"path": "copy_of"}), place.select(copy_of="path"))
    warehouse.update(Quarantine, moved, place.select("path", "archive_date"))


def _file_rows(files: Iterable[tuple[ArchiveFile, str, str | None]]) -> pl.DataFrame:
    """Columns of ``raw.files`` of files with their hash and the path they copy; nothing counted yet."""
    columns = ("file_sha256", "path", "copy_of", "bytes", "kind", "archive_date", "mtime_ns")
    schema = polars_schema(Files)
    rows = pl.DataFrame(
        [
            (sha256, file.path, copy_of, file.size, file.kind, file.archive_date, file.mtime_ns)
            for file, sha256, copy_of in files
        ],
        schema={name: schema[name] for name in columns},
        orient="row",
    )
    rest = [
        pl.lit(0 if name in COUNTS else None, dtype).alias(name)
        for name, dtype in schema.items()
        if name not in columns
    ]
    return rows.with_columns(rest).select(schema.names())


def _counted(rows: pl.DataFrame, counts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows of files with what became of their records; a file without a record counts none."""
    added = pl.concat([rows.select("file_sha256", *COUNTS), *counts]).group_by("file_sha256").sum()
    return rows.drop(COUNTS).join(added, on="file_sha256").select(rows.columns)


def _check(read: pl.DataFrame) -> None:
    """Every record and every row of a file is accounted for exactly once.

    Raises:
        AccountingError: One is not.
    """
    records = pl.sum_horizontal("accepted", "duplicates", "unused", "quarantined")
    rows = pl.sum_horizontal("rows_accepted", "rows_quarantined")
    wrong = read.filter((pl.col("records_read") != records) | (pl.col("rows_read") != rows))
    if not wrong.is_empty():
        raise AccountingError(f"the records of {wrong['path'][0]} do not add up: {wrong.row(0, named=True)}")
