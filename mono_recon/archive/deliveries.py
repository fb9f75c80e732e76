"""Deliveries and what they say, laid flat.

Here belongs the reading of many bodies together, those that have a layout in common, and what is made of deliveries
that were read one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec
import polars as pl

from mono_recon.archive.alike import flat_objects, flat_rows
from mono_recon.archive.layouts import Alike, read_alike
from mono_recon.archive.leaves import MOMENT, leaves, series
from mono_recon.archive.payloads import EVENT_DATA, BatchEvent, Envelope, EventData, Member
from mono_recon.archive.plain import UNUSUAL, Unwrapped, cut_out, read_event
from mono_recon.archive.said import PLACE, Said, Told, flat_at, framed
from mono_recon.archive.webhooks import Delivery, state_of

_ARRIVED = pl.Schema(
    {
        PLACE: pl.UInt32(),
        "delivery_id": pl.String(),
        "known_at": MOMENT,
        "known_at_source": pl.String(),
        "signature_status": pl.String(),
        "secret_name": pl.String(),
        "copies": pl.Int64(),
        "body": pl.String(),
    }
)
_SAID = pl.Schema(
    {
        PLACE: pl.UInt32(),
        "event_type": pl.String(),
        "event_at": MOMENT,
        "subject_id": pl.String(),
        "status": pl.String(),
        "state": pl.String(),
        "occurred_at": MOMENT,
    }
)
_FRAME = pl.Schema({**_ARRIVED, **_SAID})
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


class _Data(msgspec.Struct, gc=False):
    transfers: msgspec.Raw


class _Event(msgspec.Struct, gc=False):
    data: _Data


class _Body(msgspec.Struct, gc=False):
    event: _Event


_BODY = msgspec.json.Decoder(_Body)


def read_together(unwrapped: Sequence[Unwrapped | None], places: Sequence[int]) -> Said:
    """Deliveries whose bodies have a layout in common with many others, whatever number of transfers they list.

    Args:
        unwrapped: Deliveries, None in place of those that need a closer look.
        places: The place of each.
    """
    apart = [_members_apart(each.body) if each else ("", []) for each in unwrapped]
    members = _read_members([found for _, found in apart])
    read = dict(members[PLACE].value_counts().iter_rows())
    texts = [text if read.get(index, 0) == len(found) else "" for index, (text, found) in enumerate(apart)]
    parts: dict[type[msgspec.Struct], list[pl.DataFrame]] = defaultdict(list)
    for alike in read_alike(pl.Series(texts, dtype=pl.String), _example):
        parts[alike.example].append(_events(alike))
    events = {wanted: pl.concat(frames) for wanted, frames in parts.items()}
    said = pl.concat([pl.DataFrame(schema=_SAID), *(_said(frame, wanted) for wanted, frame in events.items())])
    told: Told = {wanted: frame.drop("event_type", "event_at") for wanted, frame in events.items()}
    frame = _arrived(said[PLACE], unwrapped).join(said, on=PLACE).select(_FRAME.names())
    return _at(Said(frame, _with_members(told, members)), places)


def read_each(deliveries: Sequence[tuple[int, Delivery]]) -> Said:
    """Deliveries that were read one by one, each with its place."""
    objects: dict[type, list[tuple[int, EventData]]] = {}
    for place, delivery in deliveries:
        if delivery.data is not None:
            objects.setdefault(type(delivery.data), []).append((place, delivery.data))
    events = [(place, each) for place, each in objects.get(BatchEvent, []) if isinstance(each, BatchEvent)]
    listed = [(place, member) for place, event in events for member in event.transfers]
    told = {wanted: flat_at(found, wanted) for wanted, found in objects.items()}
    states = [(None, None) if each.data is None else state_of(each.data) for _, each in deliveries]
    columns: dict[str, list[Any]] = {
        PLACE: [place for place, _ in deliveries],
        "copies": [1] * len(deliveries),
        "signature_status": [each.verdict.status for _, each in deliveries],
        "secret_name": [each.verdict.secret_name for _, each in deliveries],
        "state": [state for state, _ in states],
        "occurred_at": [occurred_at for _, occurred_at in states],
    }
    frame = framed(columns, [delivery for _, delivery in deliveries], _FRAME)
    return Said(frame, _with_members(told, flat_at(listed, Member)))


def _at(said: Said, places: Sequence[int]) -> Said:
    """The same with other places: those that stand where theirs point to."""
    column = series(PLACE, places, pl.UInt32())
    moved = {wanted: frame.with_columns(column.gather(frame[PLACE])) for wanted, frame in said.told.items()}
    return Said(said.frame.with_columns(column.gather(said.frame[PLACE])), moved)


def _members_apart(body: str) -> tuple[str, list[bytes]]:
    """A body with an empty list in place of its event's transfers, and these."""
    if '"transfers":' not in body:
        return body, []
    content = body.encode()
    try:
        written = bytes(_BODY.decode(content).event.data.transfers)
        rest = cut_out(content, b'"transfers":', written, b"[]").decode()
        return rest, [bytes(member) for member in _ELEMENTS.decode(written)]
    except UNUSUAL:
        return body, []


