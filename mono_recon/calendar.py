"""Business dates and business days.

Here belongs everything that turns an instant into a local date and back: the zone, the cut-off,
Colombian public holidays, limits such as two business days. Each rule exists for one value and as a
Polars expression, and the two agree. Nothing here reads a clock or a setting.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl

_DAY = timedelta(days=1)
_SATURDAY = 5
_BUSINESS_DAYS = re.compile(r"([0-9]{1,4})bd")
_SPAN = re.compile("(?=[0-9])" + "".join(f"(?:([0-9]{{1,6}}){unit})?" for unit in "dhms"))
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take: business days, or a span of time."""

    business_days: int = 0
    span: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        """Refuse both at once, which nobody can write."""
        if self.business_days and self.span:
            raise ValueError("a limit is business days or a span of time, not both")

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read a limit as people write it: ``2bd``, ``9h30m``, ``5m``, ``1d``.

        Raises:
            ValueError: The text is none of these; the message says what to write.
        """
        if match := _BUSINESS_DAYS.fullmatch(text):
            return cls(business_days=int(match[1]))
        if match := _SPAN.fullmatch(text):
            seconds = sum(int(n or 0) * size for n, (_, size) in zip(match.groups(), _UNITS, strict=True))
            return cls(span=timedelta(seconds=seconds))
        raise ValueError('write business days as "2bd" or a span of time as "9h30m", "5m" or "1d"')

    def __str__(self) -> str:
        """The one way of writing this limit, whichever way it was read."""
        if self.business_days:
            return f"{self.business_days}bd"
        rest, parts = int(self.span.total_seconds()), ""
        for unit, size in _UNITS:
            count, rest = divmod(rest, size)
            parts += f"{count}{unit}" if count else ""
        return parts or "0s"


@dataclass(frozen=True)
class BusinessCalendar:
    """A zone, the local time at which a business date ends, and Colombia's business days.

    A cut-off of midnight is the midnight at the end of the date; any other lies on the date itself.
    A local time that a change of the clocks leaves out or repeats is read with the offset before the
    change.
    """

    timezone: str = "America/Bogota"
    cutoff: time = time(0)

    def start_of(self, day: date) -> datetime:
        """The first instant of a business date, in UTC."""
        return self.end_of(day - _DAY)

    def end_of(self, day: date) -> datetime:
        """The first instant after a business date, in UTC."""
        return self.at(day if self.cutoff > time(0) else day + _DAY, self.cutoff)

    def at(self, day: date, local_time: time) -> datetime:
        """The instant of a local time on a calendar day, in UTC."""
        return datetime.combine(day, local_time.replace(fold=0), ZoneInfo(self.timezone)).astimezone(UTC)

    def business_date(self, instant: datetime) -> date:
        """The business date that an instant belongs to."""
        day = instant.astimezone(ZoneInfo(self.timezone)).date()
        return day if instant < self.end_of(day) else day + _DAY

    def business_date_expr(self, expr: pl.Expr) -> pl.Expr:
        """``business_date`` of a column.

        Args:
            expr: Datetime with a zone.

        Returns:
            Date.
        """
        day = self._local(expr).dt.date()
        last = day if self.cutoff > time(0) else day.dt.offset_by("1d")
        end = self._instant(last.dt.combine(self.cutoff, "us"))
        return pl.when(expr < end).then(day).otherwise(day.dt.offset_by("1d"))

    def add(self, instant: datetime, limit: Limit) -> datetime:
        """The moment at which a limit that starts at an instant has passed, in UTC.

        Business days keep the local time; a start on a free day counts from the next business day.
        """
        if not limit.business_days:
            return instant.astimezone(UTC) + limit.span
        local = instant.astimezone(ZoneInfo(self.timezone))
        day = self._business_day_from(local.date())
        for _ in range(limit.business_days):
            day = self._business_day_from(day + _DAY)
        return self.at(day, local.time())

    def add_expr(self, expr: pl.Expr, limit: Limit) -> pl.Expr:
        """``add`` for a column.

        Args:
            expr: Datetime with a zone.
            limit: The limit of every row.

        Returns:
            Datetime in UTC with microseconds.
        """
        if not limit.business_days:
            return expr.dt.convert_time_zone("UTC").dt.cast_time_unit("us") + limit.span
        local = self._local(expr)
        day = _add_business_days(local.dt.date(), limit.business_days)
        return self._instant(day.dt.combine(local.dt.time(), "us"))

    def is_business_day(self, day: date) -> bool:
        """Whether a calendar day is Monday to Friday and no public holiday."""
        return day.weekday() < _SATURDAY and day not in _holidays()

    def business_days_between(self, earlier: date, later: date) -> int:
        """The most business days that can be added to a date without passing another.

        So Friday to Monday is 1, Friday to Saturday 0, and Saturday to Monday 0, since a start on a
        free day counts from the next business day.
        """
        day, count = self._business_day_from(earlier), 0
        while (day := day + _DAY) <= later:
            count += self.is_business_day(day)
        return count

    def business_days_between_expr(self, earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
        """``business_days_between`` for two columns.

        Args:
            earlier: Date.
            later: Date.

        Returns:
            Int64.
        """
        start = _add_business_days(earlier, 0).dt.offset_by("1d")
        count = pl.business_day_count(start, later.dt.offset_by("1d"), holidays=sorted(_holidays()))
        return count.clip(lower_bound=0).cast(pl.Int64)

    def _business_day_from(self, day: date) -> date:
        while not self.is_business_day(day):
            day += _DAY
        return day

    def _local(self, expr: pl.Expr) -> pl.Expr:
        return expr.dt.convert_time_zone(self.timezone).dt.replace_time_zone(None).dt.cast_time_unit("us")

    def _instant(self, local: pl.Expr) -> pl.Expr:
        """UTC of a local time; one that the clocks leave out keeps the offset of the day before."""
        existing = local.dt.replace_time_zone(self.timezone, ambiguous="earliest", non_existent="null")
        day_before = local.dt.offset_by("-1d").dt.replace_time_zone(
            self.timezone, ambiguous="earliest", non_existent="null"
        )
        return pl.coalesce(existing, day_before + _DAY).dt.convert_time_zone("UTC")


def _add_business_days(day: pl.Expr, count: int) -> pl.Expr:
    return day.dt.add_business_days(count, holidays=sorted(_holidays()), roll="forward")


@cache
def _holidays() -> frozenset[date]:
    import holidays  # noqa: PLC0415  loads those of all countries, and few commands ask for one

    return frozenset(holidays.country_holidays("CO", years=range(2015, 2101)))
