"""The labels of channels, states, batches and credits, checked against the files."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mono_recon.calendar import BusinessCalendar, Limit
from tests.demo.reading import Archive, Story

LAG = timedelta(minutes=5)
Json = dict[str, Any]
Found = set[tuple[str, str]]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_final_state_without_a_webhook_is_labelled(archive: Archive) -> None:
    found: Found = set()
    for key, story in archive.stories:
        told = {sight.state for sight in story.seen_in("webhook")}
        shown = {sight.state for sight in story.seen_in("export")}
        if (shown & {"approved", "declined", "account_credited", "failed"}) - told:
            found.add(("missing_webhook", key))
    assert found == archive.labelled("missing_webhook")


def test_everything_told_is_exported_unless_labelled(archive: Archive) -> None:
    last_full = max(name for name in archive.exports if name.startswith("transfers-"))
    covered_until = instant(archive.exports[last_full][0]["export"]["started_at"]) - timedelta(hours=29)
    found: Found = {
        ("missing_in_export", key)
        for key, story in archive.stories
        if not story.seen_in("export") and instant(story.last["inserted_at"]) < covered_until
    }
    assert found == archive.labelled("missing_in_export")


def test_exports_that_stay_behind_are_labelled(archive: Archive) -> None:
    found: Found = set()
    for key, story in archive.stories:
        told, shown = story.seen_in("webhook"), story.seen_in("export")
        if not told or not shown:
            continue
        late_enough = shown[-1].told_at >= told[-1].told_at + LAG
        if late_enough and shown[-1].at <= told[-1].at and shown[-1].state != told[-1].state:
            found.add(("state_mismatch", key))
    assert found == archive.labelled("state_mismatch")


@pytest.mark.parametrize(
    ("break_type", "value"),
    [
        ("currency_mismatch", lambda data: data["amount"]["currency"]),
        ("payee_mismatch", lambda data: data.get("payee", {}).get("document_number")),
        ("payee_mismatch", lambda data: data.get("payee", {}).get("bank_account", {}).get("number")),
        ("payee_mismatch", lambda data: data.get("payee", {}).get("bank_account", {}).get("bank_code")),
    ],
)
def test_values_that_differ_between_sights_are_labelled(
    archive: Archive, break_type: str, value: Callable[[Json], object]
) -> None:
    found: Found = set()
    for key, story in archive.stories:
        if len({value(sight.data) for sight in story.sights} - {None}) > 1:
            found.add((break_type, key))
    assert found
    assert found <= archive.labelled(break_type)


def test_amounts_that_differ_in_one_currency_are_labelled(archive: Archive) -> None:
    found: Found = set()
    for key, story in archive.stories:
        told = {(sight.data["amount"]["currency"], sight.data["amount"]["amount"]) for sight in story.sights}
        if len(told) > len({currency for currency, _ in told}):
            found.add(("amount_mismatch", key))
    assert found == archive.labelled("amount_mismatch")


def test_steps_that_no_state_machine_has_are_labelled(archive: Archive) -> None:
    known = {"created", "in_progress", "approved", "declined", "cancelled", "duplicated"}
    legal = {("in_progress", final) for final in ("approved", "declined", "cancelled")}
    legal |= {("created", after) for after in known}
    changed = {("approved", "declined"), ("declined", "approved")}
    found: Found = set()
    for key, story in archive.transfers().items():
        states = [state for state, _ in story.runs]
        for step in pairwise(states):
            if step in changed:
                found.add(("final_state_changed", key))
            elif step not in legal and known.issuperset(step):
                found.add(("illegal_transition", key))
        if set(states) - known:
            found.add(("unknown_state", key))
    labels = archive.labelled("final_state_changed", "illegal_transition", "unknown_state")
    assert found == {label for label in labels if str(label[1]).startswith("trn_")}


def test_transfers_open_beyond_the_limit_of_their_rail_are_labelled(archive: Archive) -> None:
    midnights = {at.replace(minute=0, second=0, microsecond=0) for at, _ in archive.pages("balances-")}
    found = {
        ("stuck_transfer", key)
        for key, story in archive.transfers().items()
        for midnight in midnights
        if is_stuck(Story([sight for sight in story.sights if sight.at < midnight]), midnight)
    }
    assert found == archive.labelled("stuck_transfer")


def is_stuck(story: Story, midnight: datetime) -> bool:
    steps, batches = story.runs, [sight.data["batch"] for sight in story.sights]
    sent = [at for state, at in steps if state == "in_progress"]
    sent += [instant(lot["updated_at"]) for lot in batches if lot["state"] == "processing_transactions"]
    if not sent or steps[-1][0] in {"approved", "declined", "cancelled", "duplicated"}:
        return False
    routing = next((s.data["routing"] for s in reversed(story.sights) if "routing" in s.data), "ach")
    fell_back = any("fallback_reason" in sight.data for sight in story.sights)
    limit = Limit(business_days=2) if routing == "ach" or fell_back else Limit(span=timedelta(hours=1))
    return midnight > BusinessCalendar().add(min(sent), limit)


def test_batches_whose_sums_or_lists_fail_are_labelled(archive: Archive) -> None:
    members: dict[str, dict[str, int]] = defaultdict(dict)
    batches: dict[str, Json] = {}
    listed: dict[str, set[str]] = defaultdict(set)
    for key, story in archive.transfers().items():
        batch = story.last["batch"]
        batches[batch["id"]] = batch
        members[batch["id"]][key] = story.last["amount"]["amount"]
        listed[batch["id"]] |= {key} if any(sight.nested for sight in story.sights) else set()
    last_day = max(instant(batch["inserted_at"]) for batch in batches.values()) - timedelta(days=1)
    found: Found = set()
    for key, batch in batches.items():
        if instant(batch["inserted_at"]) > last_day:
            continue
        if batch["total_amount"]["amount"] != sum(members[key].values()):
            found.add(("batch_total_mismatch", key))
        if listed[key] and listed[key] != set(members[key]):
            found.add(("batch_membership_mismatch", key))
    assert found == archive.labelled("batch_total_mismatch", "batch_membership_mismatch")


def test_an_external_id_approved_twice_is_labelled(archive: Archive) -> None:
    approved: dict[str, int] = defaultdict(int)
    for story in archive.transfers().values():
        if story.runs[-1][0] == "approved":
            data = story.last
            approved[f"{data['batch']['account_id']}:{data['entity_id']}"] += 1
    found: Found = {("duplicate_payment", group) for group, count in approved.items() if count > 1}
    assert found == archive.labelled("duplicate_payment")


def test_credits_from_nobody_known_are_labelled(archive: Archive) -> None:
    settings = (archive.root / "mono_recon.toml").read_text()
    transfers = [story.last for story in archive.transfers().values()]
    own_ids = {data["entity_id"] for data in transfers} | {data["reference"] for data in transfers}
    refused = {data["amount"]["amount"] for data in transfers if data["state"] == "declined"}
    collected = {story.last["amount"]["amount"] for story in archive.collections().values()}
    found = {
        key
        for key, data in archive.credits().items()
        if f'document_number = "{data["payer"]["document_number"][:9]}"' not in settings
        and f'name_pattern = "{data["payer"]["name"].split()[0]} .*"' not in settings
        and data["payer"]["document_number"] not in settings
        and data["amount"]["amount"] not in refused | collected
        and not own_ids & {data["extra"].get("entity_id"), data["extra"].get("reference")}
    }
    assert found == {key for _, key in archive.labelled("unidentified_credit")}
