"""The form in which nearly all deliveries lie in an archive, read without a detour.

Here belongs only what makes the reading of a plain delivery quick. Whatever is out of the ordinary is left to
``webhooks``, which reads every form and alone refuses; where both read a record, they read the same.
"""

import hashlib
from typing import Any, Generic, TypeVar

import msgspec

from mono_recon.archive.instants import LONGEST_EXACT, Instant, microseconds
from mono_recon.archive.observations import Carrier, rows_of
from mono_recon.archive.payloads import EVENT_DATA
from mono_recon.archive.rules import Rules
from mono_recon.archive.signatures import HEADER, verify
from mono_recon.archive.strict_json import JsonError, decode, is_odd
from mono_recon.archive.webhooks import Delivery, state_of

Data = TypeVar("Data")

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_MOMENT = msgspec.json.Decoder(Instant)
_SPACINGS = ((b",", b":"), (b", ", b": "))
_READ = frozenset(("body", "headers", "received_at"))
_LONGEST_QUOTED = LONGEST_EXACT + len('""')


class _NotPlainError(Exception):
    """A record that needs a closer look."""


class _Event(msgspec.Struct, Generic[Data], gc=False):
    data: Data


class _Envelope(msgspec.Struct, Generic[Data], gc=False):
    event: _Event[Data]
    timestamp: Instant


_ENVELOPES: dict[str, msgspec.json.Decoder[_Envelope[Any]]] = {
    event_type: msgspec.json.Decoder(_Envelope[wanted])  # type: ignore[valid-type]  # a type chosen at run time
    for event_type, wanted in EVENT_DATA.items()
}


def read_plain(raw: bytes, rules: Rules, record: int) -> Delivery | None:
    """The delivery that a record holds, or None where a closer look is needed.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        rules: Limits and secrets.
        record: Position that the delivery will have in its table.
    """
    try:
        return _read(raw, rules, record)
    except (
        _NotPlainError,
        JsonError,
        msgspec.MsgspecError,
        LookupError,
        TypeError,
        OverflowError,
        UnicodeError,
        RecursionError,
    ):
        return None


def _read(raw: bytes, rules: Rules, record: int) -> Delivery | None:
    fields = _fields(raw)
    received_at, headers = _MOMENT.decode(fields["received_at"]), _headers(fields["headers"])
    body = _TEXT.decode(fields["body"])
    content = body.encode()
    event_type = decode(content)["event"]["type"]
    envelope = _ENVELOPES[event_type].decode(content)
    data = envelope.event.data
    signatures = [value for name, value in headers.items() if name.lower() == HEADER]
    verdict = verify(signatures, content, rules.secrets, received_at)
    is_doubtful = verdict.status == "failed" or (rules.require_signature and verdict.status != "verified")
    if is_doubtful or len(memoryview(fields["received_at"])) > _LONGEST_QUOTED or is_odd(content):
        return None
    delivery_id = hashlib.sha256(content).hexdigest()
    event_at, known_at = microseconds(envelope.timestamp), microseconds(received_at)
    state, occurred_at = state_of(data)
    return Delivery(
        delivery_id,
        event_type,
        event_at,
        known_at,
        "received_at",
        data.id,
        verdict,
        body,
        "accepted",
        state,
        occurred_at,
        rows_of(data, Carrier("webhook", event_type, event_at, known_at, f"w:{delivery_id}", record)),
    )


def _fields(raw: bytes) -> dict[str, msgspec.Raw]:
    """The fields of a record, their values unread.

    Raises:
        _NotPlainError: It is spaced unusually, or a name is escaped or hides an equal one.
    """
    fields = _FIELDS.decode(raw)
    for comma, colon in _SPACINGS:
        members = [b'"%b"%b%b' % (name.encode(), colon, value) for name, value in fields.items()]
        if raw == b"{%b}" % comma.join(members):
            for name in fields.keys() - _READ:
                _check_unused(name, fields[name])
            return fields
    raise _NotPlainError


def _check_unused(name: str, value: msgspec.Raw) -> None:
    """Hold a field that is not used to be a strict text, number or null."""
    if isinstance(decode(bytes(value)), dict | list) or (name == "body_base64" and bytes(value) != b"null"):
        raise _NotPlainError


def _headers(value: msgspec.Raw) -> dict[str, str]:
    return msgspec.convert(decode(bytes(value)), dict[str, str])
