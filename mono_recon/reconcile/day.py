"""One report: from what was known to its tables.

Here belongs the order of the steps alone; each step is a function of its own module.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mono_recon.reconcile import balance, batch_breaks, credit_breaks, feeds
from mono_recon.reconcile.accounts import known_accounts, own_numbers
from mono_recon.reconcile.batches import batch_facts, batch_population, batch_timelines
from mono_recon.reconcile.breaks import find_all
from mono_recon.reconcile.catalogue import TRANSFER_TYPES
from mono_recon.reconcile.collections import TYPES as COLLECTION_TYPES
from mono_recon.reconcile.collections import collection_facts, collection_population, credited_on
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.control import control_table
from mono_recon.reconcile.credits import (
    CreditFacts,
    credit_facts,
    credit_population,
    matched_credits,
    matched_to,
    with_counted,
)
from mono_recon.reconcile.decisions import Decided, decide
from mono_recon.reconcile.entities import EntityFacts, ExportFeed, gather, without_observations
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.lifecycle import ageing, describe_breaks, line_statuses, listed, still_open, verdict
from mono_recon.reconcile.lines import (
    batch_lines,
    body_columns,
    collection_lines,
    credit_lines,
    proof_lines,
    transfer_lines,
)
from mono_recon.reconcile.movement import break_movement
from mono_recon.reconcile.movements import moved_accounts, movements, open_at
from mono_recon.reconcile.parts import split
from mono_recon.reconcile.progress import DUPLICATE_PAYMENT
from mono_recon.reconcile.quality import data_quality, ignored_resolutions, odd_credits, oddities
from mono_recon.reconcile.totals import assert_identities, count_sections, section_rows
from mono_recon.reconcile.transfers import money_out, population, sections, transfer_facts
from mono_recon.schemas import report
from mono_recon.schemas.table import polars_schema, table_name


_ROWS_AT_ONCE = 600_000
"""Observations of transfers that fit into one part: beyond these the copies made on the way would fill memory."""


@dataclass(frozen=True, slots=True)
class DayReport:
    """What a report states.

    Attributes:
        tables: Bodies of the pack's tables by name, without date and version; ``lineage`` is left
            to whoever knows the archive's files.
        verdict: ``balanced``, ``awaiting``, ``breaks`` or ``incomplete``.
        open_items: Body of ``report.open_items``: every break that was found, but for those about feeds.
    """

    tables: Mapping[str, pl.DataFrame]
    verdict: str
    open_items: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of the transfers and batches gives."""

    facts: EntityFacts
    findings: pl.DataFrame
    population: pl.DataFrame
    sections: pl.DataFrame
    batches: pl.DataFrame
    subjects: pl.DataFrame
    oddities: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Whole:
    """The parts, and what is only seen over all of them at once; the breaks without what people decided."""

    parts: list[_Part]
    transfers: EntityFacts
    collections: EntityFacts
    credits: CreditFacts
    proof: pl.DataFrame
    breaks: pl.DataFrame


def reconcile_day(
    inputs: DayInputs,
    context: Context,
    *,
    parts: int | None = None,
    past: Callable[[datetime], DayInputs] | None = None,
) -> DayReport:
    """Reconcile one business date as of one instant.

    Args:
        inputs: What was known at the as-of.
        context: Date, as-of and settings.
        parts: In how many parts to take the transfers, which changes no figure; None: by their number.
        past: Gives the inputs as they were known at an instant; only called where a decision may have been
            overtaken by what became known since. Without it no decision is.

    Raises:
        IdentityError: If the report does not add up.
    """
    parts = parts or 1 + inputs.transfers.height // _ROWS_AT_ONCE
    whole = _find(inputs, context, parts)

    def as_known(moment: datetime) -> pl.DataFrame:
        # Under the limits of now, so that only what was learnt since makes a difference.
        return _find(past(moment), context, parts).breaks if past else whole.breaks

    return _assemble(whole, decide(whole.breaks, inputs, matched_to(whole.credits), as_known, context), inputs, context)


def _find(inputs: DayInputs, context: Context, parts: int) -> _Whole:
    feed = _feed(inputs, "transfers")
    taken = [_take_part(*part, feed, context) for part in split(inputs.transfers, inputs.batches, parts)]
    transfers = gather([part.facts for part in taken])
    collections = collection_facts(inputs.collections, _feed(inputs, "collection_intents"), context)
    received = credit_facts(inputs.credits, transfers, collections, own_numbers(inputs.accounts), context)
    collections = with_counted(collections, received)
    moved = movements(transfers, collections, received, inputs.adjustments, context)
    accounts = known_accounts(inputs, context)
    figures = balance.BalanceFacts(inputs.balances, accounts, moved, open_at(transfers), inputs.proof_dates)
    proof = balance.prove(figures, context)
    findings = pl.concat(
        [
            *(part.findings for part in taken),
            find_all([DUPLICATE_PAYMENT], transfers, context),
            find_all(credit_breaks.TYPES, received, context),
            find_all(COLLECTION_TYPES, collections, context),
            find_all(balance.TYPES, balance.unexplained(figures, context), context),
            find_all(
                feeds.TYPES,
                feeds.FeedFacts(inputs, transfers, collections, received, accounts, moved_accounts(moved, context)),
                context,
            ),
        ]
    )
    subjects = pl.concat(
        [
            *(part.subjects for part in taken),
            _subjects(received.lines, "credit_id"),
            _subjects(collections.lines, "intent_id"),
        ]
    )
    return _Whole(taken, transfers, collections, received, proof, describe_breaks(findings, subjects, context))


