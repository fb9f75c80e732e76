"""What each account truly holds at any instant.

Here belongs the bank's own arithmetic: money in when it arrives, money out when a transfer is approved,
back in when an approved one is declined (unless it comes back as a credit of its own). No fees.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from mono_recon.demo.world import Account, Movement, Transfer, World


class Ledger:
    """The balance of every account of a world, in centavos."""

    def __init__(self, world: World) -> None:
        booked: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for account, at, amount in _movements(world):
            booked[account.id].append((at, amount))
        self._instants: dict[str, list[datetime]] = {}
        self._balances: dict[str, list[int]] = {}
        for account in world.accounts:
            rows = sorted(booked[account.id])
            self._instants[account.id] = [at for at, _ in rows]
            self._balances[account.id] = list(accumulate((amount for _, amount in rows), initial=account.opening))

    def available(self, account: Account, instant: datetime) -> int:
        """The balance after everything that happened up to and including an instant."""
        return self._balances[account.id][bisect_right(self._instants[account.id], instant)]


def _movements(world: World) -> Iterator[Movement]:
    yield from world.movements
    for credit in world.credits:
        yield Movement(credit.account, credit.at, credit.amount)
    for intent in world.intents:
        if not intent.repeated:
            for step in intent.steps:
                if step.state == "account_credited":
                    yield Movement(intent.account, step.at, intent.amount)
    for day in world.transfers:
        for transfer in day:
            yield from _of_transfer(transfer)


def _of_transfer(transfer: Transfer) -> Iterator[Movement]:
    account, debited = transfer.batch.account, False
    for step in transfer.steps:
        if step.state == "approved" and not debited:
            debited = True
            yield Movement(account, step.at, -transfer.amount)
        elif step.state in {"declined", "cancelled"} and debited:
            debited = False
            if not transfer.returned:
                yield Movement(account, step.at, transfer.amount)
