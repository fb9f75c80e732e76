"""What one version says otherwise than the one before, and what each change is laid to."""

from collections.abc import Callable, Iterable

import polars as pl
import pytest

from mono_recon.reconcile.restatement import FEEDS, Knowledge, between, changes, differing, restatements
from tests.scenario import ACCOUNT, batch, context, credit, exported, full_export, inputs, transfer

Fact = tuple[str, str, str, str | None]

LINE: tuple[Fact, ...] = (
    ("outgoing_transfers", "trn_1", "final_at", None),
    ("outgoing_transfers", "trn_1", "state_at_cutoff", "in_progress"),
)
SETTLED: tuple[Fact, ...] = (
    ("outgoing_transfers", "trn_1", "final_at", "2026-03-04T10:00:00Z"),
    ("outgoing_transfers", "trn_1", "state_at_cutoff", "approved"),
)
BREAK: Fact = ("breaks", "0123456789abcdef", "break_type", "missing_webhook")
OTHER_BREAK: Fact = ("breaks", "fedcba9876543210", "break_type", "stuck_transfer")


def facts(*rows: Fact) -> pl.DataFrame:
    names = ("table_name", "row_key", "column_name", "value")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def told(old: Iterable[Fact], new: Iterable[Fact]) -> list[tuple[str | None, ...]]:
    """Rows of restatements, whose cause is that the code is another."""
    changed = changes(facts(*old), facts(*new))
    rows = restatements(changed, (), lambda _: facts(*new), code_changed=True)
    return rows.drop("cause").rows()


def test_versions_that_say_the_same_in_any_order_differ_in_nothing() -> None:
    assert changes(facts(*LINE, BREAK), facts(BREAK, *reversed(LINE))).is_empty()
    assert changes(facts(), facts()).is_empty()


def test_a_changed_fact_is_one_row_and_a_missing_value_is_null() -> None:
    assert told(LINE, SETTLED) == [
        ("outgoing_transfers", "trn_1", "final_at", None, "2026-03-04T10:00:00Z"),
        ("outgoing_transfers", "trn_1", "state_at_cutoff", "in_progress", "approved"),
    ]
    assert told(SETTLED, LINE)[0] == ("outgoing_transfers", "trn_1", "final_at", "2026-03-04T10:00:00Z", None)


def test_an_empty_text_is_another_value_than_none() -> None:
    without, empty = (("incoming_credits", "tx_1", "label", value) for value in (None, ""))
    assert told([without], [empty]) == [("incoming_credits", "tx_1", "label", None, "")]


def test_a_line_that_came_or_went_is_one_row_without_column() -> None:
    assert told([], SETTLED) == [("outgoing_transfers", "trn_1", None, None, "trn_1")]
    assert told(SETTLED, []) == [("outgoing_transfers", "trn_1", None, "trn_1", None)]


def test_a_new_break_is_told_and_one_that_is_gone_is_not() -> None:
    expected = [("breaks", BREAK[1], "break_type", None, "missing_webhook")]
    assert told([OTHER_BREAK], [BREAK]) == expected
    assert told([BREAK], []) == []


def test_a_balance_in_two_currencies_is_told_under_its_account() -> None:
    def closing(*values: str | None) -> list[Fact]:
        return [("balance_proof", ACCOUNT, "closing_minor", value) for value in values]

    key = ("balance_proof", ACCOUNT, "closing_minor")
    assert told(closing("5", "7"), closing("7", "5")) == []
    assert told(closing("5", "7"), closing("5", "8")) == [(*key, "5|7", "5|8")]
    assert told(closing("5"), closing("5", None)) == [(*key, "5", "|5")]


def trials(**new: Fact) -> tuple[Callable[[frozenset[str]], pl.DataFrame], list[frozenset[str]]]:
    """Facts of a world in which each feed alone tells one fact, and what was asked of it."""
    asked: list[frozenset[str]] = []

    def given(causes: frozenset[str]) -> pl.DataFrame:
        asked.append(causes)
        return facts(*(fact for cause, fact in new.items() if cause in causes))

    return given, asked


def causes_of(
    changed: pl.DataFrame,
    possible: tuple[str, ...],
    given: Callable[[frozenset[str]], pl.DataFrame],
    *,
    code_changed: bool = False,
) -> list[str]:
    return restatements(changed, possible, given, code_changed=code_changed)["cause"].to_list()


