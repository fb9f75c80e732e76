"""Files of issued packs, as they were issued.

Here belongs what may be handed out: the files that a manifest names, and the manifest, if they are still what was
issued. What is in them is the business of ``mono_recon.report``.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mono_recon.report.manifest import MANIFEST, Manifest, parse
from mono_recon.report.pack import pack_folder
from mono_recon.site.memory import Memory

MEDIA = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
}
_UNKNOWN = "application/octet-stream"
_META = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_HASH = re.compile(r"'sha256-[A-Za-z0-9+/]{43}='")
_HEAD = 4096


class NotHandedOutError(LookupError):
    """A file that is not there, or is not what was issued; it never says which path was looked at."""


class ChangedError(Exception):
    """A file of a pack that differs from its manifest."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of a pack: its place, what it must hash to, and how large it is."""

    path: Path
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    @property
    def media_type(self) -> str:
        """Its type for a browser."""
        return MEDIA.get(self.path.suffix, _UNKNOWN)


class Packs:
    """The packs under a folder."""

    def __init__(self, reports: Path, memory: Memory) -> None:
        self._reports = reports
        self._memory = memory

    def manifest(self, day: date, version: int) -> Manifest:
        """What a pack states.

        Raises:
            NotHandedOutError: There is none, or it cannot be read.
        """
        path = pack_folder(self._reports, day, version) / MANIFEST
        try:
            return parse(self._inside(path).read_bytes())
        except (OSError, ValueError) as error:
            raise NotHandedOutError(f"{day} v{version} has no manifest") from error

    def files(self, day: date, version: int) -> list[PackFile]:
        """Every file of a pack that is there, the manifest last.

        Raises:
            NotHandedOutError: There is no manifest.
        """
        folder = pack_folder(self._reports, day, version)
        stated = self.manifest(day, version).files
        named = [*stated.items(), (MANIFEST, self._hash(self._inside(folder / MANIFEST)))]
        found = []
        for name, sha256 in named:
            try:
                path = self._inside(folder / Path(name).name)
                found.append(PackFile(path, sha256, path.stat().st_size))
            except (OSError, NotHandedOutError):
                continue  # what is not there is not offered
        return found

    def file(self, day: date, version: int, name: str) -> PackFile:
        """One file of a pack.

        Raises:
            NotHandedOutError: The manifest names no such file, or it is not there.
            ChangedError: It is not what was issued.
        """
        for each in self.files(day, version):
            if each.name == name:
                if self._hash(each.path) != each.sha256:
                    raise ChangedError(f"{each.path} is not what the manifest says; see mono-recon report verify {day}")
                return each
        raise NotHandedOutError(f"{day} v{version} has no such file")

    def _inside(self, path: Path) -> Path:
        """A file that really lies where packs lie, whatever links lead to it."""
        real = path.resolve(strict=True)
        if real.is_relative_to(self._reports.resolve()) and real.name == path.name and real.is_file():
            return real
        raise NotHandedOutError("it does not lie among the reports")

    def _hash(self, path: Path) -> str:
        """SHA-256 of a file, worked out once as long as it stays the same."""
        found = path.stat()

        def work_out() -> str:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()

        return self._memory.recall((path, found.st_ino, found.st_size, found.st_mtime_ns), work_out)


def page_policy(content: bytes) -> str:
    """Content-Security-Policy of a pack's page: its own style and script by the hashes it states, in a sandbox."""
    stated = _META.search(content[:_HEAD])
    rules = stated[1].decode("ascii", errors="replace").replace("&#39;", "'") if stated else ""
    parts = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    for rule in rules.split(";"):
        name, _, values = rule.strip().partition(" ")
        if name in ("style-src", "script-src") and (hashes := _HASH.findall(values)):
            parts.append(f"{name} {' '.join(hashes)}")
    return "; ".join([*parts, "sandbox allow-scripts allow-downloads"])
