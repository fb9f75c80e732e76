"""What is odd about the data without being a break.

Here belongs what a person should see once and need not act on.
"""

from collections.abc import Iterable, Sequence

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


def odd_batches(stated: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The same of batches, or of a part of them: events of their own on the date that came with more than one content.

    Args:
        stated: Statements about batches that occurred before the cut-off.
        context: Date, as-of and settings.
    """
    own = stated.filter(pl.col("occurred_at") >= context.start, pl.col("event_type").str.starts_with("batch_"))
    totals = pl.when("agrees").then(pl.lit("equal in total")).otherwise(pl.lit("of different totals"))
    what = pl.format("versions of {} in state {}, {}", "event_type", "state", totals)
    return _differing(_versions(own, "batch_id", ("total_amount_minor", "currency")), "batch_id", what)


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
        found: Results of ``oddities``, ``odd_batches`` and ``odd_credits``; what several say of one subject is added.
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
    key, money = facts.kind.id_column, ("amount_minor", "currency", *facts.kind.payee_columns)
    what = pl.format("versions of {} in state {}, equal in amount and payee", "event_type", "state")
    return _differing(_versions(on_date, key, money).filter("agrees"), key, what)


def _versions(on_date: pl.DataFrame, key: str, money: Sequence[str]) -> pl.DataFrame:
    """Events that came with more than one content: what makes them equal, ``count`` and whether they agree on money."""
    agrees = pl.all_horizontal(pl.col(name).drop_nulls().n_unique() <= 1 for name in money)
    version = [key, "event_type", "state", "occurred_at"]
    return (
        on_date.filter(pl.col("channel") == "webhook")
        .filter(pl.struct(version).is_duplicated())
        .group_by(version)
        .agg(pl.col("source_ref").n_unique().cast(pl.Int64).alias("count"), agrees.alias("agrees"))
        .filter(pl.col("count") > 1)
    )


def _differing(versions: pl.DataFrame, key: str, what: pl.Expr) -> pl.DataFrame:
    return versions.select(
        pl.lit("differing_content").alias("check_name"),
        pl.col(key).alias("subject"),
        "occurred_at",
        what.alias("what"),
        "count",
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
