"""Settings: ``mono_recon.toml`` and the environment, as frozen and validated values.

Here belong the whole of the settings and how they are loaded; the sections are in ``sections``, how a
value is read in ``kinds``, where it was written in ``source``. Nothing else in the project reads the
environment for a setting, and nothing here opens the archive or the warehouse.
"""

# ruff: noqa: RUF009  setting() makes a dataclass field

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from mono_recon.settings import kinds, tables
from mono_recon.settings.canonical import written
from mono_recon.settings.kinds import RefusedError
from mono_recon.settings.operations import Alerts, Schedule
from mono_recon.settings.sections import (
    Archive,
    Balance,
    Batches,
    Business,
    Credits,
    Fee,
    Gmf,
    KnownPayer,
    Paths,
    Report,
    Severity,
    Site,
    Transfers,
    Warehouse,
    Webhooks,
    WebhookSecret,
)
from mono_recon.settings.source import SettingsError, Source, read_source
from mono_recon.settings.tables import setting

__all__ = [
    "Balance",
    "Business",
    "Credits",
    "Fee",
    "Gmf",
    "KnownPayer",
    "Paths",
    "Report",
    "Settings",
    "SettingsError",
    "Transfers",
    "WebhookSecret",
    "Webhooks",
    "load_settings",
    "resolve_secret",
]

_NOT_FIGURES = ("paths", "warehouse", "schedule", "alerts", "site")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, by section; frozen, and valid."""

    paths: Paths
    warehouse: Warehouse
    business: Business = setting(tables.record(Business), {})
    archive: Archive = setting(tables.record(Archive), {})
    webhooks: Webhooks = setting(tables.record(Webhooks), {})
    transfers: Transfers = setting(tables.record(Transfers), {})
    batches: Batches = setting(tables.record(Batches), {})
    credits: Credits = setting(tables.record(Credits), {})
    balance: Balance = setting(tables.record(Balance), {})
    report: Report = setting(tables.record(Report), {})
    severity: Severity = setting(tables.record(Severity), {})
    schedule: Schedule = setting(tables.record(Schedule), {})
    alerts: Alerts = setting(tables.record(Alerts), {})
    site: Site = setting(tables.record(Site), {})

    def effective(self) -> dict[str, Any]:
        """The settings that can change a figure, in the form of the file.

        Returns:
            Values for JSON, by section and key, defaults included; without ``paths``, secrets,
            ``warehouse``, ``schedule``, ``alerts`` and ``site``.
        """
        sections = written(self)
        del sections["webhooks"]["secrets"]
        return {section: table for section, table in sections.items() if section not in _NOT_FIGURES}

    def sha256(self) -> str:
        """SHA-256, in hex, of ``effective`` as JSON with sorted keys and without spaces, in UTF-8."""
        canonical = json.dumps(self.effective(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def as_issued(self, effective: Mapping[str, Any]) -> "Settings":
        """These settings with the figures' part taken from what ``effective`` gave once."""
        issued = tables.values(dict(effective), _SECTIONS)
        webhooks = replace(issued["webhooks"], secrets=self.webhooks.secrets)
        return replace(self, **issued | {"webhooks": webhooks})


_SECTIONS = {item.name: item.metadata["kind"] for item in fields(Settings) if item.metadata}


def load_settings(data: Path, config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Load settings: a file, then the environment over it, then defaults for the rest.

    The file is the first there is of ``config``, the one that ``MONO_RECON_CONFIG`` names,
    ``mono_recon.toml`` in the data root, and ``mono_recon.toml`` in the working folder.

    Args:
        data: The data root; places that are not set lie under it.
        config: A file named on the command line.
        environ: The environment; ``MONO_RECON_<SECTION>__<KEY>`` overrides a key.

    Raises:
        SettingsError: Something cannot be used; one sentence says where, what, and what to write.
    """
    root = data.resolve()
    source = read_source(root, config, environ)
    warehouse = root / "warehouse"
    places = {
        "paths": {name: root / name for name in ("archive", "resolutions", "adjustments", "reports")},
        "warehouse": {"catalog": warehouse / "catalog.sqlite", "files": warehouse / "files"},
    }
    known = _SECTIONS | {section: partial(_places, source, section, names) for section, names in places.items()}
    try:
        sections = tables.values({section: {} for section in places} | source.tables, known)
    except RefusedError as refusal:
        raise source.error(refusal) from None
    settings = Settings(
        paths=Paths(data=root, **sections.pop("paths")),
        warehouse=Warehouse(**sections.pop("warehouse")),
        **sections,
    )
    folder = source.folder("webhooks", "secrets")
    secrets = tuple(
        replace(secret, file=folder / secret.file) if secret.file else secret for secret in settings.webhooks.secrets
    )
    return replace(settings, webhooks=replace(settings.webhooks, secrets=secrets))


def resolve_secret(secret: WebhookSecret, environ: Mapping[str, str]) -> bytes:
    """Read a signing secret from where it is kept.

    Returns:
        The key of the signature: the whole text, without a line ending at its end.

    Raises:
        SettingsError: It is not there; the message holds neither the secret nor what names its place.
    """
    try:
        key = secret.file.read_bytes() if secret.file else environ[secret.env].encode()
    except (KeyError, OSError):
        key = b""
    if key := key.rstrip(b"\r\n"):
        return key
    place = "file that its key file" if secret.file else "environment variable that its key env"
    raise SettingsError(f"webhooks.secrets {secret.name}: there is no secret in the {place} names; put it there")


def _places(source: Source, section: str, defaults: Mapping[str, Path], value: object) -> dict[str, Path]:
    given = tables.values(value, dict.fromkeys(defaults, kinds.place))
    return {
        key: source.folder(section, key) / given[key] if given.get(key) else default
        for key, default in defaults.items()
    }
