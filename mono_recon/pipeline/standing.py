"""What became of a break since a report last listed it.

Here belongs the reading of issued reports: a break's last listing and its movement afterwards. Whether a
break is there at all is decided in ``reconcile``.
"""

import polars as pl

SUPERSEDED, UNLISTED = "superseded", "unlisted"
"""Standing of a break that no latest version lists, and of one that ceased to be listed without a word."""

_LEAVING = ("cleared", "escalated_out")
_CARRIED = ("break", "timing")
_KEY = "break_id"


def as_last_listed(
    listings: pl.DataFrame, movements: pl.DataFrame, issues: pl.DataFrame, *, first: str | None
) -> pl.DataFrame:
    """Each break as it was last listed, and how it stands by now.

    Args:
        listings: Rows of ``report.breaks`` of any versions, with ``is_latest``: whether the version is the
            latest of its date.
        movements: Rows of ``report.break_movement`` about them, with ``is_latest``.
        issues: ``business_date`` of every issue.
        first: The break that comes first.

    Returns:
        One row per break: columns of ``report.breaks`` but for ``status``, ``first_listed`` and ``last_listed``,
        ``standing`` (open, resolved, cleared, escalated_out, ``UNLISTED`` or ``SUPERSEDED``) and ``cleared_by``.
    """
    spans = listings.group_by(_KEY).agg(
        pl.min("business_date").alias("first_listed"), pl.max("business_date").alias("last_listed")
    )
    left = (
        movements.filter(pl.col("is_latest") & pl.col("movement").is_in(_LEAVING))
        .sort("business_date")
        .unique(_KEY, keep="last")
        .select(_KEY, "movement", "cleared_by", pl.col("business_date").alias("left_at"))
    )
    has_left = (pl.col("left_at") > pl.col("business_date")).fill_null(value=False)
    is_unlisted = pl.col("class").is_in(_CARRIED) & (pl.col("business_date") < issues["business_date"].max())
    standing = (
        pl.when(~pl.col("is_latest"))
        .then(pl.lit(SUPERSEDED))
        .when(has_left)
        .then("movement")
        .when((pl.col("status") == "open") & is_unlisted)
        .then(pl.lit(UNLISTED))
        .otherwise("status")
    )
    return (
        listings.sort("is_latest", "business_date", "version")
        .unique(_KEY, keep="last")
        .join(spans, on=_KEY)
        .join(left, on=_KEY, how="left")
        .with_columns(standing.alias("standing"), pl.when(has_left).then("cleared_by").alias("cleared_by"))
        .drop("movement", "left_at", "is_latest", "as_of", "verdict", "status", strict=False)
        .sort(pl.col(_KEY) != (first or ""), "first_listed", _KEY)
    )
