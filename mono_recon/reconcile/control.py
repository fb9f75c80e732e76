"""The control table: identities, what came in, what is open, what moved.

Here belongs which figures prove and sum up a report. How identities are computed is in ``totals``.
"""

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.totals import movement_identity, partition, roll_forward, stated, summary_identity

_COUNTED_CLASSES = ("break", "review", "timing")


def control_table(
    told_out: pl.DataFrame,
    told_in: pl.DataFrame,
    lines_out: pl.DataFrame,
    lines_in: pl.DataFrame,
    summary: pl.DataFrame,
    moved_out: pl.DataFrame,
    moved_in: pl.DataFrame,
    proof: pl.DataFrame,
    still_open: pl.DataFrame,
    movement: pl.DataFrame,
    intake: pl.DataFrame,
    context: Context,
) -> pl.DataFrame:
    """Body of ``report.control``.

    Args:
        told_out: Transfers by section, as ``tally`` gives them.
        told_in: Credits and collections likewise.
        lines_out: Lines of transfers.
        lines_in: Lines of credits and collections.
        summary: Body of ``report.summary``.
        moved_out: One row per run that moved money out, with ``sign``.
        moved_in: One row per credit and collection that is money in.
        proof: Body of ``report.balance_proof``.
        still_open: Result of ``lifecycle.still_open``.
        movement: Body of ``report.break_movement``.
        intake: ``metric`` and ``count`` of the records known on the date.
        context: Date, as-of and settings.
    """
    one = pl.lit(1, pl.Int64).alias("sign")
    opened = still_open.with_columns(one)
    own = pl.col("break_date") == context.business_date
    open_rows = [
        stated(opened.filter(condition, pl.col("class") == name), f"{prefix}.{name}")
        for prefix, condition in (("open", own), ("carried", ~own))
        for name in _COUNTED_CLASSES
    ]
    unexplained = proof.drop_nulls("unexplained_minor").select(
        "account_id",
        "currency",
        pl.col("unexplained_minor").alias("amount_minor"),
        one,
    )
    table = pl.concat(
        [
            roll_forward(told_out),
            partition(lines_out, "out"),
            partition(lines_in, "in"),
            summary_identity(summary, pl.concat([told_out, told_in])),
            movement_identity(movement),
            _intake(intake),
            *open_rows,
            stated(moved_out, "money.out"),
            stated(moved_in.with_columns(one), "money.in"),
            stated(unexplained, "unexplained"),
        ]
    )
    return table.sort("metric", "account_id", "currency", nulls_last=False)


def _intake(intake: pl.DataFrame) -> pl.DataFrame:
    return intake.select(
        pl.concat_str(pl.lit("input."), "metric").alias("metric"),
        pl.lit(None, pl.String).alias("account_id"),
        pl.lit(None, pl.String).alias("currency"),
        "count",
        pl.lit(None, pl.Int64).alias("amount_minor"),
        pl.lit("info").alias("status"),
    )
