"""Deliveries as the tests of merging write them, and the tables that merging them fills."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from mono_recon.core.records import HeldEvents, MergedEvents, contested, merge_events
from mono_recon.schemas.raw import Copies, Deliveries
from mono_recon.schemas.table import polars_schema

START = datetime(2026, 3, 2, 5, tzinfo=UTC)
DELIVERIES, COPIES = polars_schema(Deliveries), polars_schema(Copies)
NOTHING = HeldEvents(DELIVERIES.to_frame(), COPIES.to_frame())
PLAIN = {"id": "trn_1", "state": "approved", "amount": 5}


def moment(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Record:
    """A delivery as a test writes it: seconds for moments, a letter for its file."""

    data: str = json.dumps(PLAIN)
    arrived: int | None = 10
    event: int = 5
    occurred: int = 0
    signature: str = "no_header"
    secret: str | None = None
    file: str = "a"
    line: int = 1
    used: bool = True
    subject: str | None = "trn_1"
    state: str | None = "approved"
    type: str = "bank_transfer_approved"

    def row(self) -> dict[str, Any]:
        kind = self.type if self.used else f"unknown_{self.type}"
        data = f'{self.data[:-1]},"updated_at":{self.occurred},"of":"{self.subject} {self.state}"}}'
        body = f'{{"event":{{"type":"{kind}","data":{data}}},"timestamp":{self.event}}}'
        return {
            "delivery_id": hashlib.sha256(body.encode()).hexdigest(),
            "event_type": kind,
            "event_at": moment(self.event),
            "known_at": moment(self.event if self.arrived is None else self.arrived),
            "known_at_source": "event_timestamp" if self.arrived is None else "received_at",
            "subject_id": self.subject,
            "signature_status": self.signature,
            "secret_name": self.secret,
            "copies": 1,
            "body": body,
            "file_sha256": hashlib.sha256(self.file.encode()).hexdigest(),
            "line": self.line,
            "byte_offset": self.line * 100,
            "status": "accepted" if self.used else "unused",
            "state": self.state if self.used else None,
            "occurred_at": moment(self.occurred) if self.used else None,
        }

    @property
    def id(self) -> str:
        return str(self.row()["delivery_id"])


def frame(records: Iterable[Record]) -> pl.DataFrame:
    rows = pl.DataFrame([record.row() for record in records], schema=DELIVERIES)
    return rows.with_row_index("record").cast({"record": pl.Int64})


def paths(records: Iterable[Record]) -> pl.DataFrame:
    named = {record.row()["file_sha256"]: record.file for record in records}
    return pl.DataFrame(list(named.items()), schema={"file_sha256": pl.String, "path": pl.String}, orient="row")


def stored(held: HeldEvents, merged: MergedEvents) -> HeldEvents:
    """What the tables hold after a merge was written."""
    changed = merged.changed.join(held.events.select(held_as="delivery_id", held_body="body"), on="held_as")
    renamed = changed.filter(pl.col("held_as") != pl.col("delivery_id"))
    changed = changed.with_columns(
        body=pl.when(pl.col("held_as") == pl.col("delivery_id")).then("held_body").otherwise("body")
    )
    return HeldEvents(
        pl.concat(
            [
                held.events.join(changed, left_on="delivery_id", right_on="held_as", how="anti"),
                changed.select(DELIVERIES.names()),
                merged.new.select(DELIVERIES.names()),
            ]
        ),
        pl.concat([held.copies.join(renamed, left_on="record_id", right_on="held_as", how="anti"), merged.copies]),
    )


def asked_for(held: HeldEvents, incoming: pl.DataFrame) -> HeldEvents:
    """What the warehouse gives of what it holds: bodies only where they are asked for."""
    without = HeldEvents(held.events.with_columns(body=pl.lit(None, pl.String)), held.copies)
    needed = contested(incoming, without).get_column("delivery_id").implode()
    body = pl.when(pl.col("delivery_id").is_in(needed)).then("body")
    return HeldEvents(held.events.with_columns(body=body), held.copies)


def ingest(*runs: Sequence[Record]) -> tuple[HeldEvents, list[MergedEvents]]:
    held, merges = NOTHING, []
    every = paths(record for run in runs for record in run)
    for run in runs:
        incoming = frame(run)
        merges.append(merge_events(incoming, asked_for(held, incoming), every))
        held = stored(held, merges[-1])
    return held, merges
