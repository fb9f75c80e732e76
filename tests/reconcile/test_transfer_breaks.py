from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.scenario import DAY, at, bat, batch, context, exported, full_export, inputs, transfer, trn


def report(*transfers: dict[str, Any], as_of: str = "03-06 06:00", day: date = DAY, **more: Any) -> DayReport:
    """A report over transfers whose batches agree with them."""
    lots = more.pop("batches", None)
    if lots is None:
        lots = {
            row["batch_id"]: batch(
                row["batch_id"][-1:],
                "processing_transactions",
                "03-04 09:01",
                batch_id=row["batch_id"],
                inserted_at=row["inserted_at"],
                total_amount_minor=row["amount_minor"],
                currency=row["currency"],
            )
            for row in reversed(transfers)
        }.values()
    return reconcile_day(inputs(transfers, list(lots), **more), context(as_of, day))


def found(result: DayReport, *classes: str) -> set[tuple[str, str]]:
    rows = result.tables["breaks"].filter(pl.col("class") != "data")
    if classes:
        rows = rows.filter(pl.col("class").is_in(list(classes)))
    return set(rows.select("break_type", "subject_id").iter_rows())


def one(result: DayReport, break_type: str) -> dict[str, Any]:
    rows = result.tables["breaks"].filter(pl.col("break_type") == break_type)
    return rows.row(0, named=True)


