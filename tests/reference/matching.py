"""Which transfer, collection or payer each incoming credit belongs to, pass by pass."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mono_recon.settings import KnownPayer
from tests.reference.entities import Facts, Row, Run
from tests.reference.world import World, digits, same_document


@dataclass(frozen=True)
class Match:
    """One credit and what it was matched to."""

    rule: str
    to: str


@dataclass(frozen=True)
class Sent:
    """An own transfer with its attributes, and the run in force at the end of a credit's date."""

    facts: Facts
    run: Run

    @property
    def id(self) -> str:
        return self.facts.id

    def value(self, name: str) -> Any:
        return self.facts.value(name)


@dataclass
class Matching:
    """What the passes made of the credits."""

    credits: dict[str, Row]
    differences: dict[str, int] = field(default_factory=dict)
    """Of credits stated in two ways: the first amount less the next that differs, or zero."""
    duplicate: set[str] = field(default_factory=set)
    matches: dict[str, Match] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    differing: dict[str, Sent] = field(default_factory=dict)
    candidates: set[str] = field(default_factory=set)
    """Transfers that a credit of another amount, or an ambiguous one, might belong to."""

    def credits_of(self, target: str, rules: tuple[str, ...]) -> list[Row]:
        found = [name for name, match in self.matches.items() if match.to == target and match.rule in rules]
        return sorted((self.credits[name] for name in found), key=lambda row: row["transaction_at"])

    def undecided(self, names: Iterable[str]) -> list[Row]:
        """Credits that no pass has decided yet."""
        decided = self.matches.keys() | self.ambiguous | self.differing.keys()
        return [self.credits[name] for name in names if name not in decided]


INTERNAL = ("internal_external_id", "internal_reference")


def match_credits(world: World) -> Matching:
    """Take the passes business date by business date over all credits known."""
    rows = world.inputs.credits.to_dicts()
    told: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["known_at"], row["source_ref"])):
        told[row["credit_id"]].append(row)
    state = Matching({name: told[name][0] for name in sorted(told)})
    for name, versions in told.items():
        if len({(row["amount_minor"], row["currency"], row["account_id"]) for row in versions}) > 1:
            amounts = [row["amount_minor"] for row in versions]
            others = [amount for amount in amounts if amount != amounts[0]]
            state.differences[name] = amounts[0] - others[0] if others else 0
    state.duplicate = {name for name in told if name not in state.differences and _repeats(state, name)}
    dates: defaultdict[object, list[str]] = defaultdict(list)
    for name, row in state.credits.items():
        if name not in state.differences.keys() | state.duplicate:
            dates[world.bd(row["transaction_at"])].append(name)
    for day in sorted(dates, key=str):
        _take_date(world, state, dates[day])
    return state


def _repeats(state: Matching, name: str) -> bool:
    row = state.credits[name]
    return any(
        (other["event_at"], other_name) < (row["event_at"], name) and _alike(row, other)
        for other_name, other in state.credits.items()
        if other_name != name
    )


def _alike(one: Row, other: Row) -> bool:
    same = all(one[key] == other[key] for key in ("account_id", "amount_minor", "currency", "type"))
    documents = one["payer_document_number"], other["payer_document_number"]
    moments = {row["transaction_at"].replace(microsecond=0) for row in (one, other)}
    return same and len(moments) == 1 and (documents == (None, None) or same_document(*documents))


def _take_date(world: World, state: Matching, names: list[str]) -> None:
    end = world.context.calendar.end_of(world.bd(state.credits[names[0]]["transaction_at"]))
    transfers = [
        Sent(each.before(world.context.end), [run for run in each.runs if run.start < end][-1])
        for each in world.transfers.values()
        if any(run.start < end for run in each.runs)
    ]
    taken = {match.to for match in state.matches.values()}
    given_back = {match.to for match in state.matches.values() if match.rule == "return"}
    internal = {match.to for match in state.matches.values() if match.rule in INTERNAL}

    for rule, named in ((INTERNAL[0], _names_id), (INTERNAL[1], _names_reference)):
        free = [sent for sent in transfers if sent.id not in taken]
        pairs = [
            (row, sent)
            for row in state.undecided(names)
            for sent in free
            if named(row, sent) and _internal(world, row, sent) and row["amount_minor"] == sent.value("amount_minor")
        ]
        _pair_up(state, rule, [(row, sent.id, sent.run.start) for row, sent in pairs])
        taken |= {match.to for match in state.matches.values()}
    _other_amounts(world, state, names, [sent for sent in transfers if sent.id not in taken])
    _collections(world, state, names)
    returnable = [sent for sent in transfers if sent.id not in given_back and sent.id not in taken - internal]
    returns = [
        (row, sent.id, sent.run.start)
        for row in state.undecided(names)
        for sent in returnable
        if _is_return(world, row, sent)
    ]
    _pair_up(state, "return", returns)
    for row in state.undecided(names):
        for payer in world.context.settings.credits.known_payers:
            if _is_payer(payer, row):
                state.matches[row["credit_id"]] = Match("known_payer", payer.label)
                break


