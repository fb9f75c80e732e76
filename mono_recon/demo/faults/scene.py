"""The stage for one fault.

Here belong the few moves that every fault is made of: a local time on its day, a payment of its own, and
the promise of what will be found. What goes wrong is written in the families of faults.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.people import Party
from mono_recon.demo.truth import Expectation
from mono_recon.demo.world import DAY, Account, Batch, Credit, Event, Intent, Transfer, World

_ODD_MICROSECONDS = timedelta(microseconds=137_251)
_SUBJECT_TYPES = {Transfer: "transfer", Batch: "batch", Credit: "credit", Intent: "collection"}

Subject = Transfer | Batch | Credit | Intent


@dataclass(frozen=True, slots=True)
class Scene:
    """A day of the world on which one fault takes place."""

    world: World
    day: date

    @property
    def main(self) -> Account:
        """The account that faults pay from unless they say otherwise."""
        return self.world.accounts[0]

    @property
    def other(self) -> Account:
        """A second own account."""
        return self.world.accounts[1]

    def at(self, clock: str, business_days: int = 0) -> datetime:
        """A local time of the day, or some business days later; never on a whole second."""
        return self.sharp(clock, business_days) + _ODD_MICROSECONDS

    def sharp(self, clock: str, business_days: int = 0) -> datetime:
        """The same to the microsecond as written."""
        instant = self.world.calendar.at(self.day, time.fromisoformat(clock))
        return self.world.calendar.add(instant, Limit(business_days=business_days))

    def date_of(self, instant: datetime) -> date:
        """The business date of an instant."""
        return self.world.calendar.business_date(instant)

    def payee(self) -> Party:
        """Somebody to pay."""
        return self.world.rng.choice(self.world.clientele.payees)

    def customer(self) -> Party:
        """Somebody whose payments the settings know."""
        return self.world.rng.choice(self.world.clientele.customers)

    def amount(self) -> int:
        """Centavos that no other movement has."""
        return self.world.clientele.amounts.fresh()

    def drafts(self, count: int = 1, routing: str = "turbo") -> list[Draft]:
        """Payments to ask for."""
        return [Draft(self.amount(), self.payee(), routing) for _ in range(count)]

    def sent(self, at: datetime, *drafts: Draft, account: Account | None = None) -> Batch:
        """A batch that goes straight to the bank; one turbo payment unless told otherwise."""
        batch = acts.open_batch(self.world, account or self.main, at, drafts or self.drafts())
        acts.send(self.world, batch, at + timedelta(milliseconds=600))
        return batch

    def paid(self, at: datetime, *drafts: Draft, account: Account | None = None) -> list[Event]:
        """A batch whose members are all approved within the minute; the approvals, in order."""
        batch = self.sent(at, *drafts, account=account)
        return [
            acts.settle(self.world, member, "approved", at + timedelta(seconds=20 + place))
            for place, member in enumerate(batch.members)
        ]

    def expect(
        self,
        break_type: str,
        subject: Subject,
        *,
        on: date | None = None,
        difference: int | None = None,
        since: datetime | None = None,
        export: str | None = None,
    ) -> None:
        """Promise a break on a transfer, batch, credit or collection.

        Args:
            break_type: What will be found.
            subject: On what; its amount is at stake.
            on: The break's business date, the scene's day if not given.
            difference: Centavos between the two figures, if two differ.
            since: Instant from which limits and knowledge suffice, if later than the end of the date.
            export: Export that is needed to see it.
        """
        amount = subject.declared if isinstance(subject, Batch) else subject.amount
        self.promise(
            break_type,
            _SUBJECT_TYPES[type(subject)],
            subject.id,
            on=on,
            amount=amount,
            difference=difference,
            since=since,
            export=export,
        )

    def promise(
        self,
        break_type: str,
        subject_type: str,
        subject_id: str,
        *,
        on: date | None = None,
        amount: int = 0,
        difference: int | None = None,
        since: datetime | None = None,
        export: str | None = None,
    ) -> None:
        """Promise a break on any subject; arguments as in ``expect``."""
        day = on or self.day
        known = since or self.world.calendar.end_of(day)
        self.world.expect(Expectation(break_type, subject_type, subject_id, day, amount, difference, known, export))


Chooser = Callable[[World, int], date | None]


def workday(runway: int = 1) -> Chooser:
    """Business days that have as many more after them, spread by the fault's place in the list."""

    def choose(world: World, place: int) -> date | None:
        eligible = world.workdays[1 : len(world.workdays) - runway]
        return eligible[place % len(eligible)] if eligible else None

    return choose


a_workday = workday()


def last_workday_but_one(world: World, _: int) -> date | None:
    """The business day before the last one: what opens there passes no two-day limit any more."""
    return world.workdays[-2] if len(world.workdays) > 1 else None


def first_sunday(world: World, _: int) -> date | None:
    """The first Sunday with a day before it and two after it."""
    inner = world.dates[1:-2]
    return next((day for day in inner if day.weekday() == 6), None)  # noqa: PLR2004 - Monday is 0


def last_day(world: World, _: int) -> date | None:
    """The last day of a world of a week or more."""
    return world.last_day if world.last_day - world.first_day >= 6 * DAY else None


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of break and the story that causes it; a near miss names the break it must not cause."""

    break_type: str
    inject: Callable[[Scene], None]
    when: Chooser = a_workday
