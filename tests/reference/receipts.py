"""Random money in: collection intents, and credits that are as a rule the echo of something."""

from collections.abc import Sequence

from tests import scenario
from tests.reference.dice import (
    ACCOUNTS,
    AMOUNTS,
    CLIENT_IDS,
    DAY,
    DOCUMENTS,
    HORIZON,
    HOUR,
    MICRO,
    MINUTE,
    NOTHING,
    NUMBERS,
    SECOND,
    Dice,
)
from tests.reference.entities import Row
from tests.reference.world import digits

AROUND = (NOTHING, NOTHING, MICRO, -MICRO)
COLLECTION_PATHS = (
    ("created",),
    ("in_progress", "approved_in_provider"),
    ("approved_in_provider", "account_credited"),
    ("account_credited",),
    ("account_credited", "account_credited"),
    ("failed",),
    ("created", "approved_in_provider", "failed"),
    ("account_credited", "failed"),
    ("on_hold",),
)


def intent(dice: Dice, name: str) -> list[Row]:
    inserted_at = dice.near() - dice.pick(NOTHING, NOTHING, NOTHING, DAY, 30 * DAY)
    base: Row = {
        "intent_id": scenario.ident("cint", name),
        "account_id": dice.pick(ACCOUNTS[0], *ACCOUNTS, None),
        "amount_minor": dice.pick(*AMOUNTS),
        "currency": "COP",
        "payer_document_number": dice.pick(*DOCUMENTS),
        "inserted_at": inserted_at,
        "event_type": None,
    }
    path = dice.path(COLLECTION_PATHS, ("created", "approved_in_provider", "account_credited", "failed", "odd"))
    rows = []
    for state, occurred_at in zip(path, dice.times(inserted_at, len(path)), strict=True):
        for channel in dice.pick(("webhook",), ("export",), ("webhook", "export")):
            slip = {"amount_minor": base["amount_minor"] + 1} if dice.rarely() else {}
            rows.append(base | {"state": state} | dice.said(channel, occurred_at) | slip)
    return rows


def credit(dice: Dice, name: str, transfers: Sequence[Row], intents: Sequence[Row]) -> list[Row]:
    """A credit that is as a rule the echo of something."""
    row: Row = {
        "type": dice.pick("incoming_wire", "bank_transfer_mono"),
        "account_id": dice.pick(*ACCOUNTS),
        "amount_minor": dice.pick(*AMOUNTS),
        "currency": dice.pick(*("COP",) * 5, "USD"),
        "transaction_at": dice.near(),
        "external_id": dice.pick(*CLIENT_IDS),
        "payer_document_number": dice.pick(*DOCUMENTS),
        "payer_bank_code": dice.pick("066", "007", None),
        "payer_name": dice.pick("EMPRESA", None),
        "description": dice.pick("wire 1", "other", None),
    }
    sent = [each for each in transfers if each["state"] == "approved" and _owner(each)]
    declined = [each for each in transfers if each["state"] == "declined" and each["account_id"]]
    collected = [each for each in intents if each["state"] == "account_credited" and each["account_id"]]
    echo, heard = dice.pick((_arrival, sent), (_arrival, sent), (_return, declined), (_collected, collected))
    if heard and not dice.rarely():
        row |= echo(dice, dice.pick(*heard))
    if dice.rarely():
        row["amount_minor"] += 1
    return _told(dice, name, row)


def _owner(transfer: Row) -> str | None:
    """The own account that a transfer pays."""
    number = digits(transfer["payee_account_number"] or "")
    return next((name for name, its in NUMBERS.items() if digits(its) == number), None)


def _arrival(dice: Dice, transfer: Row) -> Row:
    near = (transfer["occurred_at"], transfer["inserted_at"] - 5 * MINUTE, transfer["occurred_at"] + HORIZON)
    return {
        "type": "bank_transfer_mono",
        "account_id": _owner(transfer),
        "amount_minor": transfer["amount_minor"],
        "currency": transfer["currency"],
        "external_id": dice.pick(transfer["external_id"], transfer["external_id"], None),
        "reference": dice.pick(transfer["reference"], "ref 1"),
        "transaction_at": dice.pick(*near) + dice.pick(*AROUND),
    }


def _return(dice: Dice, transfer: Row) -> Row:
    same = {name: transfer[name] for name in ("account_id", "amount_minor", "currency")}
    payee = {"payer_bank_code": transfer["payee_bank_code"]}
    late = dice.pick(NOTHING, NOTHING, HOUR, 3 * HOUR, DAY)
    return same | payee | {"transaction_at": transfer["occurred_at"] + late + dice.pick(*AROUND)}


def _collected(dice: Dice, intent: Row) -> Row:
    same = {name: intent[name] for name in ("account_id", "amount_minor", "currency", "payer_document_number")}
    away = dice.pick(NOTHING, 15 * MINUTE, -15 * MINUTE)
    return same | {"transaction_at": intent["occurred_at"] + away + dice.pick(*AROUND)}


def _told(dice: Dice, name: str, row: Row) -> list[Row]:
    event_at = row["transaction_at"] + dice.pick(*(6 * SECOND,) * 5, 15 * HOUR)
    row |= {
        "credit_id": scenario.tx(name),
        "account_number": None if dice.rarely() else NUMBERS[row["account_id"]],
        "event_at": event_at,
        "known_at": event_at + dice.pick(SECOND, MINUTE),
        "source_ref": dice.ref("webhook"),
    }
    rows = [row]
    if dice.rarely():
        slip = dice.pick({"amount_minor": row["amount_minor"] + 1}, {"description": "again"})
        rows.append(row | slip | {"known_at": row["known_at"] + HOUR, "source_ref": dice.ref("webhook")})
    if dice.rarely():
        other = {
            "credit_id": scenario.tx(f"{name}twice"),
            "transaction_at": row["transaction_at"] + dice.pick(NOTHING, MICRO),
        }
        rows.append(row | other | {"source_ref": dice.ref("webhook")})
    return rows
