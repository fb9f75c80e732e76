from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.scenario import ACCOUNT, DAY, at, context, credit, inputs, transfer

START, END = "03-04 00:00:05", "03-05 00:00:05"


def balance(when: str, minor: int, known: str | None = None, name: str = "x:1:0") -> dict[str, Any]:
    return {
        "account_id": ACCOUNT,
        "currency": "COP",
        "amount_minor": minor,
        "balance_at": at(when),
        "known_at": at(known or when),
        "source_ref": name,
    }


def adjustment(name: str, minor: int, when: str = "03-04 12:00", decided: str = "03-05 05:00") -> dict[str, Any]:
    return {
        "adjustment_id": name,
        "account_id": ACCOUNT,
        "currency": "COP",
        "effective_at": at(when),
        "amount_minor": minor,
        "kind": "interest",
        "reason": "monthly",
        "actor": "ana",
        "decided_at": at(decided),
        "path": "a.csv",
        "line": 2,
    }


def report(*balances: dict[str, Any], as_of: str = "03-06 06:00", day: date = DAY, **more: Any) -> DayReport:
    environ = more.pop("environ", {})
    return reconcile_day(inputs(balances=balances, **more), context(as_of, day, **environ))


def proof(result: DayReport) -> dict[str, Any]:
    return result.tables["balance_proof"].row(0, named=True)


def own_breaks(result: DayReport) -> list[str]:
    return [name for name in result.tables["breaks"]["break_type"] if "balance" in name]


def test_a_balance_is_proved_by_what_moved_between_its_figures() -> None:
    sent = transfer("a", "approved", "03-04 10:00")
    result = report(
        balance(START, 5_000_000), balance(END, 3_505_000), transfers=[sent], credits=[credit("a", "03-04 11:00")]
    )
    row = proof(result)
    assert (row["status"], row["unexplained_minor"], row["expected_minor"]) == ("proved", 0, 3_505_000)
    assert (row["credits_minor"], row["transfers_minor"]) == (105_000, 1_600_000)


def test_one_centavo_awaits_for_a_business_day_and_is_then_a_break() -> None:
    figures = (balance(START, 5_000_000), balance(END, 5_000_001))
    waiting, late = report(*figures, as_of="03-06 00:00"), report(*figures, as_of="03-06 00:00:01")
    assert (own_breaks(waiting), own_breaks(late)) == (["awaiting_balance"], ["balance_difference"])
    row = late.tables["breaks"].filter(late.tables["breaks"]["break_type"] == "balance_difference").row(0, named=True)
    assert (row["subject_id"], row["difference_minor"], row["amount_minor"]) == (f"{ACCOUNT}:2026-03-04", 1, 1)
    assert row["severity"] == "high"


def test_a_balance_that_is_not_explained_names_the_sources_of_its_two_figures() -> None:
    result = report(balance(START, 5, name="x:2:0"), balance(END, 6, name="x:1:0"))
    rows = result.tables["breaks"].filter(pl.col("break_type") == "balance_difference")
    assert rows["source_refs"].to_list() == [["x:1:0", "x:2:0"]]
    assert rows["explanation_en"][0].endswith("[x:1:0…, x:2:0…]")


def test_an_account_that_two_currencies_leave_unexplained_has_one_break_and_two_rows() -> None:
    figures = [balance(START, 5), balance(END, 6), balance(START, 5), balance(END, 3)]
    for figure in figures[2:]:
        figure["currency"] = "USD"
    result = report(*reversed(figures))
    rows = result.tables["breaks"].filter(result.tables["breaks"]["break_type"] == "balance_difference")
    assert rows.select("currency", "difference_minor").rows() == [("COP", 1)]
    proved = result.tables["balance_proof"].select("currency", "unexplained_minor").rows()
    assert proved == [("COP", 1), ("USD", -2)]


@pytest.mark.parametrize(("opening", "status"), [("03-03 22:00", "proved"), ("03-03 21:59:59", "no_snapshot")])
def test_a_figure_counts_within_the_tolerance(opening: str, status: str) -> None:
    row = proof(report(balance(opening, 5_000_000), balance(END, 5_000_000)))
    assert row["status"] == status
    if status == "no_snapshot":
        assert (row["opening_minor"], row["expected_minor"], row["unexplained_minor"]) == (None, None, None)
        assert row["closing_minor"] == 5_000_000


def test_of_two_figures_equally_near_the_earlier_counts_and_of_one_time_the_last_known() -> None:
    row = proof(
        report(
            balance("03-03 23:59:55", 7),
            balance(START, 5),
            balance(END, 8, known="03-05 01:00", name="x:2:0"),
            balance(END, 9, known="03-05 02:00", name="x:3:0"),
        )
    )
    assert (row["opening_minor"], row["closing_minor"]) == (7, 9)


