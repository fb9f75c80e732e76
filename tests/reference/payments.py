"""Random transfers and batches: their lives, what each channel says of them, and its slips."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests import scenario
from tests.reference.dice import ACCOUNTS, AMOUNTS, CLIENT_IDS, DAY, DOCUMENTS, NUMBERS, SECOND, Dice
from tests.reference.entities import Row

TRANSFER_STATES = ("created", "in_progress", "approved", "declined", "cancelled", "duplicated", "on_hold")
TRANSFER_PATHS = (
    ("approved",),
    ("approved",),
    ("declined",),
    ("in_progress", "approved"),
    ("approved", "approved"),
    ("created", "in_progress", "declined"),
    ("in_progress", "approved", "declined"),
    ("declined", "approved"),
    ("cancelled",),
    ("duplicated",),
    ("in_progress",),
    ("approved", "in_progress", "approved"),
)
BATCH_STATES = (
    "created",
    "pending_otp",
    "verified_otp",
    "processing_transactions",
    "cancelled",
    "duplicated",
    "declined",
)
EVENTS = {
    "approved": "bank_transfer_approved",
    "declined": "bank_transfer_rejected",
    "cancelled": "bank_transfer_rejected",
    "in_progress": "bank_transfer_fallback_routing",
}


def transfer(dice: Dice, name: str, batches: Sequence[Row]) -> list[Row]:
    batch = dice.pick(None, *batches) if dice.rarely() else dice.pick(*batches)
    inserted_at = batch["inserted_at"] if batch and not dice.rarely() else dice.near()
    if dice.draw(st.integers(0, 39)) == 39:
        inserted_at -= 40 * DAY
    base = {
        "transfer_id": scenario.trn(name),
        "amount_minor": dice.pick(*AMOUNTS),
        "currency": batch["currency"] if batch else "COP",
        "account_id": batch["account_id"] if batch else dice.pick(None, *ACCOUNTS),
        "batch_id": batch and batch["batch_id"],
        "external_id": dice.pick(*CLIENT_IDS),
        "reference": dice.pick("ref 1", "ref 2", None),
        "routing": dice.pick("ach", "turbo", None, "other"),
        "fallback_routing": dice.pick([], ["ach"], ["turbo", "ach"]),
        "payee_document_number": dice.pick(*DOCUMENTS),
        "payee_bank_code": dice.pick("066", "066", "007", None),
        "payee_account_number": dice.pick(*NUMBERS.values(), "095000037", "0950-00036", None),
        "inserted_at": inserted_at,
    }
    path = dice.path(TRANSFER_PATHS, TRANSFER_STATES)
    rows = []
    for state, occurred_at in zip(path, dice.times(inserted_at, len(path)), strict=True):
        for channel in dice.pick(("webhook",), ("export",), ("webhook", "export"), ("webhook", "webhook")):
            said = dice.said(channel, occurred_at) | {"state": state}
            rows += [base | said | _slip(dice, channel, state, base)]
    return rows


def _slip(dice: Dice, channel: str, state: str, base: Row) -> Row:
    """What one statement says differently from the others."""
    slip: Row = {"event_type": EVENTS.get(state) if channel == "webhook" else None}
    if dice.rarely():
        slip |= dice.pick(
            {"amount_minor": base["amount_minor"] + 1},
            {"currency": "USD"},
            {"payee_bank_code": "051"},
            {"payee_document_number": None},
            {"routing": None},
            {"account_id": None, "batch_id": None},
            {"external_id": None},
            {"inserted_at": base["inserted_at"] - SECOND},
        )
    return slip


def batch(dice: Dice, name: str) -> list[Row]:
    inserted_at = dice.near()
    base = {
        "batch_id": scenario.bat(name),
        "account_id": dice.pick(ACCOUNTS[0], *ACCOUNTS),
        "currency": dice.pick(*("COP",) * 5, "USD"),
        "inserted_at": inserted_at,
        "total_amount_minor": dice.pick(100_000, 200_000, 350_050, None),
    }
    path = tuple(dice.draw(st.lists(st.sampled_from(BATCH_STATES), min_size=1, max_size=3)))
    if not dice.rarely():
        path = (*path[1:], "processing_transactions")
    rows = []
    for state, occurred_at in zip(path, dice.times(inserted_at, len(path)), strict=True):
        said = dice.said(dice.pick("webhook", "webhook", "export"), occurred_at)
        rows.append(base | {"state": state, "event_type": None} | said)
    return rows


def list_members(dice: Dice, batch: Row, transfers: Sequence[Row]) -> list[Row]:
    """Let an event of a batch list its transfers, more, fewer or none; and what it says of each."""
    if batch["channel"] != "webhook" or dice.heads():
        return []
    firsts = {row["transfer_id"]: row for row in reversed(transfers)}
    own = sorted(name for name, row in firsts.items() if row["batch_id"] == batch["batch_id"])
    batch["event_type"] = "batch_sent"
    batch["listed_transfer_ids"] = dice.pick(own, own, own[1:], [], sorted(firsts)[:1])
    clocks = {name: batch[name] for name in ("channel", "event_type", "event_at", "known_at", "source_ref")}
    place = {"batch_id": batch["batch_id"], "account_id": batch["account_id"], "routing": None}
    return [firsts[name] | clocks | place for name in batch["listed_transfer_ids"]]
