"""One report: from what was known to its tables.

Here belongs the order of the steps alone; each step is a function of its own module.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl

from mono_recon.reconcile import balance, batch_breaks, credit_breaks, feeds
from mono_recon.reconcile.accounts import known_accounts, named_accounts, own_numbers
from mono_recon.reconcile.batches import (
    BatchFacts,
    batch_facts,
    batch_population,
    batch_statements,
    gather_batches,
    naming,
)
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
from mono_recon.reconcile.parts import compacted
from mono_recon.reconcile.progress import DUPLICATE_PAYMENT
from mono_recon.reconcile.quality import data_quality, ignored_resolutions, odd_credits, oddities
from mono_recon.reconcile.remarkable import remarkable
from mono_recon.reconcile.totals import assert_identities, count_sections, section_rows, tally
from mono_recon.reconcile.transfers import money_out, population, sections, transfer_facts
from mono_recon.schemas import report
from mono_recon.schemas.table import polars_schema, table_name


@dataclass(frozen=True, slots=True)
class DayReport:
    """What a report states.

    Attributes:
        tables: Bodies of the pack's tables by name, without date and version; ``lineage`` is left
            to whoever knows the archive's files.
        verdict: ``balanced``, ``awaiting``, ``breaks`` or ``incomplete``.
        open_items: Body of ``report.open_items``: every break that was found, but for those about feeds.
        known_accounts: Body of ``report.known_accounts``.
    """

    tables: Mapping[str, pl.DataFrame]
    verdict: str
    open_items: pl.DataFrame
    known_accounts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of the transfers gives: their facts, and what is seen in their statements alone."""

    facts: EntityFacts
    findings: pl.DataFrame
    naming: pl.DataFrame
    accounts: pl.DataFrame
    oddities: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Observed:
    """What is left of the statements about transfers and batches, which are too many to be held at once."""

    transfers: EntityFacts
    batches: BatchFacts
    findings: pl.DataFrame
    accounts: pl.DataFrame
    oddities: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Whole:
    """All that is found but for what people decided about the breaks."""

    transfers: EntityFacts
    batches: BatchFacts
    collections: EntityFacts
    credits: CreditFacts
    accounts: pl.DataFrame
    proof: pl.DataFrame
    breaks: pl.DataFrame
    oddities: list[pl.DataFrame]


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
        parts: In how many parts to take transfers and batches, which changes no figure; None: by their number.
        past: Gives the inputs as they were known at an instant; only called where a decision may have been
            overtaken by what became known since. Without it no decision is.

    Raises:
        IdentityError: If the report does not add up.
    """
    whole = _find(inputs, context, parts)

    def as_known(moment: datetime) -> pl.DataFrame:
        # Under the limits of now, so that only what was learnt since makes a difference.
        return _find(past(moment), context, parts).breaks if past else whole.breaks

    return _assemble(whole, decide(whole.breaks, inputs, matched_to(whole.credits), as_known, context), inputs, context)


def _observe(inputs: DayInputs, context: Context, parts: int | None) -> _Observed:
    stated = gather_batches(inputs.batches.taken(partial(batch_statements, context=context), "batch_id", parts))
    take = partial(_take_part, processing=stated.processing, feed=_feed(inputs, "transfers"), context=context)
    taken = inputs.transfers.taken(take, "transfer_id", parts)
    transfers = gather([part.facts for part in taken])
    batches = batch_facts(stated, pl.concat(part.naming for part in taken), transfers)
    found = [*(part.findings for part in taken), find_all(batch_breaks.TYPES, batches, context)]
    return _Observed(
        transfers,
        batches,
        findings=pl.concat(found),
        accounts=pl.concat([stated.accounts, *(part.accounts for part in taken)]),
        oddities=pl.concat([stated.oddities, *(part.oddities for part in taken)]),
    )


def _take_part(statements: pl.DataFrame, processing: pl.DataFrame, feed: ExportFeed, context: Context) -> _Part:
    facts = transfer_facts(statements, processing, feed.about(statements["transfer_id"]), context)
    looked_at = facts.about(remarkable(facts, context))
    return _Part(
        facts=without_observations(facts),
        findings=compacted(find_all(TRANSFER_TYPES, looked_at, context)),
        naming=compacted(naming(statements)),
        accounts=compacted(named_accounts(statements, "occurred_at", context)),
        oddities=compacted(oddities(looked_at, context)),
    )


def _find(inputs: DayInputs, context: Context, parts: int | None) -> _Whole:
    observed = _observe(inputs, context, parts)
    transfers, batches = observed.transfers, observed.batches
    collections = collection_facts(inputs.collections, _feed(inputs, "collection_intents"), context)
    received = credit_facts(inputs.credits, transfers, collections, own_numbers(inputs.accounts), context)
    collections = with_counted(collections, received)
    moved = movements(transfers, collections, received, inputs.adjustments, context)
    accounts = known_accounts(inputs, observed.accounts, context)
    figures = balance.BalanceFacts(inputs.balances, accounts, moved, open_at(transfers), inputs.proof_dates)
    proof = balance.prove(figures, context)
    findings = pl.concat(
        [
            observed.findings,
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
            _subjects(transfers.lines, "transfer_id"),
            _subjects(batches.lines.rename({"declared_minor": "amount_minor"}), "batch_id"),
            _subjects(received.lines, "credit_id"),
            _subjects(collections.lines, "intent_id"),
        ]
    )
    breaks = describe_breaks(findings, subjects, context)
    odd = [observed.oddities, oddities(collections, context), odd_credits(received, context)]
    return _Whole(transfers, batches, collections, received, accounts, proof, breaks, odd)


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
    out, told_out = _money_out(whole, statuses, context)
    attributes = ("account_id", "currency", "amount_minor", "recon_status")
    figures = out.select("transfer_id", *attributes)
    arrived = credit_lines(credit_population(whole.credits, context), statuses)
    collected = collection_lines(collection_population(whole.collections, context), statuses)
    rows_in = _money_in(arrived, collected, whole.collections, context)
    told_in = tally(rows_in)
    summary = pl.concat([count_sections(told_out, "out"), count_sections(told_in, "in")])
    moved = money_out(whole.transfers, context).join(figures, on="transfer_id")
    proof = proof_lines(whole.proof, inputs.accounts)
    shown = listed(decided.breaks, context)
    movement = break_movement(inputs, decided.breaks, shown, matched_to(whole.credits), context)
    opened = still_open(decided.breaks, context)
    lines_in = pl.concat(frame.select(attributes) for frame in (arrived, collected))
    control = control_table(
        told_out, told_in, figures, lines_in, summary, moved, rows_in, proof, opened, movement, inputs.intake, context
    )
    assert_identities(control)
    tables = {
        "control": control,
        "balance_proof": proof,
        "summary": summary,
        "outgoing_transfers": out,
        "batches": batch_lines(batch_population(whole.batches, out, context), statuses),
        "incoming_credits": arrived,
        "collections": collected,
        "breaks": shown,
        "break_ageing": ageing(shown),
        "break_movement": movement,
        "data_quality": pl.concat([data_quality(whole.oddities), ignored_resolutions(decided.ignored, shown)]).sort(
            pl.all()
        ),
    }
    found = decided.breaks.filter(pl.col("class") != "data").select(body_columns(report.OpenItems))
    return DayReport(_conform(tables), verdict(shown, context), found, whole.accounts)


def _money_out(whole: _Whole, statuses: pl.DataFrame, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The transfers of the date, and how many of them count in each section."""
    on_date = population(whole.transfers, context)
    lines = transfer_lines(on_date, statuses, matched_credits(whole.credits, context))
    return lines, tally(section_rows(sections(whole.transfers, on_date, context), lines))


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
