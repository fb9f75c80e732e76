"""Is what was issued still what was issued? Every pack against itself, the warehouse and its inputs.

Here belongs which packs are looked at and what each is compared with. What a pack proves by itself is in
``mono_recon.report.verify``; how it is made again is in ``remake``.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mono_recon.pipeline.progress import advance
from mono_recon.pipeline.remake import remake
from mono_recon.report.manifest import MANIFEST, parse
from mono_recon.report.pack import pack_folder
from mono_recon.report.verify import verify_pack
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse

Version = tuple[date, int]
"""A business date and a version of it."""

PACK, WAREHOUSE, INPUTS = "pack", "warehouse", "inputs"
"""What a pack is compared with: itself, its row in the warehouse, what its inputs give when it is made again."""

_STATED = ("verdict", "content_sha256", "settings_sha256", "code_version", "supersedes", "source_files")
_PLACE = re.compile(r"(\d{4}-\d{2}-\d{2})/v([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found about one version.

    Attributes:
        business_date: Its date.
        version: Its number.
        compared_with: What it was compared with, of ``PACK``, ``WAREHOUSE`` and ``INPUTS``.
        differences: What differs, in words; none if it is what was issued.
    """

    business_date: date
    version: int
    compared_with: tuple[str, ...]
    differences: tuple[str, ...]


def verify_issued(settings: Settings, day: date | None = None, version: int | None = None) -> list[Verified]:
    """Verify packs, with the warehouse if there is one and from themselves alone if there is none.

    Args:
        settings: Where packs and warehouse lie.
        day: The business date; None for all of them and all of their versions.
        version: Its version; None for the latest.

    Returns:
        What was found about each version that lies on disk or that the warehouse knows; none if there is none.

    Raises:
        WarehouseError: There is a warehouse and it cannot be opened.
    """
    with ExitStack() as opened:
        warehouse = None
        if settings.warehouse.catalog.exists():
            warehouse = opened.enter_context(open_warehouse(settings.warehouse, read_only=True))
        issues = _issues(warehouse)
        versions = _chosen(sorted({*issues, *_on_disk(settings.paths.reports)}), day, version)
        verified = []
        for number, each in enumerate(versions):
            advance("verify", number, len(versions))
            verified.append(_verify(settings, warehouse, each, issues.get(each)))
        advance("verify", len(versions), len(versions))
    return verified


def _issues(warehouse: Warehouse | None) -> dict[Version, dict[str, Any]]:
    if warehouse is None:
        return {}
    rows = warehouse.query("SELECT * FROM mono.report.issues").iter_rows(named=True)
    return {(row["business_date"], row["version"]): row for row in rows}


def _on_disk(reports: Path) -> Iterator[Version]:
    for folder in reports.glob("*/v*"):
        place = _PLACE.fullmatch(folder.relative_to(reports).as_posix())
        if place and folder.is_dir():
            yield date.fromisoformat(place[1]), int(place[2])


def _chosen(versions: list[Version], day: date | None, version: int | None) -> list[Version]:
    if day is None:
        return versions
    of_day = [each for each in versions if each[0] == day]
    return of_day[-1:] if version is None else [each for each in of_day if each[1] == version]


def _verify(settings: Settings, warehouse: Warehouse | None, version: Version, row: dict[str, Any] | None) -> Verified:
    folder = pack_folder(settings.paths.reports, *version)
    if not folder.is_dir():
        return Verified(*version, (WAREHOUSE,), (f"{folder} is missing, and the warehouse says that it was issued",))
    found = verify_pack(folder)
    if warehouse is None:
        return Verified(*version, (PACK,), (*found, *_statement_differences(folder, version, None)))
    if row is None:
        return Verified(*version, (PACK, WAREHOUSE), (*found, "the warehouse does not know that it was issued"))
    found += _statement_differences(folder, version, row)
    if found:  # what is not the pack that was issued need not be made again
        return Verified(*version, (PACK, WAREHOUSE), tuple(found))
    try:
        found = remake(warehouse, settings, folder)
    except (ValueError, RuntimeError, AssertionError) as error:
        found = [f"it cannot be made again: {error}"]
    return Verified(*version, (PACK, WAREHOUSE, INPUTS), tuple(found))


def _statement_differences(folder: Path, version: Version, row: dict[str, Any] | None) -> list[str]:
    """What the manifest states, against the folder that the pack lies in and its row in the warehouse."""
    try:
        manifest = parse((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return []  # said already
    day, number = version
    expected: dict[str, object] = {"business_date": day, "version": number}
    if row is not None:
        expected |= {name: row[name] for name in _STATED} | {"as_of": f"{row['as_of']:%Y-%m-%dT%H:%M:%S.%fZ}"}
    stated = {name: getattr(manifest, name) for name in expected} | {"source_files": len(manifest.source_files)}
    other = "its folder" if row is None else "the warehouse"
    return [
        f"the manifest states {name} {stated[name]}, {other} {value}"
        for name, value in expected.items()
        if stated[name] != value
    ]
