"""What has become known since every issued date was last held against what is known.

Here belong the watermark of that, and the questions that find what lies beyond it: records with a later
clock, and those of files read since, however old their clocks are.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from mono_recon.reconcile.candidates import digits
from mono_recon.reconcile.coverage import window
from mono_recon.schemas import core
from mono_recon.schemas.raw import Evaluations
from mono_recon.schemas.table import Table, entity_column, polars_schema, table_name
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.told import told_of

_LATE = """
    WITH late AS (SELECT file_sha256 FROM mono.raw.files WHERE intake > $intake)
    SELECT 'w:' || delivery_id AS ref FROM mono.raw.deliveries
    WHERE known_at <= $since AND file_sha256 IN (SELECT file_sha256 FROM late)
    UNION SELECT 'w:' || record_id FROM mono.raw.copies
    WHERE known_at <= $since AND kind = 'webhooks' AND file_sha256 IN (SELECT file_sha256 FROM late)
    UNION SELECT 'x:' || page_id FROM mono.raw.export_pages
    WHERE fetched_at <= $since AND file_sha256 IN (SELECT file_sha256 FROM late)
"""
_BETWEEN = """
    SELECT 1 FROM mono.raw.deliveries WHERE known_at > $after AND known_at <= $until
    UNION ALL SELECT 1 FROM mono.raw.copies WHERE known_at > $after AND known_at <= $until
    UNION ALL SELECT 1 FROM mono.raw.export_pages WHERE fetched_at > $after AND fetched_at <= $until LIMIT 1
