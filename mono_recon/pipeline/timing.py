"""Which dates are due, and as of when each is reported.

Here belongs all that the clock decides. It chooses dates and as-ofs and enters no figure.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from mono_recon.settings import Settings

LATEST = "latest"
"""As of everything there is."""

FIRST_DATE = date(2020, 1, 1)
"""The first business date that can be reported."""

_DAY = timedelta(days=1)


class NotOverError(ValueError):
    """A date or an as-of that cannot be reported yet, or ever."""


def parse_as_of(text: str) -> datetime | str:
    """Read an as-of: ``latest``, or an instant with its zone.

    Raises:
        ValueError: It is neither.
    """
    if text == LATEST:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f'--as-of {text!r} is no instant; write "latest" or one with its zone: 2026-03-03T11:00:00Z')
    return moment.astimezone(UTC)


def last_date(settings: Settings, now: datetime) -> date:
    """The last business date that is over."""
    return settings.business.calendar.business_date(now) - _DAY


def due_dates(settings: Settings, now: datetime, issued: Collection[date]) -> list[date]:
    """Dates to bring up to date when none is named.

    Those after the last issued one; the first time, and where none is left, the last that is over.
    """
    until = last_date(settings, now)
    after = max(issued, default=until - _DAY)
    return [after + _DAY * step for step in range(1, (until - after).days + 1)] or [until]


def dates_between(first: date, last: date) -> list[date]:
    """Every date of a range, both ends included.

    Raises:
        NotOverError: The range is empty.
    """
    if last < first:
        raise NotOverError(f"the range ends on {last}, before it begins on {first}; give --from before --to")
    return [first + _DAY * step for step in range((last - first).days + 1)]


def scheduled(settings: Settings, day: date) -> tuple[datetime, datetime]:
    """The scheduled as-ofs of a date: its first issue and the later one (UTC)."""
    calendar, business = settings.business.calendar, settings.business
    return calendar.at(day + _DAY, business.issue_at), calendar.at(day + _DAY, business.reissue_at)


def scheduled_as_of(settings: Settings, day: date, now: datetime) -> datetime:
    """The latest scheduled as-of of a date that has passed.

    Raises:
        NotOverError: None has.
    """
    return scheduled_by(settings, day, now)[-1]


def scheduled_by(settings: Settings, day: date, now: datetime) -> list[datetime]:
    """The scheduled as-ofs of a date that have passed, in order.

    Raises:
        NotOverError: None has.
    """
    check_date(day)
    passed = [moment for moment in scheduled(settings, day) if moment <= now]
    if not passed:
        due = min(scheduled(settings, day))
        raise NotOverError(
            f"{day} is not over: its first issue is due at {due:%Y-%m-%dT%H:%M:%SZ}; wait, or name an earlier --date"
        )
    return sorted(passed)


def check_as_of(settings: Settings, day: date, as_of: datetime, now: datetime) -> None:
    """Refuse an as-of before the end of its date or after the clock.

    Raises:
        NotOverError: It says which, and what to give.
    """
    check_date(day)
    end = settings.business.calendar.end_of(day)
    if end > now:
        raise NotOverError(f"{day} is not over until {end:%Y-%m-%dT%H:%M:%SZ}; name an earlier --date")
    if as_of < end:
        raise NotOverError(
            f"--as-of {as_of:%Y-%m-%dT%H:%M:%SZ} is before the end of {day}; give {end:%Y-%m-%dT%H:%M:%SZ} or later"
        )
    if as_of > now:
        raise NotOverError(f"--as-of {as_of:%Y-%m-%dT%H:%M:%SZ} has not come yet; give a moment that has passed")


def check_date(day: date) -> None:
    """Refuse a date before reports begin.

    Raises:
        NotOverError: It says when they begin.
    """
    if day < FIRST_DATE:
        raise NotOverError(f"{day} is before {FIRST_DATE}, the first date there are reports of; name a later date")
