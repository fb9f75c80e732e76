"""The movement of breaks: how the open breaks of a date came from those of the date before.

Here belongs which term each break enters. Every break of the opening leaves or is in the closing, every
break of the closing was in the opening or came: so the terms add up, per account and currency.
"""

import polars as pl

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.clearing import with_causes
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.lifecycle import TIMING_DAYS, break_id
from mono_recon.schemas.report import MOVEMENTS

CLASSES = ("break", "timing")
EXPIRED = "expired"

_ITEM = ["break_id", "nth"]
_COLUMNS = ("movement", "break_id", "break_type", "class", "account_id", "currency", "amount_minor", "cleared_by")


def break_movement(
    inputs: DayInputs, breaks: pl.DataFrame, shown: pl.DataFrame, matched: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """Body of ``report.break_movement``.

    Args:
        inputs: What was known at the as-of, with the opening.
        breaks: Every break with its status, listed or not.
        shown: Those that the date lists.
        matched: ``credit_id`` and ``matched_to``.
        context: Date, as-of and settings.
    """
    opening = _where_it_is_now(_numbered(inputs.opening), _numbered(breaks))
    closing = _numbered(shown.filter(pl.col("status") == "open", pl.col("class").is_in(CLASSES)))
    gone = _with_successor(opening.join(closing, on=_ITEM, how="anti", maintain_order="left"))
    came = closing.join(opening, on=_ITEM, how="anti", maintain_order="left")
    kept = closing.join(opening.select(*_ITEM, pl.col("amount_minor").alias("opening_minor")), on=_ITEM)
    changed = pl.col("amount_minor") - pl.col("opening_minor")
    terms = (
        opening.with_columns(pl.lit("opening").alias("movement")),
        closing.with_columns(pl.lit("closing").alias("movement")),
        _left(gone, came, inputs, matched, context),
        _entered(gone, came, context),
        kept.with_columns(pl.lit("revalued").alias("movement"), changed.alias("amount_minor")).filter(
            pl.col("amount_minor") != 0
        ),
    )
    table = pl.concat([_term(rows) for rows in terms])
    return table.sort(pl.col("movement").cast(pl.Enum(MOVEMENTS)), pl.exclude("movement", "break_id"), "break_id")


def _numbered(items: pl.DataFrame) -> pl.DataFrame:
    """Items told apart where an id occurs twice: a balance differs in two currencies of one account."""
    return items.sort("break_id", "currency", "account_id").with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).over("break_id").alias("nth")
    )


def _where_it_is_now(opening: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """The opening under the account and currency that its breaks have now, where they are still known."""
    now = breaks.select(*_ITEM, pl.col("account_id", "currency", "class").name.suffix("_now"), "status", "age_days")
    known = pl.col("status").is_not_null()
    return opening.join(now, on=_ITEM, how="left", maintain_order="left").with_columns(
        pl.when(known).then(f"{name}_now").otherwise(name).alias(name) for name in ("account_id", "currency")
    )


def _with_successor(gone: pl.DataFrame) -> pl.DataFrame:
    """Items with the id of the break that each becomes when its time is up."""
    becomes = [CATALOGUE[name].becomes for name in gone["break_type"]]
    subjects = gone.select("subject_type", "subject_id").iter_rows()
    ids = [name and break_id(name, *subject) for name, subject in zip(becomes, subjects, strict=True)]
    return gone.with_columns(pl.Series("successor", ids, dtype=pl.String))


def _left(
    gone: pl.DataFrame, came: pl.DataFrame, inputs: DayInputs, matched: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """Items of the opening that are not in the closing, each with why."""
    is_expired = (pl.col("status") == "open") & (pl.col("class_now") == "timing") & (pl.col("age_days") > TIMING_DAYS)
    sorted_out = gone.with_columns(
        pl.when(pl.col("successor").is_in(came["break_id"].implode()))
        .then(pl.lit("escalated_out"))
        .when(pl.col("status") == "resolved")
        .then(pl.lit("resolved"))
        .otherwise(pl.lit("cleared"))
        .alias("movement"),
        pl.when(is_expired).then(pl.lit(EXPIRED)).alias("cleared_by"),
    )
    caused = (pl.col("movement") == "cleared") & pl.col("cleared_by").is_null()
    cleared = with_causes(sorted_out.filter(caused).drop("cleared_by"), inputs, matched, context)
    return pl.concat([sorted_out.filter(~caused), cleared.select(sorted_out.columns)])


def _entered(gone: pl.DataFrame, came: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Items of the closing that were not in the opening, each with where it came from."""
    return came.with_columns(
        pl.when(pl.col("break_id").is_in(gone["successor"].drop_nulls().implode()))
        .then(pl.lit("escalated_in"))
        .when(pl.col("break_date") == context.business_date)
        .then(pl.lit("new"))
        .otherwise(pl.lit("late"))
        .alias("movement")
    )


def _term(rows: pl.DataFrame) -> pl.DataFrame:
    if "cleared_by" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.String).alias("cleared_by"))
    return rows.select(_COLUMNS)
