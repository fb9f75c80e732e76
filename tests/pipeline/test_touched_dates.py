"""Dates that are not looked at again would not have changed: every other issued date is looked at to see it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.pipeline.archives import Archive
from tests.pipeline.lives import (
    FRIDAY,
    ISSUES,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    WEEK,
    Lookout,
    Story,
    credit,
    data_root,
    intent,
    issue_each,
    local,
    payee,
    stated,
    write_manifests_alone,
)


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Archive:
    return data_root(template, tmp_path / "data")


@pytest.fixture
def lookout(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookout]:
    write_manifests_alone(monkeypatch)
    return Lookout(monkeypatch)


def versions(archive: Archive) -> list[tuple[date, int]]:
    return [row for row in archive.query(ISSUES).rows() if row[1] > 1]


def a_rail_that_only_an_export_tells() -> Story:
    begun, done = local(2, "09:00:00"), local(2, "09:01:00.25")
    story = Story().tell(stated(1, "approved", begun, done, routing=None))
    return story.pull([stated(1, "approved", begun, done)], local(5, "05:00:00"))


def an_account_that_only_an_export_tells() -> Story:
    begun, done = local(2, "09:00:00"), local(2, "09:01:00.25")
    story = Story().tell(stated(1, "approved", begun, done, batch=None))
    return story.pull([stated(1, "approved", begun, done)], local(5, "05:00:00"))


def a_first_statement_that_comes_late() -> Story:
    begun = local(2, "09:00:00")
    story = Story().tell(stated(1, "approved", begun, local(4, "10:00:00.25")))
    earlier = stated(1, "in_progress", begun, local(3, "10:00:00.25"), amount={"amount": 999, "currency": "COP"})
    return story.tell(earlier, "bank_transfer_fallback_routing", received=local(5, "10:00:00"))


def an_amount_that_a_later_statement_corrects() -> Story:
    begun = local(2, "09:00:00")
    story = Story().figures(range(2, 8)).tell(stated(1, "approved", begun, local(2, "10:00:00.25")))
    other = stated(1, "declined", begun, local(5, "10:00:00.25"), amount={"amount": 999, "currency": "COP"})
    return story.tell(other, "bank_transfer_change_final_state")


def a_return_days_after_the_decline() -> Story:
    begun, back = local(2, "09:00:00"), local(3, "23:00:00.25")
    story = Story().figures(range(2, 8)).tell(stated(1, "approved", begun, local(2, "10:00:00.25"), payee=payee()))
    story.tell(stated(1, "declined", begun, back, payee=payee()), "bank_transfer_change_final_state")
    return story.tell(credit(1, local(4, "22:00:00"), 101), "account_credited")


def a_credit_that_takes_what_another_had() -> Story:
    """Of equal amounts, each return takes the next decline: the first of them comes late."""
    story, same = Story(), {"amount": {"amount": 500, "currency": "COP"}, "payee": payee()}
    for number, at in ((1, local(2, "10:00:00.25")), (2, local(3, "08:00:00.25"))):
        story.tell(stated(number, "declined", at, at, **same), "bank_transfer_declined")
    for number, at in ((5, local(3, "09:00:00")), (9, local(4, "07:00:00"))):
        story.tell(credit(number, at, 500), "account_credited")
    return story.tell(credit(1, local(2, "12:00:00"), 500), "account_credited", received=local(6, "08:00:00"))


def a_member_inserted_days_after_its_batch() -> Story:
    begun, late = local(2, "09:00:00"), local(4, "09:00:00")
    lot = stated(1, "approved", begun, begun)["batch"]
    story = Story().tell(stated(1, "approved", begun, local(2, "10:00:00.25"), batch=lot))
    second = stated(2, "approved", late, local(4, "10:00:00.25"), batch=lot)
    return story.tell(second, received=local(5, "10:00:00"))


def a_credit_that_pairs_collections_of_earlier_dates() -> Story:
    story, opened = Story(), local(2, "15:00:00")
    for number, clock in ((1, "10:10:00"), (2, "10:30:00")):
        story.tell(intent(number, "in_progress", opened, opened, 700), "collection_intent_created")
        told = intent(number, "account_credited", opened, local(4, clock), 700)
        story.tell(told, "collection_intent_credited")
    story.tell(credit(2, local(4, "10:20:00"), 700), "account_credited")
    return story.tell(credit(1, local(4, "10:00:00"), 700), "account_credited", received=local(5, "12:00:00"))


@pytest.mark.parametrize(
    ("story", "restated"),
    [
        (a_rail_that_only_an_export_tells, [MONDAY]),
        (an_account_that_only_an_export_tells, [MONDAY]),
        (a_first_statement_that_comes_late, [MONDAY, TUESDAY]),
        (an_amount_that_a_later_statement_corrects, [MONDAY]),
        (a_return_days_after_the_decline, [TUESDAY]),
        (a_credit_that_takes_what_another_had, [MONDAY, TUESDAY, WEDNESDAY]),
        (a_member_inserted_days_after_its_batch, [MONDAY, WEDNESDAY]),
        (a_credit_that_pairs_collections_of_earlier_dates, [MONDAY, WEDNESDAY]),
    ],
)
def test_what_comes_late_is_held_against_every_date_it_changes(
    archive: Archive, lookout: Lookout, story: "type", restated: list[date]
) -> None:
    story().write(archive, "all")
    issue_each(archive, WEEK)
    assert (lookout.missed, sorted({day for day, _ in versions(archive)})) == ([], restated)
