"""Which credit could be which transfer, collection or payer.

Here belongs the condition of each matching rule. Who gets whom when several could is decided in
``matching``.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.matching import AMOUNT_DIFFERS, COLLECTION_RULE, INTERNAL_RULES, PAYER_RULE, RETURN_RULE, Pair
from mono_recon.settings import KnownPayer

INTERNAL_TYPE = "bank_transfer_mono"
CLOCK_SKEW = timedelta(minutes=5)
"""How much earlier than its transfer an internal credit may be dated."""

COLLECTION_SKEW = timedelta(minutes=15)
"""How far apart the two reports of one collected payment may be dated."""

NIT_DIGITS = 9
"""Digits of a Colombian tax id without its check digit."""

_PAIR = ("business_date", "transaction_at", "credit_id", "counterpart_at", "counterpart_id")


def digits(number: pl.Expr) -> pl.Expr:
    """An account number's digits, leading zeros included; null where it has none."""
    kept = number.str.replace_all(r"\D", "")
    return pl.when(kept != "").then(kept)


def document(name: str) -> pl.Expr:
    """A column of documents, in which an empty text is none."""
    return pl.col(name).replace("", None)


def same_document(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Whether two documents are one, a tax id with and without its check digit included."""

    def short(longer: pl.Expr, shorter: pl.Expr) -> pl.Expr:
        numeric = longer.str.contains(rf"^\d{{{NIT_DIGITS + 1}}}$") & shorter.str.contains(rf"^\d{{{NIT_DIGITS}}}$")
        return numeric & (longer.str.head(NIT_DIGITS) == shorter)

    return ((left == right) | short(left, right) | short(right, left)).fill_null(value=False)


def candidate_pairs(
    incoming: pl.DataFrame, transfers: EntityFacts, collections: EntityFacts, context: Context
) -> Iterator[Pair]:
    """Every pair that some rule allows.

    Args:
        incoming: Credits known by the as-of that may be matched, with ``business_date`` and ``day_end``.
        transfers: Own transfers.
        collections: Own collection intents.
        context: Date, as-of and settings.
    """
    internal = _internal(incoming, transfers, context)
    equal = pl.col("amount_minor") == pl.col("transfer_amount_minor")
    by_id = pl.col("by_external_id")
    yield from _pairs(internal.filter(by_id, equal), INTERNAL_RULES[0])
    yield from _pairs(internal.filter(~by_id, equal), INTERNAL_RULES[1])
    yield from _pairs(internal.filter(by_id, ~equal), AMOUNT_DIFFERS)
    yield from _pairs(_collected(incoming, collections), COLLECTION_RULE)
    yield from _pairs(_returned(incoming, transfers, context), RETURN_RULE)
    yield from _pairs(_paid_by_known(incoming, context.settings.credits.known_payers), PAYER_RULE)


def _pairs(frame: pl.DataFrame, rule: str) -> Iterator[Pair]:
    return (Pair(rule, *row) for row in frame.select(_PAIR).unique().iter_rows())


def _state_then(pairs: pl.DataFrame, history: pl.DataFrame, key: str) -> pl.DataFrame:
    """Each pair with the run in force at the end of the credit's business date, as ``state`` and ``counterpart_at``."""
    return (
        pairs.join(history.select(key, "run", "state", "started_at"), on=key)
        .filter(pl.col("started_at") < pl.col("day_end"))
        .sort("run")
        .unique(["credit_id", key], keep="last", maintain_order=True)
        .rename({"started_at": "counterpart_at"})
        .with_columns(pl.col(key).alias("counterpart_id"))
    )


def _internal(incoming: pl.DataFrame, transfers: EntityFacts, context: Context) -> pl.DataFrame:
    inside = incoming.filter(pl.col("type") == INTERNAL_TYPE).with_columns(
        digits(pl.col("account_number")).alias("number")
    )
    own = transfers.lines.select(
        "transfer_id",
        "created_at",
        "currency",
        pl.col("external_id").alias("transfer_external_id"),
        pl.col("reference").alias("transfer_reference"),
        pl.col("amount_minor").alias("transfer_amount_minor"),
        digits(pl.col("payee_account_number")).alias("number"),
    )
    by_id = inside.join(
        own,
        left_on=["external_id", "number", "currency"],
        right_on=["transfer_external_id", "number", "currency"],
    ).with_columns(pl.lit(value=True).alias("by_external_id"))
    by_reference = (
        inside.filter(pl.col("external_id").is_null())
        .join(
            own,
            left_on=["reference", "number", "currency"],
            right_on=["transfer_reference", "number", "currency"],
        )
        .with_columns(pl.lit(value=False).alias("by_external_id"))
    )
    horizon = context.settings.webhooks.horizon
    return _state_then(pl.concat([by_id, by_reference], how="diagonal"), transfers.history, "transfer_id").filter(
        pl.col("state") == "approved",
        pl.col("transaction_at") >= pl.col("created_at") - CLOCK_SKEW,
        pl.col("transaction_at") <= pl.col("counterpart_at") + horizon,
    )


def _returned(incoming: pl.DataFrame, transfers: EntityFacts, context: Context) -> pl.DataFrame:
    declined = transfers.history.filter(pl.col("state") == "declined").select("transfer_id").unique()
    own = transfers.lines.join(declined, on="transfer_id", how="semi").select(
        "transfer_id", "account_id", "currency", "amount_minor", "payee_bank_code", "payee_document_number"
    )
    close = context.calendar.add_expr(pl.col("counterpart_at"), context.settings.credits.return_window)
    same_bank = (pl.col("payer_bank_code") == pl.col("payee_bank_code")).fill_null(value=False)
    return _state_then(
        incoming.join(own, on=["account_id", "currency", "amount_minor"]), transfers.history, "transfer_id"
    ).filter(
        pl.col("state") == "declined",
        pl.col("transaction_at") >= pl.col("counterpart_at"),
        pl.col("transaction_at") <= close,
        same_bank | same_document(document("payer_document_number"), document("payee_document_number")),
    )


def _collected(incoming: pl.DataFrame, collections: EntityFacts) -> pl.DataFrame:
    own = collections.lines.select(
        "intent_id",
        "account_id",
        "currency",
        "amount_minor",
        pl.col("payer_document_number").alias("intent_document"),
    )
    credited = collections.history.filter(pl.col("state") == "account_credited").select(
        "intent_id",
        pl.col("intent_id").alias("counterpart_id"),
        pl.col("started_at").alias("credited_at"),
        pl.col("started_at").min().over("intent_id").alias("counterpart_at"),
    )
    payer, intended = document("payer_document_number"), document("intent_document")
    return (
        incoming.join(own, on=["account_id", "currency", "amount_minor"])
        .join(credited, on="intent_id")
        .filter(
            (pl.col("transaction_at") - pl.col("credited_at")).abs() <= COLLECTION_SKEW,
            payer.is_null() | intended.is_null() | same_document(payer, intended),
        )
    )


def _paid_by_known(incoming: pl.DataFrame, payers: tuple[KnownPayer, ...]) -> pl.DataFrame:
    label = pl.lit(None, pl.String)
    for payer in reversed(payers):
        label = pl.when(_is_payer(payer, incoming)).then(pl.lit(payer.label)).otherwise(label)
    return incoming.with_columns(
        label.alias("counterpart_id"), pl.col("transaction_at").alias("counterpart_at")
    ).filter(pl.col("counterpart_id").is_not_null())


def _is_payer(payer: KnownPayer, incoming: pl.DataFrame) -> pl.Expr:
    patterns = {
        "payer_name": payer.name_pattern,
        "reference": payer.reference_pattern,
        "description": payer.description_pattern,
    }
    given = [
        pl.col(name).is_in(_matching(incoming[name], pattern))
        for name, pattern in patterns.items()
        if pattern is not None
    ]
    if payer.document_number is not None:
        given.append(same_document(pl.col("payer_document_number"), pl.lit(payer.document_number)))
    if payer.account_id is not None:
        given.append(pl.col("account_id") == payer.account_id)
    return pl.all_horizontal(given).fill_null(value=False) if given else pl.lit(value=False)


def _matching(texts: pl.Series, pattern: str) -> list[str]:
    """The texts that a pattern matches whole, by Python's rules, under which settings are checked."""
    full = re.compile(pattern)
    return [text for text in texts.drop_nulls().unique() if full.fullmatch(text)]
