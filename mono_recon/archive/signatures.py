"""Whether Mono signed a delivery, judged offline.

Here belongs the scheme of Mono's documentation (section 6.4): ``Mono-Signature: t=<seconds>,v1=<hex>``
with HMAC-SHA256 over ``<t>.<raw body>``. How old a signature may be is not asked: an archive is old by
nature. Which verdict refuses a record is the reader's business.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mono_recon.archive.rules import Secret

HEADER = "mono-signature"
_USUAL = re.compile("t=([0-9]+),v1=([0-9a-f]+)")


class Verdict(NamedTuple):
    """Signature status of a delivery (``schemas.raw.SIGNATURE_STATUSES``) and the secret that verified it."""

    status: str
    secret_name: str | None = None


_Signature = tuple[bytes, tuple[bytes, ...]]
"""The moment that a header states and the digests that it claims."""


def verify(headers: Sequence[str], body: bytes | None, secrets: Sequence[Secret], known_at: datetime | None) -> Verdict:
    """The verdict on a delivery.

    Args:
        headers: Values of every ``Mono-Signature`` header.
        body: The exact bytes received; None where they are gone.
        secrets: All configured secrets; those valid at ``known_at`` are tried.
        known_at: When the delivery could be known, UTC; None where that cannot be read.
    """
    if body is None:
        return Verdict("unverifiable")
    if not headers:
        return Verdict("no_header")
    signatures = [signature for signature in map(_parse, headers) if signature is not None]
    if not signatures:
        return Verdict("malformed_header")
    status = "no_secret"
    for secret in secrets:
        if known_at is not None and secret.is_valid_at(known_at):
            status = "failed"
            for signature in signatures:
                if _matches(signature, secret.key, body):
                    return Verdict("verified", secret.name)
    return Verdict(status)


def is_signed(headers: Sequence[str]) -> bool:
    """Whether a header states a moment and a digest, right or wrong."""
    return any(_parse(text) is not None for text in headers)


def _matches(signature: _Signature, key: bytes, body: bytes) -> bool:
    moment, claims = signature
    signer = _signer(key).copy()
    signer.update(moment + b".")
    signer.update(body)
    digest = signer.hexdigest().encode()
    has_matched = False
    # Every claim is compared, so that the time taken tells nothing of which one matched.
    for claimed in claims:
        has_matched |= hmac.compare_digest(digest, claimed)
    return has_matched


@lru_cache(maxsize=16)
def _signer(key: bytes) -> hmac.HMAC:
    """What signs with a key: to copy it takes less than to begin anew."""
    return hmac.new(key, digestmod="sha256")


def _parse(header: str) -> _Signature | None:
    usual = _USUAL.fullmatch(header)
    if usual:
        return usual[1].encode(), (usual[2].encode(),)
    moment = b""
    digests: tuple[bytes, ...] = ()
    for part in header.encode(errors="backslashreplace").split(b","):
        name, _, value = part.strip().partition(b"=")
        if name == b"v1" and value:
            digests += (value,)
        elif name == b"t" and not moment:
            moment = value
    return (moment, digests) if moment and digests else None
