"""What cleared a break of the date before, found from what was told since."""

import dataclasses
from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.day import reconcile_day
from mono_recon.reconcile.inputs import OPENING, DayInputs
from tests.reconcile.open_breaks import ASKED, STATED, Row, item
from tests.scenario import (
    ACCOUNT,
    DAY,
    OTHER_ACCOUNT,
    at,
    context,
    credit,
    exported,
    frames,
    inputs,
    transfer,
    tx,
    with_frames,
)

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
    held = frames(known)
    earlier = {
        name: held[name].filter(pl.col(clock) <= six)
        for name, clock in (
            ("transfers", "known_at"),
            ("credits", "known_at"),
            ("balances", "known_at"),
            ("adjustments", "decided_at"),
            ("exports", "last_fetched_at"),
            ("appearances", "started_at"),
        )
    }
    return with_frames(known, **earlier)


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
