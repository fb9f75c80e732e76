"""Cases at the edge of a date, an interval or a name, which a first reading of the rules gets wrong."""

import dataclasses
from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.scenario import (
    ACCOUNT,
    DAY,
    OTHER_ACCOUNT,
    at,
    context,
    credit,
    exported,
    full_export,
    ident,
    inputs,
    transfer,
    trn,
    tx,
)

NEXT_DAY = date(2026, 3, 5)
FEE = '[{routing = "ach", amount_minor = 700, from = "2026-01-01"}]'


def found(result: DayReport) -> set[tuple[str, str]]:
    return set(result.tables["breaks"].select("break_type", "subject_id").iter_rows())


def proof(result: DayReport, account_id: str = ACCOUNT) -> dict[str, Any]:
    return result.tables["balance_proof"].row(by_predicate=pl.col("account_id") == account_id, named=True)


def balance(when: str, minor: int) -> dict[str, Any]:
    clocks = {"balance_at": at(when), "known_at": at(when)}
    return {"account_id": ACCOUNT, "currency": "COP", "amount_minor": minor, "source_ref": f"x:{when}:0"} | clocks


def intent(state: str, when: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "intent_id": ident("cint", "a"),
        "channel": "webhook",
        "state": state,
        "account_id": ACCOUNT,
        "amount_minor": 105_000,
        "currency": "COP",
        "inserted_at": at("03-04 09:00"),
        "occurred_at": at(when),
        "event_at": at(when),
        "known_at": at(when),
        "source_ref": f"w:{state}{when}",
    }
    return row | changes


def test_an_account_that_nothing_moved_still_has_its_row() -> None:
    quiet = {"account_id": OTHER_ACCOUNT, "number": "1", "currency": "USD", "known_at": at("03-01 00:00")}
    row = proof(reconcile_day(inputs(accounts=[quiet | {"source_ref": "x"}]), context()), OTHER_ACCOUNT)
    assert (row["status"], row["currency"], row["closing_minor"]) == ("no_snapshot", "USD", None)


@pytest.mark.parametrize(("debit_at", "due"), [("approved", False), ("created", True)])
def test_what_moves_an_account_is_a_setting_and_needs_a_closing_figure(debit_at: str, due: bool) -> None:
    waiting = transfer("a", "in_progress", "03-04 10:00")
    result = reconcile_day(inputs([waiting]), context(BALANCE__DEBIT_AT=debit_at))
    assert (("feed_missing", f"balance:{ACCOUNT}:2026-03-04") in found(result)) is due


def test_the_fee_of_a_transfer_approved_between_cutoff_and_closing_figure_is_expected() -> None:
    late = transfer("a", "approved", "03-05 00:10")
    given = inputs([late], balances=[balance("03-04 00:00", 5_000_000), balance("03-05 00:30", 3_399_300)])
    row = proof(reconcile_day(given, context(BALANCE__FEES=FEE)))
    assert (row["transfers_minor"], row["fees_minor"], row["unexplained_minor"]) == (1_600_000, 700, 0)


def test_an_unexplained_balance_is_carried_until_it_is_explained() -> None:
    figures = [balance("03-04 00:00", 100), balance("03-05 00:00", 90), balance("03-06 00:00", 90)]
    open_still = ("balance_difference", f"{ACCOUNT}:2026-03-04")
    assert open_still in found(reconcile_day(inputs(balances=figures), context("03-06 06:00", NEXT_DAY)))
    paid = transfer("a", "approved", "03-04 10:00", amount_minor=10)
    assert open_still not in found(reconcile_day(inputs([paid], balances=figures), context("03-06 06:00", NEXT_DAY)))


def test_an_export_broken_off_at_noon_is_healed_by_one_an_hour_later() -> None:
    broken = full_export("03-04 12:00", is_complete=False, proves_absence=False, export_id="broken")
    healed = inputs(exports=[broken, full_export("03-04 13:00")])
    assert ("incomplete_export", "broken") not in found(reconcile_day(healed, context()))
    assert ("incomplete_export", "broken") in found(reconcile_day(inputs(exports=[broken]), context()))


def test_an_earlier_state_that_sorts_first_only_by_its_second_confirms_nothing() -> None:
    told = transfer("a", "approved", "03-04 10:00:00")
    shown = exported("a", "created", "03-04 10:00:00.9", "03-04 10:00:02")
    assert ("awaiting_export", trn("a")) in found(reconcile_day(inputs([told, shown]), context()))


