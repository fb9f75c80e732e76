"""Collections of the date: which they are, which count as money in, and their breaks."""

from collections.abc import Iterator
from datetime import timedelta

from mono_recon.calendar import Limit
from tests.reference.channels import COLLECTION, channel_breaks
from tests.reference.entities import Facts
from tests.reference.matching import Matching
from tests.reference.world import Break, World

ONE_DAY = Limit(business_days=1)
DONE = ("account_credited", "failed")
THIRTY_DAYS = timedelta(days=30)


def population(world: World) -> list[Facts]:
    """Intents created or decided on the date, or open and not too old."""
    return [facts for facts in world.collection_facts.values() if _belongs(world, facts)]


def _belongs(world: World, facts: Facts) -> bool:
    if world.on_day(facts.inserted_at):
        return True
    if any(run.state in (*DONE, "approved_in_provider") and world.on_day(run.start) for run in facts.runs):
        return True
    return is_open(facts) and not _too_old(world, facts)


def is_open(facts: Facts) -> bool:
    """An intent is open until it has been credited or has failed."""
    return not any(run.state in DONE for run in facts.runs)


def _too_old(world: World, facts: Facts) -> bool:
    return world.context.end > facts.inserted_at + THIRTY_DAYS


def counted(matching: Matching, intent_id: str) -> bool:
    """Whether no credit reports the same money."""
    return not matching.credits_of(intent_id, ("collection",))


def credited_on_day(world: World, facts: Facts) -> bool:
    return any(run.state == "account_credited" and world.on_day(run.start) for run in facts.runs)


def collection_breaks(world: World) -> Iterator[Break]:
    """Every break about a collection intent."""
    for name, facts in world.collection_facts.items():
        yield from channel_breaks(world, COLLECTION, world.collections[name], facts)
        yield from _progress(world, facts)


def _progress(world: World, facts: Facts) -> Iterator[Break]:
    calendar, amount = world.context.calendar, facts.value("amount_minor")
    if facts.state == "approved_in_provider":
        start = facts.runs[-1].start
        decided = any(row["state"] in DONE for row in world.collections[facts.id].observations)
        if world.context.as_of <= calendar.add(start, ONE_DAY):
            yield Break("collection_unconfirmed", "timing", "collection", facts.id, world.bd(start), amount)
        elif not decided:
            yield Break("collection_not_credited", "break", "collection", facts.id, world.bd(start), amount)
    if facts.state in ("created", "in_progress"):
        old = world.context.end > calendar.add(facts.inserted_at, ONE_DAY)
        if old and not _too_old(world, facts):
            day = world.bd(facts.inserted_at)
            yield Break("collection_abandoned", "timing", "collection", facts.id, day, amount)
