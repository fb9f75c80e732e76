"""Batches of a date: their facts, members and sums.

Here belongs what a batch's line shows. Breaks of batches live in ``batch_breaks``. A batch's state
never implies a transfer's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mono_recon.core.states import BATCH
from mono_recon.core.timelines import CREATED, first_known, runs
from mono_recon.reconcile.accounts import named_accounts
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts, arrange_both
from mono_recon.reconcile.parts import compacted
from mono_recon.reconcile.quality import odd_batches

_SUMMED_STATES = ("approved", "declined", "cancelled", "duplicated")


@dataclass(frozen=True, slots=True)
class BatchStatements:
    """What is stated about batches themselves, whatever became of their members.

    Attributes:
        lines: One row per batch with its attributes, ``state`` at the cut-off (null where it did not
            exist), ``stated_at`` (UTC: its latest statement before the cut-off) and ``members_listed``.
        listed: ``batch_id`` and ``transfer_id``: the members that batch events list.
        processing: ``batch_id`` and ``processing_at`` (UTC): start of its first run of processing_transactions.
        accounts: The accounts that they name, as ``accounts.named_accounts`` gives them.
        oddities: What is odd about them, as ``quality.odd_batches`` gives it.
    """

    lines: pl.DataFrame
    listed: pl.DataFrame
    processing: pl.DataFrame
    accounts: pl.DataFrame
    oddities: pl.DataFrame


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What is known of each batch and of its members.

    Attributes:
        lines: Those of ``BatchStatements`` with the sums of their members.
        members: One row per batch and member: ``batch_id``, ``transfer_id``, ``is_named`` (the
            transfer names the batch), ``is_listed`` (a batch event lists it) and the member's
            ``state_at_cutoff``, ``amount_minor`` and ``first_amount_minor``.
        transfers: Facts of the transfers.
    """

    lines: pl.DataFrame
    members: pl.DataFrame
    transfers: EntityFacts


def batch_statements(observations: pl.DataFrame, context: Context) -> BatchStatements:
    """Arrange the statements about batches, or about a part of them.

    Args:
        observations: ``core.batch_observations`` known by the as-of.
        context: Date, as-of and settings.
    """
    known, stated = arrange_both(observations, "batch_id", BATCH, context)
    timeline = runs(stated, "batch_id")
    listed = (
        known.filter(pl.col("listed_transfer_ids").is_not_null())
        .select("batch_id", pl.col("listed_transfer_ids").alias("transfer_id"))
        .explode("transfer_id", empty_as_null=True)
        .unique()
    )
    # A batch that lists no transfer is listed with none, which is not the same as not to be listed.
    counted = listed.group_by("batch_id").agg(pl.col("transfer_id").count().cast(pl.Int64).alias("members_listed"))
    begun = timeline.filter(pl.col("state") == "processing_transactions")
    lines = _attributes(known, stated, timeline, context)
    return BatchStatements(
        lines=compacted(lines.join(counted, on="batch_id", how="left", maintain_order="left")),
        listed=compacted(listed.drop_nulls()),
        processing=compacted(begun.group_by("batch_id").agg(pl.min("started_at").alias("processing_at"))),
        accounts=compacted(named_accounts(observations, "occurred_at", context)),
        oddities=compacted(odd_batches(stated, context)),
    )


def gather_batches(parts: Sequence[BatchStatements]) -> BatchStatements:
    """What is stated about all batches, from what is stated about parts of them."""
    return BatchStatements(
        lines=pl.concat(part.lines for part in parts),
        listed=pl.concat(part.listed for part in parts),
        processing=pl.concat(part.processing for part in parts),
        accounts=pl.concat(part.accounts for part in parts),
        oddities=pl.concat(part.oddities for part in parts),
    )


def naming(statements: pl.DataFrame) -> pl.DataFrame:
    """Which transfers name which batch themselves.

    Args:
        statements: ``core.transfer_observations``; those inside a batch's own event are what the batch says.

    Returns:
        ``batch_id`` and ``transfer_id``, each pair once.
    """
    nested = pl.col("event_type").str.starts_with("batch_").fill_null(value=False)
    return statements.filter(pl.col("batch_id").is_not_null(), ~nested).select("batch_id", "transfer_id").unique()