def test_each_change_is_laid_to_the_feed_that_alone_gives_it() -> None:
    given, _ = trials(late_credit=BREAK, time=OTHER_BREAK)
    changed = changes(facts(), facts(BREAK, OTHER_BREAK))
    assert causes_of(changed, ("late_webhook", "late_credit", "time"), given) == ["late_credit", "time"]


def test_of_several_that_alone_give_it_the_first_is_named_and_no_other_is_tried() -> None:
    given, asked = trials(late_export=BREAK, time=BREAK)
    changed = changes(facts(), facts(BREAK))
    assert causes_of(changed, ("late_webhook", "late_export", "time"), given) == ["late_export"]
    assert asked == [{"late_webhook"}, {"late_export"}]


def needed(*causes: str) -> Callable[[frozenset[str]], pl.DataFrame]:
    """Facts of a world in which only some feeds together tell of a break."""
    return lambda taken: facts(BREAK) if taken.issuperset(causes) else facts()


@pytest.mark.parametrize(
    ("together", "cause"),
    [
        (("late_webhook", "late_export"), "late_export"),
        (("late_export", "time"), "time"),
        (("late_webhook", "late_export", "time"), "time"),
    ],
)
def test_if_none_alone_gives_it_the_last_without_which_it_is_not_given_is_named(
    together: tuple[str, ...], cause: str
) -> None:
    changed = changes(facts(), facts(BREAK))
    assert causes_of(changed, ("late_webhook", "late_export", "time"), needed(*together)) == [cause]


def test_a_change_that_needs_any_two_of_three_is_laid_to_the_first() -> None:
    changed = changes(facts(), facts(BREAK))
    possible = ("late_webhook", "late_export", "time")
    assert causes_of(changed, possible, lambda taken: facts(BREAK) if len(taken) > 1 else facts()) == ["late_webhook"]


def test_what_the_old_inputs_give_already_is_laid_to_the_code_if_that_is_another() -> None:
    changed = changes(facts(), facts(BREAK, OTHER_BREAK))
    given = lambda taken: facts(BREAK, *([OTHER_BREAK] if "time" in taken else []))  # noqa: E731  a table of two rows
    rows = restatements(changed, ("time",), given, code_changed=True)
    assert dict(rows.select("row_key", "cause").iter_rows()) == {BREAK[1]: "code", OTHER_BREAK[1]: "time"}


KNOWN = Knowledge(
    inputs(
        transfers=[transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00")],
        batches=[batch("a", "created", "03-04 09:00")],
        credits=[credit("a", "03-04 11:00")],
        exports=[full_export("03-05 05:00")],
    ),
    context(as_of="03-05 06:00"),
)
LATER = Knowledge(
    inputs(
        transfers=[transfer("b", "approved", "03-04 10:00"), exported("b", "approved", "03-04 10:00", "03-05 09:00")],
        batches=[batch("b", "created", "03-04 09:00", channel="export")],
        credits=[credit("b", "03-04 11:00")],
        accounts=[{"account_id": ACCOUNT, "known_at": context().as_of, "source_ref": "x:1:0"}],
        balances=[{"account_id": ACCOUNT, "amount_minor": 1, "currency": "COP"}],
        adjustments=[{"adjustment_id": "one", "amount_minor": 1}],
        exports=[full_export("03-05 09:00")],
    ),
    context(as_of="03-06 06:00", BUSINESS__OWN_DOCUMENTS='["900123456"]'),
)


def test_everything_is_told_apart_in_the_order_of_causes() -> None:
    assert differing(KNOWN, LATER) == FEEDS
    assert differing(KNOWN, KNOWN) == ()


def test_all_causes_together_give_what_is_known_now_and_none_what_was() -> None:
    assert differing(LATER, between(KNOWN, LATER, FEEDS)) == ()
    assert differing(KNOWN, between(KNOWN, LATER, ())) == ()


@pytest.mark.parametrize("cause", FEEDS)
def test_one_cause_moves_its_own_feed_and_no_other(cause: str) -> None:
    moved = between(KNOWN, LATER, [cause])
    assert differing(KNOWN, moved) == (cause,)
    assert differing(moved, LATER) == tuple(each for each in FEEDS if each != cause)


def test_an_export_told_again_in_another_order_is_no_difference() -> None:
    rows = [full_export("03-05 05:00"), full_export("03-05 05:10")]
    one, other = (Knowledge(inputs(exports=each), context()) for each in (rows, rows[::-1]))
    assert differing(one, other) == ()
