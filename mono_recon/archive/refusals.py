"""Records that are refused: why, and what is kept of them.

Here belongs the order in which reasons are looked at and the row of ``raw.quarantine``. Which rule a
record breaks is found where it is read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mono_recon.archive.schema_rules import Failure
from mono_recon.archive.strict_json import DuplicateKeyError, JsonError, decode
from mono_recon.schemas.raw import QUARANTINE_REASONS

LONGEST_RAW = 64 * 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """What is known of a refused record besides its bytes.

    Attributes:
        reason: One of ``schemas.raw.QUARANTINE_REASONS``.
        detail: Every failed rule, joined with ``; ``.
        known_at: ``received_at`` or ``fetched_at``, else the envelope timestamp, where readable; microseconds
            since 1970 UTC.
        subject_id: Of a row its id; of a page that is not 200 its export id, else its request key.
        row_index: Of a row its index; of a page that is not 200 its page number.
    """

    reason: str
    detail: str
    known_at: int | None = None
    subject_id: str | None = None
    row_index: int | None = None


class RefusedError(Exception):
    """A record cannot be accepted."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.reason}: {refused.detail}")
        self.refused = refused


def refuse(reason: str, detail: str, known_at: int | None = None) -> RefusedError:
    """The error that refuses a record for one reason."""
    return RefusedError(Refused(reason, detail, known_at))


def weigh(failures: Sequence[Failure]) -> tuple[str, str]:
    """The first reason in the order of precedence, and the details of all failures that have it."""
    reason = min((failure.reason for failure in failures), key=QUARANTINE_REASONS.index)
    return reason, "; ".join(failure.detail for failure in failures if failure.reason == reason)


def outranked(error: RefusedError, duplicates: Sequence[Failure]) -> RefusedError:
    """The refusal of a record in which keys occur twice and something else is wrong, the first reason first."""
    refused = error.refused
    if not duplicates or weigh([*duplicates, Failure(refused.reason, "")])[0] == refused.reason:
        return error
    reason, detail = weigh(duplicates)
    return RefusedError(replace(refused, reason=reason, detail=detail))


def decode_noting(raw: bytes, path: str, duplicates: list[Failure]) -> object:
    """The value of a JSON text; a key named twice is noted, since a stronger reason may follow.

    Raises:
        RefusedError: The text is not UTF-8 or not JSON.
    """
    try:
        return decode(raw)
    except DuplicateKeyError as error:
        duplicates.append(Failure(error.reason, f"{path}{error}"))
        return error.value
    except JsonError as error:
        raise refuse(error.reason, f"{path}{error}") from None


def storable(raw: bytes) -> str:
    r"""Bytes as a text that any column holds: what is no UTF-8, and NUL, as ``\xhh``."""
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def quarantine_end(raw: bytes, sha256: str | None = None) -> tuple[str, str]:
    """The columns ``raw`` and ``raw_sha256`` of a refused record."""
    return storable(raw[:LONGEST_RAW]), sha256 or hashlib.sha256(raw).hexdigest()
