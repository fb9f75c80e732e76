from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.pipeline.timing import (
    FIRST_DATE,
    LATEST,
    NotOverError,
    check_as_of,
    dates_between,
    due_dates,
    last_date,
    parse_as_of,
    scheduled,
    scheduled_as_of,
)
from mono_recon.settings import Settings, load_settings

DAY = date(2026, 3, 2)
NO_SETTINGS = Path("no/such/folder")
DEFAULTS = load_settings(NO_SETTINGS, None, {})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def business(**values: str) -> Settings:
    return load_settings(
        NO_SETTINGS, None, {f"MONO_RECON_BUSINESS__{key.upper()}": value for key, value in values.items()}
    )


def test_a_date_is_reported_the_next_morning_and_again_after_the_horizon() -> None:
    assert scheduled(DEFAULTS, DAY) == (moment("2026-03-03T11:00:00"), moment("2026-03-03T14:45:00"))


def test_the_schedule_is_local_time_of_the_settings() -> None:
    settings = business(timezone="Europe/Madrid", issue_at="05:30", reissue_at="12:00")
    assert scheduled(settings, DAY) == (moment("2026-03-03T04:30:00"), moment("2026-03-03T11:00:00"))


@pytest.mark.parametrize(
    ("now", "as_of"),
    [
        ("2026-03-03T11:00:00", "2026-03-03T11:00:00"),
        ("2026-03-03T14:44:59.999999", "2026-03-03T11:00:00"),
        ("2026-03-03T14:45:00", "2026-03-03T14:45:00"),
        ("2026-07-01T00:00:00", "2026-03-03T14:45:00"),
    ],
)
def test_the_latest_scheduled_as_of_that_has_passed_is_taken(now: str, as_of: str) -> None:
    assert scheduled_as_of(DEFAULTS, DAY, moment(now)) == moment(as_of)


@pytest.mark.parametrize("now", ["2026-03-03T10:59:59.999999", "2026-03-03T05:00:00", "2026-03-02T12:00:00"])
def test_before_its_first_issue_a_date_is_not_over(now: str) -> None:
    with pytest.raises(NotOverError, match="2026-03-02 is not over: its first issue is due at 2026-03-03T11:00:00Z"):
        scheduled_as_of(DEFAULTS, DAY, moment(now))


def test_a_schedule_that_names_the_later_moment_first_is_taken_in_time_order() -> None:
    settings = business(issue_at="12:00", reissue_at="06:00")
    assert scheduled_as_of(settings, DAY, moment("2026-03-03T11:00:00")) == moment("2026-03-03T11:00:00")
    assert scheduled_as_of(settings, DAY, moment("2026-03-03T17:00:00")) == moment("2026-03-03T17:00:00")


@pytest.mark.parametrize(
    ("cutoff", "now", "last"),
    [
        ("00:00", "2026-03-03T04:59:59.999999", date(2026, 3, 1)),
        ("00:00", "2026-03-03T05:00:00", date(2026, 3, 2)),
        ("18:00", "2026-03-02T22:59:59.999999", date(2026, 3, 1)),
        ("18:00", "2026-03-02T23:00:00", date(2026, 3, 2)),
        ("18:00", "2026-03-03T05:00:00", date(2026, 3, 2)),
    ],
)
def test_the_last_date_that_is_over_follows_the_cutoff(cutoff: str, now: str, last: date) -> None:
    assert last_date(business(cutoff=cutoff), moment(now)) == last


def test_the_first_time_yesterday_alone_is_due() -> None:
    assert due_dates(DEFAULTS, moment("2026-03-03T12:00:00"), issued=()) == [DAY]


def test_after_missed_days_each_of_them_is_due_oldest_first() -> None:
    issued = {date(2026, 2, 20), date(2026, 2, 27)}
    due = due_dates(DEFAULTS, moment("2026-03-03T12:00:00"), issued)
    assert due == [date(2026, 2, 28), date(2026, 3, 1), DAY]


