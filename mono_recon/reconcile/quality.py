"""What is odd about the data without being a break.

Here belongs what a person should see once and need not act on.
"""

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts

_ROW = pl.Schema({"check_name": pl.String(), "subject": pl.String(), "count": pl.Int64(), "detail": pl.String()})


def data_quality(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Body of ``report.data_quality`` for one kind of entity."""
    on_date = facts.stated.filter(pl.col("occurred_at") >= context.start)
    return pl.concat([_ROW.to_frame(), _other_currency(on_date, facts, context), _restated(on_date, facts)])


def _other_currency(on_date: pl.DataFrame, facts: EntityFacts, context: Context) -> pl.DataFrame:
    expected = list(context.settings.business.currencies)
    return (
        on_date.filter(~pl.col("currency").is_in(expected))
        .unique([facts.kind.id_column, "currency"])
        .group_by("currency")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .select(
            pl.lit("other_currency").alias("check_name"),
            pl.col("currency").alias("subject"),
            "count",
            pl.format("{} entities in {}, which is not among the expected currencies", "count", "currency").alias(
                "detail"
            ),
        )
    )


def _restated(on_date: pl.DataFrame, facts: EntityFacts) -> pl.DataFrame:
    """Equal events with different content that agree on the money; where they do not it is a break."""
    key = facts.kind.id_column
    money = ("amount_minor", "currency", *facts.kind.payee_columns)
    agrees = pl.all_horizontal(pl.col(name).drop_nulls().n_unique() <= 1 for name in money)
    return (
        on_date.filter(pl.col("channel") == "webhook")
        .group_by(key, "event_type", "state", "occurred_at")
        .agg(pl.col("source_ref").n_unique().cast(pl.Int64).alias("count"), agrees.alias("agrees"))
        .filter(pl.col("count") > 1, "agrees")
        .select(
            pl.lit("differing_content").alias("check_name"),
            pl.col(key).alias("subject"),
            "count",
            pl.format("{} versions of {} in state {}, equal in amount and payee", "count", "event_type", "state").alias(
                "detail"
            ),
        )
    )
