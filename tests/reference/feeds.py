"""What is missing or wrong in the feeds of the date."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tests.reference.balance import figure_near, known_accounts, moved
from tests.reference.entities import Row
from tests.reference.matching import Matching
from tests.reference.world import Break, World, window

ACTIVE = ("approved", "declined", "account_credited", "failed")


def feed_breaks(world: World, matching: Matching) -> Iterator[Break]:
    """Every finding of class data."""
    day, context = world.day, world.context

    def found(name: str, subject: str) -> Break:
        return Break(name, "data", "feed", subject, day, 0)

    if not world.inputs.arrivals.height and context.end > context.since and _active(world):
        yield found("feed_missing", f"webhooks:{day}")
    accounts = known_accounts(world)
    complete = world.complete_exports
    if not accounts or not all(_covered(complete("transfers"), name, context.start, context.end) for name in accounts):
        yield found("feed_missing", f"exports:{day}")
    for name in sorted({account_id for account_id, _ in moved(world, matching)}):
        if figure_near(world, name, context.end) is None:
            yield found("feed_missing", f"balance:{name}:{day}")
    for export in world.inputs.exports.to_dicts():
        if _unanswered(world, export, complete(export["resource"]), accounts):
            yield found("incomplete_export", export["export_id"])


def _active(world: World) -> bool:
    runs = [run for facts in world.transfer_facts.values() for run in facts.runs if run.told_by("export")]
    runs += [run for facts in world.collection_facts.values() for run in facts.runs]
    credited = [row["transaction_at"] for row in world.inputs.credits.to_dicts()]
    return any(run.state in ACTIVE and world.on_day(run.start) for run in runs) or any(
        world.on_day(moment) for moment in credited
    )


def _covered(complete: list[Row], account_id: str, begin: datetime, end: datetime) -> bool:
    """Whether complete exports of an account, or of all, leave no gap."""
    reached = begin
    spans = [window(export) for export in complete if export["account_id"] in (None, account_id)]
    for start, until in sorted(spans, key=lambda span: span[0] or datetime.min.replace(tzinfo=begin.tzinfo)):
        if (start is None or start <= reached) and until > reached:
            reached = until
    return reached >= end


def _unanswered(world: World, export: Row, complete: list[Row], accounts: Iterable[str]) -> bool:
    context = world.context
    issue_at = context.calendar.at(world.day + timedelta(days=1), context.settings.business.issue_at)
    if export["is_complete"]:
        return False
    if export["first_fetched_at"] > issue_at or export["last_fetched_at"] < context.start:
        return False
    begin, end = window(export)
    begin, end = max(begin or context.start, context.start), min(end, context.end)
    asked = {export["account_id"]} if export["account_id"] else set(accounts) or {""}
    return begin < end and not all(_covered(complete, name, begin, end) for name in asked)
