from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.candidates import same_document
from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.scenario import DAY, OTHER_ACCOUNT, at, batch, context, credit, exported, inputs, transfer, trn, tx

NUMBER = "095000036"
INTERNAL = {"payee_bank_code": "066", "payee_account_number": NUMBER, "account_id": OTHER_ACCOUNT}
MONO = {"type": "bank_transfer_mono", "amount_minor": 1_600_000, "payer_bank_code": "066"}


def sent(name: str, when: str = "03-04 10:00", state: str = "approved", **changes: Any) -> list[dict[str, Any]]:
    """A transfer to an own account, told by both channels."""
    more = INTERNAL | changes
    return [transfer(name, state, when, **more), exported(name, state, when, "03-05 05:00", **more)]


def report(
    transfers: list[dict[str, Any]],
    credits: list[dict[str, Any]],  # noqa: A002 - the trade's word
    day: date = DAY,
    as_of: str = "03-06 06:00",
    **environ: str,
) -> DayReport:
    lots = [
        batch(row["batch_id"][-1:], "processing_transactions", "03-04 09:01", total_amount_minor=row["amount_minor"])
        for row in transfers
    ]
    accounts = [
        {
            "account_id": "acc_16ktUqSO7G0qTHDz8I3qrG",
            "number": "095-000036",
            "known_at": at("03-01 00:00"),
            "source_ref": "x",
        }
    ]
    given = inputs(transfers, lots, credits, accounts=accounts)
    return reconcile_day(given, context(as_of, day, **{"BUSINESS__OWN_DOCUMENTS": '["901398068"]'} | environ))


def found(result: DayReport) -> set[tuple[str, str]]:
    rows = result.tables["breaks"].filter(pl.col("class") != "data")
    return set(rows.select("break_type", "subject_id").iter_rows())


def line(result: DayReport) -> dict[str, Any]:
    return result.tables["incoming_credits"].row(0, named=True)


def test_of_an_account_number_the_last_four_digits_are_shown_whatever_stands_between_them() -> None:
    result = report(sent("a", payee_account_number="1234-567-8"), [])
    assert result.tables["outgoing_transfers"]["payee_account_last4"].to_list() == ["5678"]


def test_an_internal_credit_is_matched_by_the_payers_id() -> None:
    result = report(sent("a"), [credit("a", "03-04 10:01", external_id="client-a", **MONO)])
    assert found(result) == set()
    assert (line(result)["match_rule"], line(result)["matched_to"]) == ("internal_external_id", trn("a"))
    assert result.tables["outgoing_transfers"]["matched_credit_id"].to_list() == [tx("a")]


def test_without_an_id_the_reference_matches_and_an_id_that_differs_forbids_it() -> None:
    by_reference = report(sent("a"), [credit("a", "03-04 10:01", reference="ref a", **MONO)])
    assert line(by_reference)["match_rule"] == "internal_reference"
    other = report(sent("a"), [credit("a", "03-04 10:01", reference="ref a", external_id="Client-a", **MONO)])
    assert found(other) == {("unidentified_credit", tx("a")), ("internal_transfer_not_credited", trn("a"))}


@pytest.mark.parametrize(
    ("happened", "matched"),
    [("03-04 08:55", True), ("03-04 08:54:59.999999", False), ("03-04 19:30", True), ("03-04 19:30:00.000001", False)],
)
def test_an_internal_credit_falls_between_creation_and_horizon(happened: str, matched: bool) -> None:
    result = report(sent("a"), [credit("a", happened, external_id="client-a", **MONO)])
    assert (line(result)["match_rule"] == "internal_external_id") is matched


def test_one_centavo_less_is_an_amount_mismatch_and_not_a_missing_credit() -> None:
    result = report(
        sent("a"), [credit("a", "03-04 10:01", external_id="client-a", **MONO | {"amount_minor": 1_599_999})]
    )
    assert found(result) == {("credit_amount_mismatch", tx("a"))}
    row = result.tables["breaks"].filter(pl.col("break_type") == "credit_amount_mismatch").row(0, named=True)
    assert (row["difference_minor"], row["amount_minor"]) == (-1, 1_599_999)


@pytest.mark.parametrize(
    ("as_of", "day", "expected"),
    [("03-05 06:00", DAY, "internal_transfer_not_credited"), ("03-05 09:00", date(2026, 3, 4), "awaiting_credit")],
)
def test_an_own_account_must_be_credited_within_the_horizon(as_of: str, day: date, expected: str) -> None:
    when = "03-04 10:00" if expected != "awaiting_credit" else "03-04 23:59"
    assert (expected, trn("a")) in found(report(sent("a", when), [], day=day, as_of=as_of))


def test_as_many_credits_as_transfers_are_paired_in_time_order_and_others_are_ambiguous() -> None:
    twins = sent("a", external_id="same") + sent("b", "03-04 10:02", external_id="same")
    first = credit("x", "03-04 10:01", external_id="same", **MONO)
    second = credit("y", "03-04 10:03", external_id="same", **MONO)
    paired = report(twins, [second, first]).tables["incoming_credits"]
    assert dict(paired.select("credit_id", "matched_to").iter_rows()) == {tx("x"): trn("a"), tx("y"): trn("b")}
    alone = report(twins, [first])
    assert ("ambiguous_match", tx("x")) in found(alone)
    assert not {kind for kind, _ in found(alone)} & {"internal_transfer_not_credited", "unidentified_credit"}


