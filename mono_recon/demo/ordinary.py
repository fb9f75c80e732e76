"""Daily life without faults.

Here belongs how much happens on a day, at what hours, and how long each rail takes. Nothing here breaks
any rule of reconciliation: whatever a report finds in this world alone is still in transit.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from mono_recon.calendar import BusinessCalendar
from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.dice import happens, seconds
from mono_recon.demo.people import REFUSALS, Party, stranger
from mono_recon.demo.world import DAY, Account, Batch, Intent, Match, Transfer, World

RETRY_MINUTES = (0, 0.5, 2, 5.5, 13, 28.5, 60, 123.6, 251.4, 507)

_RAILS = ("ach", "turbo", "transfiya")
_PAYMENTS = ("abandoned", "failed", "credited", "credited and repeated")
_CYCLES = (time(9), time(11), time(13), time(15), time(17, 30))
_MAX_BATCH = 40
_CYCLES_AHEAD = 14
_RAIL_PREPARATION = timedelta(minutes=20)
_ANNOUNCED = time(8)


@dataclass(frozen=True, slots=True)
class _Hours:
    """When life takes place on a day (local hours), and which share of a business day's volume."""

    opens: float
    closes: float
    percent: int
    banking: bool
    rails: tuple[int, int, int] = (20, 70, 10)


_BUSINESS_DAY = _Hours(7.5, 19, 100, banking=True, rails=(60, 30, 10))
_SATURDAY = _Hours(8, 14, 15, banking=False)
# Free days live in the evening: an endpoint that is down all day then still gets everything by retry.
_FREE_DAY = _Hours(17, 21, 4, banking=False)


def retry_after(attempt: int) -> timedelta:
    """How long after the first attempt a later one is made (Mono's documentation; from 0)."""
    return timedelta(minutes=RETRY_MINUTES[attempt])


class Cycles:
    """The clearing cycles of ACH: business days only."""

    def __init__(self, calendar: BusinessCalendar, first: date, days: int) -> None:
        dates = (first + n * DAY for n in range(days + _CYCLES_AHEAD))
        self._instants = [
            calendar.at(day, cycle) for day in dates if calendar.is_business_day(day) for cycle in _CYCLES
        ]

    def after(self, sent_at: datetime, further: int = 0) -> datetime:
        """The cycle that takes a transfer sent at an instant, or one further on."""
        return self._instants[bisect_left(self._instants, sent_at + _RAIL_PREPARATION) + further]


