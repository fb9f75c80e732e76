"""What truly happened, and what each channel is made to say of it.

Here belong the accounts, batches, transfers, credits and collections of the invented company with their
true histories, the webhook events, and the marks by which a fault makes a channel lie. How the company
lives is elsewhere (``acts``, ``ordinary``, ``faults``), and so is how it looks on disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from mono_recon.calendar import BusinessCalendar
from mono_recon.demo.people import Clientele, Party
from mono_recon.demo.truth import Expectation

DAY = timedelta(days=1)
WEBHOOK_HORIZON = timedelta(hours=9, minutes=30)
EXPORT_LAG = timedelta(minutes=5)
TICK = timedelta(microseconds=1)
FIRST_ISSUE, LATER_ISSUE = time(6), time(9, 45)
NEVER = datetime.max.replace(tzinfo=UTC)
_PROMPT = timedelta(milliseconds=700)

CURRENCY = "COP"
ABSENT = object()
MONO, FORGER = "mono", "forger"

Body = dict[str, Any]
Path = tuple[str, ...]
Changes = Mapping[Path, Any]


class Step(NamedTuple):
    """One state of an entity and the instant it began; routing and reason are of transfers."""

    state: str
    at: datetime
    routing: str | None = None
    reason: str | None = None


def step_at(steps: Sequence[Step], instant: datetime) -> Step:
    """The step in force at an instant; the first one before that."""
    return next((step for step in reversed(steps) if step.at <= instant), steps[0])


@dataclass(frozen=True, slots=True)
class ExportView:
    """How API exports misrepresent one entity.

    Attributes:
        hidden_until: Those that start before this instant do not list it.
        frozen_at: They show its state as of this instant …
        thawed_at: … until this one; for ever if there is none.
        changes: They show other values, by path.
    """

    hidden_until: datetime | None = None
    frozen_at: datetime | None = None
    thawed_at: datetime | None = None
    changes: Changes | None = None


@dataclass(slots=True, eq=False)
class Account:
    """An account of the company at Mono's partner bank; ``opening`` in centavos."""

    id: str
    name: str
    number: str
    opening: int
    inserted_at: datetime


@dataclass(slots=True, eq=False)
class Transfer:
    """An outgoing transfer; ``returned`` if its money came back as a credit of its own."""

    id: str
    batch: "Batch"
    external_id: str
    amount: int
    payee: Party
    reference: str
    description: str
    inserted_at: datetime
    steps: list[Step]
    export: ExportView | None = None
    returned: bool = False
    currency: str = CURRENCY


@dataclass(slots=True, eq=False)
class Batch:
    """A batch; ``declared`` is its total_amount, ``unlisted`` the members its events leave out."""

    id: str
    account: Account
    inserted_at: datetime
    steps: list[Step]
    members: list[Transfer] = field(default_factory=list)
    declared: int = 0
    unlisted: frozenset[str] = frozenset()
    currency: str = CURRENCY


class Match(NamedTuple):
    """What a credit belongs to, and the rule by which that shows."""

    rule: str
    to: str


@dataclass(slots=True, eq=False)
class Credit:
    """An incoming account credit, told by webhook only; ``match`` is None if nobody can tell whose it is."""

    id: str
    type: str
    account: Account
    amount: int
    payer: Party
    at: datetime
    description: str
    extra: Body
    match: Match | None = None


@dataclass(slots=True, eq=False)
class Link:
    """A collection link."""

    id: str
    account: Account
    amount: int
    payer: Party
    external_id: str
    reference: str
    inserted_at: datetime


@dataclass(slots=True, eq=False)
class Intent:
    """A payment attempt through PSE; ``repeated`` if a credit reports the same money."""

    id: str
    link: Link
    account: Account
    amount: int
    payer: Party
    transaction_id: str
    inserted_at: datetime
    steps: list[Step]
    export: ExportView | None = None
    repeated: bool = False


@dataclass(slots=True, eq=False)
class Event:
    """A webhook event and the instants at which copies of it arrived (none: it was lost).

    Attributes:
        type: Mono's event type.
        at: The envelope's timestamp.
        subject: What it is about; a mapping is a body of a type that nobody here knows.
        received: Arrival of each copy.
        step: The state it tells of; None for batches and credits, which are shown as of ``at``.
        extra: Fields at the end of the data that only this type has.
        changes: Values it shows differently from the truth.
        signers: Whose signatures the delivery bears: Mono's own, or one made without the secret.
    """

    type: str
    at: datetime
    subject: Transfer | Batch | Credit | Intent | Body
    received: list[datetime]
    step: Step | None = None
    extra: Body | None = None
    changes: Changes | None = None
    signers: tuple[str, ...] = (MONO,)


class Movement(NamedTuple):
    """Centavos that an account gained or lost without any channel telling."""

    account: Account
    at: datetime
    amount: int


@dataclass(slots=True)
class Feeds:
    """What happened to the capture itself.

    Attributes:
        debris: Odd lines of the webhook archive, with the instant they were written.
        figure_ages: How old the closing figure of an account and date was, where it was not fresh.
        failed_pages: Mornings on which the first page of transfers was answered with an error, then well.
        broken_off: Mornings on which a first export of transfers lacks its last page.
        looked_up: Transfers asked for by their id, with the instant of the answer.
        unanswered: Accounts whose live balance was asked for and not answered, with the instant.
    """

    debris: list[tuple[datetime, bytes]] = field(default_factory=list)
    figure_ages: dict[tuple[str, date], timedelta] = field(default_factory=dict)
    failed_pages: set[date] = field(default_factory=set)
    broken_off: set[date] = field(default_factory=set)
    looked_up: list[tuple[Transfer, datetime]] = field(default_factory=list)
    unanswered: list[tuple[Account, datetime]] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """Everything that happened from ``first_day`` on, and what must be found in it."""

    rng: Random
    calendar: BusinessCalendar
    first_day: date
    days: int
    accounts: tuple[Account, ...]
    clientele: Clientele
    transfers: list[list[Transfer]]
    batches: list[Batch] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    feeds: Feeds = field(default_factory=Feeds)
    expectations: list[Expectation] = field(default_factory=list)

    @property
    def last_day(self) -> date:
        """The last business date on which anything happens."""
        return self.first_day + (self.days - 1) * DAY

    @property
    def end(self) -> datetime:
        """The instant of the last capture: the later issue on the business day after the last date."""
        morning = self.last_day + DAY
        while not self.calendar.is_business_day(morning):
            morning += DAY
        return self.calendar.at(morning, LATER_ISSUE)

    @property
    def dates(self) -> list[date]:
        """Every business date, in order."""
        return [self.first_day + n * DAY for n in range(self.days)]

    def add_transfer(self, transfer: Transfer) -> None:
        """Keep a transfer under the day on which it was inserted."""
        day = self.calendar.business_date(transfer.inserted_at)
        self.transfers[(day - self.first_day).days].append(transfer)

    def tell(self, event: Event) -> Event:
        """Keep a webhook event; one without arrivals yet arrives at once."""
        if not event.received:
            event.received.append(event.at + _PROMPT)
        self.events.append(event)
        return event

    def expect(self, expectation: Expectation) -> None:
        """Keep a break that must be found."""
        self.expectations.append(expectation)
