from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.report.identities import failed_identities, verdict
from mono_recon.report.model import Report
from tests.report.sample import DAY, report, table, with_rows


def failures(given: Report) -> str:
    return "\n".join(failed_identities(given.tables))


def test_a_complete_day_fails_no_identity() -> None:
    assert failed_identities(report().tables) == []


def test_a_day_without_anything_fails_no_identity() -> None:
    assert failed_identities({name: frame.clear() for name, frame in report().tables.items()}) == []


@pytest.mark.parametrize(
    ("name", "change", "failure"),
    [
        ("control", {"status": "failed"}, "control: identity.roll_forward does not hold"),
        ("control", {"amount_minor": 1}, "control: identity.roll_forward does not hold"),
        ("outgoing_transfers", {"recon_status": "break"}, "outgoing_transfers: the status of 1 lines"),
        ("outgoing_transfers", {"recon_status": "odd"}, "outgoing_transfers: the status of 1 lines"),
        ("outgoing_transfers", {"amount_minor": 1}, "summary: section created against its lines"),
        ("outgoing_transfers", {"state_at_cutoff": "created"}, "summary: section closing_open"),
        ("incoming_credits", {"account_id": "acc_2"}, "summary: section credits against its lines: acc_16kt"),
        ("incoming_credits", {"account_id": None}, "section credits against its lines: None, COP, review has 0"),
        ("summary", {"amount_minor": 1}, "summary: the roll-forward of transfers of account acc_16kt"),
        ("summary", {"section": "other"}, "summary: no such section: other"),
        ("batches", {"open_minor": 0}, "batches: declared less the members of bat_00"),
        ("batches", {"difference_minor": 1}, "batches: declared less the members of bat_00"),
        ("balance_proof", {"fees_minor": 1}, "balance_proof: the terms of account acc_16kt"),
        ("balance_proof", {"unexplained_minor": 1}, "balance_proof: the terms of account acc_16kt"),
        ("balance_proof", {"status": "unexplained"}, "balance_proof: the terms of account acc_16kt"),
        ("breaks", {"status": "resolved"}, "break_movement against breaks: 1111111111111111"),
        ("breaks", {"amount_minor": 1}, "control: open.break against breaks"),
        ("breaks", {"break_date": date(2026, 2, 27)}, "control: carried.break against breaks"),
        ("break_ageing", {"count": 2}, "break_ageing against breaks: amount_mismatch"),
        ("break_ageing", {"ageing_bucket": ">30"}, "break_ageing against breaks: amount_mismatch"),
        ("break_movement", {"movement": "cleared"}, "break_movement of account acc_16kt"),
        ("lineage", {"source_ref": "w:other"}, "breaks: lineage does not say where 1 of its source references"),
    ],
)
def test_a_table_that_disagrees_is_named(name: str, change: dict[str, Any], failure: str) -> None:
    assert failure in failures(with_rows(name, change))


def test_money_in_is_what_summary_adds_up() -> None:
    control = report().tables["control"]
    amount = pl.when(pl.col("metric") == "money.in").then(1).otherwise(pl.col("amount_minor"))
    given = report({"control": control.with_columns(amount_minor=amount)})
    assert "control: money.in against summary: acc_16ktUqSO7G0qTHDz8I3qrG, COP has 2 and 1 centavos" in failures(given)


def test_a_changed_amount_moves_the_movement_but_no_count() -> None:
    movement = report().tables["break_movement"]
    one = movement.row(0, named=True)
    revalued = table("break_movement", [one | {"movement": "revalued", "amount_minor": 5}])
    opening = pl.when(pl.col("movement") == "new", pl.col("break_id") == one["break_id"])
    less = movement.with_columns(
        amount_minor=opening.then(pl.col("amount_minor") - 5).otherwise(pl.col("amount_minor"))
    )
    assert failures(report({"break_movement": pl.concat([less, revalued])})) == ""
    assert failures(report({"break_movement": pl.concat([movement, revalued])}))