class Network:
    """Webhook delivery as it is: mostly at once, sometimes retried, sometimes repeated."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def deliver(self, at: datetime) -> list[datetime]:
        """The arrivals of an event made at an instant."""
        first = at + seconds(self._rng, 0.2, 2.5)
        if not happens(self._rng, 5):
            return [first]
        if happens(self._rng, 40):
            return [first, first + retry_after(1)]
        attempt = min(int(self._rng.expovariate(0.5)) + 1, len(RETRY_MINUTES) - 1)
        return [first + retry_after(attempt)]


class Company:
    """Lives the days of a world, one after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = world.rng
        self._amounts = world.clientele.amounts
        self._courier = Network(world.rng).deliver
        self._cycles = Cycles(world.calendar, world.first_day, world.days)

    def live(self, day: date, transfers: int) -> None:
        """Let one day happen.

        Args:
            day: The day.
            transfers: How many transfers a business day has; a Saturday has fewer, a free day few.
        """
        hours = self._hours(day)
        volume = max(1, transfers * hours.percent // 100)
        sizes = self._batch_sizes(volume)
        earlier: list[Batch] = []
        for size, at in zip(sizes, sorted(self._moment(day, hours) for _ in sizes), strict=True):
            if earlier and self._happens(2):
                self._resubmit(self._rng.choice(earlier), at)
            earlier.append(self._batch(at, size, hours, earlier))
        for _ in range(max(1, volume // 15)):
            self._collection(self._moment(day, hours))
        if hours.banking:
            self._sweep(day)
            self._incoming(day, hours, volume)

    def _batch_sizes(self, volume: int) -> list[int]:
        sizes: list[int] = []
        while volume:
            sizes.append(min(volume, self._rng.randint(1, _MAX_BATCH)))
            volume -= sizes[-1]
        return sizes

    def _hours(self, day: date) -> _Hours:
        if self._world.calendar.is_business_day(day):
            return _BUSINESS_DAY
        is_saturday = day.weekday() == 5  # noqa: PLR2004 - Monday is 0
        return _SATURDAY if is_saturday else _FREE_DAY

    def _moment(self, day: date, hours: _Hours) -> datetime:
        midnight = self._world.calendar.start_of(day)
        return midnight + timedelta(hours=self._rng.uniform(hours.opens, hours.closes))

    def _seconds(self, low: float, high: float) -> timedelta:
        return seconds(self._rng, low, high)

    def _happens(self, percent: float) -> bool:
        return happens(self._rng, percent)

    def _batch(self, at: datetime, size: int, hours: _Hours, earlier: Sequence[Batch]) -> Batch:
        account = self._rng.choice(self._world.accounts)
        drafts = [self._draft(hours) for _ in range(size)]
        batch = acts.open_batch(self._world, account, at, drafts)
        if earlier and self._happens(10):
            self._resubmit_member(batch, earlier[-1])
        sent_at = self._authorized(batch, at)
        if sent_at:
            acts.send(self._world, batch, sent_at, self._courier)
            for member in batch.members:
                self._settle(member)
        return batch

    def _draft(self, hours: _Hours) -> Draft:
        (routing,) = self._rng.choices(_RAILS, hours.rails)
        external_id = f"PAGO-{self._rng.getrandbits(40):010X}" if self._happens(50) else None
        payee = self._rng.choice(self._world.clientele.payees)
        return Draft(self._amounts.everyday(), payee, routing, external_id)

    def _resubmit(self, original: Batch, at: datetime) -> None:
        """The client sends a whole batch again: Mono marks the second one duplicated."""
        drafts = [
            Draft(member.amount, member.payee, member.steps[0].routing or "ach", member.external_id)
            for member in original.members
        ]
        batch = acts.open_batch(self._world, original.account, at, drafts)
        acts.mark_duplicated(self._world, batch, at + timedelta(seconds=1), self._courier)

    def _resubmit_member(self, batch: Batch, original: Batch) -> None:
        """One transfer of an earlier batch is in this one again."""
        if original.account is batch.account:
            batch.members[0].external_id = original.members[0].external_id
            acts.mark_member_duplicated(batch.members[0])

    def _authorized(self, batch: Batch, at: datetime) -> datetime | None:
        """When the batch may go: at once, or when somebody has approved it; None if cancelled."""
        if self._happens(60):
            return at + self._seconds(0.5, 2)
        acts.ask_authorization(self._world, batch, at + timedelta(milliseconds=400), self._courier)
        decided_at = at + self._seconds(180, 7200)
        if self._happens(5):
            acts.cancel(self._world, batch, decided_at, self._courier)
            return None
        return decided_at

    def _settle(self, transfer: Transfer) -> None:
        sent = transfer.steps[-1]
        if sent.state != "in_progress":
            return
        declined = self._happens(4)
        state, reason = ("declined", self._rng.choice(REFUSALS)) if declined else ("approved", None)
        if sent.routing == "turbo" and self._happens(3):
            acts.fall_back(self._world, transfer, sent.at + self._seconds(15, 60), self._courier)
            sent = transfer.steps[-1]
        if sent.routing == "ach":
            at, lag = self._cleared_at(sent.at), self._seconds(20, 900)
        else:
            at, lag = sent.at + self._seconds(12, 240), self._seconds(2, 10)
        acts.settle(self._world, transfer, state, at, lag=lag, courier=self._courier, reason=reason)

    def _cleared_at(self, sent_at: datetime) -> datetime:
        further = 1 if self._happens(12) else 0
        return self._cycles.after(sent_at, further) + self._seconds(30, 1500)

    def _sweep(self, day: date) -> None:
        """Each business morning the main account funds the others; always told at once."""
        source, *targets = self._world.accounts
        for minutes, target in enumerate(targets):
            at = self._world.calendar.at(day, time(7, 5 + minutes)) + self._seconds(0, 20)
            internal_transfer(self._world, source, target, self._amounts.fresh(), at)

    def _incoming(self, day: date, hours: _Hours, volume: int) -> None:
        morning = self._world.calendar.at(_next_business_day(self._world.calendar, day), _ANNOUNCED)
        for _ in range(max(2, volume // 25)):
            at = self._moment(day, hours)
            late = self._happens(70)
            told_at = morning + self._seconds(60, 2400) if late else at + self._seconds(600, 3600)
            payer = self._rng.choice(self._world.clientele.customers)
            acts.receive_wire(self._world, self._account(), self._amounts.fresh(), payer, at, told_at)
        for _ in range(max(1, volume // 60)):
            payer = self._rng.choice(self._world.clientele.customers)
            at = self._moment(day, hours)
            acts.receive_mono(self._world, self._account(), self._amounts.fresh(), payer, at, courier=self._courier)

    def _account(self) -> Account:
        return self._rng.choice(self._world.accounts)

    def _collection(self, at: datetime) -> None:
        payer = stranger(self._rng)
        intent = acts.start_collection(self._world, self._account(), self._amounts.fresh(high=200_000_000), payer, at)
        (outcome,) = self._rng.choices(_PAYMENTS, (3, 8, 70, 19))
        if outcome == "abandoned":
            return
        answered_at = at + self._seconds(20, 200)
        if outcome == "failed":
            acts.advance(self._world, intent, "failed", answered_at, self._courier)
            return
        acts.advance(self._world, intent, "approved_in_provider", answered_at, self._courier)
        credited_at = answered_at + self._seconds(2, 1800)
        acts.advance(self._world, intent, "account_credited", credited_at, self._courier)
        if outcome == "credited and repeated":
            repeat_as_credit(self._world, intent, payer, credited_at + self._seconds(-60, 600))


def internal_transfer(world: World, source: Account, target: Account, amount: int, at: datetime) -> Transfer:
    """Move money between two own accounts: a transfer on one side, a credit on the other."""
    payee = acts.own_party(target)
    batch = acts.open_batch(world, source, at, [Draft(amount, payee, "turbo", description="Traslado")])
    acts.send(world, batch, at + timedelta(milliseconds=600))
    transfer = batch.members[0]
    approved_at = at + timedelta(seconds=14, milliseconds=250)
    acts.settle(world, transfer, "approved", approved_at)
    acts.receive_mono(
        world,
        target,
        amount,
        acts.own_party(source),
        approved_at + timedelta(milliseconds=350),
        entity_id=transfer.external_id,
        reference=transfer.reference,
        match=Match("internal_external_id", transfer.id),
    )
    return transfer


def repeat_as_credit(world: World, intent: Intent, payer: Party, at: datetime) -> None:
    """The bank reports the money of a collection once more, as a credit."""
    told_at = at + timedelta(seconds=40)
    acts.receive_wire(world, intent.account, intent.amount, payer, at, told_at, Match("collection", intent.id))
    intent.repeated = True


def _next_business_day(calendar: BusinessCalendar, day: date) -> date:
    following = day + DAY
    while not calendar.is_business_day(following):
        following += DAY
    return following
