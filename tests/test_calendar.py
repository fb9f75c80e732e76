"""Business dates and business days: cut-offs, holidays, limits, and columns that agree with single values."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.calendar import BusinessCalendar, Limit

BOGOTA = BusinessCalendar()
EVENING = BusinessCalendar(cutoff=time(18))

FRIDAY = date(2026, 3, 20)
SATURDAY = date(2026, 3, 21)
MONDAY_HOLIDAY = date(2026, 3, 23)  # Saint Joseph, moved from Thursday 19
TUESDAY = date(2026, 3, 24)

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  the zone is the strategy's
DAYS = st.dates(date(2020, 1, 1), date(2034, 12, 31))
CUTOFFS = st.sampled_from([time(0), time(0, 30), time(2, 30), time(18), time(23, 59)])
ZONES = st.sampled_from(["America/Bogota", "America/Santiago", "America/New_York", "Asia/Kolkata"])
CALENDARS = st.builds(BusinessCalendar, ZONES, CUTOFFS)
LIMITS = st.one_of(
    st.builds(Limit, business_days=st.integers(1, 30)),
    st.builds(Limit, span=st.timedeltas(timedelta(0), timedelta(days=40))),
)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def instants(*values: datetime) -> pl.DataFrame:
    return pl.DataFrame({"at": values}, schema={"at": pl.Datetime("us", "UTC")})


def test_a_date_that_ends_at_midnight_is_the_local_day() -> None:
    assert BOGOTA.start_of(FRIDAY) == instant("2026-03-20T05:00:00Z")
    assert BOGOTA.end_of(FRIDAY) == instant("2026-03-21T05:00:00Z")


def test_a_date_with_a_cutoff_ends_at_that_time_on_the_date() -> None:
    assert EVENING.start_of(FRIDAY) == instant("2026-03-19T23:00:00Z")
    assert EVENING.end_of(FRIDAY) == instant("2026-03-20T23:00:00Z")


@pytest.mark.parametrize(
    ("calendar", "moment", "day"),
    [
        (BOGOTA, "2026-03-20T04:59:59.999999Z", date(2026, 3, 19)),
        (BOGOTA, "2026-03-20T05:00:00Z", FRIDAY),
        (BOGOTA, "2026-03-21T04:59:59.999999Z", FRIDAY),
        (EVENING, "2026-03-20T22:59:59.999999Z", FRIDAY),
        (EVENING, "2026-03-20T23:00:00Z", SATURDAY),
    ],
)
def test_the_cutoff_itself_belongs_to_the_next_date(calendar: BusinessCalendar, moment: str, day: date) -> None:
    assert calendar.business_date(instant(moment)) == day


def test_a_local_time_becomes_an_instant() -> None:
    assert BOGOTA.at(SATURDAY, time(9, 45)) == instant("2026-03-21T14:45:00Z")


@given(CALENDARS, INSTANTS)
def test_every_instant_lies_in_its_business_date(calendar: BusinessCalendar, moment: datetime) -> None:
    day = calendar.business_date(moment)
    assert calendar.start_of(day) <= moment < calendar.end_of(day)


@given(CALENDARS, DAYS)
def test_dates_follow_each_other_without_gap(calendar: BusinessCalendar, day: date) -> None:
    assert calendar.end_of(day) == calendar.start_of(day + timedelta(days=1))
    assert calendar.business_date(calendar.end_of(day)) == day + timedelta(days=1)
    assert calendar.business_date(calendar.end_of(day) - timedelta(microseconds=1)) == day


@pytest.mark.parametrize(
    ("day", "free"),
    [
        (FRIDAY, False),
        (SATURDAY, True),
        (date(2026, 3, 19), False),  # Saint Joseph's own day, which is worked
        (MONDAY_HOLIDAY, True),
        (date(2026, 4, 2), True),  # Maundy Thursday
        (date(2026, 4, 3), True),  # Good Friday
        (date(2026, 7, 20), True),  # Independence, never moved
        (date(2026, 10, 12), True),
        (date(2026, 12, 24), False),
    ],
)
def test_moved_holidays_are_free_and_their_own_days_are_not(day: date, free: bool) -> None:
    assert BOGOTA.is_business_day(day) is not free


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-20T10:15:30.000001-05:00", 1, "2026-03-24T10:15:30.000001-05:00"),
        ("2026-03-18T10:15:00-05:00", 2, "2026-03-20T10:15:00-05:00"),
        ("2026-03-21T10:15:00-05:00", 1, "2026-03-25T10:15:00-05:00"),
        ("2026-03-20T23:59:00-05:00", 1, "2026-03-24T23:59:00-05:00"),
        ("2026-04-01T08:00:00-05:00", 5, "2026-04-10T08:00:00-05:00"),
    ],
)
def test_business_days_keep_the_local_time_and_start_on_a_working_day(start: str, days: int, end: str) -> None:
    assert BOGOTA.add(instant(start), Limit(days)) == instant(end)


def test_a_span_of_time_does_not_care_for_free_days() -> None:
    moment = instant("2026-03-21T10:00:00-05:00")
    assert BOGOTA.add(moment, Limit.parse("9h30m")) == moment + timedelta(hours=9, minutes=30)


@given(CALENDARS, st.lists(INSTANTS, max_size=5))
def test_a_column_of_business_dates_equals_the_single_ones(calendar: BusinessCalendar, moments: list[datetime]) -> None:
    column = instants(*moments).select(calendar.business_date_expr(pl.col("at")))["at"]
    assert column.dtype == pl.Date
    assert column.to_list() == [calendar.business_date(moment) for moment in moments]


@given(CALENDARS, st.lists(INSTANTS, max_size=5), LIMITS)
def test_a_column_of_limits_equals_the_single_ones(
    calendar: BusinessCalendar, moments: list[datetime], limit: Limit
) -> None:
    column = instants(*moments).select(calendar.add_expr(pl.col("at"), limit))["at"]
    assert column.dtype == pl.Datetime("us", "UTC")
    assert column.to_list() == [calendar.add(moment, limit) for moment in moments]


@pytest.mark.parametrize("moment", ["2026-09-06T03:59:59.5Z", "2026-09-06T04:00:00Z", "2026-04-05T02:30:00Z"])
@pytest.mark.parametrize("cutoff", [time(0), time(23, 30)])
def test_a_change_of_the_clocks_at_midnight_leaves_no_instant_out(moment: str, cutoff: time) -> None:
    calendar = BusinessCalendar("America/Santiago", cutoff)
    day = calendar.business_date(instant(moment))
    assert calendar.start_of(day) <= instant(moment) < calendar.end_of(day)
    assert instants(instant(moment)).select(calendar.business_date_expr(pl.col("at"))).item() == day


def test_a_missing_instant_has_no_date_and_no_limit() -> None:
    missing = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    found = missing.select(
        BOGOTA.business_date_expr(pl.col("at")).alias("date"), BOGOTA.add_expr(pl.col("at"), Limit(2))
    )
    assert found.rows() == [(None, None)]


@pytest.mark.parametrize(
    ("earlier", "later", "count"),
    [
        (FRIDAY, FRIDAY, 0),
        (FRIDAY, SATURDAY, 0),
        (FRIDAY, MONDAY_HOLIDAY, 0),
        (FRIDAY, TUESDAY, 1),
        (SATURDAY, TUESDAY, 0),
        (SATURDAY, date(2026, 3, 25), 1),
        (TUESDAY, FRIDAY, 0),
    ],
)
def test_business_days_between_two_dates(earlier: date, later: date, count: int) -> None:
    assert BOGOTA.business_days_between(earlier, later) == count


@given(DAYS, st.integers(0, 60))
def test_business_days_between_are_the_most_that_can_be_added(earlier: date, width: int) -> None:
    later = earlier + timedelta(days=width)
    count = BOGOTA.business_days_between(earlier, later)
    noon = BOGOTA.at(earlier, time(12))
    assert count == 0 or BOGOTA.business_date(BOGOTA.add(noon, Limit(count))) <= later
    assert BOGOTA.business_date(BOGOTA.add(noon, Limit(count + 1))) > later


@given(st.lists(st.tuples(DAYS, DAYS), max_size=5))
def test_a_column_of_distances_equals_the_single_ones(pairs: list[tuple[date, date]]) -> None:
    frame = pl.DataFrame(pairs, schema={"earlier": pl.Date, "later": pl.Date}, orient="row")
    column = frame.select(BOGOTA.business_days_between_expr(pl.col("earlier"), pl.col("later"))).to_series()
    assert column.dtype == pl.Int64
    assert column.to_list() == [BOGOTA.business_days_between(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("2bd", Limit(business_days=2)),
        ("9h30m", Limit(span=timedelta(hours=9, minutes=30))),
        ("5m", Limit(span=timedelta(minutes=5))),
        ("1d", Limit(span=timedelta(days=1))),
        ("90s", Limit(span=timedelta(seconds=90))),
        ("0m", Limit()),
    ],
)
def test_a_limit_is_read_as_people_write_it(text: str, limit: Limit) -> None:
    assert Limit.parse(text) == limit


@pytest.mark.parametrize("text", ["", "2", "bd", "2 bd", "-1h", "1.5h", "30m9h", "2bd1h", "9999999h", "٢bd"])
def test_a_limit_that_cannot_be_read_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match='write business days as "2bd"'):
        Limit.parse(text)


def test_a_limit_is_business_days_or_a_span_and_not_both() -> None:
    with pytest.raises(ValueError, match="not both"):
        Limit(1, timedelta(hours=1))


@given(
    st.builds(Limit, business_days=st.integers(1, 9999))
    | st.builds(Limit, span=st.integers(0, 10**9).map(lambda s: timedelta(seconds=s)))
)
def test_a_written_limit_reads_back_as_itself(limit: Limit) -> None:
    assert Limit.parse(str(limit)) == limit
