"""Which entities a finding could be about: those whose statements have to be looked at one by one.

Here belongs what makes an entity unremarkable: it came to an end by legal steps, both channels tell of that end,
and nothing that is stated of it differs. A type of break that can be found on such an entity has to be named here.
"""

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import absent
from mono_recon.reconcile.entities import EntityFacts, Kind


def remarkable(facts: EntityFacts, context: Context) -> pl.Series:
    """Ids of all entities that a type of ``catalogue.TRANSFER_TYPES`` or an oddity could be about, and of others.

    Args:
        facts: Facts of transfers, or of a part of them.
        context: Date, as-of and settings.
    """
    kind, key = facts.kind, facts.kind.id_column
    expected = list(context.settings.business.currencies)
    state = pl.col("state_at_cutoff")
    found = [
        facts.timeline.filter(_is_odd_run(kind)),
        facts.lines.filter(
            ~state.is_in(sorted(kind.machine.final)) | (pl.col("state_webhook") != pl.col("state_export"))
        ),
        absent(facts.lines, key, facts.feed.exports, facts.feed.appearances),
        facts.stated.filter(_is_same(key) & _differs("amount_minor", "currency", *kind.payee_columns)),
        facts.stated.filter(~pl.col("currency").is_in(expected)),
        *(_repeated(facts.stated, channel, key) for channel in ("webhook", "export")),
    ]
    return pl.concat(frame.select(key) for frame in found).to_series().unique()


def _is_odd_run(kind: Kind) -> pl.Expr:
    """A run that only one channel shows where both should, in an unknown state, or after a step to be looked at."""
    state, before = pl.col("state"), pl.col("previous_state")
    plain_steps = [
        (before == old) & (state == new) for old, new in sorted(kind.machine.steps) if old not in kind.machine.final
    ]
    unannounced = pl.col("by_export") & ~pl.col("by_webhook") & state.is_in(list(kind.announced))
    unconfirmed = pl.col("is_last") & pl.col("by_webhook") & ~pl.col("by_export") & state.is_in(list(kind.exported))
    unknown = ~state.is_in(sorted(kind.machine.known))
    return unannounced | unconfirmed | unknown | (before.is_not_null() & ~pl.any_horizontal(plain_steps))


def _is_same(*names: str) -> pl.Expr:
    """Whether a statement is equal to the one before it in some columns."""
    return pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in names)


def _differs(*names: str) -> pl.Expr:
    """Whether a statement differs in some column from the last one that is not null there, of whatever entity."""
    filled = [pl.col(name).forward_fill() for name in names]
    return pl.any_horizontal(each != each.shift() for each in filled)


def _repeated(stated: pl.DataFrame, channel: str, key: str) -> pl.DataFrame:
    """Statements of one channel within one second: webhooks all of them, exports where the state differs.

    Statements of one entity about one instant stand together, with others of its second at most.
    """
    told = stated.filter(pl.col("channel") == channel).select(key, "state", pl.col("occurred_at").dt.truncate("1s"))
    within = _is_same(key, "occurred_at")
    return told.filter(within if channel == "webhook" else within & ~_is_same("state"))
