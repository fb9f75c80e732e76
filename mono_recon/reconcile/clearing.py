"""What cleared a break whose condition no longer holds.

Here belongs the choice of one cause among the news of its subject. Which feeds clear a type of break
whatever else is new is said by the catalogue.
"""

import polars as pl

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.news import FEEDS, heard, with_counterparts

TIME = "time"
_DAY_DIGITS = 10  # of the date at the end of an account's subject


def with_causes(items: pl.DataFrame, inputs: DayInputs, matched: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Add ``cleared_by`` to items that are no breaks any more.

    News of an item is what became known of its subject after the last issue of the date before, or happened on
    the date, known before or not; news of a balance is what became known since then of its own date. The cause is
    the strongest feed of the item's type that has news, else the feed whose news was known first, else time.

    Args:
        items: ``break_id``, ``break_type``, ``subject_type``, ``subject_id`` and ``account_id``.
        inputs: What was known at the as-of.
        matched: ``credit_id`` and ``matched_to``.
        context: Date, as-of and settings.
    """
    is_balance = pl.col("subject_type") == "account"
    of_subject = items.filter(~is_balance).select("break_id", pl.col("subject_id").alias("key"))
    balances = items.filter(is_balance)
    of_account = balances.select("break_id", pl.col("account_id").alias("key")).drop_nulls()
    is_new = pl.col("known_at") > (context.previous_as_of or context.start)
    news = (
        heard(pl.concat([with_counterparts(of_subject, matched), of_account]), inputs)
        .join(_windows(balances, context), on="break_id", how="left")
        .filter(
            pl.when(pl.col("opens_at").is_null())
            .then(is_new | pl.col("said_of").is_between(context.start, context.end, "left"))
            .otherwise(is_new & pl.col("said_of").is_between("opens_at", "closes_at"))
        )
    )
    first = (
        news.join(items.select("break_id", "break_type"), on="break_id")
        .join(_strengths(), on=["break_type", "feed"], how="left")
        .sort(
            pl.col("strength").fill_null(len(FEEDS)),
            "known_at",
            pl.col("feed").replace_strict({feed: place for place, feed in enumerate(FEEDS)}, return_dtype=pl.Int64),
        )
        .unique("break_id", keep="first", maintain_order=True)
        .select("break_id", pl.col("feed").alias("cleared_by"))
    )
    return items.join(first, on="break_id", how="left", maintain_order="left").with_columns(
        pl.col("cleared_by").fill_null(TIME)
    )


def _windows(balances: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Between which moments the figures of each balance and what moved between them lie."""
    tolerance = context.settings.balance.snapshot_tolerance
    days = balances.select("break_id", pl.col("subject_id").str.tail(_DAY_DIGITS).str.to_date().alias("day")).unique()
    calendar = context.calendar
    return days.select(
        "break_id",
        pl.Series("opens_at", [calendar.start_of(day) - tolerance for day in days["day"]], pl.Datetime("us", "UTC")),
        pl.Series("closes_at", [calendar.end_of(day) + tolerance for day in days["day"]], pl.Datetime("us", "UTC")),
    )


def _strengths() -> pl.DataFrame:
    rows = [(name, feed, strength) for name, kind in CATALOGUE.items() for strength, feed in enumerate(kind.clears_by)]
    return pl.DataFrame(rows, schema={"break_type": pl.String, "feed": pl.String, "strength": pl.Int64}, orient="row")
