"""Which earlier dates new knowledge can have changed, as spans of dates.

Here belongs the reach of a statement, a credit, a balance or a limit into the dates around it. A span may
be too wide, never too narrow: whether a date has changed is found by reconciling it again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from mono_recon.calendar import BusinessCalendar, Limit
from mono_recon.settings import Settings

SPAN = pl.Schema({"first": pl.Date(), "last": pl.Date()})
"""Columns of spans, both ends included."""

NO_END = date(9999, 12, 31)
_ONE = Limit(business_days=1)
_DAY = timedelta(days=1)
_SAID = ("state", "occurred_at")
_LASTING = (
    "inserted_at",
    "amount_minor",
    "currency",
    "account_id",
    "external_id",
    "batch_id",
    "reference",
    "routing",
    "fallback_routing",
    "payee_bank_code",
    "payee_account_number",
    "payee_document_number",
)
_BATCH = ("state", "occurred_at", "account_id", "total_amount_minor", "currency", "listed")


@dataclass(frozen=True)
class Reach:
    """How far a fact reaches, under some settings."""

    settings: Settings

    @property
    def calendar(self) -> BusinessCalendar:
        """Business dates of the organisation."""
        return self.settings.business.calendar

    def day(self, moment: str) -> pl.Expr:
        """Business date of a column of instants."""
        return self.calendar.business_date_expr(pl.col(moment))

    def day_before_balance(self, moment: str) -> pl.Expr:
        """The earliest date whose closing balance may be younger than an instant."""
        return self.calendar.business_date_expr(pl.col(moment) - self.settings.balance.snapshot_tolerance)

    def day_after_balance(self, moment: str) -> pl.Expr:
        """The latest date whose opening balance may be older than an instant."""
        return self.calendar.business_date_expr(pl.col(moment) + self.settings.balance.snapshot_tolerance)

    @property
    def longest_return(self) -> timedelta:
        """No return comes later than this; business days count as many as holidays and week-ends can make them."""
        window = self.settings.credits.return_window
        return window.span + timedelta(days=3 * window.business_days + 7)


def entity_spans(news: pl.DataFrame, key: str, reach: Reach) -> pl.DataFrame:
    """Spans of transfers or collections that something new is known of.

    They have no end: a credit that finds another counterpart leaves its own to the next one, and so on.

    Args:
        news: All observations of these entities, with ``is_news``.
        key: Name of the id column.
        reach: The settings' reach.

    Returns:
        ``key`` and ``SPAN``.
    """
    told = _flat(without_repetitions(news, key, reach.settings.transfers.export_lag))
    old, new = pl.col("is_news").not_(), pl.col("is_news")
    begun, second = pl.col("inserted_at"), pl.col("occurred_at").dt.truncate("1s")
    # Before the first statement its values hold, and in a balance those of the last, whenever it was made.
    is_earlier = (begun.filter(new).min() < begun.filter(old).min()) | (
        second.filter(new).min() <= second.filter(old).min()
    )
    says_more = pl.any_horizontal(
        pl.col(name).drop_nulls().n_unique() > pl.col(name).filter(old).drop_nulls().n_unique()
        for name in _lasting(told)
    )
    return (
        told.group_by(key)
        .agg(
            pl.when(is_earlier.fill_null(value=True) | says_more)
            .then(begun.min())
            .otherwise(pl.col("occurred_at").filter(new).min())
            .alias("from")
        )
        .select(key, reach.day_before_balance("from").alias("first"), pl.lit(NO_END).alias("last"))
    )


def _lasting(news: pl.DataFrame) -> list[str]:
    return [name for name in _LASTING if name in news.columns]


def _flat(news: pl.DataFrame) -> pl.DataFrame:
    """Statements with the rails to fall back on as one text; naming none is saying nothing."""
    rails = pl.col("fallback_routing")
    texts = [pl.when(rails.list.len() > 0).then(rails.list.join("|"))] if "fallback_routing" in news.columns else []
    return news.with_columns(texts)


def without_repetitions(news: pl.DataFrame, key: str, lag: timedelta) -> pl.DataFrame:
    """Leave out entities of which exports only repeat what could be concluded before.

    A row of an export adds nothing if an export said the same after all that the webhooks have said, or
    if all that was ever said of the entity agrees and the row repeats its last state.

    Args:
        news: All observations of transfers or collections with news, with ``is_news``.
        key: Name of the id column.
        lag: How long after an event an export must show it.
    """
    lasting = _lasting(news)
    content = [*_SAID, *lasting]
    heard_until = pl.col("event_at").filter(pl.col("channel") == "webhook").max().over(key)
    is_final_word = (pl.col("known_at") >= heard_until + lag).fill_null(value=True)
    told = _flat(news)
    shown = told.filter(~pl.col("is_news"), pl.col("channel") == "export", is_final_word)
    old = pl.col("is_news").not_()
    agrees = pl.all_horizontal(
        (pl.col(name).drop_nulls().n_unique().over(key) <= 1)
        & (pl.col(name).is_null() | pl.col(name).filter(old).is_not_null().any().over(key))
        for name in lasting
    )
    order = [pl.col("occurred_at"), pl.coalesce("event_at", "known_at"), pl.col("source_ref")]
    is_last = pl.all_horizontal(
        pl.col(name) == pl.col(name).filter(old).sort_by(*(each.filter(old) for each in order)).last().over(key)
        for name in _SAID
    )
    fresh = (
        told.with_columns((agrees & is_last & (pl.col("channel") == "export")).fill_null(value=False).alias("confirms"))
        .filter("is_news", ~pl.col("confirms"))
        .join(shown, on=[key, "channel", *content], how="anti", nulls_equal=True)
    )
    return news.join(fresh.select(key).unique(), on=key, how="semi")


def batch_spans(news: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """Spans of batches that something new is known of; how far they last, their members say.

    Args:
        news: All observations of these batches, with ``is_news``.
        reach: The settings' reach.

    Returns:
        ``batch_id`` and ``first``.
    """
    told = news.with_columns(pl.col("listed_transfer_ids").list.join("|").alias("listed"))
    old = told.filter(~pl.col("is_news")).select("batch_id", *_BATCH).unique()
    fresh = told.filter("is_news").join(old, on=["batch_id", *_BATCH], how="anti", nulls_equal=True)
    known = old.select("batch_id", known=True).unique()
    is_whole = pl.col("known").is_null() | pl.col("listed").is_not_null()
    return (
        fresh.join(known, on="batch_id", how="left")
        .with_columns(pl.when(is_whole).then("inserted_at").otherwise("occurred_at").alias("from"))
        .group_by("batch_id")
        .agg(reach.day("from").min().alias("first"))
    )


def group_spans(related: pl.DataFrame, final: frozenset[str], reach: Reach) -> pl.DataFrame:
    """The span of all transfers that hang together: members of batches, and payments with one client id.

    Args:
        related: Their observations.
        final: States in which a transfer rests.
        reach: The settings' reach.
    """
    ends = (
        related.sort("occurred_at")
        .group_by("transfer_id")
        .agg(pl.col("inserted_at").min(), pl.col("occurred_at").max(), pl.col("state").last().is_in(list(final)))
    )
    last = pl.when("state").then(reach.day_after_balance("occurred_at")).otherwise(NO_END)
    return ends.select((reach.day("inserted_at") - _DAY).alias("first"), last.alias("last"))


def credit_spans(news: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """Spans of credits that something new is known of.

    Args:
        news: All observations of these credits, with ``is_news``.
        reach: The settings' reach.
    """
    return news.filter("is_news").select(
        reach.day_before_balance("transaction_at").alias("first"), pl.lit(NO_END).alias("last")
    )


def pairing_spans(disturbed: pl.DataFrame, counterparts: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """Spans of transfers and collections whose money other credits may turn out to be.

    Args:
        disturbed: ``account_id``, ``currency``, ``amount_minor`` and ``at`` (UTC) of what is matched otherwise now.
        counterparts: The same columns of what a credit may be matched with, and ``inserted_at`` (UTC).
        reach: The settings' reach.
    """
    same = ["account_id", "currency", "amount_minor"]
    near = pl.col("at") >= pl.col("at_first") - reach.longest_return
    earliest = disturbed.group_by(same).agg(pl.col("at").min().alias("at_first"))
    return (
        counterparts.join(earliest, on=same)
        .filter(near)
        .select(reach.day("inserted_at").alias("first"), reach.day_after_balance("at").alias("last"))
    )


def balance_spans(news: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """Spans of balance figures that are new: the dates that may open or close with them."""
    tolerance = reach.settings.balance.snapshot_tolerance
    first = reach.calendar.business_date_expr(pl.col("balance_at") - tolerance)
    last = reach.calendar.business_date_expr(pl.col("balance_at") + tolerance)
    return news.filter("is_news").select(first.alias("first"), (last + _DAY).alias("last"))


def limits_between(day: date, start: datetime, end: datetime, reach: Reach) -> bool:
    """Whether a limit of something that happened on a date passed after one instant and by another.

    Args:
        day: The date.
        start: Instant (UTC); what passed by then has been seen.
        end: Instant (UTC).
        reach: The settings' reach.
    """
    calendar, horizon = reach.calendar, reach.settings.webhooks.horizon
    opens, closes = calendar.start_of(day), calendar.end_of(day)
    spans = ((opens + horizon, closes + horizon), (calendar.add(opens, _ONE), calendar.add(closes, _ONE)))
    return any(first <= end and start <= last for first, last in spans)


def in_spans(days: list[date], spans: pl.DataFrame) -> list[date]:
    """The dates that lie in a span.

    Args:
        days: Dates.
        spans: Rows of ``SPAN``.
    """
    known = list(spans.select("first", "last").unique().iter_rows())
    return [day for day in days if any(first <= day <= last for first, last in known)]
