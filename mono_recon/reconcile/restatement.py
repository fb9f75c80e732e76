"""What a version says otherwise than the one before, and which news is the cause of each change.

Here belong the comparison of two versions' facts and the trial of causes: one feed, or the clock of the
limits, is moved at a time from what the earlier version knew to what the later one knows. What a fact is
belongs to ``mono_recon.report.content``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.parts import Parts

FACT = ("table_name", "row_key", "column_name")
"""Columns that name a fact; a line's being there is one too, with the column ``PRESENT``."""

PRESENT = ""
FEEDS = ("late_webhook", "late_export", "late_credit", "late_balance", "adjustment", "time", "settings")
"""Causes that can be tried, in the order in which the first that suffices is named."""

CODE = "code"
_BREAKS = "breaks"
_VALUE, _NO_VALUE = "=", "-"

Given = Callable[[frozenset[str]], pl.DataFrame]
"""The facts that come of taking some feeds as they are now and all others as they were."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a version was made from."""

    inputs: DayInputs
    context: Context


def between(old: Knowledge, new: Knowledge, causes: Iterable[str]) -> Knowledge:
    """What there is if the feeds of some causes are those of a later version, and all else is as before.

    Args:
        old: What the earlier version was made from.
        new: What the later one is made from.
        causes: Some of ``FEEDS``.
    """
    taken = frozenset(causes)

    def pick(cause: str) -> DayInputs:
        return (new if cause in taken else old).inputs

    webhooks, exports = pick("late_webhook"), pick("late_export")
    inputs = replace(
        new.inputs,
        transfers=_of_channels(webhooks.transfers, exports.transfers),
        batches=_of_channels(webhooks.batches, exports.batches),
        collections=_of_both(webhooks.collections, exports.collections),
        credits=pick("late_credit").credits,
        accounts=exports.accounts,
        balances=pick("late_balance").balances,
        adjustments=pick("adjustment").adjustments,
        exports=exports.exports,
        appearances=exports.appearances,
    )
    context = replace(
        new.context,
        as_of=(new if "time" in taken else old).context.as_of,
        settings=(new if "settings" in taken else old).context.settings,
        since=(new if "late_webhook" in taken else old).context.since,
    )
    return Knowledge(inputs, context)


def differing(old: Knowledge, new: Knowledge) -> tuple[str, ...]:
    """The feeds that are not as they were, in the order of ``FEEDS``."""
    before, now = old.inputs, new.inputs
    differs = {
        "late_webhook": old.context.since != new.context.since or _differ_in("webhook", before, now),
        "late_export": _differ_in("export", before, now)
        or _differ(before.exports, now.exports)
        or _differ(before.accounts, now.accounts),
        "late_credit": _differ(before.credits, now.credits),
        "late_balance": _differ(before.balances, now.balances),
        "adjustment": _differ(before.adjustments, now.adjustments),
        "time": old.context.as_of != new.context.as_of,
        "settings": old.context.settings.effective() != new.context.settings.effective(),
    }
    return tuple(cause for cause in FEEDS if differs[cause])


