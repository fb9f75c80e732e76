"""Everything that the reference looks at, as entities and rows, and the words it answers in."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from tests.reference.entities import BATCH_RANKS, COLLECTION_RANKS, TRANSFER_RANKS, Entity, Facts, Row, entities


@dataclass(frozen=True)
class Break:
    """One break: what it is, about what, since when, for how much; and whose lines carry it."""

    type: str
    cls: str
    subject_type: str
    subject_id: str
    date: date
    amount: int
    difference: int | None = None
    carriers: tuple[tuple[str, str], ...] = ()

    def lines(self) -> tuple[tuple[str, str], ...]:
        return self.carriers or ((self.subject_type, self.subject_id),)


@dataclass(frozen=True)
class World:
    """What was known, and the question asked about it."""

    inputs: DayInputs
    context: Context

    @cached_property
    def transfers(self) -> dict[str, Entity]:
        return entities(self.inputs.transfers.read(0, 1).to_dicts(), "transfer_id", TRANSFER_RANKS)

    @cached_property
    def batches(self) -> dict[str, Entity]:
        return entities(self.inputs.batches.read(0, 1).to_dicts(), "batch_id", BATCH_RANKS)

    @cached_property
    def collections(self) -> dict[str, Entity]:
        return entities(self.inputs.collections.to_dicts(), "intent_id", COLLECTION_RANKS)

    @cached_property
    def transfer_facts(self) -> dict[str, Facts]:
        """Facts of the date, of those that exist just before its end."""
        return self.existing(self.transfers)

    @cached_property
    def batch_facts(self) -> dict[str, Facts]:
        return self.existing(self.batches)

    @cached_property
    def collection_facts(self) -> dict[str, Facts]:
        return self.existing(self.collections)

    @cached_property
    def account_numbers(self) -> set[str]:
        return {digits(row["number"]) for row in self.inputs.accounts.to_dicts() if row["number"]}

    @property
    def day(self) -> date:
        return self.context.business_date

    def existing(self, kind: dict[str, Entity]) -> dict[str, Facts]:
        end = self.context.end
        return {name: each.before(end) for name, each in kind.items() if each.inserted_at < end}

    def bd(self, moment: datetime) -> date:
        return self.context.calendar.business_date(moment)

    def on_day(self, moment: datetime) -> bool:
        return self.bd(moment) == self.day

    def complete_exports(self, resource: str) -> list[Row]:
        return [row for row in self.inputs.exports.to_dicts() if row["resource"] == resource and row["proves_absence"]]

    def appearances(self, resource: str, name: str) -> list[datetime]:
        rows = self.inputs.appearances.to_dicts()
        return [row["started_at"] for row in rows if (row["resource"], row["subject_id"]) == (resource, name)]


def covers(export: Row, account_id: str | None, inserted_at: datetime) -> bool:
    """Whether a complete export would have to show what one account created at a moment."""
    if export["account_id"] is not None and export["account_id"] != account_id:
        return False
    begin, end = window(export)
    return (begin is None or begin <= inserted_at) and inserted_at < end


def window(export: Row) -> tuple[datetime | None, datetime]:
    """The span of creation times that an export answers for; null where it has no beginning."""
    until = export["window_until"]
    return export["window_from"], min(until, export["started_at"]) if until else export["started_at"]


def digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdigit())


def same_document(one: str | None, other: str | None) -> bool:
    """Equal text, or a NIT with and without its check digit; nothing equals a missing document."""
    if one is None or other is None:
        return False
    shorter, longer = sorted((one, other), key=len)
    if (len(shorter), len(longer)) == (9, 10) and (shorter + longer).isdigit():
        return longer.startswith(shorter)
    return one == other
