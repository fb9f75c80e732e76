"""What is odd about the data without being a break.

Here belongs what a person should see once and need not act on.
"""

from collections.abc import Iterable

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.credits import CreditFacts, credit_population
from mono_recon.reconcile.entities import EntityFacts

_ODDITY = pl.Schema(
    {
        "check_name": pl.String(),
        "subject": pl.String(),
        "occurred_at": pl.Datetime("us", "UTC"),
        "what": pl.String(),
        "count": pl.Int64(),
    }
)


def oddities(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """What is odd about one kind of entity, or a part of it.

    Returns:
        ``check_name``, ``subject``, ``occurred_at`` (UTC; null where it is no matter), ``what`` and ``count``.
    """
    key, payee = facts.kind.id_column, facts.kind.payee_columns
    columns = (key, "channel", "event_type", "state", "occurred_at", "source_ref", "amount_minor", "currency", *payee)
    on_date = facts.stated.select(columns).filter(pl.col("occurred_at") >= context.start)
    currencies = on_date.select(key, "currency")
    return pl.concat([_ODDITY.to_frame(), _other_currency(currencies, context), _restated(on_date, facts)])


def odd_credits(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """The same of the credits of the date."""
    on_date = credit_population(facts, context)
    restated = on_date.filter(pl.col("all_refs").list.len() > 1, ~pl.col("is_conflicting")).select(
        pl.lit("differing_content").alias("check_name"),
        pl.col("credit_id").alias("subject"),
        pl.col("transaction_at").alias("occurred_at"),
        pl.lit("versions of account_credited, equal in amount, currency and account").alias("what"),
        pl.col("all_refs").list.len().cast(pl.Int64).alias("count"),
    )
    currencies = on_date.select("credit_id", "currency")
    return pl.concat([_ODDITY.to_frame(), _other_currency(currencies, context), restated])


def data_quality(found: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Body of ``report.data_quality``.

    Args:
        found: Results of ``oddities`` and ``odd_credits``; what several of them say of one subject is added.
    """
    key = [name for name in _ODDITY if name != "count"]
    return (
        pl.concat(found)
        .group_by(key)
        .agg(pl.sum("count"))
        .select("check_name", "subject", "count", pl.format("{} {}", "count", "what").alias("detail"))
        .sort(pl.all())
    )


def _other_currency(entities: pl.DataFrame, context: Context) -> pl.DataFrame:
    expected = list(context.settings.business.currencies)
    return (
        entities.filter(~pl.col("currency").is_in(expected))
        .unique()
        .group_by("currency")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .select(
            pl.lit("other_currency").alias("check_name"),
            pl.col("currency").alias("subject"),
            pl.lit(None, _ODDITY["occurred_at"]).alias("occurred_at"),
            pl.format("entities in {}, which is not among the expected currencies", "currency").alias("what"),
            "count",
        )
    )


def _restated(on_date: pl.DataFrame, facts: EntityFacts) -> pl.DataFrame:
    """Equal events with different content that agree on the money; where they do not it is a break."""
    key = facts.kind.id_column
    money = ("amount_minor", "currency", *facts.kind.payee_columns)
    agrees = pl.all_horizontal(pl.col(name).drop_nulls().n_unique() <= 1 for name in money)
    version = [key, "event_type", "state", "occurred_at"]
    return (
        on_date.filter(pl.col("channel") == "webhook")
        .filter(pl.struct(version).is_duplicated())
        .group_by(version)
        .agg(pl.col("source_ref").n_unique().cast(pl.Int64).alias("count"), agrees.alias("agrees"))
        .filter(pl.col("count") > 1, "agrees")
        .select(
            pl.lit("differing_content").alias("check_name"),
            pl.col(key).alias("subject"),
            "occurred_at",
            pl.format("versions of {} in state {}, equal in amount and payee", "event_type", "state").alias("what"),
            "count",
        )
    )


def ignored_resolutions(ignored: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Decisions about listed breaks that count for nothing, since no second person approved them.

    Args:
        ignored: ``Decided.ignored``.
        shown: The breaks that the date lists.
    """
    return ignored.join(shown, on="break_id", how="semi").select(
        pl.lit("resolution_ignored").alias("check_name"),
        pl.col("break_id").alias("subject"),
        pl.lit(1, pl.Int64).alias("count"),
        pl.format(
            "{} by {} at {} needs the approval of a second person",
            "resolution_code",
            "actor",
            pl.col("decided_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        ).alias("detail"),
    )
