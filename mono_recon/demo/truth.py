"""The labels: one row per injected break.

Here belongs what a fault promises will be found, and how that promise is written down. Which breaks
a fault causes is decided where it is injected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from mono_recon.calendar import BusinessCalendar
from mono_recon.demo.instants import instant_text

TruthRow = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A break that must be found.

    Attributes:
        break_type: Type in the break catalogue.
        subject_type: transfer, batch, credit, collection, payment_group, account or feed.
        subject_id: Id of the subject.
        business_date: Date the break belongs to.
        amount_minor: Centavos at stake.
        difference_minor: Centavos between the two figures; None where no two figures differ.
        since: Instant from which the knowledge and the limits suffice, exports apart.
        export: Name of the export that is needed besides, if one is.
    """

    break_type: str
    subject_type: str
    subject_id: str
    business_date: date
    amount_minor: int
    difference_minor: int | None
    since: datetime
    export: str | None = None


def truth_rows(
    expectations: Sequence[Expectation], finished: Mapping[str, datetime], calendar: BusinessCalendar
) -> list[TruthRow]:
    """The expectations as rows of truth.jsonl, ordered by date, type and subject.

    Args:
        expectations: What the faults promised.
        finished: Per export the fetch time of its last page.
        calendar: Gives the end of each date: no report of a date is made before it is over.

    Returns:
        Rows with the seven documented keys; instants in UTC with ``Z``.
    """
    rows: list[TruthRow] = []
    for told in sorted(expectations, key=lambda e: (e.business_date, e.break_type, e.subject_id)):
        knowable = [calendar.end_of(told.business_date), told.since]
        if told.export is not None:
            knowable.append(finished[told.export])
        rows.append(
            {
                "break_type": told.break_type,
                "subject_type": told.subject_type,
                "subject_id": told.subject_id,
                "business_date": told.business_date.isoformat(),
                "amount_minor": told.amount_minor,
                "difference_minor": told.difference_minor,
                "detectable_at": instant_text(max(knowable)),
            }
        )
    return rows


def write_truth(path: Path, rows: Sequence[TruthRow]) -> None:
    """Write one JSON line per row."""
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
