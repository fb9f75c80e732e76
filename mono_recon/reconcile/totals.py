"""Counts and sums of a date: the summary, the money that moved, and the identities that prove them.

Here belongs what must add up. A difference here is a fault of this software, never a finding about
Mono.
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from mono_recon.schemas import report
from mono_recon.schemas.table import polars_schema

_GROUP = ["account_id", "currency"]
_CONTROL = [name for name in polars_schema(report.Control) if name not in ("business_date", "version")]
_ENTER = ("opening_open", "created", "reopened")
_LEAVE = ("approved", "declined", "cancelled", "duplicated", "closing_open")
_CAME = ("opening", "new", "late", "escalated_in")
_LEFT = ("cleared", "resolved", "escalated_out", "closing")
_NOTHING = pl.DataFrame(
    {"account_id": [None], "currency": [None], "count": [0], "amount_minor": [0]},
    schema={"account_id": pl.String, "currency": pl.String, "count": pl.Int64, "amount_minor": pl.Int64},
)


class IdentityError(AssertionError):
    """An identity of the report does not hold; nothing may be issued.

    Attributes:
        metrics: Which, as ``control`` names them.
        business_date: The date of the report, where it is known.
    """

    def __init__(self, told: str, metrics: Iterable[str] = (), business_date: date | None = None) -> None:
        super().__init__(told)
        self.metrics = tuple(metrics)
        self.business_date = business_date


def tally(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines counted and added by section and status: many rows once, for all that is made of them.

    Args:
        rows: One row per line and section: ``account_id``, ``currency``, ``section``,
            ``recon_status`` and ``amount_minor``.

    Returns:
        The same columns and ``count`` (Int64).
    """
    told = rows.group_by(*_GROUP, "section", "recon_status")
    return told.agg(pl.len().cast(pl.Int64).alias("count"), pl.sum("amount_minor"))


def count_sections(tallied: pl.DataFrame, direction: str) -> pl.DataFrame:
    """Body of ``report.summary`` of what was tallied; ``direction`` is ``out`` or ``in``."""
    return (
        tallied.with_columns(pl.lit(direction).alias("direction"))
        .select(*_GROUP, "direction", "section", "recon_status", "count", "amount_minor")
        .sort(*_GROUP, "direction", "section", "recon_status")
    )


def section_rows(sections: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Sections of transfers, with the attributes of their lines."""
    return sections.join(
        lines.select("transfer_id", *_GROUP, "recon_status", "amount_minor"),
        on="transfer_id",
    )


def roll_forward(tallied: pl.DataFrame) -> pl.DataFrame:
    """What entered the open transfers less what left them and what is still open: zero when it holds.

    Args:
        tallied: Result of ``tally`` of the transfers.

    Returns:
        Rows of ``report.control``, one per account and currency.
    """
    sign = pl.when(pl.col("section").is_in(_ENTER)).then(1).when(pl.col("section").is_in(_LEAVE)).then(-1).otherwise(0)
    signed = tallied.group_by(_GROUP).agg((pl.col("count", "amount_minor") * sign).sum())
    return _judged(signed, "identity.roll_forward")


def partition(lines: pl.DataFrame, direction: str) -> pl.DataFrame:
    """All lines less those of each of the four statuses: zero when every line has exactly one.

    Args:
        lines: ``account_id``, ``currency``, ``amount_minor`` and ``recon_status``.
        direction: ``out`` or ``in``.
    """
    has_one = pl.col("recon_status").is_in(report.RECON_STATUSES).fill_null(value=False)
    return _judged(_summed(lines, 1 - has_one.cast(pl.Int64)), f"identity.partition_{direction}")


def summary_identity(summary: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Each section of the summary, added over its statuses, less the term of that name: zero when equal.

    Args:
        summary: Body of ``report.summary``.
        terms: What the other identities were made from: results of ``tally``.

    Returns:
        One row per account and currency; the difference is the largest of any section.
    """
    key = [*_GROUP, "section"]
    told = summary.group_by(key).agg(pl.sum("count"), pl.sum("amount_minor"))
    counted = terms.group_by(key).agg(pl.sum("count"), pl.sum("amount_minor"))
    both = told.join(counted, on=key, how="full", coalesce=True, nulls_equal=True, suffix="_term")
    differences = both.select(
        *_GROUP,
        *(
            (pl.col(name).fill_null(0) - pl.col(f"{name}_term").fill_null(0)).abs().alias(name)
            for name in ("count", "amount_minor")
        ),
    )
    return _judged(differences.group_by(_GROUP).agg(pl.max("count"), pl.max("amount_minor")), "identity.summary")


def movement_identity(movement: pl.DataFrame) -> pl.DataFrame:
    """Breaks that were open or came, less those that left or are open: zero when it holds.

    Args:
        movement: Body of ``report.break_movement``; a changed amount counts nothing.
    """
    is_revalued = pl.col("movement") == "revalued"
    count = pl.when(pl.col("movement").is_in(_CAME)).then(1).when(pl.col("movement").is_in(_LEFT)).then(-1).otherwise(0)
    signed = movement.select(
        *_GROUP,
        count.cast(pl.Int64).alias("count"),
        pl.when(is_revalued).then("amount_minor").otherwise(pl.col("amount_minor") * count).alias("amount_minor"),
    )
    return _judged(signed.group_by(_GROUP).sum(), "identity.break_movement")


def _summed(rows: pl.DataFrame, sign: pl.Expr) -> pl.DataFrame:
    """``count`` and ``amount_minor`` per account and currency, each row as often as its sign says."""
    return rows.group_by(_GROUP).agg(
        sign.sum().alias("count"), (sign * pl.col("amount_minor")).sum().alias("amount_minor")
    )


def _judged(differences: pl.DataFrame, metric: str) -> pl.DataFrame:
    judged = _NOTHING if differences.is_empty() else differences
    holds = (pl.col("count") == 0) & (pl.col("amount_minor") == 0)
    return judged.with_columns(
        pl.lit(metric).alias("metric"),
        pl.when(holds).then(pl.lit("ok")).otherwise(pl.lit("failed")).alias("status"),
    ).select(_CONTROL)


def stated(rows: pl.DataFrame, metric: str) -> pl.DataFrame:
    """A figure per account and currency; one row of zero where there is none.

    Args:
        rows: ``account_id``, ``currency``, ``sign`` (Int64) and ``amount_minor``, one row per item.
        metric: Name of the figure.
    """
    sums = _summed(rows, pl.col("sign"))
    filled = _NOTHING if sums.is_empty() else sums
    return filled.with_columns(pl.lit(metric).alias("metric"), pl.lit("info").alias("status")).select(_CONTROL)


def assert_identities(control: pl.DataFrame) -> None:
    """Refuse to go on if an identity failed.

    Raises:
        IdentityError: It names each identity, account and difference.
    """
    failed = control.filter(pl.col("status") == "failed")
    if not failed.is_empty():
        told = "; ".join(_told(failed.iter_rows(named=True)))
        raise IdentityError(f"the report does not add up, nothing is issued: {told}", failed["metric"].unique())


def _told(rows: Iterable[dict[str, object]]) -> list[str]:
    return [
        f"{row['metric']} of {row['account_id']} {row['currency']} is off by {row['count']} lines"
        f" and {row['amount_minor']} centavos"
        for row in rows
    ]
