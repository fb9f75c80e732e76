"""The form in which nearly all deliveries lie in an archive, read without a detour.

Here belongs only what makes the reading of plain deliveries quick. Whatever is out of the ordinary is left to
``webhooks``, which reads every form and alone refuses; where both read a record, they read the same.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from mono_recon.archive.forms import misformed
from mono_recon.archive.instants import LONGEST_EXACT, Instant, microseconds
from mono_recon.archive.payloads import EVENT_DATA, EventData
from mono_recon.archive.refusals import RefusedError
from mono_recon.archive.rules import Rules
from mono_recon.archive.signatures import Verdict, verify
from mono_recon.archive.strict_json import JsonError, NotPlainError, decode, decode_plain, in_doubt
from mono_recon.archive.webhooks import Delivery
from mono_recon.archive.wrappings import signatures_of

_TEXT = msgspec.json.Decoder(str)
UNUSUAL = (
    NotPlainError,
    RefusedError,
    JsonError,
    msgspec.MsgspecError,
    LookupError,
    TypeError,
    OverflowError,
    UnicodeError,
    RecursionError,
)
"""What the reading of a record raises that needs a closer look."""


class _Wrapped(msgspec.Struct, gc=False):
    body: msgspec.Raw


_WRAPPED = msgspec.json.Decoder(_Wrapped)


class Unwrapped(msgspec.Struct, gc=False):
    """A delivery as it arrived, its body unread. ``known_at`` is in microseconds since 1970 UTC."""

    delivery_id: str
    known_at: int
    verdict: Verdict
    body: str


class Event(msgspec.Struct, gc=False):
    """What a body says. ``event_at`` is in microseconds since 1970 UTC."""

    event_type: str
    event_at: int
    data: EventData


def unwrap(raw: bytes, rules: Rules) -> Unwrapped | None:
    """A delivery out of its record, None where a closer look is needed.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        rules: Limits and secrets.
    """
    try:
        written, wrapping = _body_apart(raw)
        if wrapping.get("body_base64") is not None or len(wrapping["received_at"]) > LONGEST_EXACT:
            return None
        received_at = msgspec.convert(wrapping["received_at"], Instant)
        body = _TEXT.decode(written)
        content = body.encode()
        verdict = verify(signatures_of(wrapping), content, rules.secrets, received_at)
        if verdict.status == "failed" or (rules.require_signature and verdict.status != "verified"):
            return None
        return Unwrapped(hashlib.sha256(content).hexdigest(), microseconds(received_at), verdict, body)
    except UNUSUAL:
        return None


def read_event(body: str) -> Event | None:
    """What a body says, None where a closer look is needed; its ids and moments are only looked at superficially."""
    try:
        payload = decode_plain(body.encode())
        event = payload["event"]
        timestamp = msgspec.convert(payload["timestamp"], Instant)
        return Event(event["type"], microseconds(timestamp), msgspec.convert(event["data"], EVENT_DATA[event["type"]]))
    except UNUSUAL:
        return None


def read_plain(unwrapped: Sequence[Unwrapped | None]) -> list[Delivery | None]:
    """The delivery that each record holds, or None where a closer look is needed."""
    attempts = [(each, read_event(each.body)) if each else (None, None) for each in unwrapped]
    read = [(place, each.body, event.data) for place, (each, event) in enumerate(attempts) if each and event]
    doubtful = {read[index][0] for index in in_doubt([body for _, body, _ in read])}
    for wanted in set(EVENT_DATA.values()):
        told = [(place, data) for place, _, data in read if type(data) is wanted]
        doubtful.update(misformed([data for _, data in told], wanted, [place for place, _ in told]))
    return [
        _delivery(each, event) if each and event and place not in doubtful else None
        for place, (each, event) in enumerate(attempts)
    ]


def _delivery(unwrapped: Unwrapped, event: Event) -> Delivery:
    return Delivery(
        unwrapped.delivery_id,
        event.event_type,
        event.event_at,
        unwrapped.known_at,
        "received_at",
        event.data.id,
        unwrapped.verdict,
        unwrapped.body,
        "accepted",
        event.data,
    )


def _body_apart(raw: bytes) -> tuple[bytes, dict[str, Any]]:
    """The body as it is written, and the delivery with null in its place.

    Raises:
        NotPlainError: Something of the same writing stands in another field, or where the body stands is unusual.
        JsonError: What is around the body is not strict JSON.
    """
    written = bytes(_WRAPPED.decode(raw).body)
    wrapping: dict[str, Any] = decode(cut_out(raw, b'"body":', written, b"null"))
    if wrapping["body"] is not None:
        raise NotPlainError
    return written, wrapping


def cut_out(text: bytes, name: bytes, written: bytes, instead: bytes) -> bytes:
    """A JSON text with something else in place of the value behind a name.

    Behind its own name, quotes and colon included, only a value can stand, not the inside of a text: the rest is read
    as it was. Whether it was the right value that went is for the caller to see.

    Raises:
        NotPlainError: Something else stands behind the first of such names.
    """
    before, name, behind = text.partition(name)
    behind = behind.removeprefix(b" ")
    if not behind.startswith(written):
        raise NotPlainError
    return b"".join((before, name, instead, behind[len(written) :]))
