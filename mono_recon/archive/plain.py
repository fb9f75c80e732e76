"""The form in which nearly all deliveries lie in an archive, read without a detour.

Here belongs only what makes the reading of a plain delivery quick. Whatever is out of the ordinary is left to
``webhooks``, which reads every form and alone refuses; where both read a record, they read the same.
"""

import hashlib
from typing import Any

import msgspec

from mono_recon.archive.instants import LONGEST_EXACT, Instant, microseconds
from mono_recon.archive.observations import Carrier, rows_of
from mono_recon.archive.payloads import EVENT_DATA
from mono_recon.archive.rules import Rules
from mono_recon.archive.signatures import HEADER, verify
from mono_recon.archive.strict_json import JsonError, decode, is_odd
from mono_recon.archive.webhooks import Delivery, state_of


class _Wrapping(msgspec.Struct, gc=False):
    body: str
    headers: dict[str, str]
    received_at: Instant
    body_base64: None = None


class _Event(msgspec.Struct, gc=False):
    type: str
    data: Any


class _Envelope(msgspec.Struct, gc=False):
    event: _Event
    timestamp: Instant


def read_plain(raw: bytes, rules: Rules, record: int) -> Delivery | None:
    """The delivery that a record holds, or None where a closer look is needed.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        rules: Limits and secrets.
        record: Position that the delivery will have in its table.
    """
    try:
        return _read(raw, rules, record)
    except (JsonError, msgspec.ValidationError, KeyError, OverflowError, UnicodeEncodeError):
        return None


def _read(raw: bytes, rules: Rules, record: int) -> Delivery | None:
    fields = decode(raw)
    wrapping = msgspec.convert(fields, _Wrapping)
    content = wrapping.body.encode()
    envelope = msgspec.convert(decode(content), _Envelope)
    event = envelope.event
    data = msgspec.convert(event.data, EVENT_DATA[event.type])
    signatures = [value for name, value in wrapping.headers.items() if name.lower() == HEADER]
    verdict = verify(signatures, content, rules.secrets, wrapping.received_at)
    is_doubtful = verdict.status == "failed" or (rules.require_signature and verdict.status != "verified")
    if is_doubtful or len(fields["received_at"]) > LONGEST_EXACT or is_odd(content):
        return None
    delivery_id = hashlib.sha256(content).hexdigest()
    event_at, known_at = microseconds(envelope.timestamp), microseconds(wrapping.received_at)
    state, occurred_at = state_of(data)
    return Delivery(
        delivery_id,
        event.type,
        event_at,
        known_at,
        "received_at",
        data.id,
        verdict,
        wrapping.body,
        "accepted",
        state,
        occurred_at,
        rows_of(data, Carrier("webhook", event.type, event_at, known_at, f"w:{delivery_id}", record)),
    )
