"""Which issued dates have to be held against what has become known.

Here belongs the gathering of every kind of news. How far each reaches is decided in ``reconcile``.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from mono_recon.core.states import TRANSFER
from mono_recon.reconcile.coverage import window
from mono_recon.reconcile.touched import (
    SPAN,
    Reach,
    balance_spans,
    batch_spans,
    credit_spans,
    entity_spans,
    group_spans,
    in_spans,
    limits_between,
    pairing_spans,
)
from mono_recon.schemas import core
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.news import ABSENT, News, read_related

_TIMED = ("awaiting_webhook", "awaiting_members", "awaiting_credit", "awaiting_balance", "collection_unconfirmed")
"""Types whose limit is held against the as-of rather than against the end of the date."""


def touched_dates(news: News, settings: Settings, days: Sequence[date]) -> list[date]:
    """The dates that news or a limit that has passed can have changed.

    Args:
        news: What has become known since they were evaluated, and by the instant as of which they are to be.
        settings: Settings in force.
        days: Issued dates, oldest first.
    """
    if not days:
        return []
    reach = Reach(settings)
    found = {*_timed(news, days, reach), *news.readjusted_dates(), *news.newly_compared_dates(settings)}
    for spans in _spans(news, days[-1], reach):
        found.update(in_spans([day for day in days if day not in found], spans))
    return [day for day in days if day in found]


def _spans(news: News, newest: date, reach: Reach) -> Iterator[pl.DataFrame]:
    """Spans of all news, as far as they reach back to the newest of the dates."""
    reaches_back = pl.col("first") <= newest
    lag = reach.settings.transfers.export_lag
    transfers = news.read(core.TransferObservations, lag=lag)
    moved = entity_spans(transfers, "transfer_id", reach).filter(reaches_back)
    lots = batch_spans(news.read(core.BatchObservations, lag=lag), reach).filter(reaches_back)
    yield moved.select("first", "last")
    grown = transfers.join(moved, on="transfer_id", how="semi")["batch_id"].drop_nulls()
    related = pl.concat([grown, lots["batch_id"]])
    if not related.is_empty():
        yield group_spans(read_related(news.warehouse, related, news.as_of), TRANSFER.final, reach)
    yield lots.select("first", pl.col("first").alias("last"))
    collections = news.read(core.CollectionObservations, lag=lag)
    begun = entity_spans(collections, "intent_id", reach)
    yield begun
    received = news.read(core.AccountCredits)
    yield credit_spans(received, reach)
    disturbed = pl.concat(
        [
            _matched(received.filter("is_news"), "transaction_at"),
            _matched(collections.join(begun, on="intent_id", how="semi").filter(state="account_credited")),
            _matched(transfers.join(moved, on="transfer_id", how="semi").filter(state="declined")),
        ]
    )
    if not disturbed.is_empty():
        yield pairing_spans(disturbed, news.counterparts(), reach)
    yield balance_spans(news.read(core.Balances), reach)
    yield _on_the_day(news.paid_to_new_accounts(), reach)
    yield from _unlisted(news, newest, reach)


def _matched(rows: pl.DataFrame, clock: str = "occurred_at") -> pl.DataFrame:
    return rows.select("account_id", "currency", "amount_minor", pl.col(clock).alias("at"))


def _unlisted(news: News, newest: date, reach: Reach) -> Iterator[pl.DataFrame]:
    """What new exports prove: entities that they do not hold, and the members of batches."""
    end = reach.calendar.end_of(newest)
    exports = [export for export in news.exports().iter_rows(named=True) if window(export)[0] < end]
    if not exports:
        return
    listed = news.warehouse.query(
        "SELECT subject_id AS id FROM mono.report.latest_breaks WHERE break_type = 'missing_in_export'"
    )
    for export in exports:
        if export["resource"] in ABSENT:
            yield _on_the_day(news.absent(export).join(listed, on="id", how="anti"), reach)
    yield _awaiting_members(news.warehouse)


def _on_the_day(told: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    day = reach.day("occurred_at")
    return told.select(day.alias("first"), day.alias("last"))


def _awaiting_members(warehouse: Warehouse) -> pl.DataFrame:
    """Dates with a batch whose list of members an export may prove."""
    days = warehouse.query(
        "SELECT DISTINCT business_date AS first, business_date AS last FROM mono.report.latest_breaks"
        " WHERE break_type = 'awaiting_members' AND status = 'open' AND break_date = business_date"
    )
    return days.select(pl.col(name).cast(dtype) for name, dtype in SPAN.items())


def _timed(news: News, days: Sequence[date], reach: Reach) -> Iterator[date]:
    """Dates with an item of their own whose limit has passed."""
    near = [day for day in days if limits_between(day, news.since.as_of, news.as_of, reach)]
    if near:
        listed = news.warehouse.query(
            "SELECT DISTINCT business_date FROM mono.report.latest_breaks"
            " WHERE business_date >= $first AND break_date = business_date AND break_type IN (SELECT * FROM timed)",
            {"first": near[0]},
            timed=pl.DataFrame({"break_type": _TIMED}),
        )
        yield from set(near) & set(listed["business_date"])
