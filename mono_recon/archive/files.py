"""Files of an archive: which there are, what their paths say, and the hash of what they hold.

Here belongs everything that is known of a file without reading a record. The archive is only ever read.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import FileIO
from itertools import islice
from pathlib import Path

import msgspec

from mono_recon.archive.instants import read_instant
from mono_recon.schemas.raw import KINDS

_SUFFIXES = tuple(f"{form}{packing}" for form in (".json", ".jsonl", ".ndjson") for packing in ("", ".gz", ".zst"))
_UNFINISHED = (".tmp", ".part")
_DAY = re.compile(r"(?:\w+=)?([0-9]{4}-[0-9]{2}-[0-9]{2})")
_SPLIT_DAY = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")
_FETCHED_AT = re.compile(
    r"fetched_at=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})[:-]([0-9]{2})[:-]([0-9]{2}(?:\.[0-9]+)?)"
    r"(?:(Z)|([+-][0-9]{2})[:-]?([0-9]{2}))"
)
_BLOCK = 1024 * 1024


class ArchiveError(OSError):
    """The archive root does not exist or cannot be listed."""


class ArchiveFile(msgspec.Struct, frozen=True, gc=False):
    r"""A file that may hold records.

    Attributes:
        path: Relative to the archive root, with ``/``; bytes that are no UTF-8 as ``\xhh``.
        absolute: Where it lies.
        kind: ``webhooks`` or ``exports``, by the folder it lies in.
        size: Bytes on disk.
        mtime_ns: Modification time, nanoseconds.
        archive_date: Day that the folders name.
        fetched_at: Fetch time that the path names, UTC.
    """

    path: str
    absolute: str
    kind: str
    size: int
    mtime_ns: int
    archive_date: date | None
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of an archive, sorted by the bytes of their paths, and how many others lie there."""

    files: tuple[ArchiveFile, ...]
    ignored: int


def list_archive(root: Path) -> Listing:
    """List an archive: files below ``webhooks/`` and ``exports/`` with a known suffix.

    Links are followed, but never into a folder that the way already leads through. A folder below the root that
    cannot be listed appears as a file, which cannot be read either.

    Raises:
        ArchiveError: The root does not exist or cannot be listed.
    """
    check_root(root)
    found = [name for name in _walk(str(root), "", frozenset()) if not _is_silent(name)]
    accepted = [name for name in found if _kind(name) and (name.endswith(_SUFFIXES) or (root / name).is_dir())]
    files = [file for name in accepted if (file := _describe(str(root), name)) is not None]
    return Listing(tuple(sorted(files, key=lambda file: file.path.encode())), len(found) - len(files))


def check_root(root: Path) -> None:
    """Refuse an archive that cannot be listed.

    Raises:
        ArchiveError: The root does not exist or cannot be listed.
    """
    try:
        os.scandir(root).close()
    except OSError as error:
        raise ArchiveError(
            f"archive root {root}: {error.strerror}; make it, or name another place with --data or paths.archive"
        ) from error


def hash_file(file: ArchiveFile) -> str:
    """SHA-256 of a file's bytes, hex.

    A file that cannot be read gets the hash of its path and the error: it is a copy of no other file, and is
    another file as soon as it can be read.
    """
    digest = hashlib.sha256()
    try:
        content = read_small(file)
        if content is not None:
            return hashlib.sha256(content).hexdigest()
        with FileIO(file.absolute) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        return hashlib.sha256(f"unreadable\0{file.path}\0{error.strerror}".encode()).hexdigest()
    return digest.hexdigest()


def read_small(file: ArchiveFile) -> bytes | None:
    """All of a file in one go; None of one that is large, or has grown since it was listed.

    Raises:
        OSError: It cannot be read.
    """
    if file.size >= _BLOCK:
        return None
    handle = os.open(file.absolute, os.O_RDONLY | os.O_CLOEXEC)  # in half the time of a stream
    try:
        content = os.read(handle, file.size + 1)
    finally:
        os.close(handle)
    # Fewer bytes than were asked for are the last.
    return content if len(content) <= file.size else None


def path_text(path: str) -> str:
    r"""A path as a column can hold it: bytes that are no UTF-8 as ``\xhh``."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def archive_day(folders: Sequence[str]) -> date | None:
    """The day that folder names state: the first of ``YYYY-MM-DD``, ``<word>=YYYY-MM-DD`` and ``YYYY/MM/DD``."""
    for position, folder in enumerate(folders):
        single = _DAY.fullmatch(folder)
        split = _SPLIT_DAY.fullmatch("/".join(islice(folders, position, position + 3)))
        day = _date(single[1] if single else "-".join(split.groups()) if split else "")
        if day is not None:
            return day
    return None


def fetch_time(segments: Sequence[str]) -> datetime | None:
    """The instant of the first path segment ``fetched_at=<instant>``, in which ``:`` may be written ``-``."""
    for segment in segments:
        if matched := _FETCHED_AT.match(segment):
            hours, minutes, seconds, zulu, zone_hours, zone_minutes = matched.groups()
            zone = zulu or f"{zone_hours}:{zone_minutes}"
            moment = read_instant(f"{hours}:{minutes}:{seconds}{zone}")
            if moment is not None:
                return moment
    return None


def _walk(root: str, folder: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Names of all files below a folder, relative to the root; a folder that cannot be listed is one of them."""
    place = f"{root}/{folder}"
    try:
        status = os.stat(place)  # noqa: PTH116  a path object for each of 100,000 files takes longer than its status
        with os.scandir(place) as entries:
            found = sorted((entry.name, _is_folder(entry)) for entry in entries)
    except OSError:
        yield folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for name, is_folder in found:
        path = f"{folder}/{name}" if folder else name
        if not is_folder:
            yield path
        elif not name.startswith("."):
            yield from _walk(root, path, above | {identity})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # A link that leads in a circle.


def _is_silent(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.endswith(_UNFINISHED)


def _kind(path: str) -> str | None:
    top = path.partition("/")[0]
    return top if top in KINDS else None


def _describe(root: str, name: str) -> ArchiveFile | None:
    absolute = f"{root}/{name}"
    try:
        status = os.stat(absolute)  # noqa: PTH116  as above
    except OSError:
        status = os.lstat(absolute)  # A link that leads nowhere is listed, and refused when it is read.
    is_readable_kind = stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode)
    if not is_readable_kind:
        return None
    kind, _, below = name.partition("/")
    return ArchiveFile(
        path=path_text(name),
        absolute=absolute,
        kind=kind,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        archive_date=_day_of_folder(below.rpartition("/")[0]),
        fetched_at=fetch_time(name.split("/")) if "fetched_at=" in name else None,
    )


@lru_cache
def _day_of_folder(folder: str) -> date | None:
    return archive_day(folder.split("/"))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
