"""What a story is, and on which days it may take place.

Here belong the two forms of a story, a plain one and one that is told twice, and the choice of its day.
What happens in it is written in the families.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Protocol

from mono_recon.calendar import BusinessCalendar, Limit
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.world import DAY, World

LONGEST_STRETCH = 31
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A month of a world at most: in each of them every story takes place once."""

    dates: Sequence[date]
    calendar: BusinessCalendar

    @property
    def workdays(self) -> list[date]:
        """The business days among its dates."""
        return [day for day in self.dates if self.calendar.is_business_day(day)]


def stretches(world: World) -> Iterator[Stretch]:
    """The dates of a world, divided evenly into months."""
    count = -(-world.days // LONGEST_STRETCH)
    for number in range(count):
        first, last = number * world.days // count, (number + 1) * world.days // count
        yield Stretch(world.dates[first:last], world.calendar)


Chooser = Callable[[Stretch, int], date | None]


def workday(runway: int = 1) -> Chooser:
    """Business days that have as many more after them, spread by the story's place in the list."""

    def choose(stretch: Stretch, place: int) -> date | None:
        return _spread(stretch.workdays[1 : len(stretch.workdays) - runway], place)

    return choose


a_workday = workday()


def last_workday_but_one(stretch: Stretch, _: int) -> date | None:
    """The business day before the last one; a world of two of them has a fault already."""
    return stretch.workdays[-2] if len(stretch.workdays) > 1 else None


def midweek(stretch: Stretch, place: int) -> date | None:
    """Business days between two others."""
    inner = stretch.dates[1:-1]
    return _spread([day for day in inner if all(map(stretch.calendar.is_business_day, _around(day)))], place)


def before_a_weekend(business_days: int) -> Chooser:
    """Business days from which so many more reach over a free day, within the stretch."""

    def choose(stretch: Stretch, place: int) -> date | None:
        calendar, limit = stretch.calendar, Limit(business_days=business_days)
        due = {day: calendar.business_date(calendar.add(calendar.start_of(day), limit)) for day in stretch.workdays[1:]}
        last = stretch.dates[-1]
        return _spread([day for day in due if due[day] - day > business_days * DAY and due[day] <= last], place)

    return choose


def first_saturday(stretch: Stretch, _: int) -> date | None:
    """The first Saturday with a day before and after it."""
    return next((day for day in stretch.dates[1:-1] if day.weekday() == _SATURDAY), None)


def first_sunday(stretch: Stretch, _: int) -> date | None:
    """The first Sunday with a day before it and two after it."""
    return next((day for day in stretch.dates[1:-2] if day.weekday() == _SUNDAY), None)


def _spread(eligible: Sequence[date], place: int) -> date | None:
    return eligible[place % len(eligible)] if eligible else None


def _around(day: date) -> tuple[date, date, date]:
    return day - DAY, day, day + DAY


@dataclass(frozen=True, slots=True)
class Story:
    """Something that causes a kind of break, or that comes near to it and must not."""

    break_type: str
    inject: Callable[[Scene], None]
    when: Chooser = a_workday


class Telling(Protocol):
    """A story that ends in two ways."""

    def __call__(self, scene: Scene, *, beyond: bool) -> None:
        """Let it happen up to the edge, or one step beyond."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A story told twice: up to the edge of a break, which is none, and one step beyond, which is one."""

    break_type: str
    tell: Telling
    when: Chooser = a_workday

    @property
    def near_miss(self) -> Story:
        """Told up to the edge."""
        return Story(self.break_type, partial(self.tell, beyond=False), self.when)

    @property
    def fault(self) -> Story:
        """Told one step beyond it."""
        return Story(self.break_type, partial(self.tell, beyond=True), self.when)
