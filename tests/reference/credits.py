"""Breaks of incoming credits, and of own transfers that should have become one."""

from collections.abc import Iterator

from tests.reference.entities import Row
from tests.reference.matching import Matching
from tests.reference.world import Break, World, digits, same_document


def credit_breaks(world: World, matching: Matching) -> Iterator[Break]:
    """At most one break per credit, and the transfers of which no credit is known."""
    for name, row in matching.credits.items():
        if row["transaction_at"] < world.context.end:
            yield from _credit_break(world, matching, name, row)
    yield from _not_credited(world, matching)


def _credit_break(world: World, matching: Matching, name: str, row: Row) -> Iterator[Break]:
    def found(kind: str, cls: str, difference: int | None = None, also: str | None = None) -> Break:
        carriers = (("credit", name), ("transfer", also)) if also else ()
        return Break(
            kind, cls, "credit", name, world.bd(row["transaction_at"]), row["amount_minor"], difference, carriers
        )

    match, settings = matching.matches.get(name), world.context.settings
    if name in matching.differences:
        yield found("conflicting_credit", "break", matching.differences[name])
    elif name in matching.duplicate:
        yield found("duplicate_credit", "break")
    elif name in matching.ambiguous:
        yield found("ambiguous_match", "review")
    elif name in matching.differing:
        difference = row["amount_minor"] - matching.differing[name].value("amount_minor")
        yield found("credit_amount_mismatch", "break", difference)
    elif match:
        if match.rule == "return":
            yield found("suspected_return", "review", also=match.to)
    elif row["type"] == "bank_transfer_mono" and any(
        same_document(own, row["payer_document_number"]) for own in settings.business.own_documents
    ):
        yield found("orphan_internal_credit", "break")
    elif settings.credits.unidentified != "matched":
        yield found("unidentified_credit", settings.credits.unidentified)


def _not_credited(world: World, matching: Matching) -> Iterator[Break]:
    context = world.context
    credited = {match.to for match in matching.matches.values()}
    for name, facts in world.transfer_facts.items():
        payee, later = facts.value("payee_account_number"), world.transfers[name].runs[len(facts.runs) :]
        if facts.state != "approved" or any(run.state == "declined" for run in later):
            continue
        if payee is None or digits(payee) not in world.account_numbers:
            continue
        if facts.value("payee_bank_code") not in context.settings.business.own_bank_codes:
            continue
        if name in credited | matching.candidates:
            continue
        late = context.as_of > facts.runs[-1].start + context.settings.webhooks.horizon
        kind, cls = ("internal_transfer_not_credited", "break") if late else ("awaiting_credit", "timing")
        yield Break(kind, cls, "transfer", name, world.bd(facts.runs[-1].start), facts.value("amount_minor"))
