"""What was said about the subject of a break, by which feed, and when it was first known.

Here belongs the way from a break to the statements that bear on it. A statement that says again what its
feed has said before is no news. What follows from news belongs to ``decisions`` and ``clearing``.
"""

from dataclasses import dataclass

import polars as pl

from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.parts import Name, about, key

FEEDS = ("webhook", "export", "credit", "balance", "adjustment")
"""Whom a statement can come from."""

_PACKING = ("source_ref", "event_at", "known_at", "decided_at", "path", "line")
"""Columns that tell how something came to be known rather than what."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Statements of one kind: the columns that name what they are about, and their clocks."""

    stated: pl.DataFrame
    names: tuple[Name, ...]
    feed: pl.Expr
    begun_at: str
    said_of: str
    known_at: str = "known_at"


def heard(keys: pl.DataFrame, inputs: DayInputs) -> pl.DataFrame:
    """Every statement about some things, once per feed and content.

    Args:
        keys: ``break_id`` and ``key``: an id that statements name their subject by, be it that of a transfer, a
            batch, a credit, an intent, an account, or of an account and a client's id.
        inputs: What was known at the as-of.

    Returns:
        ``break_id``, ``feed`` (one of ``FEEDS``), ``known_at`` (UTC: when it was first known), ``begun_at``
        (UTC: since when its subject exists) and ``said_of`` (UTC: the moment that it speaks of).
    """
    ids = keys["key"]
    told = pl.concat(_told(source, name, ids) for source in _sources(inputs, ids) for name in source.names)
    return keys.join(told, on="key").drop("key")


def _told(source: _Source, name: Name, ids: pl.Series) -> pl.DataFrame:
    content = [column for column in source.stated.columns if column not in _PACKING]
    return (
        about(source.stated, [name], ids)
        .with_columns(key(name).alias("key"))
        .sort(source.known_at)
        .unique([*content, "key"], keep="first", maintain_order=True)
        .select(
            "key",
            source.feed.alias("feed"),
            pl.col(source.known_at).alias("known_at"),
            pl.col(source.begun_at).alias("begun_at"),
            pl.col(source.said_of).alias("said_of"),
        )
    )


def with_counterparts(keys: pl.DataFrame, matched: pl.DataFrame) -> pl.DataFrame:
    """Keys, and the key of what each of them was matched to, in both directions.

    Args:
        keys: ``break_id`` and ``key``.
        matched: ``credit_id`` and ``matched_to``.
    """
    pairs = pl.concat(
        matched.select(pl.col(one).alias("key"), pl.col(other).alias("other"))
        for one, other in (("credit_id", "matched_to"), ("matched_to", "credit_id"))
    )
    return pl.concat([keys, keys.join(pairs, on="key").select("break_id", pl.col("other").alias("key"))]).unique()


def _sources(inputs: DayInputs, ids: pl.Series) -> tuple[_Source, ...]:
    """What may be about some things: of transfers and batches, which are many, no more than what names them."""
    account, channel = ("account_id",), pl.col("channel")
    of_batch = (("batch_id",),)
    of_transfer = (("transfer_id",), *of_batch, ("account_id", "external_id"), account)
    lived, happened = ("inserted_at", "occurred_at"), ("transaction_at", "transaction_at")
    return (
        _Source(inputs.transfers.about(of_transfer, ids), of_transfer, channel, *lived),
        _Source(inputs.batches.about(of_batch, ids), of_batch, channel, *lived),
        _Source(inputs.collections, (("intent_id",), account), channel, *lived),
        _Source(inputs.credits, (("credit_id",), account), pl.lit("credit"), *happened),
        _Source(inputs.balances, (account,), pl.lit("balance"), "balance_at", "balance_at"),
        _Source(inputs.adjustments, (account,), pl.lit("adjustment"), "effective_at", "effective_at", "decided_at"),
    )
