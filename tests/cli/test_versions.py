"""Issued versions against each other, and against what they rest on."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from mono_recon.report.pack import pack_folder
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.cli.conftest import BALANCED, BREAKS
from tests.commands import command

RECEIVED_LATE = "tx_0gubpXOdbkslOxAzTNUZ84"


def diff(root: Path, *arguments: object) -> Any:
    return command("--data", root, "--json", "report", "diff", *arguments).json


def verified(root: Path, *arguments: object) -> tuple[int, list[tuple[Any, ...]]]:
    """Exit code, and per version what it was compared with and how many differences there are."""
    done = command("--data", root, "--json", "report", "verify", *arguments)
    packs = done.json["packs"]
    assert done.json["ok"] == (done.code == 0) == (not any(each["differences"] for each in packs))
    return done.code, [
        (each["business_date"], each["version"], each["compared_with"], len(each["differences"])) for each in packs
    ]


def said(root: Path, *arguments: object) -> str:
    done = command("--data", root, "report", "verify", *arguments)
    assert (done.code, done.err) == (1, "")
    return done.out


def test_two_versions_are_compared_fact_by_fact_with_the_causes(demo: Path) -> None:
    found = diff(demo, BREAKS, 1, 2)
    assert [found[side]["version"] for side in ("old", "new")] == [1, 2]
    rows = found["differences"]
    assert {"table_name": "incoming_credits", "row_key": RECEIVED_LATE, "change": "came"}.items() <= rows[-2].items()
    assert {row["cause"] for row in rows} == {"late_credit"}
    (unexplained, _) = [row for row in rows if row["column_name"] == "unexplained_minor"]
    assert (unexplained["change"], unexplained["old_value"], unexplained["new_value"]) == ("changed", "565904251", "0")
    back = diff(demo, BREAKS, 2, 1)["differences"]
    assert [row["change"] for row in back] == [{"came": "went"}.get(row["change"], row["change"]) for row in rows]


def test_the_differences_are_shown_as_a_table(demo: Path) -> None:
    done = command("--data", demo, "report", "diff", BREAKS, 1, 2)
    assert done.code == 0
    assert "\n8 facts differ\n" in done.out
    same = command("--data", demo, "report", "diff", BREAKS, 2, 2)
    assert (same.code, same.out.splitlines()[-1]) == (0, "No fact differs.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["diff", BREAKS, 1, 3], "2026-03-02 v3 has not been issued"),
        (["diff", BREAKS, 0, 1], "2026-03-02 v0 has not been issued"),
        (["diff", "2026-03-09", 1, 2], "2026-03-09 v1 has not been issued"),
        (["diff", BREAKS, 1], "NEW"),
        (["verify"], "name a date, or give --all"),
        (["verify", BREAKS, "--all"], "name a date, or give --all"),
        (["verify", "--all", "--version", 1], "--version goes with a date"),
        (["verify", "2026-03-09"], "2026-03-09 has not been issued"),
        (["verify", BREAKS, "--version", 3], "2026-03-02 v3 has not been issued"),
    ],
)
def test_a_version_that_there_is_not_ends_with_2(demo: Path, arguments: list[object], told: str) -> None:
    done = command("--data", demo, "report", *arguments)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert told in line


def test_what_was_issued_agrees_with_itself_the_warehouse_and_its_inputs(demo: Path) -> None:
    everything = ["pack", "warehouse", "inputs"]
    assert verified(demo, BREAKS, "--version", 1) == (0, [("2026-03-02", 1, everything, 0)])
    done = command("--data", demo, "report", "verify", BREAKS)
    assert done.out.splitlines() == [
        "ok   2026-03-02 v2: agrees with pack, warehouse, inputs",
        "1 packs verified, 0 with differences.",
    ]


def test_a_pack_is_verified_from_itself_alone_where_there_is_no_warehouse(own_demo: Path) -> None:
    shutil.rmtree(own_demo / "warehouse")
    alone = ["pack"]
    assert verified(own_demo, "--all") == (
        0,
        [("2026-03-02", 1, alone, 0), ("2026-03-02", 2, alone, 0), ("2026-03-03", 1, alone, 0)],
    )
    folder = pack_folder(own_demo / "reports", BREAKS, 2)
    with (folder / "breaks.parquet").open("ab") as file:
        file.write(b" ")
    assert verified(own_demo, BREAKS)[0] == 1
    assert "BAD  2026-03-02 v2: breaks.parquet has SHA-256 " in said(own_demo, BREAKS)


def test_a_whole_pack_in_the_place_of_another_is_found(own_demo: Path) -> None:
    reports = own_demo / "reports"
    shutil.rmtree(pack_folder(reports, BREAKS, 2))
    shutil.copytree(pack_folder(reports, BREAKS, 1), pack_folder(reports, BREAKS, 2))
    told = said(own_demo, BREAKS)
    assert "the manifest states version 1, the warehouse 2" in told
    assert "the manifest states as_of 2026-03-03T11:00:00.000000Z, the warehouse 2026-03-03T14:45:00.000000Z" in told
    shutil.rmtree(own_demo / "warehouse")
    assert "BAD  2026-03-02 v2: the manifest states version 1, its folder 2\n" in said(own_demo, BREAKS)


def test_a_row_of_the_warehouse_that_says_something_else_is_found(own_demo: Path) -> None:
    settings = load_settings(own_demo, None, {})
    with open_warehouse(settings.warehouse, read_only=False) as warehouse, warehouse.transaction():
        warehouse._connection.execute("UPDATE mono.report.issues SET verdict = 'balanced' WHERE version = 1")
    told = said(own_demo, BREAKS, "--version", 1)
    assert "the manifest states verdict breaks, the warehouse balanced" in told


def test_packs_and_issues_that_lack_the_other_are_found(own_demo: Path) -> None:
    reports = own_demo / "reports"
    pack_folder(reports, BREAKS, 1).rename(pack_folder(reports, BALANCED, 7))
    (reports / "2026-03-02" / "v2 (copy)").mkdir()
    pack_folder(reports, BREAKS, 2).rename(reports / "elsewhere")
    told = said(own_demo, "--all").splitlines()
    assert f"BAD  2026-03-02 v1: {pack_folder(reports, BREAKS, 1)} is missing, and the warehouse says" in told[0]
    assert "BAD  2026-03-02 v2: " in told[1]
    assert told[2] == "ok   2026-03-03 v1: agrees with pack, warehouse, inputs"
    assert "BAD  2026-03-03 v7: the warehouse does not know that it was issued" in told[3]
    assert told[-1] == "4 packs verified, 3 with differences."


def test_a_pack_that_its_inputs_no_longer_give_is_found(own_demo: Path) -> None:
    settings = load_settings(own_demo, None, {})
    with open_warehouse(settings.warehouse, read_only=False) as warehouse, warehouse.transaction():
        warehouse._connection.execute(
            f"DELETE FROM mono.core.account_credits WHERE credit_id = '{RECEIVED_LATE}'"  # noqa: S608  written above
        )
    told = said(own_demo, BREAKS)
    assert "incoming_credits.parquet" in told


def test_where_nothing_was_issued_there_is_nothing_to_verify(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "report", "verify", "--all")
    assert (done.code, done.out) == (0, "Nothing has been issued.\n")
