"""What people decide about breaks, what it changes in a report, and what undoes it."""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.day import DayReport, reconcile_day
from mono_recon.reconcile.inputs import DayInputs
from tests.reference.worlds import known_by
from tests.scenario import (
    ACCOUNT,
    DAY,
    at,
    bat,
    batch,
    context,
    credit,
    exported,
    inputs,
    resolution,
    transfer,
    trn,
    tx,
)

DEAR = 100_000_000
"""The amount from which a decision needs a second person."""
ASKED = context("03-07 06:00")
TOLD = transfer("a", "approved", "03-04 10:00")
SHOWN = exported("a", "approved", "03-04 10:00", "03-05 05:00", amount_minor=1_600_001)
MISMATCH = ("amount_mismatch", "transfer", trn("a"))


def decided(
    *resolutions: dict[str, Any], transfers: Sequence[dict[str, Any]] = (TOLD, SHOWN), **given: Any
) -> DayInputs:
    return inputs(transfers, resolutions=resolutions, **given)


def status(report: DayReport, break_type: str = "amount_mismatch") -> list[tuple[str, str | None]]:
    rows = report.tables["breaks"].filter(pl.col("break_type") == break_type)
    return rows.select("status", "resolution_code").rows()


def reconciled(given: DayInputs, asked: Context = ASKED) -> tuple[DayReport, list[datetime]]:
    """The report, and the instants whose knowledge it asked for."""
    asked_for: list[datetime] = []

    def past(moment: datetime) -> DayInputs:
        asked_for.append(moment)
        return known_by(given, moment)

    return reconcile_day(known_by(given, asked.as_of), asked, past=past), asked_for


def test_a_decision_settles_a_break_and_its_line_is_matched_again() -> None:
    report, asked_for = reconciled(decided(resolution(*MISMATCH, "03-06 08:00", "false_alarm")))
    assert status(report) == [("resolved", "false_alarm")]
    line = report.tables["outgoing_transfers"].row(0, named=True)
    assert (line["recon_status"], line["break_types"]) == ("matched", [])
    assert report.tables["break_ageing"].filter(pl.col("break_type") == "amount_mismatch").is_empty()
    control = report.tables["control"]
    assert control.filter(pl.col("metric") == "open.break").select("count", "amount_minor").rows() == [(0, 0)]
    assert asked_for == []


def test_an_undecided_break_is_open_and_has_no_code() -> None:
    report, _ = reconciled(decided(resolution("amount_mismatch", "transfer", trn("b"), "03-06 08:00")))
    assert status(report) == [("open", None)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"decided_at": at("03-06 09:00")}, "written_off"),
        ({"decided_at": at("03-06 07:00")}, "accepted"),
        ({"path": "z.csv", "line": 1}, "written_off"),
        ({"path": "a.csv", "line": 9}, "accepted"),
        ({"line": 10}, "written_off"),
        ({"line": 1}, "accepted"),
    ],
)
def test_the_latest_decision_counts_and_of_one_instant_the_last_written(changes: dict[str, Any], code: str) -> None:
    first = resolution(*MISMATCH, "03-06 08:00")
    second = first | {"resolution_code": "written_off"} | changes
    for rows in ([first, second], [second, first]):
        assert status(reconciled(decided(*rows))[0]) == [("resolved", code)]


def test_a_withdrawn_decision_leaves_the_break_open_and_another_settles_it_again() -> None:
    rows = [
        resolution(*MISMATCH, "03-06 08:00"),
        resolution(*MISMATCH, "03-06 09:00", "withdrawn"),
        resolution(*MISMATCH, "03-06 10:00", "corrected_at_provider"),
    ]
    assert status(reconciled(decided(*rows[:2]))[0]) == [("open", None)]
    assert status(reconciled(decided(*rows))[0]) == [("resolved", "corrected_at_provider")]


@pytest.mark.parametrize(
    ("minor", "approved_by", "counts"),
    [
        (DEAR - 1, None, True),
        (DEAR, None, False),
        (DEAR, " ", False),
        (DEAR, "ana", False),
        (DEAR, " ANA", False),
        (DEAR, "luis", True),
    ],
)
def test_from_a_limit_on_a_second_person_must_approve(minor: int, approved_by: str | None, counts: bool) -> None:
    told = [transfer("a", "odd", "03-04 10:00", amount_minor=minor)]
    row = resolution("unknown_state", "transfer", trn("a"), "03-06 08:00", approved_by=approved_by)
    report, _ = reconciled(decided(row, transfers=told))
    assert status(report, "unknown_state") == [("resolved", "accepted") if counts else ("open", None)]
    said = report.tables["data_quality"].filter(pl.col("check_name") == "resolution_ignored")
    assert said["subject"].to_list() == ([] if counts else [row["break_id"]])