@pytest.mark.parametrize("latest", [DAY, date(2026, 3, 9)])
def test_when_yesterday_is_issued_it_is_looked_at_again(latest: date) -> None:
    assert due_dates(DEFAULTS, moment("2026-03-03T12:00:00"), {latest}) == [DAY]


def test_a_range_has_both_its_ends_and_may_not_run_backwards() -> None:
    assert dates_between(DAY, DAY) == [DAY]
    assert dates_between(date(2026, 2, 28), DAY) == [date(2026, 2, 28), date(2026, 3, 1), DAY]
    with pytest.raises(NotOverError, match="ends on 2026-03-01, before it begins on 2026-03-02"):
        dates_between(DAY, date(2026, 3, 1))


NOW = moment("2026-03-04T00:00:00")


@pytest.mark.parametrize("as_of", ["2026-03-03T05:00:00", "2026-03-03T23:59:59", "2026-03-04T00:00:00"])
def test_an_as_of_from_the_end_of_the_date_up_to_the_clock_is_taken(as_of: str) -> None:
    check_as_of(DEFAULTS, DAY, moment(as_of), NOW)


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("2026-03-03T04:59:59.999999", "before the end of 2026-03-02; give 2026-03-03T05:00:00Z or later"),
        ("2026-03-04T00:00:00.000001", "has not come yet"),
    ],
)
def test_an_as_of_before_the_end_of_the_date_or_after_the_clock_is_refused(as_of: str, told: str) -> None:
    with pytest.raises(NotOverError, match=told):
        check_as_of(DEFAULTS, DAY, moment(as_of), NOW)


def test_with_an_earlier_cutoff_an_earlier_as_of_is_taken() -> None:
    evening = moment("2026-03-02T23:00:00")
    check_as_of(business(cutoff="18:00"), DAY, evening, NOW)
    with pytest.raises(NotOverError, match="before the end of 2026-03-02"):
        check_as_of(DEFAULTS, DAY, evening, NOW)


def test_a_date_that_is_not_over_is_refused_whatever_the_as_of() -> None:
    before_its_end = moment("2026-03-03T04:59:59")
    with pytest.raises(NotOverError, match="2026-03-02 is not over until 2026-03-03T05:00:00Z"):
        check_as_of(DEFAULTS, DAY, before_its_end, before_its_end)


def test_there_are_no_reports_before_2020() -> None:
    assert date(2020, 1, 1) == FIRST_DATE
    end = moment("2020-01-02T05:00:00")
    check_as_of(DEFAULTS, FIRST_DATE, end, NOW)
    assert scheduled_as_of(DEFAULTS, FIRST_DATE, NOW) == moment("2020-01-02T14:45:00")
    with pytest.raises(NotOverError, match="2019-12-31 is before 2020-01-01"):
        check_as_of(DEFAULTS, date(2019, 12, 31), end, NOW)
    with pytest.raises(NotOverError, match="2019-12-31 is before 2020-01-01"):
        scheduled_as_of(DEFAULTS, date(2019, 12, 31), NOW)


@pytest.mark.parametrize("text", ["2026-03-03T11:00:00Z", "2026-03-03T06:00:00-05:00", "20260303T110000+00:00"])
def test_an_as_of_is_an_instant_with_its_zone(text: str) -> None:
    read = parse_as_of(text)
    assert (read, str(read)) == (moment("2026-03-03T11:00:00"), "2026-03-03 11:00:00+00:00")


def test_an_as_of_may_be_everything_there_is() -> None:
    assert parse_as_of("latest") == LATEST


@pytest.mark.parametrize("text", ["2026-03-03T11:00:00", "2026-03-03", "now", "", "Latest", "2026-13-03T11:00:00Z"])
def test_any_other_as_of_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r'write "latest" or one with its zone: 2026-03-03T11:00:00Z'):
        parse_as_of(text)
