"""Shapes in which a webhook is archived: a delivery, or the bare payload.

Here belongs what has to be known to take Mono's envelope out of a record: body, headers, arrival time.
What the envelope holds is read in ``webhooks``.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mono_recon.archive.instants import microseconds, read_instant
from mono_recon.archive.refusals import RefusedError, decode_noting, refuse
from mono_recon.archive.schema_rules import INSTANT_RULE, Failure, wrong
from mono_recon.archive.signatures import HEADER


@dataclass(slots=True)
class Opened:
    """A record taken out of its wrapping.

    Attributes:
        payload: What should be Mono's envelope.
        body: The exact bytes received; None where they are gone.
        signatures: Values of every ``Mono-Signature`` header.
        received_at: When it arrived, UTC; None where the record does not say.
        failures: What is wrong with the wrapping.
    """

    payload: object
    body: bytes | None
    signatures: list[str]
    received_at: datetime | None
    failures: list[Failure]


def open_record(raw: bytes, duplicates: list[Failure], *, is_element: bool) -> Opened:
    """The content of a record.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        duplicates: Takes note of keys that occur twice.
        is_element: The record is an element of an array: a bare payload in it has no raw bytes of its own.

    Raises:
        RefusedError: ``invalid_utf8``, ``malformed_json`` or ``unknown_shape``.
    """
    record = decode_noting(raw, "", duplicates)
    if not isinstance(record, dict):
        raise refuse("unknown_shape", "neither a delivery nor a payload: not an object")
    if record.get("body") is None and record.get("body_base64") is None:
        return Opened(record, None if is_element else raw, [], None, [])
    received_at = read_instant(record.get("received_at"))
    try:
        return _open_delivery(record, received_at, duplicates)
    except RefusedError as error:
        known_at = None if received_at is None else microseconds(received_at)
        raise RefusedError(replace(error.refused, known_at=known_at)) from None


def _open_delivery(record: dict[str, Any], received_at: datetime | None, duplicates: list[Failure]) -> Opened:
    body, encoded = record.get("body"), record.get("body_base64")
    if body is not None and encoded is not None:
        raise refuse("unknown_shape", "body and body_base64 exclude each other")
    failures = []
    if received_at is None and record.get("received_at") is not None:
        failures.append(wrong("received_at", INSTANT_RULE, record["received_at"]))
    if isinstance(body, dict):
        return Opened(body, None, signatures_of(record), received_at, failures)
    content = _encoded(body) if encoded is None else _decoded(encoded)
    payload = decode_noting(content, "body: ", duplicates)
    return Opened(payload, content, signatures_of(record), received_at, failures)


def _encoded(body: object) -> bytes:
    if not isinstance(body, str):
        raise refuse("unknown_shape", "body: must be a text or an object")
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise refuse("malformed_json", f"body: character {error.start}: a lone surrogate") from None


def _decoded(encoded: object) -> bytes:
    if not isinstance(encoded, str):
        raise refuse("unknown_shape", "body_base64: must be a text")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise refuse("unknown_shape", "body_base64: is not base64") from None


def signatures_of(record: dict[str, Any]) -> list[str]:
    """The values of every ``Mono-Signature`` header of a delivery.

    Raises:
        RefusedError: ``unknown_shape``.
    """
    headers = record.get("headers")
    pairs: Iterable[tuple[str, object]]
    if headers is None:
        return []
    if isinstance(headers, dict):
        pairs = headers.items()
    elif isinstance(headers, list) and all(map(_is_pair, headers)):
        pairs = headers
    else:
        raise refuse("unknown_shape", "headers: must be an object or a list of pairs of name and value")
    stated = [value for name, value in pairs if name.lower() == HEADER]
    texts = [text for value in stated for text in (value if isinstance(value, list) else [value])]
    return [text if isinstance(text, str) else "" for text in texts]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == len(("name", "value")) and isinstance(pair[0], str)
