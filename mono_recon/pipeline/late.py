"""Files that turned up after the dates that they may belong to had been issued.

Here belongs how they are told from those of today without reading them: by the archive day of their path. What
they hold, and which dates it touches, is seen when they are read.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mono_recon.archive.files import ArchiveFile, list_archive
from mono_recon.pipeline.inventory import unchanged
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.held import held_files
from mono_recon.warehouse.issued import latest_issues


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a look at the archive found.

    Attributes:
        seen: Stands for the whole archive; another one means that something has changed.
        late: Paths of late files, in order.
        key: Stands for these files as they are; empty if there are none.
        last_issued: The last date issued.
    """

    seen: str
    late: tuple[str, ...] = ()
    key: str = ""
    last_issued: date | None = None


def look_for_late_files(settings: Settings, seen: str) -> Arrivals:
    """Look whether files have come for dates that are issued already.

    A file is late if it is new and its path names an archive day that is issued, or none at all.

    Args:
        settings: Where archive and warehouse lie.
        seen: What the look before returned; if nothing has changed since, the warehouse is not opened.

    Raises:
        ArchiveError: The archive cannot be listed.
        WarehouseError: There is a warehouse and it cannot be opened.
    """
    files = list_archive(settings.paths.archive).files
    now = _stands_for(files)
    if now == seen or not settings.warehouse.catalog.exists():
        return Arrivals(now)
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        last = max(latest_issues(warehouse), default=None)
        if last is None:
            return Arrivals(now)
        still = unchanged(files, held_files(warehouse))
    late = [file for file in files if file.path not in still and (file.archive_date or last) <= last]
    return Arrivals(now, tuple(file.path for file in late), _stands_for(late) if late else "", last)


def _stands_for(files: Iterable[ArchiveFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.size}\0{file.mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
