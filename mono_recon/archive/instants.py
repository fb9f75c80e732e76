"""Moments as Mono and the archive write them, and as columns hold them.

A moment is an RFC 3339 text with a zone; a column holds whole microseconds since 1970 in UTC. Business
dates and time zones belong to ``mono_recon.calendar``.
"""

import re
from collections.abc import Iterable
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with a zone; as a field type it refuses dates that do not exist and second 60."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND, _DAY_SECONDS = 1_000_000, 86_400
FIRST_YEAR, LAST_YEAR = MINYEAR, MAXYEAR
_EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LONGEST_EXACT = len("2026-03-02T01:12:09.123456Z")
"""A moment written with no more characters than these has no digits beyond microseconds."""

PLAIN_INSTANT = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?Z$"
"""Form of a moment in UTC with no more than microseconds, far from the ends of the calendar."""

_SURPLUS_DIGITS = re.compile(r"(\.[0-9]{6})[0-9]+")


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC.

    Raises:
        OverflowError: In UTC the moment falls outside the years 1 to 9999.
    """
    since = moment - _EPOCH
    if FIRST_YEAR < moment.year < LAST_YEAR:
        return (since.days * _DAY_SECONDS + since.seconds) * _SECOND + since.microseconds
    count = since // _MICROSECOND
    if not _EARLIEST <= count <= _LATEST:
        raise OverflowError(moment)
    return count


def microseconds_of(moments: Iterable[datetime | None]) -> list[int | None]:
    """The same of many moments, of which none falls outside."""
    return [None if moment is None else (moment - _EPOCH) // _MICROSECOND for moment in moments]


def truncated(text: str) -> str:
    """The text with at most six fraction digits: a moment is never rounded into the future."""
    return _SURPLUS_DIGITS.sub(r"\1", text) if len(text) > LONGEST_EXACT else text


def read_instant(value: object) -> datetime | None:
    """The moment that a text names, in UTC, or None if it names none."""
    if not isinstance(value, str):
        return None
    try:
        return msgspec.convert(truncated(value), Instant).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError):
        return None
