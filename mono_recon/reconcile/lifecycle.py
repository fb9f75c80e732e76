"""A break's identity, severity, age, and whether a date lists it.

Here belongs what is the same for every type. Finding breaks is the families' business.
"""

import hashlib

import polars as pl

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.wording import explain

ID_DIGITS = 16
TIMING_DAYS = 30
"""How many days an open timing item is carried before it leaves the list."""

_BUCKETS = ((1, "0-1"), (3, "2-3"), (7, "4-7"), (30, "8-30"))
_OLDEST = ">30"


def break_id(break_type: str, subject_type: str, subject_id: str) -> str:
    """The identity of a break: stable across days, versions and machines."""
    text = f"{break_type}|{subject_type}|{subject_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def describe_breaks(findings: pl.DataFrame, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Complete the findings with what their subjects' lines say.

    Args:
        findings: Rows of ``FINDING``.
        lines: One row per subject: ``subject_id``, ``line_account_id``, ``line_currency``,
            ``line_amount_minor`` and ``line_source_refs``.
        context: Date, as-of and settings.

    Returns:
        Rows of ``report.breaks`` without date, version and what people decided, with ``line_ids``.
    """
    completed = (
        findings.join(lines, on="subject_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("account_id", "line_account_id").alias("account_id"),
            pl.coalesce("currency", "line_currency").alias("currency"),
            pl.coalesce("amount_minor", "line_amount_minor").fill_null(0).alias("amount_minor"),
            pl.coalesce("source_refs", "line_source_refs").fill_null([]).alias("source_refs"),
            pl.coalesce("line_ids", pl.concat_list("subject_id")).alias("line_ids"),
            _identities(findings).alias("break_id"),
        )
        .with_columns(_severity(context).alias("severity"), *_ages(context))
    )
    return explain(completed).sort("break_type", "subject_id")


def _identities(findings: pl.DataFrame) -> pl.Series:
    rows = findings.select("break_type", "subject_type", "subject_id").iter_rows()
    return pl.Series("break_id", [break_id(*row) for row in rows], dtype=pl.String)


def _severity(context: Context) -> pl.Expr:
    always = [name for name, kind in CATALOGUE.items() if kind.always_high]
    large = pl.col("amount_minor") >= context.settings.severity.high_minor
    return (
        pl.when(pl.col("break_type").is_in(always) | large)
        .then(pl.lit("high"))
        .when(pl.col("class") == "timing")
        .then(pl.lit("low"))
        .otherwise(pl.lit("medium"))
    )


def _ages(context: Context) -> tuple[pl.Expr, ...]:
    today = pl.lit(context.business_date)
    days = (today - pl.col("break_date")).dt.total_days()
    bucket = pl.lit(_OLDEST)
    for upto, name in reversed(_BUCKETS):
        bucket = pl.when(days <= upto).then(pl.lit(name)).otherwise(bucket)
    return (
        days.alias("age_days"),
        context.calendar.business_days_between_expr(pl.col("break_date"), today).alias("age_business_days"),
        bucket.alias("ageing_bucket"),
    )


def listed(breaks: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The breaks that the date lists: its own, and of earlier dates what is carried or was resolved since.

    What is said of a feed is found for its own date alone, so it is never of an earlier one.

    Args:
        breaks: Breaks with ``status`` and ``decided_at``.
        context: Date, as-of and settings; what was resolved counts from the last issue of the date before on.
    """
    own = pl.col("break_date") == context.business_date
    lasting = (pl.col("class") == "break") | ((pl.col("class") == "timing") & (pl.col("age_days") <= TIMING_DAYS))
    carried = (pl.col("status") == "open") & lasting
    resolved = pl.col("decided_at") > (context.previous_as_of or context.start)
    return breaks.filter(own | ((pl.col("break_date") < context.business_date) & (carried | resolved)))


def still_open(breaks: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The open breaks that the date counts: those that it lists, and earlier reviews, which it does not list."""
    earlier = (pl.col("class") == "review") & (pl.col("break_date") < context.business_date)
    return pl.concat([listed(breaks, context), breaks.filter(earlier)]).filter(pl.col("status") == "open")


def line_statuses(breaks: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The worst class among each line's open breaks dated up to the business date.

    Returns:
        ``line_id``, ``recon_status`` and ``break_types`` (sorted) of lines that carry any.
    """
    worst = {"break": 0, "review": 1, "timing": 2}
    return (
        breaks.filter(
            pl.col("status") == "open",
            pl.col("break_date") <= context.business_date,
            pl.col("class").is_in(list(worst)),
        )
        .select("break_type", "class", pl.col("line_ids").alias("line_id"))
        .explode("line_id", empty_as_null=True)
        .drop_nulls("line_id")
        .group_by("line_id")
        .agg(
            pl.col("class")
            .sort_by(pl.col("class").replace_strict(worst, return_dtype=pl.Int64))
            .first()
            .alias("recon_status"),
            pl.col("break_type").unique().sort().alias("break_types"),
        )
    )


def ageing(shown: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.break_ageing``: the open rows of ``breaks``, counted and added by age."""
    group = ["break_type", "class", "account_id", "currency", "ageing_bucket"]
    return (
        shown.filter(pl.col("status") == "open")
        .group_by(group)
        .agg(pl.len().cast(pl.Int64).alias("count"), pl.sum("amount_minor"))
        .sort(group)
    )


def verdict(shown: pl.DataFrame, context: Context) -> str:
    """The verdict of a date, from the breaks that it lists as its own."""
    own = shown.filter(pl.col("break_date") == context.business_date)
    # What a person decides brings no data; only a break is settled by it.
    if own["break_type"].is_in(["feed_missing", "incomplete_export"]).any():
        return "incomplete"
    if not own.filter(pl.col("class") == "break", pl.col("status") == "open").is_empty():
        return "breaks"
    return "awaiting" if (own["break_type"] == "awaiting_balance").any() else "balanced"
