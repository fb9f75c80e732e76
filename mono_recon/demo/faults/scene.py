"""The stage for one story.

Here belong the few moves that every story is made of: a local time on its day, a payment of its own, and
the promise of what will be found. What goes wrong, or nearly does, is written in the families.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.people import Party
from mono_recon.demo.truth import Expectation
from mono_recon.demo.world import (
    DAY,
    FIRST_ISSUE,
    LATER_ISSUE,
    TICK,
    Account,
    Batch,
    Credit,
    Event,
    Intent,
    Transfer,
    World,
)

_BALANCE_PATIENCE = Limit(business_days=1)
_ODD_MICROSECONDS = timedelta(microseconds=137_251)
_SUBJECT_TYPES = {Transfer: "transfer", Batch: "batch", Credit: "credit", Intent: "collection"}

Subject = Transfer | Batch | Credit | Intent


@dataclass(frozen=True, slots=True)
class Scene:
    """A day of the world on which one story takes place."""

    world: World
    day: date

    @property
    def main(self) -> Account:
        """The account that stories pay from unless they say otherwise."""
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

    @property
    def first_issue(self) -> datetime:
        """The as-of of the date's first report."""
        return self.world.calendar.at(self.day + DAY, FIRST_ISSUE)

    @property
    def later_issue(self) -> datetime:
        """The as-of of the date's second scheduled report."""
        return self.world.calendar.at(self.day + DAY, LATER_ISSUE)

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

    def client_id(self) -> str:
        """An external id of the company's own that nothing else has; letters of both cases."""
        return f"Orden-{self.world.rng.getrandbits(40):010x}-b"

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

    def promise_difference(self, account: Account, day: date, difference: int) -> None:
        """Promise that an account's balance of a day is not explained, by so many centavos."""
        calendar = self.world.calendar
        since = calendar.add(calendar.end_of(day), _BALANCE_PATIENCE) + TICK
        subject = f"{account.id}:{day}"
        amount = abs(difference)
        self.promise(
            "balance_difference", "account", subject, on=day, amount=amount, difference=difference, since=since
        )


def transfer_of(event: Event) -> Transfer:
    """The transfer that an event is about."""
    if not isinstance(event.subject, Transfer):
        raise TypeError(f"{event.type} is about no transfer")
    return event.subject


def credit_of(event: Event) -> Credit:
    """The credit that an event is about."""
    if not isinstance(event.subject, Credit):
        raise TypeError(f"{event.type} is about no credit")
    return event.subject
