"""What became of a break since it was last listed, told from literal listings and movements."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from mono_recon.pipeline.standing import as_last_listed

ISSUES = pl.DataFrame({"business_date": [date(2026, 3, day) for day in (2, 3, 4)]})
MOVEMENT = pl.Schema(
    {
        "break_id": pl.String(),
        "business_date": pl.Date(),
        "movement": pl.String(),
        "cleared_by": pl.String(),
        "is_latest": pl.Boolean(),
    }
)


def listing(
    day: int, version: int = 1, *, is_latest: bool = True, class_: str = "break", **given: Any
) -> dict[str, Any]:
    row = {"break_id": "b", "class": class_, "status": "open", "amount_minor": day}
    return row | {"business_date": date(2026, 3, day), "version": version, "is_latest": is_latest} | given


def moved(day: int, movement: str, cleared_by: str | None = None, *, is_latest: bool = True) -> dict[str, Any]:
    return dict(zip(MOVEMENT, ("b", date(2026, 3, day), movement, cleared_by, is_latest), strict=True))


def standing(listings: list[dict[str, Any]], *movements: dict[str, Any]) -> dict[str, Any]:
    told = as_last_listed(pl.DataFrame(listings), pl.DataFrame(movements, schema=MOVEMENT), ISSUES, first=None)
    assert told.height == 1
    return told.row(0, named=True)


def test_a_break_that_the_last_date_lists_is_open_and_bears_its_last_figures() -> None:
    told = standing([listing(4), listing(2), listing(3)], moved(2, "new"), moved(4, "closing"))
    assert (told["standing"], told["amount_minor"]) == ("open", 4)
    assert (told["first_listed"], told["last_listed"]) == (date(2026, 3, 2), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("movement", "expected"), [("cleared", ("cleared", "export")), ("escalated_out", ("escalated_out", "export"))]
)
def test_a_break_that_left_says_how(movement: str, expected: tuple[str, str]) -> None:
    told = standing([listing(2), listing(3)], moved(4, movement, "export"))
    assert (told["standing"], told["cleared_by"]) == expected


def test_a_break_that_left_and_came_again_is_open() -> None:
    told = standing([listing(2), listing(4)], moved(3, "cleared", "export"))
    assert (told["standing"], told["cleared_by"]) == ("open", None)


def test_a_movement_of_a_superseded_version_does_not_count() -> None:
    told = standing([listing(2)], moved(3, "cleared", "export", is_latest=False))
    assert (told["standing"], told["cleared_by"]) == ("unlisted", None)


def test_a_resolved_break_stays_resolved_although_it_is_no_longer_listed() -> None:
    told = standing([listing(2), listing(3, status="resolved", resolution_code="accepted")], moved(3, "resolved"))
    assert (told["standing"], told["resolution_code"]) == ("resolved", "accepted")


@pytest.mark.parametrize(("class_", "expected"), [("timing", "unlisted"), ("review", "open"), ("data", "open")])
def test_only_what_is_carried_is_missed_on_a_later_date(class_: str, expected: str) -> None:
    assert standing([listing(2, class_=class_)])["standing"] == expected


def test_a_break_that_only_a_superseded_version_lists_is_superseded() -> None:
    told = standing([listing(3, 1, is_latest=False)])
    assert told["standing"] == "superseded"
    told = standing([listing(3, 1, is_latest=False), listing(2, 2)], moved(3, "cleared", "time"))
    assert (told["standing"], told["last_listed"]) == ("cleared", date(2026, 3, 3))


def test_the_break_that_was_asked_for_comes_first_and_the_others_as_they_arose() -> None:
    listings = [listing(4, break_id="c"), listing(3, break_id="a"), listing(2, break_id="b")]
    none = pl.DataFrame(schema=MOVEMENT)
    told = as_last_listed(pl.DataFrame(listings), none, ISSUES, first="c")
    assert told["break_id"].to_list() == ["c", "b", "a"]
