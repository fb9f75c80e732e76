"""What a person decides about a break, from one issue to the next."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest

from mono_recon.reconcile.lifecycle import break_id
from tests.pipeline.archives import Archive, ident
from tests.pipeline.lives import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    WEEK,
    Story,
    data_root,
    issue_each,
    local,
    stated,
    text,
    write_manifests_alone,
)

SATURDAY = date(2026, 3, 7)
SMALL, LARGE = 1, 2
"""A transfer whose break one person may decide about, and one of more than a million pesos."""

COLUMNS = "break_id,resolution_code,reason,actor,decided_at,approved_by\n"
LISTED = "SELECT business_date, status, resolution_code FROM mono.report.breaks WHERE break_id = '{}' ORDER BY ALL"
LINES = """
    SELECT business_date, recon_status, list_contains(break_types, 'amount_mismatch') AS has_break
    FROM mono.report.outgoing_transfers WHERE transfer_id = '{}' ORDER BY ALL
"""
IGNORED = """
    SELECT business_date, subject FROM mono.report.data_quality WHERE check_name = 'resolution_ignored' ORDER BY ALL
"""
MOVED = "SELECT business_date, movement FROM mono.report.break_movement WHERE break_id = '{}' ORDER BY ALL"


def found(number: int) -> str:
    """Id of the break that is decided about."""
    return break_id("amount_mismatch", "transfer", ident("trn", number))


def decision(number: int, code: str, decided: datetime, second: str = "") -> str:
    return f"{found(number)},{code},as agreed,ana,{text(decided)},{second}\n"


def states(number: int, amounts: Sequence[int]) -> Story:
    """A transfer under way from Monday on; exports of Tuesday and Saturday give other amounts than its webhook."""
    begun, story = local(2, "21:00:00"), Story()
    heard, *shown = (
        stated(number, "in_progress", begun, local(day, clock), amount={"amount": amount, "currency": "COP"})
        for amount, (day, clock) in zip(
            amounts, ((2, "21:00:01.25"), (2, "21:00:02.25"), (7, "09:00:00.25")), strict=True
        )
    )
    story.tell(heard, "bank_transfer_fallback_routing")
    for row, day in zip(shown, (3, 7), strict=True):
        story.pull([row], local(day, f"1{number}:00:00" if day == 7 else f"05:0{number}:00"), f"number={number}&")
    return story


@pytest.fixture(scope="module")
def archive(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = data_root(template, tmp_path_factory.mktemp("resolved") / "data")
    folder = archive.settings.paths.resolutions
    folder.mkdir()
    (folder / "ana.csv").write_text(
        COLUMNS
        + decision(SMALL, "accepted", local(3, "10:00:00"))
        + decision(LARGE, "accepted", local(3, "10:00:00"))
        + decision(SMALL, "withdrawn", local(5, "10:00:00"))
        + decision(LARGE, "written_off", local(5, "10:00:00"), "luis")
        + decision(SMALL, "false_alarm", local(6, "10:00:00")),
        encoding="utf-8",
    )
    for number, amounts in ((SMALL, (500, 400, 300)), (LARGE, (200_000_000, 300_000_000, 300_000_000))):
        states(number, amounts).write(archive, str(number))
    with pytest.MonkeyPatch.context() as patched:
        write_manifests_alone(patched)
        issue_each(archive, [*WEEK, SATURDAY])
    assert archive.query("SELECT max(version) FROM mono.report.issues").item() == 1
    return archive


def test_a_decision_is_listed_once_withdrawn_it_counts_no_more_and_a_later_statement_opens_the_break_again(
    archive: Archive,
) -> None:
    assert archive.query(LISTED.format(found(SMALL))).rows() == [
        (MONDAY, "open", None),
        (TUESDAY, "resolved", "accepted"),
        (THURSDAY, "open", None),
        (FRIDAY, "resolved", "false_alarm"),
        (SATURDAY, "open", None),
    ]


def test_a_large_amount_waits_for_a_second_person(archive: Archive) -> None:
    assert archive.query(LISTED.format(found(LARGE))).rows() == [
        (MONDAY, "open", None),
        (TUESDAY, "open", None),
        (WEDNESDAY, "open", None),
        (THURSDAY, "resolved", "written_off"),
    ]
    ignored = archive.query(IGNORED)
    assert ignored.rows() == [(day, found(LARGE)) for day in (TUESDAY, WEDNESDAY, THURSDAY)]


def test_the_line_follows_what_was_decided(archive: Archive) -> None:
    lines = archive.query(LINES.format(ident("trn", SMALL)))
    assert dict(lines.select("business_date", "has_break").iter_rows()) == {
        MONDAY: True,
        TUESDAY: False,
        WEDNESDAY: False,
        THURSDAY: True,
        FRIDAY: False,
        SATURDAY: True,
    }
    assert lines["recon_status"].to_list()[:2] == ["break", "timing"]


def test_the_movement_of_breaks_tells_of_each_decision(archive: Archive) -> None:
    assert archive.query(MOVED.format(found(SMALL))).rows() == [
        (MONDAY, "closing"),
        (MONDAY, "new"),
        (TUESDAY, "opening"),
        (TUESDAY, "resolved"),
        (THURSDAY, "closing"),
        (THURSDAY, "late"),
        (FRIDAY, "opening"),
        (FRIDAY, "resolved"),
        (SATURDAY, "closing"),
        (SATURDAY, "late"),
    ]