def _names_id(row: Row, sent: Sent) -> bool:
    return row["external_id"] is not None and row["external_id"] == sent.value("external_id")


def _names_reference(row: Row, sent: Sent) -> bool:
    named = row["external_id"] is None and row["reference"] is not None
    return named and bool(row["reference"] == sent.value("reference"))


def _internal(world: World, row: Row, sent: Sent) -> bool:
    """Rule 1 without the name and the amount."""
    payee, number = sent.value("payee_account_number"), row["account_number"]
    if row["type"] != "bank_transfer_mono" or sent.run.state != "approved" or payee is None or number is None:
        return False
    if digits(payee) != digits(number) or row["currency"] != sent.value("currency"):
        return False
    earliest = sent.facts.inserted_at - timedelta(minutes=5)
    return bool(earliest <= row["transaction_at"] <= sent.run.start + world.context.settings.webhooks.horizon)


def _other_amounts(world: World, state: Matching, names: list[str], free: list[Sent]) -> None:
    for row in state.undecided(names):
        near = [sent for sent in free if _names_id(row, sent) and _internal(world, row, sent)]
        if near:
            state.differing[row["credit_id"]] = min(near, key=lambda sent: (sent.run.start, sent.id))
            state.candidates |= {sent.id for sent in near}


def _collections(world: World, state: Matching, names: list[str]) -> None:
    used = {match.to for match in state.matches.values()}
    pairs = []
    for row in state.undecided(names):
        for intent in world.collections.values():
            starts = [run.start for run in intent.runs if run.state == "account_credited"]
            near = [start for start in starts if abs(row["transaction_at"] - start) <= timedelta(minutes=15)]
            if near and intent.id not in used and _same_money(row, intent.before(world.context.end)):
                pairs.append((row, intent.id, min(starts)))
    _pair_up(state, "collection", pairs)


def _same_money(row: Row, facts: Facts) -> bool:
    if any(row[name] != facts.value(name) for name in ("account_id", "currency", "amount_minor")):
        return False
    documents = row["payer_document_number"], facts.value("payer_document_number")
    return None in documents or same_document(*documents)


def _is_return(world: World, row: Row, sent: Sent) -> bool:
    if sent.run.state != "declined":
        return False
    if any(row[name] != sent.value(name) for name in ("account_id", "currency", "amount_minor")):
        return False
    until = world.context.calendar.add(sent.run.start, world.context.settings.credits.return_window)
    if not sent.run.start <= row["transaction_at"] <= until:
        return False
    bank = row["payer_bank_code"]
    by_bank = bank is not None and bank == sent.value("payee_bank_code")
    return by_bank or same_document(row["payer_document_number"], sent.value("payee_document_number"))


def _is_payer(payer: KnownPayer, row: Row) -> bool:
    if payer.document_number and not same_document(payer.document_number, row["payer_document_number"]):
        return False
    if payer.account_id and payer.account_id != row["account_id"]:
        return False
    patterns = (
        (payer.name_pattern, row["payer_name"]),
        (payer.reference_pattern, row["reference"]),
        (payer.description_pattern, row["description"]),
    )
    return all(text is not None and re.fullmatch(pattern, text) for pattern, text in patterns if pattern)


def _pair_up(state: Matching, rule: str, pairs: list[tuple[Row, str, datetime]]) -> None:
    """Match the groups that are clear; the credits of the others are ambiguous."""
    possible = {(row["credit_id"], target) for row, target, _ in pairs}
    when = {row["credit_id"]: row["transaction_at"] for row, _, _ in pairs}
    when |= {target: moment for _, target, moment in pairs}
    for group in _connected(possible):
        names = sorted({name for name, _ in group}, key=lambda name: (when[name], name))
        targets = sorted({target for _, target in group}, key=lambda target: (when[target], target))
        couples = list(zip(names, targets, strict=False))
        if len(names) == len(targets) and set(couples) <= possible:
            state.matches |= {name: Match(rule, target) for name, target in couples}
        else:
            state.ambiguous |= set(names)
            state.candidates |= set(targets)


def _connected(pairs: set[tuple[str, str]]) -> list[set[tuple[str, str]]]:
    """Groups of pairs that hang together by a credit or a counterpart."""
    groups: list[set[tuple[str, str]]] = []
    for pair in sorted(pairs):
        touching = [group for group in groups if any(set(pair) & set(other) for other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append({pair}.union(*touching))
    return groups