def test_a_decision_that_lacks_its_second_person_takes_no_earlier_one_back() -> None:
    told = [transfer("a", "odd", "03-04 10:00", amount_minor=DEAR)]
    subject = ("unknown_state", "transfer", trn("a"))
    rows = [
        resolution(*subject, "03-06 08:00", approved_by="luis"),
        resolution(*subject, "03-06 09:00", "withdrawn"),
    ]
    report, _ = reconciled(decided(*rows, transfers=told))
    assert status(report, "unknown_state") == [("resolved", "accepted")]
    said = report.tables["data_quality"].filter(pl.col("check_name") == "resolution_ignored")
    assert said.select("count", "detail").rows() == [
        (1, "withdrawn by ana at 2026-03-06T14:00:00.000000Z needs the approval of a second person")
    ]


def test_an_ignored_decision_is_said_only_where_its_break_is_listed() -> None:
    told = [transfer("a", "odd", "03-04 10:00", amount_minor=DEAR)]
    rows = [
        resolution("unknown_state", "transfer", trn("a"), "03-05 08:00"),
        resolution("unknown_state", "transfer", trn("a"), "03-05 09:00", approved_by="luis"),
    ]
    for day, listed in ((DAY, 1), (date(2026, 3, 5), 1), (date(2026, 3, 6), 0)):
        report, _ = reconciled(decided(*rows, transfers=told), context("03-07 06:00", day))
        assert report.tables["data_quality"].filter(pl.col("check_name") == "resolution_ignored").height == listed


def test_a_later_statement_that_changes_the_figures_opens_the_break_again() -> None:
    late = exported("a", "approved", "03-04 10:00", "03-06 09:00", amount_minor=1_600_002)
    row = resolution(*MISMATCH, "03-06 08:00")
    report, asked_for = reconciled(decided(row, transfers=[TOLD, SHOWN, late]))
    assert (status(report), asked_for) == ([("open", None)], [at("03-06 08:00")])
    assert status(reconcile_day(decided(row, transfers=[TOLD, SHOWN, late]), ASKED)) == [("resolved", "accepted")]


def test_a_later_statement_that_leaves_the_figures_leaves_the_decision() -> None:
    late = transfer("a", "declined", "03-06 09:00")
    report, asked_for = reconciled(decided(resolution(*MISMATCH, "03-06 08:00"), transfers=[TOLD, SHOWN, late]))
    assert (status(report), asked_for) == ([("resolved", "accepted")], [at("03-06 08:00")])


def test_an_export_that_says_the_same_again_is_no_news() -> None:
    again = exported("a", "approved", "03-04 10:00", "03-06 09:00", amount_minor=1_600_001)
    report, asked_for = reconciled(decided(resolution(*MISMATCH, "03-06 08:00"), transfers=[TOLD, SHOWN, again]))
    assert (status(report), asked_for) == ([("resolved", "accepted")], [])


def test_a_break_that_a_later_statement_made_is_open_whatever_was_decided_before() -> None:
    report, _ = reconciled(decided(resolution(*MISMATCH, "03-05 04:00")))
    assert status(report) == [("open", None)]


def test_time_that_passes_undoes_no_decision() -> None:
    row = resolution("missing_webhook", "transfer", trn("b"), "03-05 05:30")
    shown = exported("b", "approved", "03-04 21:00", "03-05 05:00")
    other = transfer("b", "in_progress", "03-05 06:00")
    report, asked_for = reconciled(decided(row, transfers=[shown, other]))
    assert (status(report, "missing_webhook"), asked_for) == ([("resolved", "accepted")], [at("03-05 05:30")])


def test_decisions_of_one_instant_are_looked_into_once() -> None:
    late = [exported(name, "approved", "03-04 10:00", "03-06 09:00", amount_minor=2) for name in "ab"]
    told = [transfer(name, "approved", "03-04 10:00") for name in "ab"]
    rows = [resolution("amount_mismatch", "transfer", trn(name), "03-06 08:00") for name in "ab"]
    report, asked_for = reconciled(decided(*rows, transfers=[*told, *late]))
    assert (status(report), asked_for) == ([("open", None)] * 2, [at("03-06 08:00")])


