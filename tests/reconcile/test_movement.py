"""How the open breaks of a date came from those of the date before: every way in and every way out."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.reconcile.day import reconcile_day
from mono_recon.reconcile.inputs import OPENING
from mono_recon.reconcile.lifecycle import listed
from mono_recon.reconcile.movement import break_movement
from mono_recon.reconcile.totals import movement_identity
from tests.reconcile.open_breaks import ASKED, STATED, Row, item
from tests.scenario import (
    ACCOUNT,
    DAY,
    OTHER_ACCOUNT,
    at,
    full_export,
    inputs,
    resolution,
    transfer,
    trn,
)
from tests.soaking import examples

UNMATCHED = pl.DataFrame(schema={"credit_id": pl.String, "matched_to": pl.String})


def moved(before: Sequence[Row], now: Sequence[Row], **told: Any) -> list[tuple[Any, ...]]:
    """Each term, without the opening and the closing, which are asserted to be what was given."""
    table = movement(before, now, **told)
    for name, rows in (("opening", before), ("closing", [row for row in now if row["status"] == "open"])):
        stated = table.filter(pl.col("movement") == name).select("break_id", "amount_minor").rows()
        assert sorted(stated) == sorted((row["break_id"], row["amount_minor"]) for row in rows)
    rest = table.filter(~pl.col("movement").is_in(["opening", "closing"]))
    return rest.select("movement", "break_type", "amount_minor", "cleared_by").rows()


def movement(before: Sequence[Row], now: Sequence[Row], **told: Any) -> pl.DataFrame:
    opening = [{name: row[name] for name in OPENING} for row in before]
    breaks = pl.DataFrame(now, schema=STATED)
    return break_movement(inputs(opening=opening, **told), breaks, listed(breaks, ASKED), UNMATCHED, ASKED)


def test_a_break_of_the_date_is_new_and_one_of_an_earlier_date_late() -> None:
    now = [item("unknown_state", "a", break_date=DAY), item("unknown_state", "b", amount_minor=7)]
    assert moved([], now) == [("new", "unknown_state", 500, None), ("late", "unknown_state", 7, None)]


def test_a_break_that_stays_does_not_move() -> None:
    assert moved([item("unknown_state")], [item("unknown_state")]) == []


def test_a_changed_amount_is_a_movement_with_its_sign() -> None:
    before, now = [item("unknown_state")], [item("unknown_state", amount_minor=420)]
    assert moved(before, now) == [("revalued", "unknown_state", -80, None)]


def test_a_break_that_is_gone_was_cleared() -> None:
    assert moved([item("unknown_state")], []) == [("cleared", "unknown_state", 500, "time")]


def test_a_break_that_was_decided_is_resolved() -> None:
    now = [item("unknown_state", status="resolved", amount_minor=3)]
    assert moved([item("unknown_state")], now) == [("resolved", "unknown_state", 500, None)]


@pytest.mark.parametrize(("days", "expected"), [(30, []), (31, [("cleared", "in_transit", 500, "expired")])])
def test_an_item_that_waits_for_more_than_thirty_days_expires(days: int, expected: list[tuple[Any, ...]]) -> None:
    waiting = item("in_transit", break_date=DAY - timedelta(days=days))
    table = movement([waiting], [waiting])
    rest = table.filter(~pl.col("movement").is_in(["opening", "closing"]))
    assert rest.select("movement", "break_type", "amount_minor", "cleared_by").rows() == expected


def test_a_break_that_is_only_for_review_by_other_settings_did_not_expire() -> None:
    old = item("unidentified_credit", break_date=DAY - timedelta(days=40), **{"class": "break"})
    table = movement([old], [old | {"class": "review"}])
    assert table.filter(pl.col("movement") == "cleared")["cleared_by"].to_list() == ["time"]


@pytest.mark.parametrize(
    ("waiting", "overdue"),
    [
        ("awaiting_webhook", "missing_webhook"),
        ("awaiting_export", "missing_in_export"),
        ("awaiting_members", "batch_total_mismatch"),
        ("awaiting_authorization", "stuck_batch"),
        ("in_transit", "stuck_transfer"),
        ("awaiting_credit", "internal_transfer_not_credited"),
        ("awaiting_balance", "balance_difference"),
    ],
)
def test_an_item_whose_time_is_up_becomes_a_break_on_the_same_subject(waiting: str, overdue: str) -> None:
    subject = f"{ACCOUNT}:2026-03-03" if waiting == "awaiting_balance" else trn("a")
    before = [item(waiting, subject_id=subject)]
    now = [item(overdue, subject_id=subject, amount_minor=9, break_date=DAY)]
    assert moved(before, now) == [("escalated_out", waiting, 500, None), ("escalated_in", overdue, 9, None)]


def test_a_break_on_another_subject_is_no_escalation() -> None:
    before, now = [item("in_transit", "a")], [item("stuck_transfer", "b", break_date=DAY)]
    assert moved(before, now) == [("new", "stuck_transfer", 500, None), ("cleared", "in_transit", 500, "time")]


def test_a_break_that_was_there_beside_the_item_did_not_come_of_it() -> None:
    before = [item("in_transit"), item("stuck_transfer")]
    assert moved(before, [item("stuck_transfer")]) == [("cleared", "in_transit", 500, "time")]


def test_the_opening_is_stated_where_its_breaks_are_now() -> None:
    before = [item("unknown_state", "a", account_id=None), item("unknown_state", "b", account_id=OTHER_ACCOUNT)]
    table = movement(before, [item("unknown_state", "a", amount_minor=1)])
    opening = table.filter(pl.col("movement") == "opening").select("account_id", "amount_minor").rows()
    assert sorted(opening) == [(ACCOUNT, 500), (OTHER_ACCOUNT, 500)]


def test_only_breaks_and_timing_items_move() -> None:
    now = [item("final_state_changed", break_date=DAY), item("feed_missing", "b", break_date=DAY)]
    assert movement([], now).is_empty()


def test_a_balance_that_differs_in_two_currencies_is_two_items() -> None:
    subject = f"{ACCOUNT}:2026-03-03"
    twice = [
        item("balance_difference", subject_id=subject, currency=name, amount_minor=minor)
        for name, minor in (("COP", 5), ("USD", 6))
    ]
    assert moved(twice, twice) == []
    assert [row[:3] for row in moved(twice, twice[:1])] == [("cleared", "balance_difference", 6)]


NAMES = st.sampled_from("abc")
TYPES = st.sampled_from(["in_transit", "stuck_transfer", "awaiting_webhook", "missing_webhook", "final_state_changed"])


@st.composite
def items(draw: st.DrawFn) -> Row:
    days = draw(st.sampled_from([0, 1, 30, 31]))
    resolved = draw(st.booleans())
    return item(
        draw(TYPES),
        draw(NAMES),
        account_id=draw(st.sampled_from([ACCOUNT, OTHER_ACCOUNT, None])),
        currency=draw(st.sampled_from(["COP", "USD"])),
        amount_minor=draw(st.integers(-9, 9)),
        break_date=DAY - timedelta(days=days),
        status="resolved" if resolved else "open",
        decided_at=at("03-04 07:00") if resolved else None,
    )


def distinct(rows: Sequence[Row]) -> list[Row]:
    return list({row["break_id"]: row for row in rows}.values())


@examples(quick=60, soak=2_000)
@given(st.lists(items()).map(distinct), st.lists(items()).map(distinct))
def test_whatever_was_open_and_is_open_the_movement_adds_up(before: list[Row], now: list[Row]) -> None:
    opened = [row for row in before if row["class"] != "review"]
    table = movement(opened, now)
    assert set(movement_identity(table)["status"]) == {"ok"}
    shown = listed(pl.DataFrame(now, schema=STATED), ASKED)
    closing = shown.filter(pl.col("status") == "open", pl.col("class") != "review")
    keys = ["break_id", "account_id", "currency", "amount_minor"]
    assert table.filter(pl.col("movement") == "closing").select(keys).sort(keys).equals(closing.select(keys).sort(keys))
    stated = table.filter(pl.col("movement") == "opening").select("break_id", "amount_minor").rows()
    assert sorted(stated) == sorted((row["break_id"], row["amount_minor"]) for row in opened)
    once = table.filter(pl.col("movement") != "revalued").group_by("break_id").len()
    assert set(once["len"]) <= {2}
    assert (table["cleared_by"].is_not_null() == (table["movement"] == "cleared")).all()


@pytest.mark.parametrize(
    "name", ["opening", "new", "late", "escalated_in", "cleared", "resolved", "escalated_out", "closing"]
)
def test_a_term_that_is_left_out_is_noticed(name: str) -> None:
    table = movement([], [item("unknown_state")]).with_columns(pl.lit(name).alias("movement"))
    judged = movement_identity(table[:1])
    came = name in ("opening", "new", "late", "escalated_in")
    assert judged.select("count", "amount_minor", "status").rows() == [
        (1 if came else -1, 500 if came else -500, "failed")
    ]


def test_a_decision_is_a_movement_of_the_report() -> None:
    told = [transfer("a", "odd", "03-03 12:00", inserted_at=at("03-03 09:00"))]
    opening = pl.DataFrame([item("unknown_state", amount_minor=1_600_000)], schema=STATED).select(OPENING.names())
    row = resolution("unknown_state", "transfer", trn("a"), "03-04 07:00")
    report = reconcile_day(dataclasses.replace(inputs(told, resolutions=[row]), opening=opening), ASKED)
    moves = report.tables["break_movement"].filter(pl.col("break_type") == "unknown_state")
    assert moves["movement"].to_list() == ["opening", "resolved"]
    assert report.tables["breaks"].filter(pl.col("break_type") == "unknown_state")["status"].to_list() == ["resolved"]


def test_a_report_states_its_movement_identity_per_account() -> None:
    report = reconcile_day(
        inputs([transfer("a", "approved", "03-04 10:00")], exports=[full_export("03-05 05:00")]), ASKED
    )
    rows = report.tables["control"].filter(pl.col("metric") == "identity.break_movement")
    assert rows.select("account_id", "count", "amount_minor", "status").rows() == [(ACCOUNT, 0, 0, "ok")]
    empty = reconcile_day(inputs(), ASKED).tables["control"].filter(pl.col("metric") == "identity.break_movement")
    assert empty.select("account_id", "count", "amount_minor", "status").rows() == [(None, 0, 0, "ok")]
