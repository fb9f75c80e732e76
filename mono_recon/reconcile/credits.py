"""Incoming credits: what is known of each, and what it was matched to.

Here belongs a credit's line. Credits are seen through webhooks alone, so there is no second channel
to compare them with. Breaks of credits live in ``credit_breaks``.
"""

from dataclasses import dataclass, replace

import polars as pl

from mono_recon.reconcile.candidates import candidate_pairs, document, same_document
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import INSTANT
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.matching import COLLECTION_RULE, INTERNAL_RULES, PAYER_RULE, RETURN_RULE, Matches, match

_TWINS = ("account_id", "amount_minor", "currency", "type", "second")


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """What is known of each credit.

    Attributes:
        lines: One row per credit known by the as-of, whatever its date, with ``business_date``,
            ``day_end``, ``is_conflicting``, ``other_minor``, ``is_duplicate``, ``match_rule``, ``matched_to``,
            ``label``, ``is_ambiguous`` and ``differs_from``.
        transfers: Own transfers.
        matches: What the passes decided.
        own_numbers: Digits of the numbers of own accounts.
    """

    lines: pl.DataFrame
    transfers: EntityFacts
    matches: Matches
    own_numbers: frozenset[str]


def credit_facts(
    observations: pl.DataFrame,
    transfers: EntityFacts,
    collections: EntityFacts,
    own_numbers: frozenset[str],
    context: Context,
) -> CreditFacts:
    """Describe and match every credit known by the as-of.

    Args:
        observations: ``core.account_credits`` known by the as-of.
        transfers: Own transfers.
        collections: Own collection intents.
        own_numbers: Digits of the numbers of own accounts, from accounts exports.
        context: Date, as-of and settings.
    """
    credits_known = _describe(observations, context)
    free = credits_known.filter(~pl.col("is_conflicting"), ~pl.col("is_duplicate"))
    matches = match(candidate_pairs(free, transfers, collections, context))
    lines = credits_known.join(_decided(matches), on="credit_id", how="left", maintain_order="left").with_columns(
        pl.col("is_ambiguous").fill_null(value=False),
        pl.when(pl.col("match_rule") == PAYER_RULE).then("matched_to").alias("label"),
    )
    return CreditFacts(lines, transfers, matches, own_numbers)


def _describe(observations: pl.DataFrame, context: Context) -> pl.DataFrame:
    """One row per credit: its earliest-known statement, and whether others contradict or repeat it."""
    ordered = observations.sort("credit_id", "known_at", "source_ref")
    differs = pl.any_horizontal(pl.col(name).n_unique() > 1 for name in ("amount_minor", "currency", "account_id"))
    amount = pl.col("amount_minor")
    conflicts = ordered.group_by("credit_id", maintain_order=True).agg(
        differs.alias("is_conflicting"),
        amount.filter(amount != amount.first()).first().alias("other_minor"),
        pl.col("source_ref").unique().sort().alias("all_refs"),
    )
    first = ordered.unique("credit_id", keep="first", maintain_order=True).with_columns(
        context.calendar.business_date_expr(pl.col("transaction_at")).alias("business_date"),
        pl.concat_list("source_ref").alias("source_refs"),
        pl.col("transaction_at").dt.truncate("1s").alias("second"),
    )
    ends = {day: context.calendar.end_of(day) for day in first["business_date"].unique()}
    return (
        first.join(conflicts, on="credit_id", maintain_order="left")
        .with_columns(
            pl.col("credit_id").is_in(_repeated(first).implode()).alias("is_duplicate"),
            pl.col("business_date").replace_strict(ends, return_dtype=INSTANT).alias("day_end"),
        )
        .drop("second")
    )


def _repeated(first: pl.DataFrame) -> pl.Series:
    """Ids of credits that an earlier event reports already under another id."""
    told = first.filter(pl.len().over(_TWINS) > 1).sort("event_at", "credit_id").with_row_index("place")
    alike = told.select(*_TWINS, "place", "credit_id", "payer_document_number")
    payer, other = document("payer_document_number"), document("payer_document_number_other")
    same = same_document(payer, other) | (payer.is_null() & other.is_null())
    pairs = alike.join(alike, on=_TWINS, suffix="_other").filter(pl.col("place_other") < pl.col("place"), same)
    return pairs["credit_id"].unique()


def _decided(matches: Matches) -> pl.DataFrame:
    touched = sorted({*matches.rule_of, *matches.ambiguous, *matches.amount_differs})
    return pl.DataFrame(
        {
            "credit_id": touched,
            "match_rule": [matches.rule_of.get(each) for each in touched],
            "matched_to": [matches.counterpart_of.get(each) for each in touched],
            "is_ambiguous": [each in matches.ambiguous for each in touched],
            "differs_from": [matches.amount_differs.get(each) for each in touched],
        },
        schema={
            "credit_id": pl.String,
            "match_rule": pl.String,
            "matched_to": pl.String,
            "is_ambiguous": pl.Boolean,
            "differs_from": pl.String,
        },
    )


def credit_population(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """The credits of the date."""
    return facts.lines.filter(pl.col("business_date") == context.business_date)


def matched_credits(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """The credit that each transfer was matched to by the date, the later of two.

    Returns:
        ``transfer_id`` and ``matched_credit_id``.
    """
    rules = [*INTERNAL_RULES, RETURN_RULE]
    return (
        facts.lines.filter(pl.col("match_rule").is_in(rules), pl.col("business_date") <= context.business_date)
        .sort("transaction_at", "credit_id")
        .unique("matched_to", keep="last", maintain_order=True)
        .select(pl.col("matched_to").alias("transfer_id"), pl.col("credit_id").alias("matched_credit_id"))
    )


def matched_to(facts: CreditFacts) -> pl.DataFrame:
    """``credit_id`` and ``matched_to`` of every credit that was matched, whatever its date."""
    return facts.lines.select("credit_id", "matched_to").drop_nulls()


def with_counted(collections: EntityFacts, received: CreditFacts) -> EntityFacts:
    """Intents with ``counted``: false where a credit reports the same money."""
    doubled = received.lines.filter(pl.col("match_rule") == COLLECTION_RULE)["matched_to"].implode()
    return replace(
        collections, lines=collections.lines.with_columns((~pl.col("intent_id").is_in(doubled)).alias("counted"))
    )