def test_a_balance_without_figures_owes_none() -> None:
    proof = report().tables["balance_proof"]
    unproved = {"balance_proof": proof.filter(pl.col("status") == "no_snapshot")}
    control = report().tables["control"].filter(pl.col("metric") != "unexplained")
    assert failures(report(unproved | {"control": control})) == ""


def test_what_is_stated_as_unexplained_is_what_the_proofs_leave() -> None:
    amount = pl.when(pl.col("metric") == "unexplained").then(5).otherwise(pl.col("amount_minor"))
    control = report().tables["control"].with_columns(amount_minor=amount)
    assert "control: unexplained against balance_proof: acc_16kt" in failures(report({"control": control}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "breaks"),
        ({"status": "resolved"}, "balanced"),
        ({"break_date": date(2026, 2, 27)}, "balanced"),
        ({"class": "review"}, "balanced"),
        ({"class": "timing", "break_type": "awaiting_balance"}, "awaiting"),
        ({"class": "timing", "break_type": "awaiting_balance", "status": "resolved"}, "awaiting"),
        ({"class": "data", "break_type": "feed_missing"}, "incomplete"),
        ({"class": "data", "break_type": "incomplete_export"}, "incomplete"),
        ({"class": "data", "break_type": "signature_failed"}, "balanced"),
    ],
)
def test_the_verdict_is_that_of_the_breaks_of_the_date(changes: dict[str, Any], expected: str) -> None:
    [one] = report().tables["breaks"].filter(pl.col("break_id") == "1111111111111111").to_dicts()
    assert verdict(table("breaks", [one | changes])) == expected


def test_missing_data_comes_before_breaks_in_the_verdict() -> None:
    breaks = report().tables["breaks"]
    feed = breaks.row(0, named=True) | {"class": "data", "break_type": "feed_missing", "break_date": DAY}
    assert verdict(pl.concat([breaks, table("breaks", [feed])])) == "incomplete"


@pytest.mark.parametrize("came", ["opening", "new", "late", "escalated_in"])
@pytest.mark.parametrize("left", ["closing", "cleared", "resolved", "escalated_out"])
def test_what_came_into_the_open_breaks_left_them_or_is_there(came: str, left: str) -> None:
    one = report().tables["break_movement"].row(0, named=True)
    both = table("break_movement", [one | {"movement": came}, one | {"movement": left}])
    assert "break_movement of account" not in failures(report({"break_movement": both}))
    assert "break_movement of account" in failures(report({"break_movement": both[:1]}))


@pytest.mark.parametrize("came", ["opening_open", "created", "reopened"])
@pytest.mark.parametrize("left", ["closing_open", "approved", "declined", "cancelled", "duplicated"])
def test_what_came_into_the_open_transfers_left_them_or_is_there(came: str, left: str) -> None:
    one = report().tables["summary"].row(0, named=True)
    both = table("summary", [one | {"section": came}, one | {"section": left}])
    assert "the roll-forward of transfers" not in failures(report({"summary": both}))
    assert "the roll-forward of transfers" in failures(report({"summary": both[:1]}))


@pytest.mark.parametrize("section", ["reversed_to_declined", "reversed_to_approved"])
def test_reversals_do_not_enter_the_roll_forward(section: str) -> None:
    summary = report().tables["summary"]
    reversal = table("summary", [summary.row(0, named=True) | {"section": section}])
    assert failures(report({"summary": pl.concat([summary, reversal])})) == ""


def test_every_term_of_a_balance_has_its_sign() -> None:
    terms = {
        "opening_minor": 1000,
        "credits_minor": 10,
        "collections_minor": 20,
        "reversals_in_minor": 30,
        "adjustments_minor": -40,
        "transfers_minor": 50,
        "fees_minor": 6,
        "gmf_minor": 7,
        "expected_minor": 957,
        "closing_minor": 950,
        "unexplained_minor": -7,
        "status": "unexplained",
    }
    assert "balance_proof: the terms" not in failures(with_rows("balance_proof", terms))
    for name, minor in terms.items():
        if isinstance(minor, int):
            assert "balance_proof: the terms" in failures(with_rows("balance_proof", terms | {name: minor + 1}))