def _read_members(found: Sequence[Sequence[bytes]]) -> pl.DataFrame:
    """Members of events laid flat, in their order, without those that need a closer look; ``place`` is the event's."""
    events = pl.Series(PLACE, [place for place, members in enumerate(found) for _ in members], dtype=pl.UInt32)
    members = flat_rows(list(chain.from_iterable(found)), Member).sort(PLACE)
    return members.with_columns(events.gather(members[PLACE]))


def _example(body: str) -> type[msgspec.Struct] | None:
    """What kind of event a body tells of, None if its members were not taken apart."""
    event = read_event(body)
    if event is None or (isinstance(event.data, BatchEvent) and event.data.transfers):
        return None
    return type(event.data)


def _events(alike: Alike[type[msgspec.Struct]]) -> pl.DataFrame:
    """The events of bodies of one layout laid flat, with ``event_type`` and ``event_at``."""
    wanted = alike.example
    names = [name for name, each in EVENT_DATA.items() if each is wanted]
    envelopes = flat_objects(alike, Envelope).filter(pl.col("event.type").is_in(names))
    envelopes = envelopes.rename({"event.type": "event_type", "timestamp": "event_at"})
    return flat_objects(alike, wanted, ("event", "data")).join(envelopes, on=PLACE, maintain_order="left")


def _said(events: pl.DataFrame, wanted: type[msgspec.Struct]) -> pl.DataFrame:
    has_state = "state" in leaves(wanted)
    return events.select(
        PLACE,
        "event_type",
        "event_at",
        subject_id="id",
        status=pl.lit("accepted"),
        state=pl.col("state") if has_state else pl.lit(None, pl.String),
        occurred_at="updated_at" if has_state else "transaction_at",
    )


def _arrived(places: Iterable[int], unwrapped: Sequence[Unwrapped | None]) -> pl.DataFrame:
    present = [(place, each) for place in places if (each := unwrapped[place])]
    columns: dict[str, list[Any]] = {
        PLACE: [place for place, _ in present],
        "known_at_source": ["received_at"] * len(present),
        "copies": [1] * len(present),
        "signature_status": [each.verdict.status for _, each in present],
        "secret_name": [each.verdict.secret_name for _, each in present],
    }
    return framed(columns, [each for _, each in present], _ARRIVED)


def _with_members(told: Told, members: pl.DataFrame) -> Told:
    """What is told, the members of events put to their events; others may be among them."""
    if BatchEvent not in told:
        return told
    events = told[BatchEvent]
    ids = events.select(PLACE, pl.col("id").alias("batch.id"), pl.col("account_id").alias("batch.account_id"))
    listed = members.group_by(PLACE).agg(listed_transfer_ids=pl.col("id").unique().sort())
    events = events.join(listed, on=PLACE, how="left", maintain_order="left")
    members = members.drop("batch.id", "batch.account_id").join(ids, on=PLACE, maintain_order="left")
    return {**told, BatchEvent: events.with_columns(pl.col("listed_transfer_ids").fill_null([])), Member: members}
