"""The report of a date as plain rows: lines, breaks, summary, balance proof and verdict."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from tests.reference import batches, intents
from tests.reference.balance import balance_breaks, proof_rows
from tests.reference.credits import credit_breaks
from tests.reference.entities import FINAL, Facts, Row
from tests.reference.feeds import feed_breaks
from tests.reference.matching import Matching, match_credits
from tests.reference.transfers import transfer_breaks
from tests.reference.world import Break, World

ORDER = ("break", "review", "timing")


@dataclass(frozen=True)
class Report:
    """What the reference says about a date."""

    transfers: list[Row]
    batches: list[Row]
    credits: list[Row]
    collections: list[Row]
    breaks: list[Break]
    summary: dict[tuple[str | None, str, str, str, str], tuple[int, int]]
    balance: list[Row]
    verdict: str


def report(inputs: DayInputs, context: Context) -> Report:
    """Reconcile one date, slowly."""
    world = World(inputs, context)
    matching = match_credits(world)
    found = [
        *transfer_breaks(world),
        *batches.batch_breaks(world),
        *credit_breaks(world, matching),
        *intents.collection_breaks(world),
    ]
    found += balance_breaks(world, matching)
    found += feed_breaks(world, matching)
    found = [each for each in found if each.date <= world.day]
    carried = _carried(found)
    transfers = _transfer_lines(world, matching, carried)
    received = _credit_lines(world, matching, carried)
    collected = _collection_lines(world, matching, carried)
    return Report(
        transfers,
        _batch_lines(world, transfers, carried),
        received,
        collected,
        [each for each in found if _is_listed(world, each)],
        _summary(world, transfers, received, collected),
        proof_rows(world, matching),
        _verdict(world, found),
    )


def _is_listed(world: World, each: Break) -> bool:
    if each.date == world.day or each.cls == "break":
        return True
    return each.cls == "timing" and world.day - each.date <= timedelta(days=30)


def _verdict(world: World, found: list[Break]) -> str:
    today = [each for each in found if each.date == world.day]
    if any(each.type in ("feed_missing", "incomplete_export") for each in today):
        return "incomplete"
    if any(each.cls == "break" for each in today):
        return "breaks"
    return "awaiting" if any(each.type == "awaiting_balance" for each in today) else "balanced"


Carried = Callable[[str, str], Row]


def _carried(found: Iterable[Break]) -> Carried:
    by_line: defaultdict[tuple[str, str], list[Break]] = defaultdict(list)
    for each in found:
        for line in each.lines():
            by_line[line].append(each)

    def carried(kind: str, name: str) -> Row:
        mine = by_line[kind, name]
        worst = min((each.cls for each in mine), key=ORDER.index, default="matched")
        return {"recon_status": worst, "break_types": sorted({each.type for each in mine})}

    return carried


def _transfer_lines(world: World, matching: Matching, carried: Carried) -> list[Row]:
    lines = []
    for name, facts in world.transfer_facts.items():
        inclusion = _inclusion(world, facts)
        if not inclusion:
            continue
        matched = [
            row["credit_id"]
            for row in matching.credits_of(name, ("internal_external_id", "internal_reference", "return"))
            if row["transaction_at"] < world.context.end
        ]
        told = {channel: facts.latest(channel) for channel in ("webhook", "export")}
        line = {
            "transfer_id": name,
            **{key: facts.value(key) for key in ("account_id", "batch_id", "external_id", "currency", "amount_minor")},
            "created_at": facts.inserted_at,
            "final_at": facts.final_at,
            "state_at_cutoff": facts.state,
            "state_latest": world.transfers[name].runs[-1].state,
            **{f"state_{channel}": row["state"] if row else None for channel, row in told.items()},
            "routing": facts.value("routing"),
            "inclusion": inclusion,
            "matched_credit_id": matched[-1] if matched else None,
        }
        lines.append(line | carried("transfer", name))
    return lines


def _inclusion(world: World, facts: Facts) -> str | None:
    if world.on_day(facts.inserted_at):
        return "created"
    if any(run.state in FINAL and world.on_day(run.start) for run in facts.runs):
        return "finalised"
    return "open" if facts.is_open else None


def _batch_lines(world: World, transfers: list[Row], carried: Carried) -> list[Row]:
    present = {line["transfer_id"] for line in transfers}
    lines = []
    for name, facts in world.batch_facts.items():
        batch = world.batches[name]
        members = batches.members(world, batch)
        if not world.on_day(facts.inserted_at) and not any(member.id in present for member in members):
            continue
        by_state: Counter[str] = Counter()
        for member in members:
            by_state[member.state if member.state in FINAL else "open"] += member.value("amount_minor")
        declared = facts.value("total_amount_minor")
        line = {
            "batch_id": name,
            "account_id": facts.value("account_id"),
            "state": facts.state,
            "declared_minor": declared,
            **{f"{state}_minor": by_state[state] for state in (*FINAL, "open")},
            "difference_minor": None if declared is None else declared - by_state.total(),
            "members": len(members),
            "members_listed": len(batches.listed_ids(batch)) if batches.lists(batch) else None,
        }
        lines.append(line | carried("batch", name))
    return lines


def _credit_lines(world: World, matching: Matching, carried: Carried) -> list[Row]:
    lines = []
    for name, row in matching.credits.items():
        if world.on_day(row["transaction_at"]):
            match = matching.matches.get(name)
            line = {key: row[key] for key in ("credit_id", "account_id", "currency", "amount_minor", "transaction_at")}
            line |= {
                "matched_to": match.to if match else None,
                "match_rule": match.rule if match else None,
                "label": match.to if match and match.rule == "known_payer" else None,
            }
            lines.append(line | carried("credit", name))
    return lines


def _collection_lines(world: World, matching: Matching, carried: Carried) -> list[Row]:
    return [
        {
            "intent_id": facts.id,
            **{key: facts.value(key) for key in ("account_id", "currency", "amount_minor")},
            "state_at_cutoff": facts.state,
            "counted": intents.counted(matching, facts.id),
            **carried("collection", facts.id),
        }
        for facts in intents.population(world)
    ]


def _summary(
    world: World,
    transfers: list[Row],
    received: list[Row],
    collected: list[Row],
) -> dict[tuple[str | None, str, str, str, str], tuple[int, int]]:
    counts: Counter[tuple[str | None, str, str, str, str]] = Counter()
    amounts: Counter[tuple[str | None, str, str, str, str]] = Counter()

    def enter(line: Row, direction: str, section: str) -> None:
        key = line["account_id"], line["currency"], direction, section, line["recon_status"]
        counts[key] += 1
        amounts[key] += line["amount_minor"]

    for line in transfers:
        for section in sections(world, world.transfer_facts[line["transfer_id"]]):
            enter(line, "out", section)
    for line in received:
        enter(line, "in", "credits")
    for line in collected:
        if line["counted"] and intents.credited_on_day(world, world.collection_facts[line["intent_id"]]):
            enter(line, "in", "collections")
    return {key: (counts[key], amounts[key]) for key in counts}


def sections(world: World, facts: Facts) -> list[str]:
    """The terms of the roll-forward that a transfer enters, each as often as it does."""
    entered = ["created"] if world.on_day(facts.inserted_at) else []
    if facts.inserted_at < world.context.start and _open_at(facts, world.context.start):
        entered.append("opening_open")
    if facts.is_open:
        entered.append("closing_open")
    before: str | None = None
    for run in facts.runs:
        if world.on_day(run.start):
            entered += _step(before, run.state)
        before = run.state
    return entered


def _open_at(facts: Facts, moment: datetime) -> bool:
    return replace(facts, seen=[row for row in facts.seen if row["occurred_at"] < moment]).is_open


def _step(before: str | None, after: str) -> list[str]:
    if after not in FINAL:
        return ["reopened"] if before in FINAL else []
    if before is None or before not in FINAL:
        return [after]
    return [f"reversed_to_{after}"] if {before, after} == {"approved", "declined"} else []
