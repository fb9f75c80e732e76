"""The states of Mono's documentation, step by step: which are taken as they come, which are breaks."""

from itertools import pairwise, permutations, product

import polars as pl
import pytest

from mono_recon.core.states import BATCH, COLLECTION, TRANSFER
from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.reconcile.test_edges import intent
from tests.scenario import at, batch, context, ident, inputs, transfer, trn

STATES = ("created", "in_progress", "approved", "declined", "cancelled", "duplicated")
FINAL = STATES[2:]
DOCUMENTED = {
    ("created", "in_progress"),  # handed to the bank
    ("created", "approved"),
    ("created", "declined"),
    ("created", "cancelled"),  # by a user, before dispatch
    ("created", "duplicated"),  # its entity_id is registered already
    ("in_progress", "approved"),  # executed by the bank
    ("in_progress", "declined"),  # refused by either bank
    ("in_progress", "cancelled"),
    ("approved", "declined"),  # changed later by the rail
    ("declined", "approved"),
}
PAIRS = [*permutations(STATES, 2), *product(STATES, ["held"]), *product(["held"], STATES)]


@pytest.fixture(scope="module")
def every_step() -> DayReport:
    """One transfer for each pair of states, in one and an hour later in the other."""
    return reconcile_day(
        inputs(
            [
                transfer(f"{before}-{after}", state, when)
                for before, after in PAIRS
                for state, when in ((before, "03-04 10:00"), (after, "03-04 11:00"))
            ]
        ),
        context(),
    )


def named(report: DayReport, break_type: str) -> set[str]:
    return set(report.tables["breaks"].filter(pl.col("break_type") == break_type)["subject_id"])


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_step_is_illegal_unless_it_is_documented_and_one_state_unknown_is_not_judged(
    every_step: DayReport, before: str, after: str
) -> None:
    step, subject = (before, after), trn(f"{before}-{after}")
    assert (subject in named(every_step, "illegal_transition")) is (step not in DOCUMENTED and "held" not in step)
    assert (subject in named(every_step, "final_state_changed")) is ({*step} == {"approved", "declined"})
    assert (subject in named(every_step, "unknown_state")) is ("held" in step)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_transfer_is_open_until_a_final_state(every_step: DayReport, before: str, after: str) -> None:
    lines = every_step.tables["outgoing_transfers"]
    line = lines.row(by_predicate=pl.col("transfer_id") == trn(f"{before}-{after}"), named=True)
    assert (line["state_at_cutoff"], line["final_at"] is not None) == (after, after in FINAL)


@pytest.mark.parametrize(
    ("machine", "order", "last"),
    [
        (TRANSFER, ("created", "in_progress"), FINAL),
        (
            BATCH,
            ("created", "pending_otp", "verified_otp", "processing_transactions"),
            ("cancelled", "declined", "new"),
        ),
        (COLLECTION, ("created", "in_progress", "approved_in_provider"), ("account_credited", "failed")),
    ],
)
def test_of_one_instant_the_states_follow_their_order_and_every_other_comes_last(
    machine: object, order: tuple[str, ...], last: tuple[str, ...]
) -> None:
    for earlier, later in [*pairwise(order), *product(order[-1:], last)]:
        assert told_at_once(machine, later, earlier) == later


def told_at_once(machine: object, *states: str) -> str:
    """The state in force after several that bear one instant, told hour by hour in this order."""
    when = "03-04 10:00:00.5"
    told = [(state, {"event_at": at(f"03-04 1{hour}:30")}) for hour, state in enumerate(states)]
    if machine is TRANSFER:
        given = inputs([transfer("a", state, when, **clock) for state, clock in told])
        table, column = "outgoing_transfers", "state_at_cutoff"
    elif machine is BATCH:
        given = inputs([], [batch("a", state, when, **clock) for state, clock in told])
        table, column = "batches", "state"
    else:
        given = inputs(collections=[intent(state, when, **clock) for state, clock in told])
        table, column = "collections", "state_at_cutoff"
    return str(reconcile_day(given, context()).tables[table][column].item())


@pytest.mark.parametrize(
    ("states", "is_open"),
    [
        (("created",), True),
        (("in_progress",), True),
        (("approved_in_provider",), True),
        (("expired",), True),
        (("account_credited",), False),
        (("failed",), False),
        (("account_credited", "in_progress"), False),
    ],
)
def test_a_collection_is_open_until_it_was_credited_or_failed(states: tuple[str, ...], is_open: bool) -> None:
    old = [
        intent(state, f"03-03 1{hour}:00", inserted_at=intent("created", "03-03 09:00")["occurred_at"])
        for hour, state in enumerate(states)
    ]
    lines = reconcile_day(inputs(collections=old), context()).tables["collections"]
    assert lines["intent_id"].to_list() == ([ident("cint", "a")] if is_open else [])
