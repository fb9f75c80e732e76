from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.scenario import ACCOUNT, DAY, OTHER_ACCOUNT, at, context, credit, exported, full_export, inputs, transfer


def report(as_of: str = "03-06 06:00", day: date = DAY, **given: Any) -> DayReport:
    return reconcile_day(inputs(**given), context(as_of, day))


def data(result: DayReport) -> set[tuple[str, str]]:
    rows = result.tables["breaks"].filter(pl.col("class") == "data")
    return set(rows.select("break_type", "subject_id").iter_rows())


def windowed(start: str, end: str, fetched: str, account: str | None = None, **changes: Any) -> dict[str, Any]:
    window = {"window_from": at(start), "window_until": at(end), "account_id": account, "export_id": f"{start} {end}"}
    return full_export(fetched, **window) | changes


MORNING = windowed("03-04 00:00", "03-04 12:00", "03-05 05:00")
EXPORTS_MISSING = ("feed_missing", "exports:2026-03-04")
MATCHED = [transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00")]


@pytest.mark.parametrize(
    ("exports", "covered"),
    [
        ([full_export("03-05 05:00")], True),
        ([full_export("03-04 23:59:59")], False),
        ([windowed("03-04 00:00", "03-05 00:00", "03-05 05:00")], True),
        ([windowed("03-04 00:00:01", "03-05 00:00", "03-05 05:00")], False),
        ([MORNING, windowed("03-04 12:00", "03-06 00:00", "03-05 05:01")], True),
        ([MORNING, windowed("03-04 12:01", "03-06 00:00", "03-05 05:01")], False),
        ([full_export("03-05 05:00", account_id=OTHER_ACCOUNT)], False),
        ([full_export("03-05 05:00", account_id=ACCOUNT)], True),
        ([full_export("03-05 05:00", is_complete=False, proves_absence=False)], False),
    ],
)  # fmt: skip
def test_complete_exports_must_cover_the_whole_date_of_every_account(
    exports: list[dict[str, Any]], covered: bool
) -> None:
    result = report(transfers=MATCHED, exports=exports, appearances=[(MATCHED[0]["transfer_id"], "03-05 05:00")])
    assert (EXPORTS_MISSING in data(result)) is not covered


def test_where_no_account_is_known_no_export_covers_the_date() -> None:
    whole = full_export("03-05 05:00")
    assert EXPORTS_MISSING in data(report(exports=[whole]))
    known = {"account_id": ACCOUNT, "known_at": at("03-05 05:50"), "source_ref": "x"}
    assert EXPORTS_MISSING not in data(report(exports=[whole], accounts=[known]))


def test_an_export_whose_id_names_two_broken_questions_is_told_of_once() -> None:
    broken = {"is_complete": False, "proves_absence": False, "incomplete_reason": "missing_page", "export_id": "all"}
    lists = [full_export("03-05 05:00", resource=name, **broken) for name in ("transfers", "collection_intents")]
    rows = report(transfers=MATCHED, exports=lists).tables["breaks"]
    assert rows.filter(pl.col("break_type") == "incomplete_export")["subject_id"].to_list() == ["all"]


def test_webhooks_are_missing_when_an_export_shows_an_end_and_none_arrived() -> None:
    missing = ("feed_missing", "webhooks:2026-03-04")
    shown = exported("a", "approved", "03-04 10:00", "03-05 05:00")
    assert missing in data(report(transfers=[shown], arrivals=0))
    assert missing not in data(report(transfers=[shown], arrivals=1))
    working = exported("a", "in_progress", "03-04 10:00", "03-05 05:00")
    assert missing not in data(report(transfers=[working], arrivals=0))
    assert missing in data(report(credits=[credit("a", "03-04 10:00", known_at=at("03-05 08:00"))], arrivals=0))


@pytest.mark.parametrize(
    ("started", "healed", "told"),
    [("03-05 05:00", False, True), ("03-05 05:00", True, False), ("03-05 06:00:01", False, False)],
)
def test_an_incomplete_export_of_these_hours_is_told_unless_another_covers_them(
    started: str,
    healed: bool,
    told: bool,
) -> None:
    broken = full_export(
        started, is_complete=False, proves_absence=False, incomplete_reason="missing_page", export_id="broken"
    )
    rivals = [full_export("03-05 05:30")] if healed else []
    result = report(transfers=MATCHED, exports=[broken, *rivals])
    assert (("incomplete_export", "broken") in data(result)) is told


def test_a_feed_that_is_missing_makes_the_verdict_incomplete_and_is_not_carried() -> None:
    given: dict[str, Any] = {"transfers": MATCHED, "exports": [full_export("03-05 05:00")]}
    assert report(**given).verdict == "incomplete"
    next_day = report(day=date(2026, 3, 5), as_of="03-07 06:00", **given)
    assert {subject[-10:] for _, subject in data(next_day)} == {"2026-03-05"}
