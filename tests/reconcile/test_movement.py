"""How the open breaks of a date came from those of the date before: every way in and every way out."""

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.day import reconcile_day
from mono_recon.reconcile.inputs import OPENING, DayInputs
from mono_recon.reconcile.lifecycle import break_id, listed
from mono_recon.reconcile.movement import break_movement
from mono_recon.reconcile.totals import movement_identity
from tests.scenario import (
    ACCOUNT,
    DAY,
    OTHER_ACCOUNT,
    at,
    context,
    credit,
    exported,
    full_export,
    inputs,
    resolution,
    transfer,
    trn,
    tx,
)
from tests.soaking import examples

ASKED = dataclasses.replace(context("03-05 06:00"), previous_as_of=at("03-04 06:00"))
UNMATCHED = pl.DataFrame(schema={"credit_id": pl.String, "matched_to": pl.String})
STATED = OPENING | {
    "break_date": pl.Date(),
    "status": pl.String(),
    "age_days": pl.Int64(),
    "decided_at": pl.Datetime("us", "UTC"),
}

Row = dict[str, Any]


def item(break_type: str, name: str = "a", **changes: Any) -> Row:
    """A break as an issue states it, open since the day before."""
    kind = CATALOGUE[break_type]
    row: Row = {
        "break_type": break_type,
        "class": kind.class_,
        "subject_type": kind.subject_type,
        "subject_id": trn(name),
        "account_id": ACCOUNT,
        "currency": "COP",
        "amount_minor": 500,
        "break_date": DAY - timedelta(days=1),
        "status": "open",
        "decided_at": None,
    } | changes
    row["break_id"] = break_id(break_type, row["subject_type"], row["subject_id"])
    return {"age_days": (DAY - row["break_date"]).days} | row


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


# What cleared it, from what was told.

YESTERDAY, TODAY = date(2026, 3, 3), DAY


def cleared(**told: Any) -> set[tuple[str, str]]:
    """What the date says was cleared, with the cause, after the date before was issued at six."""
    known = inputs(**told)
    before = context("03-04 06:00", YESTERDAY)
    asked = dataclasses.replace(context("03-05 06:00", TODAY), previous_as_of=before.as_of)
    first = reconcile_day(known_by_six(known), before).tables["breaks"]
    opened = first.filter(pl.col("status") == "open", pl.col("class").is_in(["break", "timing"]))
    second = reconcile_day(dataclasses.replace(known, opening=opened.select(OPENING.names())), asked)
    rows = second.tables["break_movement"].filter(pl.col("movement") == "cleared")
    return set(rows.select("break_type", "cleared_by").iter_rows())


def known_by_six(known: DayInputs) -> DayInputs:
    six = at("03-04 06:00")
    frames = {
        name: getattr(known, name).filter(pl.col(clock) <= six)
        for name, clock in (
            ("transfers", "known_at"),
            ("credits", "known_at"),
            ("balances", "known_at"),
            ("adjustments", "decided_at"),
            ("exports", "last_fetched_at"),
        )
    }
    return dataclasses.replace(known, **frames, appearances=known.appearances.filter(pl.col("started_at") <= six))


EARLY = {"inserted_at": at("03-03 09:00")}


def test_a_webhook_that_comes_at_last_clears_what_awaited_it() -> None:
    told = [
        exported("a", "approved", "03-03 22:00", "03-04 05:00", **EARLY),
        exported("a", "approved", "03-03 22:00", "03-04 06:30", **EARLY, description="told otherwise"),
        transfer("a", "approved", "03-03 22:00", known_at=at("03-04 07:00"), **EARLY),
    ]
    assert cleared(transfers=told) == {("awaiting_webhook", "webhook")}


def test_an_export_that_shows_it_at_last_clears_what_awaited_it() -> None:
    told = [
        transfer("a", "approved", "03-03 22:00", **EARLY),
        transfer("a", "approved", "03-03 22:00", known_at=at("03-04 06:30"), description="told otherwise", **EARLY),
        exported("a", "approved", "03-03 22:00", "03-04 07:00", **EARLY),
    ]
    assert cleared(transfers=told) == {("awaiting_export", "export")}


def test_what_happened_on_the_date_is_news_although_it_was_known_before() -> None:
    told = [
        exported("a", "in_progress", "03-03 22:00", "03-03 23:00", **EARLY),
        transfer("a", "approved", "03-04 03:00", **EARLY),
        exported("a", "approved", "03-04 03:00", "03-04 07:00", **EARLY),
    ]
    assert cleared(transfers=told) == {("in_transit", "webhook")}


