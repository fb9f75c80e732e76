"""Which issued dates have to be held against what has become known.

Here belongs the gathering of every kind of news. How far each reaches is decided in ``reconcile``.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import polars as pl

from mono_recon.core.states import COLLECTION, TRANSFER
from mono_recon.reconcile.candidates import digits
from mono_recon.reconcile.coverage import window
from mono_recon.reconcile.touched import (
    SPAN,
    Reach,
    balance_spans,
    batch_spans,
    collected_spans,
    credit_spans,
    entity_spans,
    group_spans,
    in_spans,
    limits_between,
)
from mono_recon.schemas import core
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.news import Watermark, read_new_exports, read_news, read_related

_TIMED = ("awaiting_webhook", "awaiting_members", "awaiting_credit", "awaiting_balance", "collection_unconfirmed")
"""Types whose limit is held against the as-of rather than against the end of the date."""


def touched_dates(
    warehouse: Warehouse, settings: Settings, days: Sequence[date], since: Watermark, as_of: datetime
) -> list[date]:
    """The dates that news or a limit that has passed can have changed.

    Args:
        warehouse: The warehouse.
        settings: Settings in force.
        days: Issued dates, oldest first.
        since: Up to where they have been evaluated.
        as_of: The instant (UTC) as of which they are to be evaluated.
    """
    if not days:
        return []
    reach = Reach(settings)
    found = set(_timed(warehouse, days, since, as_of, reach)) | set(_readjusted(warehouse, as_of))
    for spans in _spans(warehouse, days[-1], since, as_of, reach):
        found.update(in_spans([day for day in days if day not in found], spans))
    return [day for day in days if day in found]


def _spans(
    warehouse: Warehouse, newest: date, since: Watermark, as_of: datetime, reach: Reach
) -> Iterator[pl.DataFrame]:
    """Spans of all news, as far as they reach back to the newest of the dates."""
    reaches_back = pl.col("first") <= newest
    transfers = read_news(warehouse, core.TransferObservations, "transfer_id", since, as_of)
    moved = entity_spans(transfers, "transfer_id", TRANSFER.final, reach).filter(reaches_back)
    batches = read_news(warehouse, core.BatchObservations, "batch_id", since, as_of)
    lots = batch_spans(batches, reach).filter(reaches_back)
    yield moved.select("first", "last")
    grown = transfers.join(moved, on="transfer_id", how="semi")["batch_id"].drop_nulls()
    related = pl.concat([grown, lots["batch_id"]])
    if not related.is_empty():
        yield group_spans(read_related(warehouse, related, as_of), TRANSFER.final, reach)
    yield lots.select("first", pl.col("first").alias("last"))
    collections = read_news(warehouse, core.CollectionObservations, "intent_id", since, as_of)
    yield entity_spans(collections, "intent_id", COLLECTION.final, reach)
    credits_news = read_news(warehouse, core.AccountCredits, "credit_id", since, as_of)
    yield credit_spans(credits_news, reach)
    if not credits_news.is_empty():
        credited = warehouse.query("SELECT * FROM mono.core.collection_observations WHERE state = 'account_credited'")
        yield collected_spans(credits_news, credited, reach)
    yield balance_spans(read_news(warehouse, core.Balances, "account_id", since, as_of), reach)
    yield _of_new_accounts(warehouse, since, as_of, reach)
    exports = read_new_exports(warehouse, since, as_of).filter("proves_absence")
    yield from _unlisted(warehouse, exports, newest, as_of, reach)
    if not exports.is_empty():
        yield _awaiting_members(warehouse)


def _of_new_accounts(warehouse: Warehouse, since: Watermark, as_of: datetime, reach: Reach) -> pl.DataFrame:
    """Transfers to numbers that have turned out to be own accounts."""
    news = read_news(warehouse, core.Accounts, "account_id", since, as_of).with_columns(digits(pl.col("number")))
    old = news.filter(~pl.col("is_news")).select("number")
    numbers = news.filter("is_news").join(old, on="number", how="anti").select("number").drop_nulls().unique()
    if numbers.is_empty():
        return SPAN.to_frame()
    paid = warehouse.query(
        """
        SELECT occurred_at FROM mono.core.transfer_observations
        WHERE known_at <= $k AND regexp_replace(payee_account_number, '\\D', '', 'g') IN (SELECT number FROM numbers)
        """,
        {"k": as_of},
        numbers=numbers,
    )
    return paid.select(reach.day("occurred_at").alias("first"), reach.day("occurred_at").alias("last"))


def _unlisted(
    warehouse: Warehouse, exports: pl.DataFrame, newest: date, as_of: datetime, reach: Reach
) -> Iterator[pl.DataFrame]:
    """Entities that a new export covers and does not hold."""
    end = reach.calendar.end_of(newest)
    for export in exports.iter_rows(named=True):
        opens, closes = window(export)
        if opens >= end:
            continue
        for resource, table, key in (
            ("transfers", "transfer_observations", "transfer_id"),
            ("collection_intents", "collection_observations", "intent_id"),
        ):
            if export["resource"] == resource:
                yield _absent(warehouse, table, key, export, (opens, min(closes, end), as_of), reach)


def _absent(
    warehouse: Warehouse,
    table: str,
    key: str,
    export: dict[str, object],
    bounds: tuple[datetime, datetime, datetime],
    reach: Reach,
) -> pl.DataFrame:
    opens, closes, as_of = bounds
    told = warehouse.query(
        f"""
        SELECT occurred_at FROM mono.core.{table}
        WHERE channel = 'webhook' AND known_at <= $k AND inserted_at >= $opens AND inserted_at < $closes
            AND {key} NOT IN (
                SELECT {key} FROM mono.core.{table}
                WHERE channel = 'export' AND known_at >= $started AND known_at <= $k
            )
            AND {key} NOT IN (
                SELECT subject_id FROM mono.report.latest_breaks WHERE break_type = 'missing_in_export'
            )
        """,  # noqa: S608  names of contracts
        {"opens": opens, "closes": closes, "started": export["started_at"], "k": as_of},
    )
    return told.select(reach.day("occurred_at").alias("first"), reach.day("occurred_at").alias("last"))


def _awaiting_members(warehouse: Warehouse) -> pl.DataFrame:
    """Dates with a batch whose list of members an export may prove."""
    days = warehouse.query(
        "SELECT DISTINCT business_date AS first, business_date AS last FROM mono.report.latest_breaks"
        " WHERE break_type = 'awaiting_members' AND status = 'open' AND break_date = business_date"
    )
    return days.select(pl.col(name).cast(dtype) for name, dtype in SPAN.items())


def _timed(
    warehouse: Warehouse, days: Sequence[date], since: Watermark, as_of: datetime, reach: Reach
) -> Iterator[date]:
    """Dates with an item of their own whose limit has passed."""
    near = [day for day in days if limits_between(day, since.as_of, as_of, reach)]
    if near:
        listed = warehouse.query(
            "SELECT DISTINCT business_date FROM mono.report.latest_breaks"
            " WHERE business_date >= $first AND break_date = business_date AND break_type IN (SELECT * FROM timed)",
            {"first": near[0]},
            timed=pl.DataFrame({"break_type": _TIMED}),
        )
        yield from set(near) & set(listed["business_date"])


def _readjusted(warehouse: Warehouse, as_of: datetime) -> Iterator[date]:
    """Dates whose proof states another sum of adjustments than is recorded now."""
    found = warehouse.query(
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
        {"k": as_of},
    )
    yield from found["business_date"]