def _take_part(transfers: pl.DataFrame, batches: pl.DataFrame, feed: ExportFeed, context: Context) -> _Part:
    timelines = batch_timelines(batches, context)
    facts = transfer_facts(transfers, timelines.processing(), feed, context)
    lots = batch_facts(timelines, facts, context)
    lines = population(facts, context)
    return _Part(
        facts=without_observations(facts),
        findings=pl.concat([find_all(TRANSFER_TYPES, facts, context), find_all(batch_breaks.TYPES, lots, context)]),
        population=lines,
        sections=sections(facts, lines, context),
        batches=batch_population(lots, lines, context),
        subjects=pl.concat(
            [
                _subjects(facts.lines, "transfer_id"),
                _subjects(lots.lines.rename({"declared_minor": "amount_minor"}), "batch_id"),
            ]
        ),
        oddities=oddities(facts, context),
    )


def _feed(inputs: DayInputs, resource: str) -> ExportFeed:
    return ExportFeed(
        inputs.exports.filter(pl.col("resource") == resource),
        inputs.appearances.filter(pl.col("resource") == resource),
    )


def _subjects(lines: pl.DataFrame, key: str) -> pl.DataFrame:
    return lines.select(
        pl.col(key).alias("subject_id"),
        pl.col("account_id").alias("line_account_id"),
        pl.col("currency").alias("line_currency"),
        pl.col("amount_minor").alias("line_amount_minor"),
        pl.col("source_refs").alias("line_source_refs"),
    )


def _assemble(whole: _Whole, decided: Decided, inputs: DayInputs, context: Context) -> DayReport:
    statuses = line_statuses(decided.breaks, context)
    out = transfer_lines(
        pl.concat(part.population for part in whole.parts), statuses, matched_credits(whole.credits, context)
    )
    arrived = credit_lines(credit_population(whole.credits, context), statuses)
    collected = collection_lines(collection_population(whole.collections, context), statuses)
    rows_out = section_rows(pl.concat(part.sections for part in whole.parts), out)
    rows_in = _money_in(arrived, collected, whole.collections, context)
    summary = pl.concat([count_sections(rows_out, "out"), count_sections(rows_in, "in")])
    moved = money_out(whole.transfers, context).join(out, on="transfer_id")
    proof = proof_lines(whole.proof, inputs.accounts)
    shown = listed(decided.breaks, context)
    movement = break_movement(inputs, decided.breaks, shown, matched_to(whole.credits), context)
    opened = still_open(decided.breaks, context)
    control = control_table(rows_out, rows_in, out, summary, moved, proof, opened, movement, inputs.intake, context)
    assert_identities(control)
    tables = {
        "control": control,
        "balance_proof": proof,
        "summary": summary,
        "outgoing_transfers": out,
        "batches": batch_lines(pl.concat(part.batches for part in whole.parts), statuses),
        "incoming_credits": arrived,
        "collections": collected,
        "breaks": shown,
        "break_ageing": ageing(shown),
        "break_movement": movement,
        "data_quality": pl.concat(
            [data_quality(_oddities(whole, context)), ignored_resolutions(decided.ignored, shown)]
        ).sort(pl.all()),
    }
    found = decided.breaks.filter(pl.col("class") != "data").select(body_columns(report.OpenItems))
    return DayReport(_conform(tables), verdict(shown, context), found)


def _oddities(whole: _Whole, context: Context) -> list[pl.DataFrame]:
    taken = [part.oddities for part in whole.parts]
    return [*taken, oddities(whole.collections, context), odd_credits(whole.credits, context)]


def _money_in(
    arrived: pl.DataFrame, collected: pl.DataFrame, collections: EntityFacts, context: Context
) -> pl.DataFrame:
    """One row per credit, and per collection credited on the date that no credit reports already."""
    counted = collected.filter("counted").join(credited_on(collections, context), on="intent_id", how="semi")
    columns = ("account_id", "currency", "amount_minor", "recon_status")
    return pl.concat(
        frame.select(*columns, pl.lit(section).alias("section"))
        for frame, section in ((arrived, "credits"), (counted, "collections"))
    )


def _conform(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every table of the pack but lineage, with exactly its body's columns; those not made yet are empty."""
    bodies = {}
    for model in report.PACK_TABLES:
        name, columns = table_name(model), body_columns(model)
        empty = polars_schema(model).to_frame().select(columns)
        bodies[name] = tables[name].select(columns).cast(empty.schema) if name in tables else empty
    del bodies["lineage"]
    return bodies