def test_a_member_that_turns_up_later_undoes_a_decision_about_its_batch() -> None:
    lot = batch(
        "a", "processing_transactions", "03-04 10:00", listed_transfer_ids=[trn("a"), trn("c")], total_amount_minor=9
    )
    row = resolution("batch_total_mismatch", "batch", bat("a"), "03-06 08:00")
    late = transfer("c", "approved", "03-04 10:00", batch_id=bat("a"), known_at=at("03-06 09:00"))
    given = decided(row, transfers=[TOLD, late], batches=[lot])
    assert status(reconciled(given)[0], "batch_total_mismatch") == [("open", None)]
    assert status(reconciled(given, context("03-06 08:30"))[0], "batch_total_mismatch") == [("resolved", "accepted")]


def test_what_is_learnt_of_a_batch_undoes_a_decision_about_its_member() -> None:
    lot = batch(
        "a", "processing_transactions", "03-02 10:00", known_at=at("03-06 09:00"), inserted_at=at("03-02 09:00")
    )
    told = transfer("a", "in_progress", "03-03 10:00", routing="turbo", inserted_at=at("03-02 09:00"))
    given = decided(resolution("stuck_transfer", "transfer", trn("a"), "03-06 08:00"), transfers=[told], batches=[lot])
    report, asked_for = reconciled(given)
    assert (status(report, "stuck_transfer"), asked_for) == ([("open", None)], [at("03-06 08:00")])


def test_a_transfer_that_another_is_compared_with_undoes_a_decision_about_a_credit() -> None:
    mono = {"type": "bank_transfer_mono", "external_id": "client-a", "account_number": "000000009"}
    row = resolution("credit_amount_mismatch", "credit", tx("c"), "03-06 08:00")
    learnt = at("03-06 09:00")
    changed = transfer("a", "approved", "03-04 10:00", event_at=learnt, known_at=learnt, amount_minor=1_700_000)
    given = decided(row, transfers=[TOLD, changed], credits=[credit("c", "03-04 10:05", **mono)])
    assert status(reconciled(given)[0], "credit_amount_mismatch") == [("open", None)]


def balance(when: str, minor: int) -> dict[str, Any]:
    return {
        "account_id": ACCOUNT,
        "currency": "COP",
        "amount_minor": minor,
        "balance_at": at(when),
        "known_at": at(when),
        "source_ref": f"x:{when}",
    }


BALANCES = (balance("03-04 00:00", 100), balance("03-05 00:00", 50), balance("03-06 00:00", 50))
DIFFERENCE = ("balance_difference", "account", f"{ACCOUNT}:2026-03-04")


@pytest.mark.parametrize(
    ("began", "expected"), [("03-04 11:00", [("open", None)]), ("03-05 11:00", [("resolved", "accepted")])]
)
def test_a_decision_about_a_balance_holds_until_something_of_its_time_is_learnt(
    began: str, expected: list[tuple[str, str | None]]
) -> None:
    late = credit("c", began, amount_minor=7, known_at=at("03-06 09:00"))
    given = decided(resolution(*DIFFERENCE, "03-06 08:00"), transfers=[], balances=BALANCES, credits=[late])
    report, asked_for = reconciled(given, context("03-07 06:00"))
    assert status(report, "balance_difference") == expected
    assert (asked_for == []) is (began == "03-05 11:00")


def test_refused_records_that_turn_up_later_undo_a_decision_about_their_number() -> None:
    def refusals(count: int) -> pl.DataFrame:
        return pl.DataFrame(
            {"reason": ["invalid_json"], "count": [count]}, schema={"reason": pl.String, "count": pl.Int64}
        )

    row = resolution("invalid_record", "feed", "invalid_json:2026-03-04", "03-06 08:00")
    now = dataclasses.replace(decided(row, transfers=[]), refusals=refusals(2))
    for then, expected in ((1, [("open", None)]), (2, [("resolved", "accepted")])):
        past = dataclasses.replace(now, refusals=refusals(then))
        assert status(reconcile_day(now, ASKED, past=lambda _, past=past: past), "invalid_record") == expected  # type: ignore[misc]