def test_money_that_comes_back_after_a_decline_is_for_review_on_both_lines() -> None:
    rows = [transfer("a", "declined", "03-04 10:00"), exported("a", "declined", "03-04 10:00", "03-05 05:00")]
    back = credit("a", "03-04 12:00", amount_minor=1_600_000, payer_document_number="000")
    result = report(rows, [back])
    assert found(result) == {("suspected_return", tx("a"))}
    assert result.tables["outgoing_transfers"]["break_types"].to_list() == [["suspected_return"]]
    assert result.tables["outgoing_transfers"]["matched_credit_id"].to_list() == [tx("a")]
    assert line(result)["recon_status"] == "review"


def test_a_return_needs_the_payees_bank_or_document() -> None:
    rows = [transfer("a", "declined", "03-04 10:00"), exported("a", "declined", "03-04 10:00", "03-05 05:00")]
    stranger = credit("a", "03-04 12:00", amount_minor=1_600_000, payer_bank_code="051")
    assert found(report(rows, [stranger])) == {("unidentified_credit", tx("a"))}
    payee = credit(
        "a", "03-04 12:00", amount_minor=1_600_000, payer_bank_code="051", payer_document_number="1033711400"
    )
    assert found(report(rows, [payee])) == {("suspected_return", tx("a"))}


def test_two_empty_documents_make_no_return() -> None:
    nameless = {"payee_document_number": ""}
    rows = [transfer("a", "declined", "03-04 10:00", **nameless)]
    rows += [exported("a", "declined", "03-04 10:00", "03-05 05:00", **nameless)]
    stranger = credit("a", "03-04 12:00", amount_minor=1_600_000, payer_bank_code="051", payer_document_number="")
    assert found(report(rows, [stranger])) == {("unidentified_credit", tx("a"))}


def test_a_transfer_credited_inside_mono_and_declined_afterwards_may_still_come_back() -> None:
    rows = [*sent("a"), transfer("a", "declined", "03-05 10:00", **INTERNAL)]
    inward = credit("a", "03-04 10:01", external_id="client-a", **MONO)
    back = credit("b", "03-05 12:00", amount_minor=1_600_000, account_id=OTHER_ACCOUNT, payer_bank_code="066")
    result = report(rows, [inward, back], day=date(2026, 3, 5), as_of="03-07 06:00")
    assert ("suspected_return", tx("b")) in found(result)


def test_a_known_payer_needs_every_key_to_match_whole() -> None:
    payers = '[{label = "treasury", document_number = "900123456", name_pattern = "EMPRESA EJEMPLO"}]'
    partial = report([], [credit("a", "03-04 10:00")], CREDITS__KNOWN_PAYERS=payers)
    assert found(partial) == {("unidentified_credit", tx("a"))}
    whole = report([], [credit("a", "03-04 10:00")], CREDITS__KNOWN_PAYERS=payers.replace("EJEMPLO", "EJEMPLO SA"))
    assert (found(whole), line(whole)["label"]) == (set(), "treasury")


def test_a_credit_id_with_two_amounts_conflicts_and_enters_no_pass() -> None:
    rows = [
        credit(
            "a",
            "03-04 10:01",
            external_id="client-a",
            amount_minor=minor,
            **{k: v for k, v in MONO.items() if k != "amount_minor"},
        )
        for minor in (1_600_000, 1_600_001)
    ]
    assert ("conflicting_credit", tx("a")) in found(report(sent("a"), rows))


def test_the_second_of_two_equal_credits_is_a_duplicate_and_still_money_in() -> None:
    payers = '[{label = "treasury", document_number = "900123456"}]'
    rows = [credit("a", "03-04 10:01:00.2"), credit("b", "03-04 10:01:00.1", event_at=at("03-04 10:02"))]
    result = report([], rows, CREDITS__KNOWN_PAYERS=payers)
    assert found(result) == {("duplicate_credit", tx("b"))}
    money = result.tables["control"].filter(pl.col("metric") == "money.in")["amount_minor"].sum()
    assert money == 210_000


def test_an_own_payer_without_a_transfer_is_an_orphan() -> None:
    own = credit("a", "03-04 10:01", payer_document_number="9013980684", **MONO)
    assert found(report([], [own])) == {("orphan_internal_credit", tx("a"))}


@pytest.mark.parametrize(("chosen", "expected"), [("review", "review"), ("break", "break"), ("matched", "matched")])
def test_settings_say_what_an_unidentified_credit_is(chosen: str, expected: str) -> None:
    result = report([], [credit("a", "03-04 10:01")], CREDITS__UNIDENTIFIED=chosen)
    assert line(result)["recon_status"] == expected


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("901398068", "9013980684", True),
        ("9013980684", "901398068", True),
        ("9013980684", "901398069", False),
        ("90139806", "901398068", False),
        ("90139806AB", "90139806A", False),
        ("AB", "AB", True),
    ],
)
def test_a_tax_id_compares_with_and_without_its_check_digit(left: str, right: str, same: bool) -> None:
    assert pl.select(same_document(pl.lit(left), pl.lit(right))).item() is same
