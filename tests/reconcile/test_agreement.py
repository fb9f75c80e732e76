"""The reconciliation and the plain reference, written from the rules alone, say the same."""

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.day import DayReport, reconcile_day
from mono_recon.reconcile.inputs import DayInputs
from tests.reference.entities import Row
from tests.reference.report import Report, report
from tests.reference.worlds import worlds
from tests.soaking import examples

KEYS = {
    "outgoing_transfers": ("transfer_id",),
    "batches": ("batch_id",),
    "incoming_credits": ("credit_id",),
    "collections": ("intent_id",),
    "balance_proof": ("account_id", "currency"),
}


@examples(quick=80, soak=5_000, shrink=False)
@given(worlds())
def test_every_figure_and_break_agrees_with_the_reference(world: tuple[DayInputs, Context]) -> None:
    inputs, context = world
    real, plain = reconcile_day(inputs, context), report(inputs, context)
    assert differences(real, plain) == {}


def differences(real: DayReport, plain: Report) -> dict[str, Any]:
    """What the two disagree on: per subject, what the code and what the reference says."""
    expected = {
        "outgoing_transfers": plain.transfers,
        "batches": plain.batches,
        "incoming_credits": plain.credits,
        "collections": plain.collections,
        "balance_proof": plain.balance,
    }
    found: dict[str, Any] = {}
    for name, lines in expected.items():
        found |= _line_differences(name, real.tables[name], lines)
    breaks = Counter(_breaks(real.tables["breaks"]))
    wanted = Counter(_breaks_of(plain))
    found |= {f"only the code: {each}": "" for each in breaks - wanted}
    found |= {f"only the reference: {each}": "" for each in wanted - breaks}
    if _summary(real.tables["summary"]) != plain.summary:
        found["summary"] = (_summary(real.tables["summary"]), plain.summary)
    if real.verdict != plain.verdict:
        found["verdict"] = (real.verdict, plain.verdict)
    return found


def _line_differences(name: str, table: pl.DataFrame, lines: list[Row]) -> dict[str, Any]:
    key = KEYS[name]
    theirs = {tuple(row[part] for part in key): row for row in table.iter_rows(named=True)}
    ours = {tuple(line[part] for part in key): line for line in lines}
    assert table.height == len(theirs)
    found: dict[str, Any] = {
        f"{name} {subject}": ("code" if subject in theirs else "reference") + " only"
        for subject in theirs.keys() ^ ours.keys()
    }
    for subject in theirs.keys() & ours.keys():
        for column, value in ours[subject].items():
            if theirs[subject][column] != value:
                found[f"{name} {subject} {column}"] = (theirs[subject][column], value)
    return found


def _breaks(table: pl.DataFrame) -> list[tuple[Any, ...]]:
    columns = ("break_type", "class", "subject_type", "subject_id", "break_date", "amount_minor", "difference_minor")
    return list(table.select(columns).iter_rows())


def _breaks_of(plain: Report) -> list[tuple[Any, ...]]:
    return [
        (each.type, each.cls, each.subject_type, each.subject_id, each.date, each.amount, each.difference)
        for each in plain.breaks
    ]


def _summary(table: pl.DataFrame) -> dict[tuple[Any, ...], tuple[int, int]]:
    return {tuple(row[:5]): (row[5], row[6]) for row in table.iter_rows()}