def test_a_movement_at_the_opening_figure_is_outside_and_at_the_closing_one_inside() -> None:
    at_opening = credit("a", START)
    at_closing = credit("b", END, amount_minor=7)
    row = proof(report(balance(START, 100), balance(END, 107), credits=[at_opening, at_closing]))
    assert (row["credits_minor"], row["status"]) == (7, "proved")


@pytest.mark.parametrize(
    ("debit_at", "moved", "in_transit"),
    [("approved", 0, 1_600_000), ("in_progress", 1_600_000, 1_600_000), ("created", 1_600_000, 1_600_000)],
)
def test_settings_say_when_a_transfer_is_debited(debit_at: str, moved: int, in_transit: int) -> None:
    working = transfer("a", "in_progress", "03-04 09:30")
    row = proof(
        report(
            balance(START, 5_000_000),
            balance(END, 5_000_000),
            transfers=[working],
            environ={"BALANCE__DEBIT_AT": debit_at},
        )
    )
    assert (row["transfers_minor"], row["in_transit_minor"]) == (moved, in_transit)


@pytest.mark.parametrize(("debit_at", "back"), [("approved", 0), ("created", 1_600_000)])
def test_only_what_was_debited_is_given_back(debit_at: str, back: int) -> None:
    declined = transfer("a", "declined", "03-04 10:00")
    row = proof(
        report(balance(START, 1), balance(END, 1), transfers=[declined], environ={"BALANCE__DEBIT_AT": debit_at})
    )
    assert (row["reversals_in_minor"], row["status"]) == (back, "proved")


def test_a_reversal_gives_back_unless_its_money_came_as_a_credit() -> None:
    told = [transfer("a", "approved", "03-04 10:00"), transfer("a", "declined", "03-04 11:00")]
    plain = proof(report(balance(START, 9), balance(END, 9), transfers=told))
    assert (plain["transfers_minor"], plain["reversals_in_minor"], plain["status"]) == (1_600_000, 1_600_000, "proved")
    back = credit("a", "03-04 12:00", amount_minor=1_600_000)
    returned = proof(report(balance(START, 9), balance(END, 9), transfers=told, credits=[back]))
    assert (returned["credits_minor"], returned["reversals_in_minor"], returned["status"]) == (1_600_000, 0, "proved")


def test_fees_and_gmf_come_from_settings_and_round_half_up() -> None:
    sent = transfer("a", "approved", "03-04 10:00", amount_minor=1_600_125)
    environ = {
        "BALANCE__FEES": '[{routing = "ach", amount_minor = 238000, from = "2026-01-01"},'
        ' {routing = "ach", amount_minor = 1, from = "2026-04-01"}]',
        "BALANCE__GMF": '[{per_thousand = 4, from = "2026-01-01"}]',
    }
    row = proof(report(balance(START, 5_000_000), balance(END, 5_000_000), transfers=[sent], environ=environ))
    assert (row["fees_minor"], row["gmf_minor"]) == (238_000, 6_401)
    assert "fees set" in row["basis"]


def test_an_adjustment_counts_from_its_decision_and_the_first_of_an_id_counts() -> None:
    figures = (balance(START, 100), balance(END, 130))
    rows = [adjustment("one", 30), adjustment("one", 99, decided="03-05 05:01")]
    assert proof(report(*figures, adjustments=rows))["status"] == "proved"


def test_an_account_that_moved_without_a_figure_gets_a_row_and_a_missing_feed() -> None:
    result = report(transfers=[transfer("a", "approved", "03-04 10:00")])
    assert proof(result)["status"] == "no_snapshot"
    assert f"balance:{ACCOUNT}:2026-03-04" in result.tables["breaks"]["subject_id"].to_list()
    assert result.verdict == "incomplete"


FEE = {"BALANCE__FEES": '[{routing = "ach", amount_minor = 238000, from = "2026-01-01"}]'}


@pytest.mark.parametrize(("charged", "missing"), [({}, []), (FEE, [f"balance:{ACCOUNT}:2026-03-05"])])
def test_a_date_on_which_a_debited_transfer_is_only_approved_needs_a_figure_if_that_is_charged(
    charged: dict[str, str], missing: list[str]
) -> None:
    sent = [transfer("a", "in_progress", "03-04 10:00"), transfer("a", "approved", "03-05 10:00")]
    debited = {"BALANCE__DEBIT_AT": "in_progress"}
    result = report(transfers=sent, day=date(2026, 3, 5), as_of="03-06 06:00", environ=debited | charged)
    found = result.tables["breaks"]["subject_id"].to_list()
    assert [name for name in found if name.startswith("balance:")] == missing
