"""How far a statement, a credit, a balance and a limit reach into the dates around them."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from mono_recon.core.states import TRANSFER
from mono_recon.reconcile.touched import (
    NO_END,
    Reach,
    balance_spans,
    batch_spans,
    credit_spans,
    entity_spans,
    group_spans,
    in_spans,
    limits_between,
    pairing_spans,
)
from mono_recon.schemas import core
from tests.scenario import ACCOUNT, at, bat, batch, credit, exported, frame, settings, transfer, trn

REACH = Reach(settings())


def march(day: int) -> date:
    return date(2026, 3, day)


def news(*rows: tuple[bool, dict[str, Any]], table: Any = core.TransferObservations) -> pl.DataFrame:
    statements = frame(table, [row for _, row in rows])
    return statements.with_columns(pl.Series("is_news", [is_news for is_news, _ in rows]))


def first(*rows: tuple[bool, dict[str, Any]]) -> date | None:
    """From which date on a transfer is looked at again; none if it is not."""
    spans = entity_spans(news(*rows), "transfer_id", REACH)
    assert spans["last"].to_list() == [NO_END] * spans.height
    return spans["first"].item() if spans.height else None


def test_a_transfer_that_was_not_known_reaches_back_to_its_creation() -> None:
    assert first((True, transfer("a", "approved", "03-06 10:00"))) == march(4)


def test_a_new_statement_reaches_back_to_what_it_states_or_to_a_balance_just_before() -> None:
    known = (False, transfer("a", "in_progress", "03-04 10:00"))
    assert first(known, (True, transfer("a", "approved", "03-06 10:00"))) == march(6)
    assert first(known, (True, transfer("a", "approved", "03-06 01:00"))) == march(5)


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ({}, {"inserted_at": at("03-03 23:00")}),
        ({"routing": None}, {"routing": "ach"}),
        ({}, {"account_id": None, "amount_minor": 1}),
        ({}, {"reference": "another"}),
        ({}, {"fallback_routing": ["turbo"]}),
    ],
)
def test_a_statement_that_tells_another_value_reaches_back_to_the_creation(
    known: dict[str, Any], new: dict[str, Any]
) -> None:
    rows = (
        (False, transfer("a", "in_progress", "03-05 10:00", **known)),
        (
            True,
            transfer("a", "approved", "03-06 10:00", **new),
        ),
    )
    assert first(*rows) == (march(3) if "inserted_at" in new else march(4))


def test_a_statement_before_all_others_reaches_back_to_the_creation() -> None:
    later = (False, transfer("a", "approved", "03-09 10:00"))
    assert first(later, (True, transfer("a", "in_progress", "03-06 10:00"))) == march(4)


def test_an_export_that_repeats_the_last_word_is_no_news() -> None:
    heard = (False, transfer("a", "approved", "03-04 10:00"))
    assert first(heard, (True, exported("a", "approved", "03-04 10:00", "03-06 05:00"))) is None
    assert first(heard, (True, exported("a", "approved", "03-04 10:00", "03-06 05:00", routing=None))) is None


@pytest.mark.parametrize(
    "change",
    [{"state": "declined"}, {"occurred_at": at("03-04 10:01")}, {"amount_minor": 1}, {"payee_bank_code": "001"}],
)
def test_an_export_that_says_anything_else_is_news(change: dict[str, Any]) -> None:
    heard = (False, transfer("a", "approved", "03-04 10:00"))
    shown = exported("a", "approved", "03-04 10:00", "03-06 05:00") | change
    assert first(heard, (True, shown)) == march(4)


def test_an_export_that_fills_in_what_no_statement_had_is_news() -> None:
    heard = (False, transfer("a", "approved", "03-04 10:00", reference=None))
    assert first(heard, (True, exported("a", "approved", "03-04 10:00", "03-06 05:00"))) == march(4)


def test_an_export_that_repeats_what_one_has_shown_is_no_news_even_where_webhooks_say_otherwise() -> None:
    heard = (False, transfer("a", "approved", "03-04 10:00"))
    stale, again = (exported("a", "in_progress", "03-04 09:30", fetched) for fetched in ("03-05 05:00", "03-06 05:00"))
    assert first(heard, (False, stale), (True, again)) is None
    early = exported("a", "in_progress", "03-04 09:30", "03-04 10:02")
    assert first(heard, (False, early), (True, again)) is not None


def test_a_batch_told_again_with_its_members_transfers_is_no_news() -> None:
    def spans(new: dict[str, Any]) -> list[tuple[str, date]]:
        known = batch("a", "created", "03-04 10:00")
        return batch_spans(news((False, known), (True, new), table=core.BatchObservations), REACH).rows()

    assert spans(batch("a", "created", "03-04 10:00", channel="export", known_at=at("03-06 05:00"))) == []
    assert spans(batch("a", "declined", "03-05 10:00")) == [(bat("a"), march(5))]
    listed = batch("a", "declined", "03-05 10:00", listed_transfer_ids=[trn("a")])
    assert spans(listed) == [(bat("a"), march(4))]


def test_a_batch_that_was_not_known_reaches_back_to_its_creation() -> None:
    told = news((True, batch("a", "declined", "03-06 10:00")), table=core.BatchObservations)
    assert batch_spans(told, REACH).rows() == [(bat("a"), march(4))]


def test_members_are_looked_at_from_before_their_creation_until_they_rest() -> None:
    rows = [
        transfer("a", "approved", "03-05 23:00"),
        transfer("b", "in_progress", "03-05 10:00"),
        transfer("b", "approved", "03-05 09:00"),
    ]
    spans = group_spans(frame(core.TransferObservations, rows), TRANSFER.final, REACH)
    assert set(spans.rows()) == {(march(3), march(6)), (march(3), NO_END)}


def test_a_credit_reaches_from_its_date_on() -> None:
    received = news(
        (True, credit("a", "03-05 12:00")),
        (True, credit("b", "03-06 01:30")),
        (False, credit("c", "03-02 12:00")),
        table=core.AccountCredits,
    )
    assert credit_spans(received, REACH).rows() == [(march(5), NO_END), (march(5), NO_END)]


def matched(amount: int, moment: str, **clocks: datetime) -> pl.DataFrame:
    row = {"account_id": ACCOUNT, "currency": "COP", "amount_minor": amount, "at": at(moment), **clocks}
    return pl.DataFrame([row])


def test_what_else_a_credit_may_be_is_looked_at_from_its_creation_to_what_made_it_so() -> None:
    declined = matched(500, "03-05 23:00", inserted_at=at("03-03 10:00"))
    assert pairing_spans(matched(500, "03-10 10:00"), declined, REACH).rows() == [(march(3), march(6))]
    assert pairing_spans(matched(501, "03-10 10:00"), declined, REACH).is_empty()
    assert pairing_spans(matched(500, "04-10 10:00"), declined, REACH).is_empty()


def test_a_balance_may_open_and_close_the_dates_around_it() -> None:
    def figure(name: str, moment: str) -> dict[str, Any]:
        return {"account_id": name, "currency": "COP", "amount_minor": 1, "balance_at": at(moment)}

    told = news(
        (True, figure("a", "03-05 00:00")), (True, figure("b", "03-05 12:00")), (False, figure("c", "03-01 12:00")),
        table=core.Balances,
    )  # fmt: skip
    assert balance_spans(told, REACH).rows() == [(march(4), march(6)), (march(5), march(6))]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("03-05 00:00", "03-05 01:00", True),
        ("03-05 09:29", "03-05 09:30", True),
        ("03-04 06:00", "03-04 09:00", False),
        ("03-05 09:31", "03-05 23:00", True),
        ("03-06 00:01", "03-09 00:00", False),
    ],
)
def test_limits_of_a_date_pass_within_hours_or_a_business_day(start: str, end: str, expected: bool) -> None:
    assert limits_between(march(4), at(start), at(end), REACH) == expected


def test_the_limits_of_a_friday_pass_after_the_weekend() -> None:
    passed = [limits_between(march(6), at(f"03-0{day} 12:00"), at(f"03-0{day + 1} 06:00"), REACH) for day in (7, 8)]
    assert passed == [False, True]


def test_dates_at_both_ends_of_a_span_are_in_it() -> None:
    spans = pl.DataFrame({"first": [march(3), march(9)], "last": [march(4), march(8)]})
    assert in_spans([march(day) for day in range(2, 10)], spans) == [march(3), march(4)]
