"""What is new in the archive: files to read, copies, and files that were moved.

Here belongs how a file is recognised by its content and its path. Nothing here reads a record or
touches the warehouse.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from mono_recon.archive.files import ArchiveFile, fetch_time

Hashed = tuple[ArchiveFile, str]
"""A file and the SHA-256 of its content, hex."""

Content = tuple[str, str, datetime | None]
"""What makes two files copies: the hash, the kind, and the fetch time that the path gives its bare pages."""


@dataclass(slots=True)
class Inventory:
    """What there is to do about the files of an archive.

    Attributes:
        unread: Files to read, in rounds: no two files of a round have the same bytes.
        copies: Files with the bytes of one that is read or held, each with that one's path.
        moved: Files found under another path, with the row of ``raw.files`` that holds them.
        touched: Files whose modification time alone is another, with their row.
    """

    unread: list[list[Hashed]] = field(default_factory=list)
    copies: list[tuple[ArchiveFile, str, str]] = field(default_factory=list)
    moved: list[tuple[ArchiveFile, dict[str, Any]]] = field(default_factory=list)
    touched: list[tuple[ArchiveFile, dict[str, Any]]] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        return any((self.unread, self.copies, self.moved, self.touched))


def unchanged(files: Iterable[ArchiveFile], held: pl.DataFrame) -> set[str]:
    """Paths of files that need not be looked at: path, size and modification time are as they were.

    Args:
        files: The files of the archive.
        held: ``raw.files`` with ``is_readable`` (Boolean); a file that could not be read is tried again.
    """
    seen = set(held.filter("is_readable").select("path", "bytes", "mtime_ns").iter_rows())
    return {file.path for file in files if (file.path, file.size, file.mtime_ns) in seen}


def take_inventory(hashed: Sequence[Hashed], still: set[str], held: pl.DataFrame) -> Inventory:
    """Sort files into those to read and those whose records are held.

    A file is known if its bytes are; then it was moved if the path under which it is held is gone or
    holds something else, and is a copy if not. Of new files with the same bytes the first is read.

    Args:
        hashed: Files that may be new, in order of path.
        still: Paths of the archive that hold what they held before.
        held: ``raw.files``.
    """
    known: dict[Content, list[dict[str, Any]]] = defaultdict(list)
    for row in _of_content(held, [sha256 for _, sha256 in hashed]):
        content = (row["file_sha256"], row["kind"], fetch_time(PurePosixPath(row["path"]).parts))
        known[content].append(row)
    places = {(file.path, sha256) for file, sha256 in hashed}
    gone = {
        content: [row for row in rows if row["path"] not in still and (row["path"], content[0]) not in places]
        for content, rows in known.items()
    }
    inventory = Inventory()
    first: dict[Content, str] = {content: rows[0]["path"] for content, rows in known.items()}
    reads: Counter[str] = Counter()
    for file, sha256 in hashed:
        content = (sha256, file.kind, file.fetched_at)
        here = [row for row in known.get(content, ()) if row["path"] == file.path]
        if here:
            inventory.touched += [(file, row) for row in here if row["mtime_ns"] != file.mtime_ns]
        elif gone.get(content):
            row = gone[content].pop(0)
            inventory.moved.append((file, row))
            first[content] = file.path if row["copy_of"] is None else first[content]
        elif content in first:
            inventory.copies.append((file, sha256, first[content]))
        else:
            first[content] = file.path
            if reads[sha256] == len(inventory.unread):
                inventory.unread.append([])
            inventory.unread[reads[sha256]].append((file, sha256))
            reads[sha256] += 1
    return inventory


def _of_content(held: pl.DataFrame, hashes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of ``raw.files`` that hold one of these contents, originals first."""
    rows = held.filter(pl.col("file_sha256").is_in(pl.Series(hashes, dtype=pl.String).unique().implode()))
    return rows.sort(pl.col("copy_of").is_not_null(), "path").iter_rows(named=True)
