"""Breaks of batches, and who is a member of one."""

from collections.abc import Iterator
from datetime import datetime

from tests.reference.entities import Entity, Facts
from tests.reference.world import Break, World, covers

WAITING = ("created", "pending_otp", "verified_otp")


def members(world: World, batch: Entity) -> list[Facts]:
    """Transfers that name the batch or that its events list, as they are just before the end of the date."""
    listed = listed_ids(batch)
    return [
        transfer.before(world.context.end)
        for transfer in world.transfers.values()
        if transfer.id in listed or names(transfer, batch)
    ]


def names(transfer: Entity, batch: Entity) -> bool:
    """Whether the transfer names the batch; nested in a batch event it is listed and names none."""
    return any(
        row["batch_id"] == batch.id and not (row["event_type"] or "").startswith("batch_")
        for row in transfer.observations
    )


def listed_ids(batch: Entity) -> set[str]:
    """Everything that any event of the batch lists."""
    return {name for row in batch.observations for name in row["listed_transfer_ids"] or []}


def lists(batch: Entity) -> bool:
    """Whether any event of the batch lists its transfers."""
    return any(row["listed_transfer_ids"] is not None for row in batch.observations)


def batch_breaks(world: World) -> Iterator[Break]:
    """Every break about a batch."""
    for name, facts in world.batch_facts.items():
        batch = world.batches[name]
        yield from _total(world, batch, facts)
        yield from _membership(world, batch, facts)
        yield from _outcome(world, batch, facts)
        yield from _authorization(world, facts)


def _found(world: World, facts: Facts, name: str, cls: str, moment: datetime, difference: int | None = None) -> Break:
    amount = facts.value("total_amount_minor") or 0
    return Break(name, cls, "batch", facts.id, world.bd(moment), amount, difference)


def _total(world: World, batch: Entity, facts: Facts) -> Iterator[Break]:
    declared, belonging = facts.value("total_amount_minor"), members(world, batch)
    first = sum(member.first["amount_minor"] for member in belonging)
    last = sum(member.value("amount_minor") for member in belonging)
    if declared is None or declared in (first, last):
        return
    settings, inserted_at = world.context.settings, facts.inserted_at
    exported = any(
        covers(export, facts.value("account_id"), inserted_at)
        and export["started_at"] >= inserted_at + settings.transfers.export_lag
        for export in world.complete_exports("transfers")
    )
    judged = (lists(batch) or exported) and world.context.as_of > inserted_at + settings.webhooks.horizon
    name, cls = ("batch_total_mismatch", "break") if judged else ("awaiting_members", "timing")
    yield _found(world, facts, name, cls, inserted_at, declared - last)


def _membership(world: World, batch: Entity, facts: Facts) -> Iterator[Break]:
    listed = listed_ids(batch)
    strangers = [
        transfer for transfer in world.transfers.values() if transfer.id not in listed and names(transfer, batch)
    ]
    if lists(batch) and strangers:
        yield _found(world, facts, "batch_membership_mismatch", "break", facts.inserted_at)


def _outcome(world: World, batch: Entity, facts: Facts) -> Iterator[Break]:
    outcomes = {
        "cancelled": ("batch_state_contradiction", "break"),
        "duplicated": ("batch_state_contradiction", "break"),
        "declined": ("batch_outcome_differs", "review"),
    }
    under_way = [member for member in members(world, batch) if member.state in ("approved", "in_progress")]
    if facts.state not in outcomes or not under_way:
        return
    started = min(run.start for member in under_way for run in member.runs if run.state in ("approved", "in_progress"))
    name, cls = outcomes[facts.state]
    yield _found(world, facts, name, cls, max(facts.seen[-1]["occurred_at"], started))


def _authorization(world: World, facts: Facts) -> Iterator[Break]:
    if facts.state not in WAITING:
        return
    deadline = world.context.calendar.add(facts.inserted_at, world.context.settings.batches.authorization_after)
    if world.context.end > deadline:
        yield _found(world, facts, "stuck_batch", "break", deadline)
    else:
        yield _found(world, facts, "awaiting_authorization", "timing", facts.inserted_at)