@pytest.mark.parametrize(
    ("decided_at", "previous", "listed"),
    [
        ("03-05 00:00", None, False),
        ("03-05 00:00:00.000001", None, True),
        ("03-05 06:00", "03-05 06:00", False),
        ("03-05 06:00:00.000001", "03-05 06:00", True),
        ("03-05 06:00:00.000001", "03-05 09:45", False),
    ],
)
def test_what_was_resolved_since_the_last_issue_of_the_date_before_is_listed_once_more(
    decided_at: str, previous: str | None, listed: bool
) -> None:
    subjects = [("amount_mismatch", trn("a")), ("final_state_changed", trn("b")), ("in_transit", trn("c"))]
    told = [
        TOLD,
        SHOWN | {"known_at": at("03-04 11:00")},
        transfer("b", "approved", "03-04 10:00"),
        transfer("b", "declined", "03-04 11:00"),
        transfer("c", "in_progress", "03-04 10:00"),
    ]
    rows = [resolution(name, "transfer", subject, decided_at) for name, subject in subjects]
    asked = dataclasses.replace(
        context("03-06 06:00", date(2026, 3, 5)), previous_as_of=at(previous) if previous else None
    )
    report, _ = reconciled(decided(*rows, transfers=told), asked)
    resolved = report.tables["breaks"].filter(pl.col("status") == "resolved")
    assert sorted(resolved["break_type"]) == (sorted(name for name, _ in subjects) if listed else [])


def test_a_resolved_break_of_the_date_itself_is_listed_whenever_it_was_resolved() -> None:
    asked = dataclasses.replace(ASKED, previous_as_of=at("03-06 20:00"))
    assert status(reconciled(decided(resolution(*MISMATCH, "03-06 08:00")), asked)[0]) == [("resolved", "accepted")]


def test_open_reviews_of_earlier_dates_are_counted_at_any_age_and_not_listed() -> None:
    told = [transfer("b", "approved", "03-04 10:00"), transfer("b", "declined", "03-04 11:00")]
    late = context("04-20 06:00", date(2026, 4, 18))
    report, _ = reconciled(decided(transfers=told), late)
    carried = report.tables["control"].filter(pl.col("metric") == "carried.review")
    assert (carried.select("count").rows(), status(report, "final_state_changed")) == ([(1,)], [])
    row = resolution("final_state_changed", "transfer", trn("b"), "03-06 08:00", approved_by="luis")
    carried = reconciled(decided(row, transfers=told), late)[0].tables["control"]
    assert carried.filter(pl.col("metric") == "carried.review")["count"].to_list() == [0]


def test_what_falls_on_a_later_date_is_not_carried() -> None:
    given = inputs([TOLD], credits=[credit("c", "03-05 10:00")])
    carried = reconciled(given, context("03-06 06:00"))[0].tables["control"]
    assert carried.filter(pl.col("metric") == "carried.review")["count"].to_list() == [0]


def test_timing_items_that_are_not_listed_any_more_are_not_counted_either() -> None:
    waiting = [transfer("a", "in_progress", "03-04 10:00")]
    for day, count in ((date(2026, 4, 3), 1), (date(2026, 4, 4), 0)):
        asked = context("04-10 06:00", day, TRANSFERS__STUCK_AFTER='{ach = "90d"}')
        control = reconciled(inputs(waiting), asked)[0].tables["control"]
        assert control.filter(pl.col("metric") == "carried.timing")["count"].sum() == count


def covered(**given: Any) -> DayInputs:
    """A date whose exports and balances are there."""
    export = {"export_id": "all", "resource": "transfers", "started_at": at("03-05 05:00"), "pages": 1, "items": 1}
    export |= {"is_complete": True, "proves_absence": True}
    export |= {"first_fetched_at": at("03-05 05:00"), "last_fetched_at": at("03-05 05:00")}
    known = [{"account_id": ACCOUNT, "known_at": at("03-01 00:00"), "source_ref": "x"}]
    return inputs(exports=[export], accounts=known, **given)


def test_a_decision_settles_breaks_but_brings_no_data_and_no_balance() -> None:
    accepted = {"resolutions": [resolution(*DIFFERENCE, "03-06 08:00")], "balances": BALANCES}
    assert reconciled(covered(**accepted), context("03-06 07:00"))[0].verdict == "breaks"
    assert reconciled(covered(**accepted), context("03-06 09:00"))[0].verdict == "balanced"
    awaiting = [resolution("awaiting_balance", "account", DIFFERENCE[2], "03-05 05:00")]
    early = covered(resolutions=awaiting, balances=BALANCES)
    report, _ = reconciled(early, context("03-05 06:00"))
    assert (status(report, "awaiting_balance"), report.verdict) == ([("resolved", "accepted")], "awaiting")
    blind = decided(resolution("feed_missing", "feed", "exports:2026-03-04", "03-06 08:00"), transfers=[])
    report, _ = reconciled(blind)
    assert (status(report, "feed_missing"), report.verdict) == ([("resolved", "accepted")], "incomplete")