def test_a_credit_repeated_with_the_check_digit_is_a_duplicate() -> None:
    once, again = credit("a", "03-04 10:00"), credit("b", "03-04 10:00", payer_document_number="9001234567")
    other = credit("c", "03-04 10:00", payer_document_number="9001234568", event_at=at("03-04 10:01"))
    result = found(reconcile_day(inputs(credits=[once, again, other]), context()))
    assert {subject for kind, subject in result if kind == "duplicate_credit"} == {tx("b"), tx("c")}


def test_an_empty_document_is_none() -> None:
    """Two credits without one are alike, and a collection may be of whoever has none."""
    once = credit("a", "03-04 10:00", payer_document_number=None)
    again = credit("b", "03-04 10:00", payer_document_number="", event_at=at("03-04 10:01"))
    alike = reconcile_day(inputs(credits=[once, again]), context())
    assert ("duplicate_credit", tx("b")) in found(alike)
    told = intent("account_credited", "03-04 10:05", payer_document_number="900123456")
    nameless = reconcile_day(inputs(collections=[told], credits=[once | {"payer_document_number": ""}]), context())
    assert nameless.tables["incoming_credits"]["match_rule"].to_list() == ["collection"]


@pytest.mark.parametrize(("happened", "counted"), [("03-04 23:50", False), ("03-04 23:49:59", True)])
def test_a_payment_reported_twice_across_midnight_counts_once(happened: str, counted: bool) -> None:
    told = [intent("approved_in_provider", "03-04 23:40"), intent("account_credited", "03-05 00:05")]
    given = inputs(collections=told, credits=[credit("a", happened)])
    on_date = reconcile_day(given, context()).tables["incoming_credits"]
    assert on_date["match_rule"].to_list() == [None if counted else "collection"]
    assert reconcile_day(given, context(day=NEXT_DAY)).tables["collections"]["counted"].to_list() == [counted]


def test_a_collection_credited_twice_is_still_one_counterpart() -> None:
    states = (("account_credited", "03-04 10:00"), ("failed", "03-04 10:10"), ("account_credited", "03-04 10:40"))
    paid = [credit("a", "03-04 10:05"), credit("b", "03-04 10:45")]
    given = inputs(collections=[intent(state, when) for state, when in states], credits=paid)
    result = reconcile_day(given, context())
    assert result.tables["incoming_credits"]["match_rule"].to_list() == [None, None]
    assert {("ambiguous_match", tx("a")), ("ambiguous_match", tx("b"))} <= found(result)


def test_a_transfer_that_is_declined_later_needs_no_credit_even_if_it_is_approved_again() -> None:
    to_own = {"payee_bank_code": "066", "payee_account_number": "095000036"}
    own = {"account_id": OTHER_ACCOUNT, "number": "095000036", "known_at": at("03-01 00:00"), "source_ref": "x"}
    told = [transfer("a", "approved", "03-04 10:00", **to_own), transfer("a", "declined", "03-05 10:00", **to_own)]
    again = transfer("a", "approved", "03-05 11:00", **to_own)
    missing = ("internal_transfer_not_credited", trn("a"))
    assert missing in found(reconcile_day(inputs(told[:1], accounts=[own]), context()))
    assert missing not in found(reconcile_day(inputs([*told, again], accounts=[own]), context()))


def test_one_client_id_paid_in_two_currencies_is_one_duplicate_payment() -> None:
    same = {"external_id": "one"}
    told = [
        transfer("a", "approved", "03-04 10:00", **same),
        transfer("b", "approved", "03-04 11:00", **same, currency="USD", amount_minor=7),
    ]
    rows = reconcile_day(inputs(told), context()).tables["breaks"].filter(pl.col("break_type") == "duplicate_payment")
    assert rows.select("subject_id", "amount_minor", "break_date").rows() == [(f"{ACCOUNT}:one", 7, DAY)]


@pytest.mark.parametrize(("happened", "rule"), [("03-04 13:00", "return"), ("03-04 13:00:00.000001", None)])
def test_money_comes_back_until_the_very_end_of_its_window(happened: str, rule: str | None) -> None:
    back = credit("a", happened, amount_minor=1_600_000)
    given = inputs([transfer("a", "declined", "03-04 10:00")], credits=[back])
    result = reconcile_day(given, context(CREDITS__RETURN_WINDOW="3h"))
    assert result.tables["incoming_credits"]["match_rule"].to_list() == [rule]