def changes(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The facts that differ, and the breaks that the earlier version did not list.

    Args:
        old: Facts of the earlier version: ``FACT`` and ``value``, a missing value null.
        new: Facts of the later one.

    Returns:
        ``FACT``, ``old_value`` and ``new_value`` in the order of the facts. A line that came or went is one
        row with the column ``PRESENT``; a break that is no longer found is none.
    """
    both = _stated(old).join(_stated(new), on=FACT, how="full", coalesce=True, suffix="_new")
    differs = both.filter(~pl.col("value").eq_missing(pl.col("value_new")))
    moved = differs.filter(pl.col("column_name") == PRESENT).select("table_name", "row_key", has_moved=True)
    is_line = pl.col("has_moved").fill_null(value=False) & (pl.col("table_name") != _BREAKS)
    is_break = pl.col("table_name") == _BREAKS
    return (
        differs.join(moved, on=["table_name", "row_key"], how="left")
        .filter(
            pl.when(is_break)
            .then((pl.col("column_name") != PRESENT) & pl.col("value_new").is_not_null())
            .otherwise(~is_line | (pl.col("column_name") == PRESENT))
        )
        .select(*FACT, pl.col("value").alias("old_value"), pl.col("value_new").alias("new_value"))
        .sort(FACT)
    )


def restatements(changed: pl.DataFrame, possible: tuple[str, ...], given: Given, *, code_changed: bool) -> pl.DataFrame:
    """Name the cause of each change: the first that alone gives the new value, else the last that it needs.

    Args:
        changed: As ``changes`` gives it.
        possible: The feeds that differ, in order.
        given: Makes the facts of a trial.
        code_changed: Whether the versions were made by different code.

    Returns:
        ``table_name, row_key, column_name, old_value, new_value, cause``.
    """
    stated = cache(lambda causes: _stated(given(causes)))
    everything = frozenset(possible)
    trials = [(cause, frozenset({cause}), True) for cause in possible]
    trials += [(cause, everything - {cause}, False) for cause in reversed(possible)]
    if code_changed:
        trials.insert(0, (CODE, frozenset(), True))
    causes = pl.lit(None, pl.String).alias("cause")
    open_, told = changed.with_columns(causes), [changed.clear().with_columns(causes)]
    for cause, taken, wanted in trials:
        if open_.is_empty():
            break
        trial = open_.join(stated(taken), on=FACT, how="left")
        is_told = pl.col("value").eq_missing(pl.col("new_value")) == wanted
        told.append(trial.filter(is_told).drop("value").with_columns(pl.lit(cause).alias("cause")))
        open_ = trial.filter(~is_told).drop("value")
    told.append(open_.with_columns(pl.lit(possible[0] if possible else CODE).alias("cause")))
    return pl.concat(told).sort(FACT).select(*_readable(), "cause")


def _readable() -> list[pl.Expr]:
    """Facts as a table shows them: a missing value and a missing line are both null."""
    named = pl.when(pl.col("column_name") != PRESENT).then("column_name").alias("column_name")
    values = [
        pl.when(pl.col(name).str.starts_with(_VALUE)).then(pl.col(name).str.slice(len(_VALUE))).alias(name)
        for name in ("old_value", "new_value")
    ]
    return [pl.col("table_name"), pl.col("row_key"), named, *values]


def _stated(facts: pl.DataFrame) -> pl.DataFrame:
    """Facts by name, and that each line is there; a value that is missing differs from a line that is."""
    # The key of a balance is its account alone: one of several currencies has several values.
    told = _VALUE + pl.col("value").fill_null("").sort().str.join("|")
    values = facts.group_by(FACT).agg(
        pl.when(pl.col("value").is_not_null().any()).then(told).otherwise(pl.lit(_NO_VALUE)).alias("value")
    )
    lines = facts.select("table_name", "row_key").unique()
    present = lines.with_columns(
        pl.lit(PRESENT).alias("column_name"), (pl.lit(_VALUE) + pl.col("row_key")).alias("value")
    )
    return pl.concat([values, present])


def _of_channels(webhooks: Parts, exports: Parts) -> Parts:
    return Parts(
        max(webhooks.height, exports.height),
        lambda number, of: _of_both(webhooks.read(number, of), exports.read(number, of)),
        lambda names, ids: _of_both(webhooks.about(names, ids), exports.about(names, ids)),
    )


def _of_both(webhooks: pl.DataFrame, exports: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([webhooks.filter(channel="webhook"), exports.filter(channel="export")])


def _differ_in(channel: str, old: DayInputs, new: DayInputs) -> bool:
    """Whether a channel says anything that it did not say before, or no longer does."""
    pairs = chain(
        old.transfers.beside(new.transfers),
        old.batches.beside(new.batches),
        [(old.collections, new.collections)],
    )
    return any(_differ(_sources(before, channel), _sources(now, channel)) for before, now in pairs)


def _sources(statements: pl.DataFrame, channel: str) -> pl.DataFrame:
    return statements.filter(channel=channel).select("source_ref", "known_at").unique()


def _differ(old: pl.DataFrame, new: pl.DataFrame) -> bool:
    return not old.sort(pl.all()).equals(new.sort(pl.all()))
