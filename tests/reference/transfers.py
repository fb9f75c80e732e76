"""Breaks of one transfer's own life, and of several that pay the same thing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from tests.reference.channels import TRANSFER, channel_breaks
from tests.reference.entities import Facts
from tests.reference.world import Break, World

LEGAL = {
    "created": {"in_progress", "approved", "declined", "cancelled", "duplicated"},
    "in_progress": {"approved", "declined", "cancelled"},
    "approved": {"declined"},
    "declined": {"approved"},
    "cancelled": set(),
    "duplicated": set(),
}
"""Steps that Mono documents; a state that is not here is unknown."""


def transfer_breaks(world: World) -> Iterator[Break]:
    """Every break about a transfer or a group of them."""
    for name, facts in world.transfer_facts.items():
        yield from channel_breaks(world, TRANSFER, world.transfers[name], facts)
        yield from _steps(world, facts)
        yield from _progress(world, facts)
    yield from _paid_twice(world)


def _steps(world: World, facts: Facts) -> Iterator[Break]:
    illegal, reversals = [], []
    for before, after in pairwise(facts.runs):
        if {before.state, after.state} <= LEGAL.keys() and after.state not in LEGAL[before.state]:
            illegal.append(after.start)
        if {before.state, after.state} == {"approved", "declined"}:
            reversals.append(after.start)
    amount = facts.value("amount_minor")
    if illegal:
        yield Break("illegal_transition", "break", "transfer", facts.id, world.bd(illegal[0]), amount)
    if reversals:
        yield Break("final_state_changed", "review", "transfer", facts.id, world.bd(reversals[-1]), amount)


def _progress(world: World, facts: Facts) -> Iterator[Break]:
    if not facts.is_open:
        return
    deadline, amount = _deadline(world, facts), facts.value("amount_minor")
    if world.context.end > deadline:
        yield Break("stuck_transfer", "break", "transfer", facts.id, world.bd(deadline), amount)
    else:
        yield Break("in_transit", "timing", "transfer", facts.id, world.bd(facts.inserted_at), amount)


def _deadline(world: World, facts: Facts) -> datetime:
    limits, calendar = world.context.settings.transfers.stuck_after, world.context.calendar
    batch = world.batch_facts.get(facts.value("batch_id"))
    starts = [run.start for run in facts.runs if run.state == "in_progress"][:1]
    starts += [run.start for run in batch.runs if run.state == "processing_transactions"][:1] if batch else []
    if not starts:
        return calendar.add(facts.inserted_at, limits["default"])
    routings = [facts.value("routing")]
    if any(row["event_type"] == "bank_transfer_fallback_routing" for row in facts.seen):
        routings += facts.value("fallback_routing") or []
    return max(calendar.add(min(starts), limits.get(routing, limits["default"])) for routing in routings)


def _paid_twice(world: World) -> Iterator[Break]:
    groups: defaultdict[tuple[str, str], list[Facts]] = defaultdict(list)
    for facts in world.transfer_facts.values():
        account_id, external_id = facts.value("account_id"), facts.value("external_id")
        if facts.state == "approved" and account_id is not None and external_id is not None:
            groups[account_id, external_id].append(facts)
    for (account_id, external_id), members in groups.items():
        if len(members) < 2:
            continue
        members.sort(key=lambda facts: (facts.runs[-1].start, facts.id))
        yield Break(
            "duplicate_payment",
            "break",
            "payment_group",
            f"{account_id}:{external_id}",
            world.bd(members[1].runs[-1].start),
            sum(facts.value("amount_minor") for facts in members[1:]),
            carriers=tuple(("transfer", facts.id) for facts in members),
        )
