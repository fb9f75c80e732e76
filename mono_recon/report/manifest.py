"""The manifest of a pack: what it rests on, what it states, and the hash of each of its files.

Here belong the manifest's keys, its one form in bytes and its seal. Comparing a manifest with the
files beside it belongs to ``verify``.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl

from mono_recon.report.model import Report, SourceFile

MANIFEST = "manifest.json"
"""Name of the file."""

_TOTALS = r"^(money|open|carried)\.|^unexplained$"


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An earlier issue that the report rests on."""

    business_date: date
    version: int
    as_of: str


class ControlTotal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``control`` about money or about open and carried breaks; amounts in centavos."""

    metric: str
    account_id: str | None
    currency: str | None
    count: int | None
    amount_minor: int | None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a manifest holds; instants as ISO text in UTC with six decimals and ``Z``."""

    business_date: date
    version: int
    as_of: str
    verdict: str
    content_sha256: str
    settings: dict[str, Any]
    settings_sha256: str
    code_version: str
    supersedes: int | None
    issues: list[Issue]
    source_files: list[SourceFile]
    tables: dict[str, int]
    control_totals: list[ControlTotal]
    files: dict[str, str]


def statement(report: Report) -> Manifest:
    """The manifest of a report as far as it is known before a file is written: ``files`` is empty."""
    return Manifest(
        business_date=report.business_date,
        version=report.version,
        as_of=_instant(report.as_of),
        verdict=report.verdict,
        content_sha256=report.content_sha256,
        settings=report.settings.effective(),
        settings_sha256=report.settings.sha256(),
        code_version=report.code_version,
        supersedes=report.supersedes,
        issues=[Issue(each.business_date, each.version, _instant(each.as_of)) for each in report.issues],
        source_files=list(report.source_files),
        tables={name: frame.height for name, frame in report.tables.items()},
        control_totals=control_totals(report.tables["control"]),
        files={},
    )


def control_totals(control: pl.DataFrame) -> list[ControlTotal]:
    """The rows of table ``control`` about money and about open and carried breaks, in its order."""
    rows = control.filter(pl.col("metric").str.contains(_TOTALS))
    return [ControlTotal(*row) for row in rows.select(ControlTotal.__struct_fields__).iter_rows()]


def render(manifest: Manifest) -> bytes:
    """The one form of a manifest: sorted keys, two spaces, UTF-8, a line feed at its end."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"


def parse(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: The bytes are not a manifest in its one form.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{MANIFEST} is no manifest: {error}") from error
    if render(manifest) != content:
        raise ValueError(f"{MANIFEST} is not in the form in which it is written")
    return manifest


def seal(manifest: Manifest) -> str:
    """SHA-256 over everything a manifest states but ``files``.

    Each Parquet file carries it, so that neither the manifest nor a table can be exchanged alone.
    """
    return hashlib.sha256(render(msgspec.structs.replace(manifest, files={}))).hexdigest()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
