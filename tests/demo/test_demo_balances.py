"""The balances of a demonstration, added up again from its files."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mono_recon.demo.balances import Ledger
from mono_recon.demo.write import make_world
from tests.demo.reading import Archive, Story

Movement = tuple[str, datetime, int]
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def of_transfers(archive: Archive, incoming: list[dict[str, Any]]) -> Iterator[Movement]:
    """Out when approved, back when declined again, unless the money came back as a credit."""
    returned = {data["amount"]["amount"] for data in incoming}
    for story in archive.transfers().values():
        account, amount = story.last["batch"]["account_id"], story.last["amount"]["amount"]
        debited = False
        for state, at in story.runs:
            if state == "approved" and not debited:
                debited = True
                yield account, at, -amount
            elif state == "declined" and debited:
                debited = False
                if amount not in returned:
                    yield account, at, amount


def of_collections(archive: Archive, incoming: list[dict[str, Any]]) -> Iterator[Movement]:
    """In when credited, unless a credit within a quarter of an hour repeats it."""
    for story in archive.collections().values():
        for state, at in story.runs:
            if state == "account_credited" and not any(repeats(story, at, credit) for credit in incoming):
                yield story.last["account_id"], at, story.last["amount"]["amount"]


def repeats(story: Story, at: datetime, credit: dict[str, Any]) -> bool:
    apart = abs(datetime.fromisoformat(credit["transaction_at"]) - at)
    return (
        apart <= QUARTER
        and credit["amount"] == story.last["amount"]
        and credit["account"]["id"] == story.last["account_id"]
        and credit["payer"]["document_number"] == story.last["payer"]["document_number"]
    )


def movements(archive: Archive) -> list[Movement]:
    incoming = list(archive.credits().values())
    told = [
        (data["account"]["id"], datetime.fromisoformat(data["transaction_at"]), data["amount"]["amount"])
        for data in incoming
    ]
    return [*told, *of_transfers(archive, incoming), *of_collections(archive, incoming)]


def figures(archive: Archive) -> dict[str, list[tuple[datetime, int]]]:
    """The figures around midnight of each account, in order."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    for _, body in archive.pages("balances-"):
        for row in body["accounts"]:
            at = datetime.fromisoformat(row["balance"]["updated_at"])
            found.setdefault(row["id"], []).append((at, row["balance"]["available"]["amount"]))
    return {account: sorted(rows) for account, rows in found.items()}


def midnight_before(at: datetime) -> datetime:
    return (at - timedelta(hours=5)).replace(hour=0, minute=0, second=0, microsecond=0)


def test_every_balance_adds_up_to_the_centavo_unless_labelled(archive: Archive) -> None:
    moved, found = movements(archive), {}
    last_wire = max(received for received, _ in archive.deliveries) - 2 * DAY
    for account, rows in figures(archive).items():
        for (opened_at, opening), (closed_at, closing) in pairwise(rows):
            change = sum(a for acc, at, a in moved if acc == account and opened_at < at <= closed_at)
            if closing != opening + change and closed_at < last_wire:
                day = (opened_at - timedelta(hours=5)).date()
                found[f"{account}:{day}"] = closing - opening - change
    labelled = {
        row["subject_id"]: row["difference_minor"] for row in archive.truth if row["break_type"] == "balance_difference"
    }
    assert found == labelled


def test_the_figure_too_old_is_the_only_one_far_from_midnight(archive: Archive) -> None:
    far = {
        f"balance:{account}:{(at - timedelta(hours=5)).date()}"
        for account, rows in figures(archive).items()
        for at, _ in rows
        if timedelta(hours=2) < (at - timedelta(hours=5)) - midnight_before(at) < timedelta(hours=22)
    }
    labelled = {key for _, key in archive.labelled("feed_missing") if key.startswith("balance:")}
    assert far == labelled
    assert far


@pytest.mark.parametrize("seed", [1, 2])
def test_no_account_is_ever_overdrawn(seed: int) -> None:
    world = make_world(days=5, transfers_per_day=60, seed=seed, first_day=date(2026, 3, 2))
    ledger = Ledger(world)
    moments = range(0, 5 * 24 * 60, 97)
    start = world.calendar.start_of(world.first_day)
    assert all(
        ledger.available(account, start + timedelta(minutes=minute)) > 0
        for account in world.accounts
        for minute in moments
    )
