"""The few figures of an issued pack that decide whether somebody has to look.

Here belongs what is read from a pack: verdict, new breaks, missing feeds, refused records, unexplained money.
Nothing of a person and no account number is among it. Whether it is worth a message is decided in ``message``.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from mono_recon.report.manifest import MANIFEST, parse
from mono_recon.report.parquet import parquet_path

MISSING = "feed_missing"
_NEW = ("new", "late", "escalated_in")


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are of something, and the centavos in them, by currency."""

    count: int = 0
    minor: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """What an issued version says in a few figures.

    Attributes:
        business_date: Its date.
        version: Its version.
        as_of: Its as-of, ISO text in UTC.
        verdict: Its verdict.
        new_breaks: Breaks of class ``break`` that the date before did not have, by type.
        open_breaks: All open ones, its own and carried.
        missing_feeds: Feeds of the date that brought nothing: ``webhooks``, ``exports``, ``balance:<account_id>``.
        quarantined: Records of the date that were refused.
        unexplained: Money that no balance proof explains, by currency; centavos.
        failed_identities: Metrics of identities that do not hold.
    """

    business_date: date
    version: int
    as_of: str
    verdict: str
    new_breaks: tuple[tuple[str, Sum], ...]
    open_breaks: Sum
    missing_feeds: tuple[str, ...]
    quarantined: int
    unexplained: tuple[tuple[str, int], ...]
    failed_identities: tuple[str, ...]

    @property
    def new(self) -> Sum:
        """All new breaks together."""
        minor: dict[str, int] = {}
        for _, each in self.new_breaks:
            for currency, amount in each.minor:
                minor[currency] = minor.get(currency, 0) + amount
        return Sum(sum(each.count for _, each in self.new_breaks), tuple(sorted(minor.items())))


def read_digest(folder: Path) -> Digest:
    """Read the digest of a pack.

    Args:
        folder: The pack: its manifest and its Parquet files are read.

    Raises:
        OSError: A file is not there or cannot be read.
        ValueError: The manifest is none.
    """
    manifest = parse((folder / MANIFEST).read_bytes())
    # Not glob: a folder's name may hold brackets.
    control, breaks, movement = (
        pl.read_parquet(parquet_path(folder, name), glob=False) for name in ("control", "breaks", "break_movement")
    )
    new = movement.filter(pl.col("movement").is_in(_NEW), pl.col("class") == "break")
    still_open = breaks.filter(pl.col("class") == "break", pl.col("status") == "open")
    unexplained = control.filter(metric="unexplained").filter(pl.col("amount_minor") != 0)
    return Digest(
        business_date=manifest.business_date,
        version=manifest.version,
        as_of=manifest.as_of,
        verdict=manifest.verdict,
        new_breaks=tuple((str(name), _sum(rows)) for (name,), rows in sorted(new.group_by("break_type"))),
        open_breaks=_sum(still_open),
        missing_feeds=tuple(sorted(_feeds(breaks, manifest.business_date))),
        quarantined=int(control.filter(metric="input.quarantined")["count"].sum()),
        unexplained=_sum(unexplained).minor,
        failed_identities=tuple(control.filter(status="failed")["metric"].unique().sort()),
    )


def latest_digest(reports: Path, day: date) -> Digest | None:
    """The digest of the last version of a date; None if no pack of it lies there whole."""
    there = (reports / day.isoformat()).glob("v*")
    packs = {int(folder.name[1:]): folder for folder in there if folder.name[1:].isdecimal()}
    try:
        return read_digest(packs[max(packs)]) if packs else None
    except (OSError, ValueError, pl.exceptions.PolarsError):
        return None  # report verify says what is wrong with it


def _sum(rows: pl.DataFrame) -> Sum:
    by_currency = rows.drop_nulls("currency").group_by("currency").agg(pl.sum("amount_minor")).sort("currency")
    return Sum(rows.height, tuple(by_currency.select("currency", "amount_minor").iter_rows()))


def _feeds(breaks: pl.DataFrame, day: date) -> list[str]:
    """Missing feeds of a date, named without it."""
    missing = breaks.filter(break_type=MISSING)
    return [subject.removesuffix(f":{day}") for subject in missing["subject_id"]]