def batch_facts(batches: BatchStatements, named: pl.DataFrame, transfers: EntityFacts) -> BatchFacts:
    """Attributes, members and sums of each batch known by the as-of.

    Args:
        batches: What is stated about all batches.
        named: Result of ``naming`` for all transfers.
        transfers: Facts of all transfers.
    """
    members = _members(batches.listed, named, transfers)
    summed = (
        "members",
        "summed_minor",
        "first_summed_minor",
        *(f"{state}_minor" for state in (*_SUMMED_STATES, "open")),
    )
    lines = (
        batches.lines.join(_sums(members), on="batch_id", how="left", maintain_order="left")
        .with_columns(pl.col(summed).fill_null(0))
        .with_columns((pl.col("declared_minor") - pl.col("summed_minor")).alias("difference_minor"))
    )
    return BatchFacts(lines, members, transfers)


def _attributes(known: pl.DataFrame, stated: pl.DataFrame, timeline: pl.DataFrame, context: Context) -> pl.DataFrame:
    names = {
        "account_id": "account_id",
        "origin": "origin",
        "total_amount_minor": "declared_minor",
        "currency": "currency",
    }
    first = known.group_by("batch_id", maintain_order=True).agg(
        pl.min("inserted_at").alias("created_at"),
        *(pl.first(name).alias(f"{alias}_first") for name, alias in names.items()),
    )
    last = stated.group_by("batch_id").agg(
        pl.lit(value=True).alias("is_stated"),
        pl.col("occurred_at").last().alias("stated_at"),
        *(pl.col(name).last(ignore_nulls=True).alias(alias) for name, alias in names.items()),
    )
    in_force = timeline.filter("is_last").select("batch_id", "state")
    unstated = known.join(last, on="batch_id", how="anti").unique("batch_id", keep="first", maintain_order=True)
    sources = pl.concat([first_known(stated, "batch_id"), first_known(unstated, "batch_id")])
    return (
        first.join(last, on="batch_id", how="left", maintain_order="left")
        .join(in_force, on="batch_id", how="left", maintain_order="left")
        .join(sources, on="batch_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("is_stated").fill_null(value=False)).then(alias).otherwise(f"{alias}_first").alias(alias)
            for alias in names.values()
        )
        .with_columns(
            pl.when(pl.col("created_at") < context.end).then(pl.coalesce("state", pl.lit(CREATED))).alias("state"),
        )
        .drop("is_stated", *(f"{alias}_first" for alias in names.values()))
    )


def _members(listed: pl.DataFrame, named: pl.DataFrame, transfers: EntityFacts) -> pl.DataFrame:
    key = ["batch_id", "transfer_id"]
    facts = transfers.lines.select("transfer_id", "state_at_cutoff", "amount_minor", "first_amount_minor")
    return (
        named.with_columns(is_named=True)
        .join(listed.with_columns(is_listed=True), on=key, how="full", coalesce=True)
        .with_columns(pl.col("is_named", "is_listed").fill_null(value=False))
        .join(facts, on="transfer_id", how="left")
    )


def _sums(members: pl.DataFrame) -> pl.DataFrame:
    """Sums run over all members, whenever they were created; one in two currencies is a break of its own."""
    amount = pl.col("amount_minor")
    state = pl.col("state_at_cutoff").fill_null(CREATED)
    return members.group_by("batch_id").agg(
        pl.len().cast(pl.Int64).alias("members"),
        amount.sum().alias("summed_minor"),
        pl.sum("first_amount_minor").alias("first_summed_minor"),
        *(amount.filter(state == name).sum().alias(f"{name}_minor") for name in _SUMMED_STATES),
        amount.filter(~state.is_in(_SUMMED_STATES)).sum().alias("open_minor"),
    )


def batch_population(facts: BatchFacts, transfer_lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The batches of the date: created on it, or with a member among the date's transfers."""
    created = (pl.col("created_at") >= context.start) & (pl.col("created_at") < context.end)
    known = facts.lines.filter(pl.col("created_at") < context.end)
    others = facts.members.join(known.filter(~created), on="batch_id", how="semi")
    through_members = others.join(transfer_lines, on="transfer_id", how="semi")["batch_id"].unique()
    return known.filter(created | pl.col("batch_id").is_in(through_members.implode()))
