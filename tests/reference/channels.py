"""Breaks between the two channels, for transfers and collections alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations

from tests.reference.entities import Entity, Facts, Row
from tests.reference.world import Break, World, covers


@dataclass(frozen=True)
class Kind:
    """What differs between transfers and collections."""

    subject: str
    resource: str
    webhook_states: tuple[str, ...]
    export_states: tuple[str, ...]
    known_states: tuple[str, ...]
    payee: tuple[str, ...]


TRANSFER = Kind(
    "transfer",
    "transfers",
    ("approved", "declined"),
    ("approved", "declined", "cancelled"),
    ("created", "in_progress", "approved", "declined", "cancelled", "duplicated"),
    ("payee_bank_code", "payee_account_number", "payee_document_number"),
)
COLLECTION = Kind(
    "collection",
    "collection_intents",
    ("account_credited", "failed"),
    ("account_credited", "failed"),
    ("created", "in_progress", "approved_in_provider", "account_credited", "failed"),
    (),
)


def channel_breaks(world: World, kind: Kind, entity: Entity, facts: Facts) -> Iterator[Break]:
    """Every break that comes from comparing what was said about one entity."""
    amount = facts.value("amount_minor")

    def found(name: str, cls: str, day: date, difference: int | None = None) -> Break:
        return Break(name, cls, kind.subject, facts.id, day, amount, difference)

    yield from _unannounced(world, kind, entity, facts, found)
    absent = _absent_since(world, kind, entity, facts)
    differs = _state_differs(world, facts)
    if absent:
        yield found("missing_in_export", "break", absent)
    if differs:
        yield found("state_mismatch", "break", differs)
    if not absent and not differs and _unconfirmed(kind, entity, facts):
        yield found("awaiting_export", "timing", world.bd(facts.runs[-1].start))
    yield from _different_values(world, kind, facts, found)
    for row in facts.seen:
        if row["state"] not in kind.known_states:
            yield found("unknown_state", "break", world.bd(row["occurred_at"]))
            break


def _unannounced(
    world: World, kind: Kind, entity: Entity, facts: Facts, found: Callable[[str, str, date], Break]
) -> Iterator[Break]:
    context = world.context
    announced = {row["state"] for row in entity.observations if row["channel"] == "webhook"}
    silent = [
        run.start
        for run in facts.runs
        if run.state in kind.webhook_states
        and run.told_by("export")
        and run.start >= context.since
        and run.state not in announced
    ]
    horizon = context.settings.webhooks.horizon
    late = [start for start in silent if context.as_of > start + horizon]
    early = [start for start in silent if context.as_of <= start + horizon]
    if late:
        yield found("missing_webhook", "break", world.bd(late[0]))
    if early:
        yield found("awaiting_webhook", "timing", world.bd(early[0]))


def _absent_since(world: World, kind: Kind, entity: Entity, facts: Facts) -> date | None:
    lag = world.context.settings.transfers.export_lag
    shown = world.appearances(kind.resource, entity.id)
    for row in facts.seen:
        if row["channel"] != "webhook":
            continue
        for export in world.complete_exports(kind.resource):
            started: datetime = export["started_at"]
            if (
                covers(export, facts.value("account_id"), facts.inserted_at)
                and started >= row["event_at"] + lag
                and not any(moment >= started for moment in shown)
            ):
                return world.bd(row["occurred_at"])
    return None


def _state_differs(world: World, facts: Facts) -> date | None:
    export, webhook = facts.latest("export"), facts.latest("webhook")
    if export is None or webhook is None or export["state"] == webhook["state"]:
        return None
    fetched_in_time = export["known_at"] >= webhook["event_at"] + world.context.settings.transfers.export_lag
    if not fetched_in_time or export["occurred_at"] > webhook["occurred_at"]:
        return None
    return next(world.bd(run.start) for run in facts.runs if webhook in run.observations)


def _unconfirmed(kind: Kind, entity: Entity, facts: Facts) -> bool:
    if facts.state not in kind.export_states or not facts.runs or not facts.runs[-1].told_by("webhook"):
        return False
    later = [row for row in entity.observations if row not in facts.seen]
    this_or_later = {facts.state} | {row["state"] for row in later}
    return not any(row["channel"] == "export" and row["state"] in this_or_later for row in entity.observations)


def _different_values(world: World, kind: Kind, facts: Facts, found: Callable[..., Break]) -> Iterator[Break]:
    tests: dict[str, Callable[[Row, Row], bool]] = {
        "amount_mismatch": lambda a, b: a["currency"] == b["currency"] and a["amount_minor"] != b["amount_minor"],
        "currency_mismatch": lambda a, b: bool(a["currency"] != b["currency"]),
        "payee_mismatch": lambda a, b: _payee_differs(kind, a, b),
    }
    for name, differ in tests.items():
        for position, row in enumerate(facts.seen):
            if any(differ(before, row) for before in facts.seen[:position]):
                difference = _difference(facts.seen, row) if name == "amount_mismatch" else None
                yield found(name, "break", world.bd(row["occurred_at"]), difference)
                break
    conflicts = [a["occurred_at"] for a, b in combinations(facts.seen, 2) if _conflict(kind, a, b)]
    if conflicts:
        yield found("conflicting_versions", "break", world.bd(min(conflicts)))


def _difference(seen: list[Row], row: Row) -> int:
    """Webhook less export; of one channel the earlier less the later."""
    alike = [each for each in seen if each["currency"] == row["currency"]]
    across = [each for each in alike if each["channel"] != row["channel"]][:1]
    other = next((each for each in across if each["amount_minor"] != row["amount_minor"]), alike[0])
    swapped = (row["channel"], other["channel"]) == ("webhook", "export")
    left, right = (row, other) if swapped else (other, row)
    return int(left["amount_minor"] - right["amount_minor"])


def _payee_differs(kind: Kind, one: Row, other: Row) -> bool:
    return any(one[name] is not None and other[name] is not None and one[name] != other[name] for name in kind.payee)


def _conflict(kind: Kind, one: Row, other: Row) -> bool:
    if one["channel"] != other["channel"] or one["occurred_at"] != other["occurred_at"]:
        return False
    if any((row["event_type"] or "").startswith("batch_") for row in (one, other)):
        return False
    if one["amount_minor"] != other["amount_minor"] or one["currency"] != other["currency"]:
        return True
    whole_second = one["occurred_at"].microsecond == 0
    return _payee_differs(kind, one, other) or (one["state"] != other["state"] and not whole_second)
