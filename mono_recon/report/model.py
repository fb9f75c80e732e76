"""What a report pack is made of: one business date as of one moment, its tables and its sources.

Here belong the frozen record that every writer of the pack reads and the check that its tables have
the contract's shape. How a table is computed lies in ``mono_recon.reconcile``; how it is written lies
in the writer of each format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from mono_recon.schemas.report import PACK_TABLES, KnownAccounts, OpenItems
from mono_recon.schemas.table import polars_schema, table_name
from mono_recon.settings import Settings


@dataclass(frozen=True, slots=True)
class EarlierIssue:
    """An issued report that this one rests on."""

    business_date: date
    version: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An archive file that holds a record this report used; ``path`` is relative to the archive root."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Report:
    """One version of one business date.

    Attributes:
        business_date: Local date that the report is about.
        version: Version of that date's report, from 1.
        as_of: The report knows what was known at this moment (UTC).
        verdict: balanced, awaiting, breaks or incomplete.
        content_sha256: Hash of the report's facts, see ``mono_recon.report.content``.
        supersedes: Version that it replaces.
        issues: Earlier issues it rests on.
        source_files: Archive files that hold a record it used.
        tables: A frame for each table of a pack, with exactly its columns and dtypes; the order of
            the rows is the order in which they are written.
        code_version: Version of the code that made it.
        settings: Settings in force.
        open_items: Columns of ``report.open_items``; no part of the pack.
        known_accounts: Columns of ``report.known_accounts``; no part of the pack.
    """

    business_date: date
    version: int
    as_of: datetime
    verdict: str
    content_sha256: str
    supersedes: int | None
    issues: tuple[EarlierIssue, ...]
    source_files: tuple[SourceFile, ...]
    tables: Mapping[str, pl.DataFrame]
    code_version: str
    settings: Settings
    open_items: pl.DataFrame = field(default_factory=polars_schema(OpenItems).to_frame)
    known_accounts: pl.DataFrame = field(default_factory=polars_schema(KnownAccounts).to_frame)

    def __post_init__(self) -> None:
        """Refuse tables that are not those of a pack.

        Raises:
            ValueError: A table is missing, is not one of a pack, or has other columns or dtypes.
        """
        expected = pack_schemas()
        if self.tables.keys() != expected.keys():
            odd = sorted(self.tables.keys() ^ expected.keys())
            raise ValueError(f"a report has exactly the tables of a pack; missing or foreign: {', '.join(odd)}")
        for name, schema in expected.items():
            if self.tables[name].schema != schema:
                raise ValueError(f"table {name} has {self.tables[name].schema}, its contract is {schema}")


def pack_schemas() -> dict[str, pl.Schema]:
    """The tables of a pack in order, each with its column names and dtypes."""
    return {table_name(model): polars_schema(model) for model in PACK_TABLES}
