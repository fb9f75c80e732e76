"""One-to-one matching of credits with counterparts, pass by pass and date by date.

Here belongs who gets whom when several could. Which pairs are possible is decided in ``candidates``;
this module only sees pairs, and a later date never changes an earlier match.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

INTERNAL_RULES = ("internal_external_id", "internal_reference")
COLLECTION_RULE = "collection"
RETURN_RULE = "return"
PAYER_RULE = "known_payer"
AMOUNT_DIFFERS = "amount_differs"
"""Not a match: all of the first rule holds but the amount."""

PASSES = (*INTERNAL_RULES, AMOUNT_DIFFERS, COLLECTION_RULE, RETURN_RULE, PAYER_RULE)


class Pair(NamedTuple):
    """A credit and a counterpart that one rule lets meet."""

    rule: str
    business_date: date
    credit_at: datetime
    credit_id: str
    counterpart_at: datetime
    counterpart_id: str


@dataclass
class Matches:
    """What the passes decided.

    Attributes:
        rule_of: Credit to the rule that matched it.
        counterpart_of: Credit to its counterpart.
        ambiguous: Credits of groups that could not be paired.
        amount_differs: Credit to the transfer that it is but for its amount.
        contested: Transfers that an ambiguous or differing credit has as a candidate.
    """

    rule_of: dict[str, str] = field(default_factory=dict)
    counterpart_of: dict[str, str] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    amount_differs: dict[str, str] = field(default_factory=dict)
    contested: set[str] = field(default_factory=set)

    def is_settled(self, credit_id: str) -> bool:
        """Whether no further pass may take the credit."""
        return credit_id in self.rule_of or credit_id in self.ambiguous or credit_id in self.amount_differs


def match(pairs: Iterable[Pair]) -> Matches:
    """Run all passes over all dates.

    Args:
        pairs: Candidate pairs of every rule, in any order.
    """
    by_pass: dict[tuple[date, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_pass[pair.business_date, pair.rule].append(pair)
    matches = Matches()
    used: dict[str, str] = {}
    for day in sorted({day for day, _ in by_pass}):
        for rule in PASSES:
            free = [pair for pair in sorted(by_pass.get((day, rule), ())) if _is_free(pair, matches, used)]
            if rule == AMOUNT_DIFFERS:
                _note_differing(free, matches)
            elif rule == PAYER_RULE:
                _take_payers(free, matches)
            else:
                _pair_groups(free, matches, used)
    return matches


def _is_free(pair: Pair, matches: Matches, used: dict[str, str]) -> bool:
    if matches.is_settled(pair.credit_id):
        return False
    taken_by = used.get(pair.counterpart_id)
    # A transfer that was credited inside Mono and declined afterwards may still come back.
    return taken_by is None or (pair.rule == RETURN_RULE and taken_by in INTERNAL_RULES)


def _note_differing(free: list[Pair], matches: Matches) -> None:
    for pair in sorted(free, key=lambda each: (each.credit_id, each.counterpart_at, each.counterpart_id)):
        matches.amount_differs.setdefault(pair.credit_id, pair.counterpart_id)
        matches.contested.add(pair.counterpart_id)


def _take_payers(free: list[Pair], matches: Matches) -> None:
    """A payer may pay any number of times, so these are no groups."""
    for pair in free:
        matches.rule_of[pair.credit_id] = pair.rule
        matches.counterpart_of[pair.credit_id] = pair.counterpart_id


def _pair_groups(free: list[Pair], matches: Matches, used: dict[str, str]) -> None:
    for group in _groups(free):
        credits_in_order = sorted({(pair.credit_at, pair.credit_id) for pair in group})
        counterparts = sorted({(pair.counterpart_at, pair.counterpart_id) for pair in group})
        possible = {(pair.credit_id, pair.counterpart_id) for pair in group}
        chosen = [
            (credit_id, counterpart_id)
            for (_, credit_id), (_, counterpart_id) in zip(credits_in_order, counterparts, strict=False)
        ]
        if len(credits_in_order) == len(counterparts) and possible.issuperset(chosen):
            for credit_id, counterpart_id in chosen:
                matches.rule_of[credit_id] = group[0].rule
                matches.counterpart_of[credit_id] = counterpart_id
                used[counterpart_id] = group[0].rule
        else:
            matches.ambiguous.update(credit_id for _, credit_id in credits_in_order)
            matches.contested.update(counterpart_id for _, counterpart_id in counterparts)


def _groups(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """Connected groups: pairs that share a credit or a counterpart, directly or through others."""
    by_credit: dict[str, list[Pair]] = defaultdict(list)
    by_counterpart: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_credit[pair.credit_id].append(pair)
        by_counterpart[pair.counterpart_id].append(pair)
    seen: set[Pair] = set()
    for start in pairs:
        if start in seen:
            continue
        group: list[Pair] = []
        waiting = [start]
        seen.add(start)
        while waiting:
            pair = waiting.pop()
            group.append(pair)
            for neighbour in (
                *by_credit.pop(pair.credit_id, ()),
                *by_counterpart.pop(pair.counterpart_id, ()),
            ):
                if neighbour not in seen:
                    seen.add(neighbour)
                    waiting.append(neighbour)
        yield group