def test_what_the_date_before_knew_of_itself_is_no_news() -> None:
    told = [
        exported("a", "in_progress", "03-03 22:00", "03-03 23:00", **EARLY),
        transfer("a", "in_progress", "03-03 23:30", known_at=at("03-04 03:00"), **EARLY),
        exported("a", "approved", "03-04 09:00", "03-04 10:00", **EARLY),
        transfer("a", "approved", "03-04 09:00", known_at=at("03-04 11:00"), **EARLY),
    ]
    assert cleared(transfers=told) == {("in_transit", "export")}


def test_of_two_that_told_the_first_cleared_it() -> None:
    told = [
        exported("a", "in_progress", "03-03 22:00", "03-03 23:00", **EARLY),
        exported("a", "approved", "03-04 09:00", "03-04 10:00", **EARLY),
        transfer("a", "approved", "03-04 09:00", known_at=at("03-04 10:00:00.000001"), **EARLY),
    ]
    assert cleared(transfers=told) == {("in_transit", "export")}


def test_a_credit_that_comes_at_last_clears_what_awaited_it() -> None:
    own = {"payee_bank_code": "066", "payee_account_number": "095000036"}
    told = [
        transfer("a", "approved", "03-03 22:00", **EARLY, **own),
        exported("a", "approved", "03-03 22:00", "03-04 05:00", **EARLY, **own),
        exported("a", "approved", "03-03 22:00", "03-04 06:30", **EARLY, **own, description="told otherwise"),
    ]
    mono = {"type": "bank_transfer_mono", "external_id": "client-a", "amount_minor": 1_600_000}
    arrived = credit("c", "03-03 22:00", account_id=OTHER_ACCOUNT, known_at=at("03-04 07:00"), **mono)
    accounts = [{"account_id": OTHER_ACCOUNT, "number": "095000036", "known_at": at("03-01 00:00"), "source_ref": "x"}]
    assert cleared(transfers=told, credits=[arrived], accounts=accounts) == {("awaiting_credit", "credit")}


def test_a_transfer_that_is_told_of_late_clears_the_credit_that_came_of_it() -> None:
    mono = {"type": "bank_transfer_mono", "external_id": "client-a", "amount_minor": 1_600_000}
    arrived = credit("c", "03-03 22:00", account_number="000000009", payer_document_number="1", **mono)
    told = [
        transfer("a", "approved", "03-03 22:00", known_at=at("03-04 07:00"), **EARLY),
        exported("a", "approved", "03-03 22:00", "03-04 08:00", **EARLY),
    ]
    known = inputs(told, credits=[arrived])
    opened = [item("orphan_internal_credit", subject_id=tx("c"))]
    opening = pl.DataFrame(opened, schema=STATED).select(OPENING.names())
    moves = reconcile_day(dataclasses.replace(known, opening=opening), ASKED).tables["break_movement"]
    assert moves.filter(pl.col("movement") == "cleared")["cleared_by"].to_list() == ["webhook"]


def balance(when: str, minor: int, known: str | None = None) -> Row:
    moment = at(when)
    return {
        "account_id": ACCOUNT,
        "currency": "COP",
        "amount_minor": minor,
        "balance_at": moment,
        "known_at": at(known) if known else moment,
        "source_ref": f"x:{when}",
    }


ADJUSTED: Row = {
    "adjustment_id": "one",
    "account_id": ACCOUNT,
    "currency": "COP",
    "effective_at": at("03-03 12:00"),
    "amount_minor": -50,
    "kind": "fee",
    "reason": "invoice",
    "actor": "ana",
    "decided_at": at("03-04 07:00"),
    "path": "a.csv",
    "line": 2,
}
BALANCES = [balance("03-03 00:00", 100), balance("03-04 00:00", 50)]


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"adjustments": [ADJUSTED]}, "adjustment"),
        (
            {
                "credits": [credit("c", "03-03 12:00", amount_minor=0, known_at=at("03-04 06:30"))],
                "adjustments": [ADJUSTED],
            },
            "adjustment",
        ),
        (
            {
                "transfers": [
                    exported("a", "approved", "03-03 12:00", "03-04 06:30", amount_minor=50, **EARLY),
                    transfer("a", "approved", "03-03 12:00", amount_minor=50, known_at=at("03-04 07:00"), **EARLY),
                ]
            },
            "webhook",
        ),
        ({"balances": [*BALANCES, balance("03-04 00:00", 100, "03-04 07:00")]}, "balance"),
    ],
)
def test_a_balance_is_cleared_by_what_is_learnt_of_its_own_time(told: dict[str, Any], cause: str) -> None:
    later = credit("d", "03-04 12:00")
    given_credits = [later, *told.get("credits", [])]
    assert ("awaiting_balance", cause) in cleared(**{"balances": BALANCES} | told | {"credits": given_credits})


def test_a_decision_is_a_movement_of_the_report() -> None:
    told = [transfer("a", "odd", "03-03 12:00", **EARLY)]
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
