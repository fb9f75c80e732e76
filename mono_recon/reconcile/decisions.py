"""What people decided about breaks, and whether it still holds.

Here belongs which resolution of a break counts, and what undoes it: a person who takes it back, or a later
statement that changes the figures it was about. Reading resolutions belongs to the archive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.news import heard, with_counterparts

FIGURES = ("left_value", "right_value", "difference_minor", "amount_minor")
"""What a person saw of a break; if it changes, the decision was about something else."""

AsKnown = Callable[[datetime], pl.DataFrame]
"""The breaks that there would be now if nothing had become known since an instant."""

_WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Decided:
    """Breaks with what was decided about them.

    Attributes:
        breaks: The breaks with ``status`` (open or resolved), ``resolution_code`` and ``decided_at`` (UTC), the
            last two of resolved ones alone.
        ignored: Decisions that needed a second person and had none: rows of ``core.resolutions``.
    """

    breaks: pl.DataFrame
    ignored: pl.DataFrame


def decide(
    breaks: pl.DataFrame, inputs: DayInputs, matched: pl.DataFrame, as_known: AsKnown, context: Context
) -> Decided:
    """Apply the resolutions known by the as-of.

    Args:
        breaks: Result of ``lifecycle.describe_breaks``.
        inputs: What was known at the as-of.
        matched: ``credit_id`` and ``matched_to``.
        as_known: Called only for the instants of decisions about whose subject something became known since.
        context: Date, as-of and settings.
    """
    at_stake = breaks.group_by("break_id").agg(pl.max("amount_minor"))
    made = inputs.resolutions.join(at_stake, on="break_id").with_columns(_is_alone(context).alias("is_alone"))
    in_force = (
        made.filter(~pl.col("is_alone"))
        .sort("decided_at", "path", "line")
        .unique("break_id", keep="last", maintain_order=True)
        .filter(pl.col("resolution_code") != _WITHDRAWN)
        .select("break_id", "resolution_code", "decided_at")
    )
    standing = in_force.join(_undone(in_force, breaks, inputs, matched, as_known, context), on="break_id", how="anti")
    decided = breaks.join(standing, on="break_id", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("decided_at").is_null()).then(pl.lit("open")).otherwise(pl.lit("resolved")).alias("status")
    )
    return Decided(decided, made.filter("is_alone").select(inputs.resolutions.columns))


def _is_alone(context: Context) -> pl.Expr:
    """Whether a decision of this size lacks its second person."""
    actor, second = (pl.col(name).str.strip_chars().str.to_lowercase() for name in ("actor", "approved_by"))
    approved = (second != "") & (second != actor)
    return (pl.col("amount_minor") >= context.settings.severity.high_minor) & ~approved.fill_null(value=False)


def _undone(
    in_force: pl.DataFrame,
    breaks: pl.DataFrame,
    inputs: DayInputs,
    matched: pl.DataFrame,
    as_known: AsKnown,
    context: Context,
) -> pl.DataFrame:
    """Decisions about breaks that did not have their present figures, or did not exist, by what was known then."""
    doubtful = breaks.join(in_force.select("break_id", "decided_at"), on="break_id")
    if doubtful.is_empty():
        return doubtful.clear()
    told = _told_since(doubtful, inputs, matched, context)
    doubtful = doubtful.filter(
        (pl.col("subject_type") == "feed") | pl.col("break_id").is_in(told["break_id"].unique().implode())
    )
    return pl.concat(
        [
            doubtful.clear(),
            *(
                rows.join(as_known(decided_at), on=["break_id", *FIGURES], how="anti", nulls_equal=True)
                for (decided_at,), rows in doubtful.group_by("decided_at", maintain_order=True)
                if isinstance(decided_at, datetime)
            ),
        ]
    )


def _told_since(doubtful: pl.DataFrame, inputs: DayInputs, matched: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Statements known after the decision that can bear on the break: about anything that it names.

    A balance rests on whatever began before its closing figure.
    """
    is_balance = pl.col("subject_type") == "account"
    named = pl.concat_list("subject_id", "line_ids", "left_source", "left_value", "right_source", "right_value")
    of_line = (
        doubtful.filter(~is_balance)
        .select("break_id", named.alias("key"))
        .explode("key", empty_as_null=True)
        .drop_nulls()
    )
    told = inputs.transfers.about([("transfer_id",)], of_line["key"])
    batches = told.select(pl.col("transfer_id").alias("key"), "batch_id").drop_nulls().unique()
    of_batch = of_line.join(batches, on="key").select("break_id", pl.col("batch_id").alias("key"))
    of_account = doubtful.filter(is_balance).select("break_id", pl.col("account_id").alias("key"))
    ends = {day: context.calendar.end_of(day) for day in doubtful["break_date"].unique()}
    end = pl.col("break_date").replace_strict(ends, return_dtype=pl.Datetime("us", "UTC"))
    last = end + context.settings.balance.snapshot_tolerance
    return (
        heard(pl.concat([with_counterparts(of_line, matched), of_batch, of_account]).unique(), inputs)
        .join(doubtful.select("break_id", "decided_at", pl.when(is_balance).then(last).alias("last_at")), on="break_id")
        .filter(
            pl.col("known_at") > pl.col("decided_at"),
            pl.col("last_at").is_null() | (pl.col("begun_at") <= pl.col("last_at")),
        )
    )
