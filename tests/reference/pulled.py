"""Random exports with what they show, balances, and what people add."""

from collections.abc import Sequence
from datetime import datetime

from tests.reference.dice import ACCOUNTS, DAY, HOUR, MICRO, MINUTE, NOTHING, SECOND, Dice
from tests.reference.entities import Row

NEAR = (NOTHING, MINUTE, -MINUTE, 5 * MINUTE, -5 * MINUTE)
FAR = (2 * HOUR, -2 * HOUR, 2 * HOUR + MICRO)
"""How far from a cut-off balances are taken: inside every tolerance, and at its edge."""


def export(dice: Dice, name: str, resource: str, rows: Sequence[Row]) -> tuple[Row, list[tuple[str, str, datetime]]]:
    """An export and the entities that it shows."""
    started_at = dice.after(dice.near())
    complete = not dice.rarely()
    windowed = resource == "transfers" and dice.heads()
    begin = dice.pick(dice.context.start, dice.context.start, dice.context.start - DAY, dice.context.end)
    export: Row = {
        "export_id": name,
        "resource": resource,
        "account_id": dice.pick(None, None, *ACCOUNTS),
        "window_from": begin if windowed else None,
        "window_until": dice.pick(dice.context.end, begin + DAY, begin + HOUR) if windowed else None,
        "started_at": started_at,
        "pages": 1,
        "items": 1,
        "is_complete": complete,
        "proves_absence": complete and not dice.rarely(),
        "first_fetched_at": started_at,
        "last_fetched_at": started_at + dice.pick(NOTHING, MINUTE),
    }
    key = "transfer_id" if resource == "transfers" else "intent_id"
    names = sorted({row[key] for row in rows})
    shown = [name for name in names if not dice.rarely()]
    return export, [(resource, name, started_at) for name in shown]


def whole_export(dice: Dice, transfers: Sequence[Row]) -> tuple[list[Row], list[tuple[str, str, datetime]]]:
    """An export of everything, as it is taken after every date."""
    started_at = max(dice.context.end, dice.context.as_of - MINUTE)
    export: Row = dict.fromkeys(("account_id", "window_from", "window_until"))
    export |= {"export_id": "whole", "resource": "transfers", "pages": 1, "items": 1}
    export |= {"is_complete": True, "proves_absence": True}
    export |= dict.fromkeys(("started_at", "first_fetched_at", "last_fetched_at"), started_at)
    shown = {row["transfer_id"] for row in transfers if not dice.rarely()}
    return [export], [("transfers", name, started_at) for name in sorted(shown)]


def balances(dice: Dice) -> list[Row]:
    rows = []
    for account_id in ACCOUNTS:
        amount = dice.pick(1_000_000, 5_000_000)
        for edge in (dice.context.start - DAY, dice.context.start, dice.context.end):
            for _ in dice.names(1, 2):
                at = edge + dice.pick(*NEAR, *NEAR, *FAR)
                rows.append(
                    {
                        "account_id": account_id,
                        "currency": "COP",
                        "amount_minor": amount - dice.pick(0, 0, 100_000),
                        "balance_at": at,
                        "known_at": at + SECOND,
                        "source_ref": dice.ref("export"),
                    }
                )
    return rows


def adjustment(dice: Dice, name: str) -> Row:
    at = dice.near()
    return {
        "adjustment_id": name,
        "account_id": dice.pick(*ACCOUNTS),
        "currency": dice.pick("COP", "COP", "USD"),
        "effective_at": at,
        "amount_minor": dice.pick(-700, 900),
        "decided_at": at + HOUR,
        "kind": "fee",
        "reason": "invoice",
        "actor": "ana",
        "path": "a.csv",
        "line": 1,
    }
