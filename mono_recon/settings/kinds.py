"""Kinds of single settings: from a TOML value to a typed one.

Here belongs one function per kind of value; it returns the value or refuses it with half a sentence
that says what to write. Refusals never repeat the value: it may be a secret in the wrong place. Tables
are read in ``tables``; where a value was written is not known here.
"""

import json
import re
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mono_recon.calendar import Limit

T = TypeVar("T")
Kind = Callable[[object], T]

_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SEPARATORS = frozenset(string.punctuation + " \t") - frozenset('"-_')
_INT64_MAX = 2**63 - 1


class RefusedError(ValueError):
    """A value that a kind does not take.

    Attributes:
        problem: What to write instead, such as ``must be true or false``.
        path: Keys and list positions that lead to the value, from where the kind was applied.
    """

    def __init__(self, problem: str, *path: str | int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path


def boolean(value: object) -> bool:
    """``true`` or ``false``."""
    if isinstance(value, bool):
        return value
    raise RefusedError("must be true or false")


def integer(at_least: int = 0, at_most: int = _INT64_MAX) -> Kind[int]:
    """A whole number within bounds."""

    def parse(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and at_least <= value <= at_most:
            return value
        bounds = f"of at least {at_least}" if at_most == _INT64_MAX else f"from {at_least} to {at_most}"
        raise RefusedError(f"must be a whole number {bounds}, without quotes")

    return parse


def text(value: object) -> str:
    """A text, which may be empty."""
    if isinstance(value, str):
        return value
    raise RefusedError('must be a text in quotes, such as "text"')


def name(value: object) -> str:
    """A text that is not empty."""
    if written := text(value):
        return written
    raise RefusedError("must not be empty")


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise RefusedError('must be a list of texts, such as ["066"]')


def currencies(value: object) -> tuple[str, ...]:
    """A list of currency codes."""
    codes = texts(value)
    if all(re.fullmatch(r"[A-Z]{3}", code) for code in codes):
        return codes
    raise RefusedError('must be a list of currencies of three capitals, such as ["COP"]')


def choice(*options: str) -> Kind[str]:
    """One of some words."""

    def parse(value: object) -> str:
        if isinstance(value, str) and value in options:
            return value
        raise RefusedError(f"must be one of {', '.join(json.dumps(option) for option in options)}")

    return parse


def choices(*options: str) -> Kind[tuple[str, ...]]:
    """A list of some words."""

    def parse(value: object) -> tuple[str, ...]:
        chosen = texts(value)
        for each in chosen:
            choice(*options)(each)
        return chosen

    return parse


def separator(value: object) -> str:
    """A character that can stand between the cells of a line."""
    if isinstance(value, str) and len(value) == 1 and value.isascii() and not value.isalnum() and value not in '"-\r\n':
        return value
    raise RefusedError('must be one character that separates cells, such as ";"')


def pattern(value: object) -> str:
    """A regular expression."""
    try:
        re.compile(written := name(value))
    except re.error as error:
        raise RefusedError(f"must be a regular expression: {error}") from None
    return written


def zone(value: object) -> str:
    """The name of a time zone."""
    try:
        return ZoneInfo(name(value)).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise RefusedError('must be the name of a time zone, such as "America/Bogota"') from None


def local_time(value: object) -> time:
    """A time of day, in hours and minutes."""
    if isinstance(value, str) and _LOCAL_TIME.fullmatch(value):
        return time.fromisoformat(value)
    raise RefusedError('must be a local time in quotes, such as "06:00"')


def day(value: object) -> date:
    """A date; empty: the first there is."""
    try:
        return date.fromisoformat(written) if (written := text(value)) else date.min
    except ValueError:
        raise RefusedError('must be a date in quotes, such as "2026-01-01"') from None


def instant(value: object) -> datetime | None:
    """A moment with its zone, in UTC; empty: none."""
    if not (written := text(value)):
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise RefusedError('must be a moment with its zone, such as "2026-01-01T00:00:00Z"')


def limit(value: object) -> Limit:
    """Business days or a span of time."""
    try:
        return Limit.parse(text(value))
    except ValueError:
        raise RefusedError('must be business days or a span of time in quotes, such as "2bd" or "9h30m"') from None


def span(value: object) -> timedelta:
    """A span of time."""
    parsed = limit(value)
    if parsed.business_days:
        raise RefusedError('must be a span of time without business days, such as "9h30m" or "5m"')
    return parsed.span


def place(value: object) -> Path | None:
    """A file or folder of this machine; empty: none."""
    if _REMOTE.match(written := text(value)):
        raise RefusedError(
            "must be a path on this machine: object stores (s3://…) and PostgreSQL catalogs come later, "
            "with the cluster mode"
        )
    return Path(written) if written else None
