"""Webhook records: from bytes to a delivery with its rows, or to the reason against it.

Here belongs the order of the questions put to a delivery. How it is wrapped belongs to ``wrappings``, what
an event's data must be to ``payloads``, what its signature must be to ``signatures``.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mono_recon.archive.forms import convert_plainly
from mono_recon.archive.instants import microseconds, read_instant
from mono_recon.archive.payloads import EVENT_DATA, Credit, EventData, LedgerTransaction
from mono_recon.archive.refusals import RefusedError, outranked, refuse, weigh
from mono_recon.archive.rules import Rules
from mono_recon.archive.schema_rules import (
    INSTANT_RULE,
    BrokenRulesError,
    Failure,
    convert_exactly,
    missing,
    text_failure,
    wrong,
)
from mono_recon.archive.signatures import Verdict, is_signed, verify
from mono_recon.archive.strict_json import compact, is_odd
from mono_recon.archive.wrappings import Opened, open_record

_MISSING = object()


class Delivery(msgspec.Struct, gc=False):
    """A record that was read: the columns of ``raw.deliveries`` that lie in it, and what it says if it is used.

    Moments are microseconds since 1970 UTC.
    """

    delivery_id: str
    event_type: str
    event_at: int
    known_at: int
    known_at_source: str
    subject_id: str | None
    verdict: Verdict
    body: str
    status: str
    data: EventData | None = None


@dataclass(slots=True)
class _Event:
    """What the envelope says of its event."""

    type: str
    data: object
    timestamp: datetime | None


def read_delivery(raw: bytes, rules: Rules, *, is_element: bool) -> Delivery:
    """The delivery that a record holds.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        rules: Limits and secrets.
        is_element: The record is an element of an array and has no raw bytes of its own.

    Raises:
        RefusedError: With the first reason that applies.
    """
    duplicates: list[Failure] = []
    try:
        delivery = _read(open_record(raw, duplicates, is_element=is_element), rules)
    except RefusedError as error:
        raise outranked(error, duplicates) from None
    if duplicates:
        raise refuse(*weigh(duplicates), delivery.known_at)
    return delivery


def _read(opened: Opened, rules: Rules) -> Delivery:
    event = _event(opened)
    moment = opened.received_at or event.timestamp
    known_at = 0 if moment is None else microseconds(moment)
    text = compact(opened.payload) if opened.body is None else opened.body.decode()
    content = text.encode() if opened.body is None else opened.body
    delivery_id = hashlib.sha256(content).hexdigest()
    # A zero stands for a moment that cannot be read; such a record is refused below.
    event_at = 0 if event.timestamp is None else microseconds(event.timestamp)
    failures = opened.failures
    data: EventData | None = None
    try:
        data = _interpret(event, needs_care=is_odd(content))
    except BrokenRulesError as error:
        failures = [*failures, *error.failures]
    verdict = verify(opened.signatures, opened.body, rules.secrets, moment)
    _judge(failures, verdict, opened, rules, known_at if moment else None)
    return Delivery(
        delivery_id=delivery_id,
        event_type=event.type,
        event_at=event_at,
        known_at=known_at,
        known_at_source="event_timestamp" if opened.received_at is None else "received_at",
        subject_id=_subject_id(event.data),
        verdict=verdict,
        body=text,
        status="unused" if data is None else "accepted",
        data=data,
    )


def _event(opened: Opened) -> _Event:
    payload = opened.payload
    event = payload.get("event") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(event, dict) or "timestamp" not in payload:
        raise _unknown_shape(opened, "neither a delivery nor a payload: no event with a timestamp")
    event_type = event.get("type")
    if not isinstance(event_type, str):
        raise _unknown_shape(opened, "event.type: must be a text")
    timestamp = read_instant(payload["timestamp"])
    if timestamp is None:
        opened.failures.append(wrong("timestamp", INSTANT_RULE, payload["timestamp"]))
    return _Event(event_type, event.get("data", _MISSING), timestamp)


def _unknown_shape(opened: Opened, detail: str) -> RefusedError:
    stated = opened.payload if isinstance(opened.payload, dict) else {}
    moment = opened.received_at or read_instant(stated.get("received_at")) or read_instant(stated.get("timestamp"))
    return refuse("unknown_shape", detail, None if moment is None else microseconds(moment))


def _interpret(event: _Event, *, needs_care: bool) -> EventData | None:
    wanted = EVENT_DATA.get(event.type)
    if wanted is None:
        _check_kept_texts(event)
        return None
    if event.data is _MISSING:
        raise BrokenRulesError([missing("event.data")])
    data = None if needs_care else convert_plainly([event.data], wanted)[0]
    return data or convert_exactly(event.data, wanted, "event.data")


def _check_kept_texts(event: _Event) -> None:
    kept = {"event.type": event.type, "event.data.id": _subject_id(event.data)}
    failures = [failure for path, text in kept.items() if text and (failure := text_failure(path, text))]
    if failures:
        raise BrokenRulesError(failures)


def _judge(failures: list[Failure], verdict: Verdict, opened: Opened, rules: Rules, known_at: int | None) -> None:
    if verdict.status == "failed":
        detail = "the signature is that of no secret configured for the moment"
        failures = [*failures, Failure("signature_failed", detail)]
    if rules.require_signature and not is_signed(opened.signatures):
        failures = [*failures, Failure("missing_signature", "no Mono-Signature header with a moment and a digest")]
    if failures:
        raise refuse(*weigh(failures), known_at)


def _subject_id(data: object) -> str | None:
    subject_id = data.get("id") if isinstance(data, dict) else None
    return subject_id if isinstance(subject_id, str) else None


def state_of(data: EventData) -> tuple[str | None, int]:
    """The state that an event states, where its object has one, and since when."""
    if isinstance(data, (Credit, LedgerTransaction)):
        return None, microseconds(data.transaction_at)
    return data.state, microseconds(data.updated_at)