"""


class Watermark(NamedTuple):
    """How far the issued dates have been held against what is known: by clock (UTC), and by ingest."""

    as_of: datetime
    intake: int


ABSENT: Mapping[str, tuple[str, type[Table], str]] = {
    "transfers": ("transfers", core.TransferObservations, "transfer_id"),
    "collection_intents": ("collections", core.CollectionObservations, "intent_id"),
}
"""Resources whose exports can show that something is missing: kind, observations and id of the entities."""

_LISTED: Sequence[type[Table]] = (core.TransferObservations, core.BatchObservations, core.CollectionObservations)
"""Observations that exports repeat day by day."""

_UNLISTED: Sequence[type[Table]] = (core.AccountCredits, core.Balances, core.Accounts)

NOTHING = Watermark(datetime(1, 1, 1, tzinfo=UTC), 0)
"""The watermark before any."""


def read_watermark(warehouse: Warehouse) -> Watermark:
    """Up to where every issued date has been evaluated."""
    rows = warehouse.query("SELECT as_of, intake FROM mono.raw.evaluations").rows()
    return Watermark(*rows[0]) if rows else NOTHING


def write_watermark(warehouse: Warehouse, mark: Watermark) -> None:
    """Say up to where every issued date has been evaluated; nothing is written if that is said already."""
    held = read_watermark(warehouse)
    if mark != held:
        rows = [pl.DataFrame([each], schema=polars_schema(Evaluations), orient="row") for each in (held, mark)]
        with warehouse.transaction():
            warehouse.delete(Evaluations, rows[0])
            warehouse.append(Evaluations, rows[1])


def last_intake(warehouse: Warehouse) -> int:
    """Number of the last ingest that read a file; 0 if none has."""
    return int(warehouse.query("SELECT coalesce(max(intake), 0) FROM mono.raw.files").item())


class News:
    """What has become known beyond a watermark and by an instant, table by table; each is read once until forgotten."""

    def __init__(self, warehouse: Warehouse, since: Watermark, as_of: datetime) -> None:
        self.warehouse = warehouse
        self.since = since
        self.as_of = as_of
        self._values = {"since": since.as_of, "k": as_of}
        self._held: dict[tuple[str, tuple[tuple[str, Any], ...]], pl.DataFrame] = {}
        self._read: dict[tuple[type[Table], timedelta | None], pl.DataFrame] = {}

    @cached_property
    def _late(self) -> pl.DataFrame:
        """The records of files read since whose clocks are old: they are news too."""
        if last_intake(self.warehouse) > self.since.intake:
            return self.warehouse.query(_LATE, {"since": self.since.as_of, "intake": self.since.intake})
        return pl.DataFrame(schema={"ref": pl.String})

    def is_since(self, mark: Watermark, as_of: datetime) -> bool:
        """Whether this is the news beyond that watermark and by that instant, since nothing came between two marks."""
        if (self.as_of, self.since.intake) != (as_of, mark.intake):
            return False
        between = {"after": min(mark.as_of, self.since.as_of), "until": max(mark.as_of, self.since.as_of)}
        return mark == self.since or self.warehouse.query(_BETWEEN, between).is_empty()

    def forget(self) -> None:
        """Let go of what was read, which may be large."""
        self._held.clear()
        self._read.clear()

    def read(self, table: type[Table], *, lag: timedelta | None = None) -> pl.DataFrame:
        """All that is known of the entities that something new is known of.

        Args:
            table: A table of schema ``core``.
            lag: How long after an event an export must show it. Where it is given, entities are left out of which
                exports only said again, word for word, what one had said after all that the webhooks have said;
                others that are merely repeated may be among them still.

        Returns:
            The table's columns, and ``is_news`` (Boolean).
        """
        if (table, lag) not in self._read:
            self._read[table, lag] = told_of(self.warehouse, table, entity_column(table), self._values, self._late, lag)
        return self._read[table, lag]

    def read_all(self, lag: timedelta) -> None:
        """Read whatever is read of ``raw`` and ``core`` to find the dates that are touched and what they need.

        Args:
            lag: How long after an event an export must show it.
        """
        for table in _LISTED:
            self.read(table, lag=lag)
        for table in _UNLISTED:
            self.read(table)
        for export in self.exports().iter_rows(named=True):
            if export["resource"] in ABSENT:
                self.absent(export)

    def _once(self, sql: str, values: Mapping[str, Any], **frames: pl.DataFrame) -> pl.DataFrame:
        """What a question is answered with, held for whoever puts it again."""
        asked = (sql, tuple(values.items()))
        if asked not in self._held:
            self._held[asked] = self.warehouse.query(sql, values, **frames)
        return self._held[asked]

    def newly_compared_dates(self, settings: Settings) -> list[date]:
        """Dates of which the channels are compared only now, since a delivery before all others came late.

        Args:
            settings: Settings in force; where they say since when channels are compared, no delivery does.
        """
        if settings.webhooks.since or self._late.is_empty():
            return []
        # A late copy may have moved the clock of what was known before: until when is told by what has none.
        ((begins, ends),) = self._once(
            """
            SELECT min(known_at) FILTER (is_late), min(known_at) FILTER (NOT is_late) FROM (
                SELECT known_at, 'w:' || delivery_id IN (SELECT ref FROM late_refs) AS is_late
                FROM mono.raw.deliveries WHERE known_at <= $k
            )
            """,
            {"k": self.as_of},
            late_refs=self._late,
        ).iter_rows()
        if begins is None or (ends is not None and ends <= begins):
            return []
        first, last = map(settings.business.calendar.business_date, (begins, ends or self.as_of))
        return pl.date_range(first, last, eager=True).to_list()

    def counterparts(self) -> pl.DataFrame:
        """What a credit may be matched with by its amount: declined transfers, and collections that were credited.

        Returns:
            ``account_id``, ``currency``, ``amount_minor``, ``inserted_at`` and ``at`` (UTC: when it came to that).
        """
        columns = "account_id, currency, amount_minor, inserted_at, occurred_at AS at"
        return self.warehouse.query(
            f"""
            SELECT {columns} FROM mono.core.transfer_observations WHERE state = 'declined' AND known_at <= $k
            UNION ALL
            SELECT {columns} FROM mono.core.collection_observations WHERE state = 'account_credited' AND known_at <= $k
            """,  # noqa: S608  a constant
            {"k": self.as_of},
        )

    def exports(self) -> pl.DataFrame:
        """``raw.exports`` that prove absence and of which a page is new."""
        return self._once(
            """
            WITH late AS (SELECT file_sha256 FROM mono.raw.files WHERE intake > $intake)
            SELECT * FROM mono.raw.exports SEMI JOIN (
                SELECT export_id FROM mono.raw.export_pages WHERE fetched_at <= $k
                AND (fetched_at > $since OR file_sha256 IN (SELECT file_sha256 FROM late))
            ) USING (export_id) WHERE proves_absence
            """,
            self._values | {"intake": self.since.intake},
        )

    def paid_to_new_accounts(self) -> pl.DataFrame:
        """Transfers to numbers that have turned out to be own accounts.

        Returns:
            ``transfer_id`` and ``occurred_at`` of what is known of them.
        """
        news = self.read(core.Accounts).with_columns(digits(pl.col("number")))
        old = news.filter(~pl.col("is_news")).select("number")
        numbers = news.filter("is_news").join(old, on="number", how="anti").select("number").drop_nulls().unique()
        if numbers.is_empty():
            return pl.DataFrame(schema={"transfer_id": pl.String(), "occurred_at": pl.Datetime("us", "UTC")})
        return self.warehouse.query(
            """
            SELECT transfer_id, occurred_at FROM mono.core.transfer_observations WHERE known_at <= $k
                AND regexp_replace(payee_account_number, '[^0-9]', '', 'g') IN (SELECT number FROM numbers)
            """,
            {"k": self.as_of},
            numbers=numbers,
        )

    def absent(self, export: Mapping[str, Any]) -> pl.DataFrame:
        """Webhook statements about entities that an export covers and neither it nor a later one holds.

        Args:
            export: Row of ``raw.exports`` of one of ``ABSENT``.

        Returns:
            ``kind``, ``id`` and ``occurred_at``.
        """
        opens, closes = window(dict(export))
        kind, table, key = ABSENT[export["resource"]]
        name = f"mono.core.{table_name(table)}"
        return self._once(
            f"""
            SELECT '{kind}' AS kind, {key} AS id, occurred_at FROM {name}
            WHERE channel = 'webhook' AND known_at <= $k AND inserted_at >= $opens AND inserted_at < $closes
                AND {key} NOT IN (
                    SELECT {key} FROM {name} WHERE channel = 'export' AND known_at >= $started AND known_at <= $k
                )
            """,  # noqa: S608  names of contracts
            {"opens": opens, "closes": closes, "started": export["started_at"], "k": self.as_of},
        )

    def readjusted_dates(self) -> list[date]:
        """Issued dates whose proof states another sum of adjustments than is recorded now."""
        found = self._once(
            """
            WITH counted AS (
                SELECT * FROM mono.core.adjustments WHERE decided_at <= $k
                QUALIFY row_number() OVER (PARTITION BY adjustment_id ORDER BY decided_at, path, line) = 1
            )
            SELECT DISTINCT proof.business_date FROM mono.report.latest_balance_proof AS proof
            WHERE adjustments_minor IS NOT NULL AND adjustments_minor <> (
                SELECT coalesce(sum(counted.amount_minor), 0) FROM counted
                WHERE counted.account_id = proof.account_id AND counted.currency = proof.currency
                    AND counted.effective_at > proof.opening_at AND counted.effective_at <= proof.closing_at
            )
            """,
            {"k": self.as_of},
        )
        return sorted(found["business_date"])


def read_related(warehouse: Warehouse, batches: pl.Series, as_of: datetime) -> pl.DataFrame:
    """Transfer observations of the members of some batches, and of those that share a client id with one.

    Args:
        warehouse: The warehouse.
        batches: ``batch_id`` of each.
        as_of: The instant (UTC) by which they must be known.
    """
    found = warehouse.query(
        """
        WITH members AS (
            SELECT DISTINCT transfer_id, account_id, external_id FROM mono.core.transfer_observations
            WHERE batch_id IN (SELECT batch_id FROM named)
        ), alike AS (
            SELECT transfer_id FROM members UNION SELECT transfer_id FROM mono.core.transfer_observations
            SEMI JOIN (SELECT external_id FROM members WHERE external_id IS NOT NULL) USING (external_id)
        )
        SELECT * FROM mono.core.transfer_observations SEMI JOIN alike USING (transfer_id) WHERE known_at <= $k
        """,
        {"k": as_of},
        named=batches.alias("batch_id").unique().to_frame(),
    )
    return found.select(polars_schema(core.TransferObservations).names())
