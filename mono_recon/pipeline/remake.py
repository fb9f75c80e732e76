"""An issued pack made again, to see that it still comes out the same.

Here belongs the way from a manifest back to what its report rested on: the records of its files known by
its as-of, its settings, and the earlier issues it names. What a pack says of itself is checked in
``mono_recon.report.verify``.
"""

import tempfile
from datetime import datetime
from pathlib import Path

from mono_recon.pipeline.code import code_version
from mono_recon.pipeline.making import make_report
from mono_recon.report.manifest import MANIFEST, Manifest, parse
from mono_recon.report.model import EarlierIssue, Report
from mono_recon.report.pack import file_hashes, write_pack
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse


def remake(warehouse: Warehouse, settings: Settings, folder: Path) -> list[str]:
    """Make a pack again from the warehouse and compare it byte for byte.

    If the code has changed since, only the hash of its facts is compared.

    Args:
        warehouse: The warehouse, open for reading at least; it may have grown since.
        settings: Where things are; figures are made with the settings of the manifest.
        folder: The pack.

    Returns:
        The differences in words; none if it comes out the same.

    Raises:
        ValueError: The manifest is none.
        OSError: It cannot be read.
    """
    manifest = parse((folder / MANIFEST).read_bytes())
    report = _made_again(warehouse, settings, manifest)
    if manifest.code_version != code_version():
        if report.content_sha256 == manifest.content_sha256:
            return []
        return [f"made again by other code, its content_sha256 is {report.content_sha256}"]
    with tempfile.TemporaryDirectory() as aside:
        made = write_pack(report, Path(aside))
    issued = file_hashes(folder)
    return [
        f"{name} comes out otherwise when it is made again"
        for name in sorted(made.keys() | issued.keys())
        if made.get(name) != issued.get(name)
    ]


def _made_again(warehouse: Warehouse, settings: Settings, manifest: Manifest) -> Report:
    return make_report(
        warehouse,
        settings.as_issued(manifest.settings),
        manifest.business_date,
        datetime.fromisoformat(manifest.as_of),
        issues=[
            EarlierIssue(each.business_date, each.version, datetime.fromisoformat(each.as_of))
            for each in manifest.issues
        ],
        files=[(file.path, file.sha256) for file in manifest.source_files],
    )
