"""The balance proof of every account: two figures, and every movement between them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mono_recon.calendar import Limit
from mono_recon.reconcile.context import Context
from tests.reference.entities import FINAL, Entity, Row
from tests.reference.intents import counted
from tests.reference.matching import Matching
from tests.reference.world import Break, World

SIGNS = {
    "credits": 1,
    "collections": 1,
    "reversals_in": 1,
    "adjustments": 1,
    "transfers": -1,
    "fees": -1,
    "gmf": -1,
}
Account = tuple[str, str]
"""An account and a currency."""


@dataclass(frozen=True)
class Movement:
    """Money that moved, as one term of the proof."""

    term: str
    account: Account
    amount: int
    at: datetime


def movements(world: World, matching: Matching) -> Iterator[Movement]:
    """Everything known to have moved any account at any time."""
    for row in matching.credits.values():
        yield Movement("credits", _account(row), row["amount_minor"], row["transaction_at"])
    for row in world.inputs.adjustments.to_dicts():
        yield Movement("adjustments", _account(row), row["amount_minor"], row["effective_at"])
    for intent in world.collections.values():
        account, amount = _attributes(intent)
        for run in intent.runs:
            if run.state == "account_credited" and counted(matching, intent.id):
                yield Movement("collections", account, amount, run.start)
    for transfer in world.transfers.values():
        yield from _of_transfer(world, transfer, returned=bool(matching.credits_of(transfer.id, ("return",))))


def _account(row: Row) -> Account:
    return row["account_id"], row["currency"]


def _attributes(entity: Entity) -> tuple[Account, int]:
    known = entity.known()
    return (known.value("account_id"), known.value("currency")), known.value("amount_minor")


def _of_transfer(world: World, transfer: Entity, *, returned: bool) -> Iterator[Movement]:
    (account, amount), routing = _attributes(transfer), transfer.known().value("routing")
    out, back = debits(transfer, world.context.settings.balance.debit_at)
    for moment in out:
        yield Movement("transfers", account, amount, moment)
    for moment in [] if returned else back:
        yield Movement("reversals_in", account, amount, moment)
    for run in transfer.runs:
        if run.state == "approved":
            day = world.bd(run.start)
            if fee := _fee(world, routing, day):
                yield Movement("fees", account, fee, run.start)
            if gmf := _gmf(world, account[0], amount, day):
                yield Movement("gmf", account, gmf, run.start)


def debits(transfer: Entity, debit_at: str) -> tuple[list[datetime], list[datetime]]:
    """Walk along the timeline: when was the account debited, when was that undone?"""
    runs, out, back = transfer.runs, [], []
    owed = debit_at == "created" and not any(run.state == "duplicated" for run in runs)
    if owed:
        out = [transfer.inserted_at]
    under_way = [position for position, run in enumerate(runs) if run.state == "in_progress"]
    approvals = [position for position, run in enumerate(runs) if run.state == "approved"]
    once = (under_way or approvals)[:1] if debit_at == "in_progress" else []
    for position, run in enumerate(runs):
        again = run.state == "approved" and position > 0 and runs[position - 1].state == "declined"
        if position in once or again or (debit_at == "approved" and run.state == "approved"):
            out.append(run.start)
            owed = True
        if run.state in ("declined", "cancelled") and owed:
            back.append(run.start)
            owed = False
    return out, back


def _fee(world: World, routing: str | None, day: date) -> int:
    valid = [fee for fee in world.context.settings.balance.fees if fee.routing == routing and fee.from_date <= day]
    return max(valid, key=lambda fee: fee.from_date).amount_minor if valid else 0


def _gmf(world: World, account_id: str | None, amount: int, day: date) -> int:
    valid = [
        gmf
        for gmf in world.context.settings.balance.gmf
        if gmf.from_date <= day and (not gmf.accounts or account_id in gmf.accounts)
    ]
    per_thousand = max(valid, key=lambda gmf: gmf.from_date).per_thousand if valid else 0
    return (amount * per_thousand + 500) // 1000


def moved(world: World, matching: Matching) -> set[Account]:
    """Accounts with movements on the date."""
    accounts = {movement.account for movement in movements(world, matching) if world.on_day(movement.at)}
    return {account for account in accounts if account[0] is not None}


def known_accounts(world: World) -> dict[str, str]:
    """Accounts of an export, or of what happened before the end of the date, with their last stated currency."""
    inputs, end = world.inputs, world.context.end
    named = [(row["known_at"], row) for row in inputs.accounts.to_dicts()]
    for frame, clock in (
        (inputs.transfers.read(0, 1), "occurred_at"),
        (inputs.batches.read(0, 1), "occurred_at"),
        (inputs.collections, "occurred_at"),
        (inputs.credits, "transaction_at"),
    ):
        named += [(row[clock], row) for row in frame.to_dicts() if row[clock] < end]
    currencies: dict[str, str] = {}
    for _, row in sorted(named, key=lambda entry: (entry[0], entry[1]["currency"] or "")):
        if row["account_id"]:
            ours = currencies.get(row["account_id"], world.context.settings.business.currencies[0])
            currencies[row["account_id"]] = row["currency"] or ours
    return currencies


def proof_rows(world: World, matching: Matching) -> list[Row]:
    """One row per account that is known or has a balance, and per currency that its balances or movements have."""
    due = {_account(row) for row in world.inputs.balances.to_dicts()} | moved(world, matching)
    named = {account_id for account_id, _ in due}
    due |= {account for account in known_accounts(world).items() if account[0] not in named}
    flows = list(movements(world, matching))
    return [_prove(world, flows, account, world.context) for account in sorted(due)]


def figure_near(world: World, account_id: str, moment: datetime, currency: str | None = None) -> Row | None:
    """The balance nearest to a moment, if one is near enough."""
    tolerance = world.context.settings.balance.snapshot_tolerance
    near = [
        row
        for row in world.inputs.balances.to_dicts()
        if row["account_id"] == account_id
        and currency in (None, row["currency"])
        and abs(row["balance_at"] - moment) <= tolerance
    ]
    if not near:
        return None
    at = min((abs(row["balance_at"] - moment), row["balance_at"]) for row in near)[1]
    return max((row for row in near if row["balance_at"] == at), key=lambda row: (row["known_at"], row["source_ref"]))


def _prove(world: World, flows: list[Movement], account: Account, context: Context) -> Row:
    account_id, currency = account
    opening = figure_near(world, account_id, context.start, currency)
    closing = figure_near(world, account_id, context.end, currency)
    row: Row = {
        "account_id": account_id,
        "currency": currency,
        "status": "no_snapshot",
        "opening_at": opening and opening["balance_at"],
        "opening_minor": opening and opening["amount_minor"],
        "closing_at": closing and closing["balance_at"],
        "closing_minor": closing and closing["amount_minor"],
        **{f"{name}_minor": None for name in (*SIGNS, "expected", "unexplained")},
        "in_transit_minor": _in_transit(world, account, closing["balance_at"]) if closing else None,
    }
    if not opening or not closing:
        return row
    expected = opening["amount_minor"]
    for name, sign in SIGNS.items():
        between = [
            flow.amount
            for flow in flows
            if flow.term == name
            and flow.account == account
            and opening["balance_at"] < flow.at <= closing["balance_at"]
        ]
        row[f"{name}_minor"] = sum(between)
        expected += sign * sum(between)
    unexplained = closing["amount_minor"] - expected
    status = "unexplained" if unexplained else "proved"
    return row | {"expected_minor": expected, "unexplained_minor": unexplained, "status": status}


def _in_transit(world: World, account: Account, moment: datetime) -> int:
    total = 0
    for transfer in world.transfers.values():
        whose, amount = _attributes(transfer)
        begun = [run for run in transfer.runs if run.start <= moment]
        is_open = not begun or begun[-1].state not in FINAL
        if whose == account and transfer.inserted_at <= moment and is_open:
            total += amount
    return total


def balance_breaks(world: World, matching: Matching) -> Iterator[Break]:
    """Balances that were not explained, on this date and on every earlier one."""
    balances, flows = world.inputs.balances.to_dicts(), list(movements(world, matching))
    first = min((world.bd(row["balance_at"]) for row in balances), default=world.day)
    for back in range((world.day - first).days + 1):
        context = replace(world.context, business_date=world.day - timedelta(days=back))
        found = [
            each
            for account in sorted({_account(row) for row in balances})
            for each in _balance_break(_prove(world, flows, account, context), context)
        ]
        yield from {each.subject_id: each for each in reversed(found)}.values()


def _balance_break(row: Row, context: Context) -> Iterator[Break]:
    if not row["unexplained_minor"]:
        return
    day, unexplained = context.business_date, row["unexplained_minor"]
    waiting = context.as_of <= context.calendar.add(context.end, Limit(business_days=1))
    name, cls = ("awaiting_balance", "timing") if waiting else ("balance_difference", "break")
    yield Break(name, cls, "account", f"{row['account_id']}:{day}", day, abs(unexplained), unexplained)