def test_a_group_whose_order_pairs_what_cannot_be_a_pair_is_ambiguous() -> None:
    same = {"external_id": "one", "payee_account_number": "095000036"}
    young = transfer("a", "approved", "03-04 10:10", inserted_at=at("03-04 10:00"), **same)
    old = transfer("b", "approved", "03-04 11:00", inserted_at=at("03-04 09:00"), **same)
    mono = {"type": "bank_transfer_mono", "external_id": "one", "amount_minor": 1_600_000}
    given = inputs([young, old], credits=[credit("a", "03-04 09:30", **mono), credit("b", "03-04 10:30", **mono)])
    result = found(reconcile_day(given, context()))
    assert {("ambiguous_match", tx("a")), ("ambiguous_match", tx("b"))} <= result


@pytest.mark.parametrize(("since", "compared"), [("03-04 10:00", True), ("03-04 10:00:00.000001", False)])
def test_channels_are_compared_from_their_very_first_instant(since: str, compared: bool) -> None:
    shown = exported("a", "approved", "03-04 10:00", "03-05 05:00")
    result = reconcile_day(inputs([shown]), dataclasses.replace(context(), since=at(since)))
    assert (("missing_webhook", trn("a")) in found(result)) is compared


@pytest.mark.parametrize(
    ("debit_at", "states", "out", "back"),
    [
        ("created", ("declined", "approved"), 2, 1),
        ("in_progress", ("in_progress", "approved"), 1, 0),
        ("in_progress", ("in_progress", "declined", "approved"), 2, 1),
        ("in_progress", ("declined", "approved"), 1, 0),
        ("created", ("duplicated", "declined"), 0, 0),
    ],
)
def test_a_transfer_is_debited_once_and_again_after_it_came_back(
    debit_at: str, states: tuple[str, ...], out: int, back: int
) -> None:
    told = [transfer("a", state, f"03-04 1{hour}:00", amount_minor=10) for hour, state in enumerate(states)]
    given = inputs(told, balances=[balance("03-04 00:00", 100), balance("03-05 00:00", 100)])
    row = proof(reconcile_day(given, context(BALANCE__DEBIT_AT=debit_at)))
    assert (row["transfers_minor"], row["reversals_in_minor"]) == (10 * out, 10 * back)


def test_of_mixed_precision_the_state_decides_within_a_second() -> None:
    told = [transfer("a", "approved", "03-04 10:00:00"), transfer("a", "in_progress", "03-04 10:00:00.9")]
    line = reconcile_day(inputs(told), context()).tables["outgoing_transfers"].row(0, named=True)
    assert (line["state_at_cutoff"], line["final_at"]) == ("approved", at("03-04 10:00:00"))


@pytest.mark.parametrize(("day", "listed"), [(date(2026, 3, 31), True), (date(2026, 4, 1), False)])
def test_an_open_intent_is_a_line_for_thirty_days(day: date, listed: bool) -> None:
    told = intent("in_progress", "03-02 00:10", inserted_at=at("03-02 00:00"))
    result = reconcile_day(inputs(collections=[told]), context("04-10 06:00", day))
    assert (result.tables["collections"].height == 1) is listed


def test_a_transfer_that_is_opened_again_is_a_term_of_its_own() -> None:
    told = [transfer("a", "approved", "03-04 10:00"), transfer("a", "in_progress", "03-04 11:00")]
    summary = reconcile_day(inputs(told), context()).tables["summary"]
    assert summary.select("section", "count").rows() == [
        ("approved", 1),
        ("closing_open", 1),
        ("created", 1),
        ("reopened", 1),
    ]


def test_of_two_words_said_at_one_instant_the_exports_is_the_last() -> None:
    moment, later = "03-04 10:00:00.5", "03-04 10:01"
    told = transfer("a", "approved", moment, event_at=at(later))
    shown = exported("a", "declined", moment, later)
    line = reconcile_day(inputs([shown, told]), context()).tables["outgoing_transfers"].row(0, named=True)
    assert (line["state_at_cutoff"], line["state_latest"]) == ("declined", "declined")


@pytest.mark.parametrize(("day", "listed"), [(date(2026, 4, 3), True), (date(2026, 4, 4), False)])
def test_an_open_timing_item_is_carried_for_thirty_days(day: date, listed: bool) -> None:
    waiting = transfer("a", "in_progress", "03-04 10:00")
    result = reconcile_day(inputs([waiting]), context("04-10 06:00", day, TRANSFERS__STUCK_AFTER='{ach = "90d"}'))
    assert (("in_transit", trn("a")) in found(result)) is listed


def test_an_account_with_nothing_but_a_collection_that_is_not_money_yet_is_in_the_partition() -> None:
    result = reconcile_day(inputs(collections=[intent("approved", "03-04 10:00")]), context())
    rows = result.tables["control"].filter(pl.col("metric") == "identity.partition_in")
    assert rows.select("account_id", "currency", "count", "status").rows() == [(ACCOUNT, "COP", 0, "ok")]
