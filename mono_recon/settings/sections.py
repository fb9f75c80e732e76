"""The sections of the settings: their keys, defaults and meaning.

Here belongs one frozen dataclass per section of ``mono_recon.toml`` and per kind of list entry. A
default is written as the file would have it. Rules that involve more than one key of a table are in
``__post_init__``; how a single value is read is in ``kinds``.
"""

# ruff: noqa: RUF009  setting() makes a dataclass field

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from pathlib import Path

from mono_recon.calendar import BusinessCalendar, Limit
from mono_recon.settings import kinds, tables
from mono_recon.settings.kinds import RefusedError
from mono_recon.settings.tables import setting

STUCK_AFTER = {"ach": "2bd", "turbo": "1h", "transfiya": "1h", "default": "2bd"}
_WORKBOOK_ROWS = 1_048_575  # a sheet of a workbook, less its heading


@dataclass(frozen=True, slots=True)
class Business:
    """When a business date ends, when it is reported, and who the organisation is."""

    timezone: str = setting(kinds.zone, "America/Bogota")
    cutoff: time = setting(kinds.local_time, "00:00")
    issue_at: time = setting(kinds.local_time, "06:00")
    reissue_at: time = setting(kinds.local_time, "09:45")
    own_documents: tuple[str, ...] = setting(kinds.texts, [])
    own_bank_codes: tuple[str, ...] = setting(kinds.texts, ["066"])
    currencies: tuple[str, ...] = setting(kinds.currencies, ["COP"])

    @property
    def calendar(self) -> BusinessCalendar:
        """Business dates and business days of the organisation."""
        return BusinessCalendar(self.timezone, self.cutoff)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where inputs and reports lie; absolute. ``data`` is the data root."""

    data: Path
    archive: Path
    resolutions: Path
    adjustments: Path
    reports: Path


@dataclass(frozen=True, slots=True)
class Archive:
    """The sizes, in bytes, above which a record or a file is not read."""

    max_record_bytes: int = setting(kinds.integer(at_least=1), 8_388_608)
    max_file_bytes: int = setting(kinds.integer(at_least=1), 2_147_483_648)


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """Where a signing secret is kept and for which arrival times it is valid; never the secret."""

    name: str = setting(kinds.name)
    env: str = setting(kinds.text, "")
    file: Path | None = setting(kinds.place, "")
    valid_from: datetime | None = setting(kinds.instant, "")
    valid_until: datetime | None = setting(kinds.instant, "")

    def __post_init__(self) -> None:
        """Refuse a secret that is kept nowhere or twice, or is never valid."""
        if bool(self.env) == bool(self.file):
            raise RefusedError("must have either env, the name of a variable, or file")
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise RefusedError("must be later than valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How long webhooks may take, since when they are compared, and how they are signed."""

    horizon: timedelta = setting(kinds.span, "9h30m")
    since: datetime | None = setting(kinds.instant, "")
    require_signature: bool = setting(kinds.boolean, default=False)
    secrets: tuple[WebhookSecret, ...] = setting(tables.records(WebhookSecret), [])


@dataclass(frozen=True, slots=True)
class Transfers:
    """How soon an export shows a transfer, and how long one may be under way, by routing."""

    export_lag: timedelta = setting(kinds.span, "5m")
    stuck_after: Mapping[str, Limit] = setting(tables.limits(STUCK_AFTER), {})


@dataclass(frozen=True, slots=True)
class Batches:
    """How long a batch may wait for its authorisation."""

    authorization_after: Limit = setting(kinds.limit, "1bd")


@dataclass(frozen=True, slots=True)
class KnownPayer:
    """A payer that needs no explanation; every criterion that is given must hold."""

    label: str = setting(kinds.name)
    document_number: str | None = setting(kinds.name, None)
    name_pattern: str | None = setting(kinds.pattern, None)
    reference_pattern: str | None = setting(kinds.pattern, None)
    description_pattern: str | None = setting(kinds.pattern, None)
    account_id: str | None = setting(kinds.name, None)

    def __post_init__(self) -> None:
        """Refuse an entry that every credit would match."""
        criteria = [item.name for item in fields(self) if item.name != "label"]
        if all(getattr(self, criterion) is None for criterion in criteria):
            raise RefusedError(f"must have at least one of {', '.join(criteria)}")


@dataclass(frozen=True, slots=True)
class Credits:
    """What incoming money is recognised by, and what is said of the rest."""

    return_window: Limit = setting(kinds.limit, "5bd")
    unidentified: str = setting(kinds.choice("review", "break", "matched"), "review")
    known_payers: tuple[KnownPayer, ...] = setting(tables.records(KnownPayer), [])


@dataclass(frozen=True, slots=True)
class Fee:
    """The fee, in centavos, that is expected for each approved transfer of a routing."""

    routing: str = setting(kinds.name)
    amount_minor: int = setting(kinds.integer())
    from_date: date = setting(kinds.day, "", key="from")


@dataclass(frozen=True, slots=True)
class Gmf:
    """The tax on money movements, in pesos per thousand; on all accounts if none is listed."""

    per_thousand: int = setting(kinds.integer(at_most=1000))
    from_date: date = setting(kinds.day, "", key="from")
    accounts: tuple[str, ...] = setting(kinds.texts, [])


@dataclass(frozen=True, slots=True)
class Balance:
    """What the balance proof assumes."""

    snapshot_tolerance: timedelta = setting(kinds.span, "2h")
    debit_at: str = setting(kinds.choice("approved", "in_progress", "created"), "approved")
    fees: tuple[Fee, ...] = setting(tables.records(Fee), [])
    gmf: tuple[Gmf, ...] = setting(tables.records(Gmf), [])


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the catalog and the data files of the warehouse lie; absolute."""

    catalog: Path
    files: Path


@dataclass(frozen=True, slots=True)
class Report:
    """How packs are written."""

    language: str = setting(kinds.choice("es", "en"), "es")
    decimal_separator: str = setting(kinds.choice(",", "."), ",")
    csv_delimiter: str = setting(kinds.separator, ";")
    workbook_max_rows: int = setting(kinds.integer(at_least=1, at_most=_WORKBOOK_ROWS), 100_000)

    def __post_init__(self) -> None:
        """Refuse a delimiter that would also stand inside every amount."""
        if self.csv_delimiter == self.decimal_separator:
            raise RefusedError("must differ from decimal_separator", "csv_delimiter")


@dataclass(frozen=True, slots=True)
class Severity:
    """From which amount, in centavos, a break is high whatever its type."""

    high_minor: int = setting(kinds.integer(), 100_000_000)


@dataclass(frozen=True, slots=True)
class Site:
    """Nothing can be set here yet."""