def test_a_transfer_that_both_channels_tell_alike_is_matched() -> None:
    result = report(transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00"))
    assert found(result) == set()
    line = result.tables["outgoing_transfers"].row(0, named=True)
    assert (line["recon_status"], line["break_types"], line["inclusion"]) == ("matched", [], "created")


def test_a_webhook_alone_awaits_its_export() -> None:
    result = report(transfer("a", "approved", "03-04 10:00"))
    assert found(result) == {("awaiting_export", trn("a"))}
    assert result.tables["outgoing_transfers"]["recon_status"].to_list() == ["timing"]


@pytest.mark.parametrize(
    ("as_of", "expected"), [("03-05 06:00", "missing_webhook"), ("03-04 19:30", "awaiting_webhook")]
)
def test_an_export_alone_awaits_its_webhook_until_the_horizon(as_of: str, expected: str) -> None:
    result = report(exported("a", "approved", "03-04 10:00", "03-04 12:00"), as_of=as_of)
    assert found(result) == {(expected, trn("a"))}
    assert one(result, expected)["break_date"] == DAY


def test_a_webhook_from_after_the_cutoff_confirms() -> None:
    told = transfer("a", "approved", "03-04 23:59", known_at=at("03-05 02:00"))
    assert found(report(told, exported("a", "approved", "03-04 23:59", "03-05 05:00"))) == set()


@pytest.mark.parametrize(("started", "missing"), [("03-04 10:06", True), ("03-04 10:05", False)])
def test_a_complete_export_proves_absence_only_after_its_lag(started: str, missing: bool) -> None:
    told = transfer("a", "approved", "03-04 10:00", event_at=at("03-04 10:01"))
    expected = "missing_in_export" if missing else "awaiting_export"
    assert found(report(told, exports=[full_export(started)])) == {(expected, trn("a"))}


def test_an_entity_that_appears_in_a_later_export_is_not_missing() -> None:
    told = transfer("a", "approved", "03-04 10:00")
    result = report(
        told,
        exported("a", "approved", "03-04 10:00", "03-05 05:00"),
        exports=[full_export("03-05 05:00"), full_export("03-04 12:00")],
        appearances=[(trn("a"), "03-05 05:00")],
    )
    assert found(result) == set()


def test_a_later_export_with_another_state_is_a_mismatch() -> None:
    result = report(
        transfer("a", "approved", "03-04 10:00"), exported("a", "in_progress", "03-04 09:30", "03-05 05:00")
    )
    assert found(result) == {("state_mismatch", trn("a"))}
    row = one(result, "state_mismatch")
    assert (row["left_value"], row["right_value"]) == ("approved", "in_progress")


def test_an_export_fetched_before_the_event_contradicts_nothing() -> None:
    result = report(
        transfer("a", "approved", "03-04 10:00"), exported("a", "in_progress", "03-04 09:30", "03-04 10:02")
    )
    assert found(result) == {("awaiting_export", trn("a"))}


def test_one_centavo_is_a_break_with_the_webhooks_sign() -> None:
    result = report(
        transfer("a", "approved", "03-04 10:00", amount_minor=1_600_001),
        exported("a", "approved", "03-04 10:00", "03-05 05:00"),
        batches=[batch("a", "processing_transactions", "03-04 09:01")],
    )
    assert found(result) == {("amount_mismatch", trn("a"))}
    row = one(result, "amount_mismatch")
    assert (row["difference_minor"], row["severity"]) == (1, "high")
    assert "COP 16.000,01" in row["explanation_es"]
    assert "COP 16,000.01" in row["explanation_en"]


def test_a_missing_payee_differs_from_nothing_but_a_leading_zero_does() -> None:
    told = transfer("a", "approved", "03-04 10:00")
    silent = exported("a", "approved", "03-04 10:00", "03-05 05:00", payee_account_number=None)
    assert found(report(told, silent)) == set()
    other = exported("a", "approved", "03-04 10:00", "03-05 05:00", payee_account_number="00000009")
    mismatch = report(told, other)
    assert found(mismatch) == {("payee_mismatch", trn("a"))}
    row = one(mismatch, "payee_mismatch")
    assert (row["left_value"], row["right_value"]) == ("*****0009", "****0009")


def test_two_currencies_are_a_mismatch() -> None:
    told = transfer("a", "approved", "03-04 10:00")
    other = exported("a", "approved", "03-04 10:00", "03-05 05:00", currency="USD")
    assert ("currency_mismatch", trn("a")) in found(report(told, other))


def test_two_versions_of_one_instant_conflict_unless_only_the_state_differs_on_a_whole_second() -> None:
    first = transfer("a", "approved", "03-04 10:00:00.5")
    second = transfer("a", "declined", "03-04 10:00:00.5", event_at=at("03-04 11:00"))
    assert ("conflicting_versions", trn("a")) in found(report(first, second))
    whole = transfer("a", "approved", "03-04 10:00:00")
    other = transfer("a", "in_progress", "03-04 10:00:00", event_at=at("03-04 11:00"))
    assert ("conflicting_versions", trn("a")) not in found(report(whole, other))


def test_an_approved_transfer_may_not_go_back_to_work() -> None:
    result = report(transfer("a", "approved", "03-04 10:00"), transfer("a", "in_progress", "03-04 11:00"))
    assert ("illegal_transition", trn("a")) in found(result)


def test_a_final_state_that_changes_is_for_review() -> None:
    told = (transfer("a", "approved", "03-04 10:00"), transfer("a", "declined", "03-04 11:00"))
    seen = exported("a", "declined", "03-04 11:00", "03-05 05:00")
    assert found(report(*told, seen)) == {("final_state_changed", trn("a"))}


def test_an_unknown_state_is_open_and_a_break() -> None:
    result = report(transfer("a", "held", "03-04 10:00"))
    assert found(result, "break") == {("unknown_state", trn("a"))}
    sections = result.tables["summary"].filter(pl.col("direction") == "out")["section"].to_list()
    assert sorted(sections) == ["closing_open", "created"]


@pytest.mark.parametrize(
    ("routing", "day", "expected"),
    [
        ("turbo", DAY, "stuck_transfer"),
        ("ach", DAY, "in_transit"),
        ("ach", date(2026, 3, 5), "in_transit"),
        ("ach", date(2026, 3, 6), "stuck_transfer"),
    ],
)
def test_an_open_transfer_is_stuck_when_its_rail_has_had_its_time(routing: str, day: date, expected: str) -> None:
    told = transfer("a", "in_progress", "03-04 09:30", routing=routing)
    assert found(report(told, day=day, as_of="03-10 06:00")) == {(expected, trn("a"))}


def test_after_a_fallback_the_longest_limit_counts() -> None:
    told = transfer(
        "a", "in_progress", "03-04 09:30", routing="turbo", fallback_routing=["ach"],
        event_type="bank_transfer_fallback_routing",
    )  # fmt: skip
    assert found(report(told)) == {("in_transit", trn("a"))}


def test_one_client_id_approved_twice_is_a_duplicate_payment_on_both_lines() -> None:
    rows = [
        row
        for name, when in (("a", "03-04 10:00"), ("b", "03-04 11:00"))
        for row in (
            transfer(name, "approved", when, external_id="same"),
            exported(name, "approved", when, "03-05 05:00", external_id="same"),
        )
    ]
    result = report(*rows)
    assert {kind for kind, _ in found(result)} == {"duplicate_payment"}
    row = one(result, "duplicate_payment")
    assert (row["subject_id"], row["amount_minor"]) == ("acc_16ktUqSO7G0qTHDz8I3qrG:same", 1_600_000)
    assert result.tables["outgoing_transfers"]["break_types"].to_list() == [["duplicate_payment"]] * 2


def test_what_happens_after_the_cutoff_is_no_fact_of_the_date() -> None:
    told = (transfer("a", "approved", "03-04 10:00"), transfer("a", "declined", "03-05 11:00"))
    line = report(*told).tables["outgoing_transfers"].row(0, named=True)
    assert (line["state_at_cutoff"], line["state_latest"]) == ("approved", "declined")


def test_the_cutoff_belongs_to_the_next_date() -> None:
    told = transfer("a", "approved", "03-05 00:00")
    early = report(told, day=DAY).tables["outgoing_transfers"].row(0, named=True)
    late = report(told, day=date(2026, 3, 5), as_of="03-07 06:00").tables["outgoing_transfers"].row(0, named=True)
    assert (early["state_at_cutoff"], early["inclusion"]) == ("created", "created")
    assert (late["state_at_cutoff"], late["inclusion"]) == ("approved", "finalised")


def test_a_batch_must_declare_what_its_members_add_up_to() -> None:
    told = transfer("a", "approved", "03-04 10:00")
    seen = exported("a", "approved", "03-04 10:00", "03-05 05:00")
    lot = batch("a", "processing_transactions", "03-04 09:01", total_amount_minor=1_600_001)
    waiting = report(told, seen, batches=[lot])
    assert found(waiting) == {("awaiting_members", bat("a"))}
    listed = batch(
        "a",
        "processing_transactions",
        "03-04 09:02",
        total_amount_minor=1_600_001,
        event_type="batch_sent",
        listed_transfer_ids=[trn("a")],
    )
    proved = report(told, seen, batches=[lot, listed])
    assert found(proved) == {("batch_total_mismatch", bat("a"))}
    assert one(proved, "batch_total_mismatch")["difference_minor"] == 1


def test_a_member_told_in_two_currencies_is_no_mismatch_of_its_batch() -> None:
    told = transfer("a", "approved", "03-04 10:00")
    seen = exported("a", "approved", "03-04 10:00", "03-05 05:00", currency="USD")
    listed = {"event_type": "batch_sent", "listed_transfer_ids": [trn("a")]}
    lot = batch("a", "processing_transactions", "03-04 09:02", **listed)
    result = report(told, seen, batches=[lot])
    assert found(result) == {("currency_mismatch", trn("a"))}
    assert result.tables["batches"].select("approved_minor", "difference_minor").rows() == [(1_600_000, 0)]


def test_a_transfer_outside_its_batchs_list_is_a_break_of_the_batch() -> None:
    rows = [transfer(name, "approved", "03-04 10:00", batch_id=bat("x"), external_id=name) for name in "ab"]
    seen = [
        exported(name, "approved", "03-04 10:00", "03-05 05:00", batch_id=bat("x"), external_id=name) for name in "ab"
    ]
    lot = batch(
        "x",
        "processing_transactions",
        "03-04 09:01",
        total_amount_minor=3_200_000,
        event_type="batch_sent",
        listed_transfer_ids=[trn("a")],
    )
    assert found(report(*rows, *seen, batches=[lot])) == {("batch_membership_mismatch", bat("x"))}


@pytest.mark.parametrize(
    ("state", "expected"),
    [("cancelled", "batch_state_contradiction"), ("declined", "batch_outcome_differs")],
)
def test_a_batch_that_ended_badly_may_not_have_a_living_member(state: str, expected: str) -> None:
    told = transfer("a", "approved", "03-04 10:00")
    seen = exported("a", "approved", "03-04 10:00", "03-05 05:00")
    assert found(report(told, seen, batches=[batch("a", state, "03-04 10:01")])) == {(expected, bat("a"))}


def test_a_contradiction_dates_from_the_last_word_on_the_batch() -> None:
    yesterday = {"inserted_at": at("03-03 09:00")}
    paid = transfer("a", "approved", "03-03 10:00", **yesterday)
    lots = [batch("a", "cancelled", when, **yesterday) for when in ("03-03 10:01", "03-04 10:01")]
    assert one(report(paid, batches=lots), "batch_state_contradiction")["break_date"] == DAY


@pytest.mark.parametrize(("day", "expected"), [(DAY, "awaiting_authorization"), (date(2026, 3, 5), "stuck_batch")])
def test_a_batch_waits_one_business_day_for_its_authorisation(day: date, expected: str) -> None:
    told = transfer("a", "created", "03-04 09:00", event_type="batch_authorization_requested")
    lot = batch(
        "a", "pending_otp", "03-04 09:01", event_type="batch_authorization_requested", listed_transfer_ids=[trn("a")]
    )
    result = report(told, batches=[lot], day=day, as_of="03-10 06:00")
    assert (expected, bat("a")) in found(result)


def test_taking_a_date_in_parts_changes_nothing() -> None:
    rows = [
        row
        for index in range(12)
        for row in (
            transfer(f"t{index}", "approved", "03-04 10:00", batch_id=bat(str(index % 5)), external_id=str(index // 2)),
            exported(
                f"t{index}",
                "approved",
                "03-04 10:00",
                "03-05 05:00",
                batch_id=bat(str(index % 4)),
                external_id=str(index // 2),
            ),
        )
    ]
    lots = [batch(str(index), "processing_transactions", "03-04 09:01") for index in range(5)]
    given = inputs(rows, lots)
    whole = reconcile_day(given, context()).tables
    for parts in (2, 3, 7):
        taken = reconcile_day(given, context(), parts=parts).tables
        assert all(whole[name].equals(taken[name]) for name in whole)
