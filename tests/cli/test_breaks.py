"""The open breaks of a date, and what people decide about them."""

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import BREAKS
from tests.commands import command

LARGE, SMALLER = "ac071c8f16527607", "d473f32c8d5f41f1"
"""Of an amount that needs a second person; the second is a timing item of the same transfer."""

SAID = ("--code", "accepted", "--reason", "asked Mono", "--actor", "ana")


def listed(root: Path, *arguments: object) -> list[str]:
    rows = command("--data", root, "--json", "breaks", *arguments).json["breaks"]
    return [row["break_id"] for row in rows]


def test_the_latest_date_shows_its_own_and_carried_breaks_the_worst_first(demo: Path) -> None:
    done = command("--data", demo, "--json", "breaks")
    assert done.code == 0
    rows = done.json["breaks"]
    assert done.json["issue"]["business_date"] == "2026-03-03"
    assert [(row["break_type"], row["break_date"]) for row in rows] == [
        ("unknown_state", "2026-03-02"),
        ("in_transit", "2026-03-02"),
        ("in_transit", "2026-03-03"),
    ]
    assert rows[0]["amount_minor"] == rows[1]["amount_minor"] > rows[2]["amount_minor"]
    assert {row["status"] for row in rows} == {"open"}


def test_a_date_shows_the_breaks_of_its_latest_version(demo: Path) -> None:
    assert sorted(listed(demo, "--date", BREAKS)) == [LARGE, SMALLER]
    assert listed(demo, "--date", BREAKS, "--type", "unknown_state") == [LARGE]
    assert listed(demo, "--type", "stuck_batch") == []


def test_the_table_has_a_line_for_each_break_and_their_number(demo: Path) -> None:
    lines = command("--data", demo, "breaks", "--date", BREAKS).out.splitlines()
    assert len(lines) == 4
    assert lines[0].split()[0] == "break_id"
    assert {line.split()[0] for line in lines[1:3]} == {LARGE, SMALLER}
    assert lines[1].split()[-1] == "5.358.098,82"
    assert lines[3] == "2 open breaks on 2026-03-02 v2."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["breaks", "--type", "nope"], "'nope' is no break type; there are ambiguous_match, "),
        (["breaks", "--date", "2026-03-09"], "2026-03-09 has not been issued"),
        (["resolve", *SAID], "BREAK_ID"),
        (["resolve", LARGE, *SAID[2:]], "--code"),
        (["resolve", SMALLER, *SAID, "--code", "nope"], "--code"),
        (["resolve", LARGE, "--code", "nope", *SAID[2:]], "give --code one of accepted, corrected_at_provider"),
        (["resolve", LARGE, *SAID[:4], "--actor", " "], "--actor is empty"),
        (["resolve", LARGE, *SAID[:2], "--reason", "", *SAID[4:]], "--reason is empty"),
        (["resolve", "0123456789abcdef", *SAID], "no issued report lists break 0123456789abcdef"),
        (["resolve", LARGE, *SAID], f"break {LARGE} is of 1.000.000,00 pesos or more and needs a second person"),
        (["resolve", LARGE, *SAID, "--approved-by", " ANA "], "--approved-by with another name than ana"),
        (["resolve", LARGE, "0123456789abcdef", *SAID, "--approved-by", "luis"], "lists break 0123456789abcdef"),
    ],
)
def test_what_cannot_be_listed_or_decided_ends_with_2_and_writes_nothing(
    demo: Path, arguments: list[str], told: str
) -> None:
    done = command("--data", demo, *arguments)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert told in line
    assert not (demo / "resolutions").exists()


def test_a_decision_is_one_row_per_break_and_the_next_run_shows_it(own_demo: Path) -> None:
    done = command("--data", own_demo, "resolve", LARGE, SMALLER.upper(), LARGE, *SAID, "--approved-by", "luis")
    path = own_demo / "resolutions" / "resolutions.csv"
    assert done.out == f"Recorded accepted for 2 breaks in {path}; the next run will show it.\n"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["break_id"], row["actor"], row["approved_by"]) for row in rows] == [
        (LARGE, "ana", "luis"),
        (SMALLER, "ana", "luis"),
    ]
    again = command("--data", own_demo, "--json", "resolve", LARGE, *SAID, "--approved-by", "luis")
    assert (again.json["path"], again.json["rows"][0]["break_id"]) == (str(path), LARGE)


def test_without_a_warehouse_there_is_no_break_to_decide(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "resolve", LARGE, *SAID)
    assert (done.code, done.out) == (1, "")
    assert "there is no warehouse yet" in done.err
    assert list(tmp_path.iterdir()) == []
