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
from mono_recon.archive.payloads import EVENT_DATA
from mono_recon.archive.refusals import RefusedError
from mono_recon.archive.rules import Rules
from mono_recon.archive.signatures import verify
from mono_recon.archive.strict_json import JsonError, NotPlainError, decode, decode_plain, in_doubt
from mono_recon.archive.webhooks import Delivery
from mono_recon.archive.wrappings import signatures_of

_TEXT = msgspec.json.Decoder(str)


class _Wrapped(msgspec.Struct, gc=False):
    body: msgspec.Raw


_WRAPPED = msgspec.json.Decoder(_Wrapped)


def read_plain(raws: Sequence[bytes], rules: Rules) -> list[Delivery | None]:
    """The delivery that each record holds, or None where a closer look is needed.

    Args:
        raws: The records' bytes without line ending or byte-order mark.
        rules: Limits and secrets.
    """
    attempts = [_attempt(raw, rules) for raw in raws]
    read = [(place, delivery) for place, delivery in enumerate(attempts) if delivery is not None]
    doubtful = {read[index][0] for index in in_doubt([delivery.body for _, delivery in read])}
    for wanted in set(EVENT_DATA.values()):
        told = [(place, delivery.data) for place, delivery in read if type(delivery.data) is wanted]
        doubtful.update(misformed([data for _, data in told], wanted, [place for place, _ in told]))
    return [None if place in doubtful else delivery for place, delivery in enumerate(attempts)]


def _attempt(raw: bytes, rules: Rules) -> Delivery | None:
    try:
        return _read(raw, rules)
    except (
        NotPlainError,
        RefusedError,
        JsonError,
        msgspec.MsgspecError,
        LookupError,
        TypeError,
        OverflowError,
        UnicodeError,
        RecursionError,
    ):
        return None


def _read(raw: bytes, rules: Rules) -> Delivery | None:
    written, wrapping = _unwrapped(raw)
    if wrapping.get("body_base64") is not None or len(wrapping["received_at"]) > LONGEST_EXACT:
        return None
    received_at = msgspec.convert(wrapping["received_at"], Instant)
    body = _TEXT.decode(written)
    content = body.encode()
    payload = decode_plain(content)
    event = payload["event"]
    timestamp = msgspec.convert(payload["timestamp"], Instant)
    data = msgspec.convert(event["data"], EVENT_DATA[event["type"]])
    verdict = verify(signatures_of(wrapping), content, rules.secrets, received_at)
    if verdict.status == "failed" or (rules.require_signature and verdict.status != "verified"):
        return None
    return Delivery(
        hashlib.sha256(content).hexdigest(),
        event["type"],
        microseconds(timestamp),
        microseconds(received_at),
        "received_at",
        data.id,
        verdict,
        body,
        "accepted",
        data,
    )


def _unwrapped(raw: bytes) -> tuple[bytes, dict[str, Any]]:
    """The body as it is written, and the delivery with null in its place.

    Raises:
        NotPlainError: Something of the same writing stands in another field, or where the body stands is unusual.
        JsonError: What is around the body is not strict JSON.
    """
    written = bytes(_WRAPPED.decode(raw).body)
    # Behind its own name only a value can stand, not the inside of a text: the rest is read as it was.
    before, name, behind = raw.partition(b'"body":')
    behind = behind.removeprefix(b" ")
    if not behind.startswith(written):
        raise NotPlainError
    wrapping: dict[str, Any] = decode(b"".join((before, name, b"null", behind[len(written) :])))
    if wrapping["body"] is not None:
        raise NotPlainError
    return written, wrapping
