"""JSON read strictly: one meaning or none.

Here belongs what makes a text JSON, for every parser alike: UTF-8, the grammar, no name twice in an
object, a nesting that no stack minds. What the values mean belongs elsewhere. Texts that no column can
hold (a lone surrogate, NUL) are read here and refused where they would reach a column.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec
import polars as pl

MAX_DEPTH = 64
_LONGEST_INTEGER = 4300
_FAST = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONG_FRACTION = re.compile(rb"\.[0-9]{7}")
_CONTAINERS = (dict, list)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_ODD_ESCAPE = re.compile(rb"\\+u(?:0000|[dD][89a-fA-F])")


class JsonError(ValueError):
    """Bytes that are not strict JSON."""

    reason: ClassVar[str]


class NotPlainError(ValueError):
    """A text that needs a closer look."""


class InvalidUtf8Error(JsonError):
    """Bytes that are not UTF-8."""

    reason = "invalid_utf8"


class MalformedJsonError(JsonError):
    """A text that is not JSON."""

    reason = "malformed_json"


class TooDeepError(MalformedJsonError):
    """JSON that nests deeper than is allowed."""


class DuplicateKeyError(JsonError):
    """JSON that names a key of an object twice, so that two parsers would read two values.

    Attributes:
        value: What was read, the last of equal names winning; good for finding stronger reasons.
    """

    reason = "duplicate_key"

    def __init__(self, key: str, value: object) -> None:
        super().__init__(f"key {json.dumps(key)} occurs twice in one object")
        self.value = value


class LongNumber:
    """A number too long or too large for a machine number, kept as written."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def decode(raw: bytes) -> Any:  # noqa: ANN401 - JSON is whatever it is
    """The value of a JSON text.

    Raises:
        InvalidUtf8Error, MalformedJsonError, DuplicateKeyError: In this order of precedence.
    """
    try:
        value = decode_plain(raw)
    except NotPlainError:
        return _decode_exactly(raw)
    _check_depth(raw, value)
    return value


def decode_plain(raw: bytes) -> Any:  # noqa: ANN401
    """The value of a JSON text in which nothing is hidden, however deep it nests.

    Raises:
        NotPlainError: It is not JSON, or needs a closer look.
    """
    try:
        value = _FAST.decode(raw)
        encoded = _ENCODER.encode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        raise NotPlainError from None
    # A name that occurs twice is encoded once: equal bytes, or as many texts, prove that nothing was hidden.
    if encoded != raw and _quotes(encoded) != _quotes(raw):
        raise NotPlainError
    return value


def is_json(raw: bytes) -> bool:
    """Whether the grammar holds, whatever else may be wrong with the text."""
    try:
        decode(raw)
    except TooDeepError:
        return True
    except MalformedJsonError:
        return False
    except JsonError:
        return True
    return True


def is_storable(text: str) -> bool:
    """Whether a column can hold the text: no NUL and no lone surrogate."""
    return _UNSTORABLE.search(text) is None


def is_odd(raw: bytes) -> bool:
    r"""Whether a text needs the complete reading: it may hold a text no column holds, or a fraction to cut."""
    return _LONG_FRACTION.search(raw) is not None or (b"\\" in raw and _ODD_ESCAPE.search(raw) is not None)


def is_flat(raw: bytes) -> bool:
    """Whether a text holds so few brackets that it does not nest too deeply, wherever in another it stands."""
    return raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH // 2


def in_doubt(texts: Sequence[str]) -> Iterator[int]:
    """The places of JSON texts that are odd or nest too deeply, all looked at in one go."""
    text = pl.col("text")
    looked_at = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(
        is_odd=text.str.contains(_ODD_ESCAPE.pattern.decode()) | text.str.contains(_LONG_FRACTION.pattern.decode()),
        is_crowded=text.str.count_matches(r"[\[{]") > MAX_DEPTH,
    )
    yield from looked_at["is_odd"].arg_true()
    for place in looked_at["is_crowded"].arg_true():
        if not _nests_shallowly(texts[place].encode()):
            yield place


def compact(value: object) -> str:
    r"""JSON without spaces and with sorted keys; a lone surrogate stays the escape ``\udxxx``."""
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError:
        text = _compact_exactly(value)
    return text.encode("utf-8", "backslashreplace").decode()


def _quotes(raw: bytes) -> int:
    """How many quotes begin and end the names and texts of a JSON text.

    One behind a backslash at the end of a text is missed. No name or text is missed whole, and the encoder writes
    every backslash so that the same or more are missed in what it wrote: a text with a hidden name counts more.
    """
    return raw.count(b'"') - (raw.count(b'\\"') if b"\\" in raw else 0)


def _decode_exactly(raw: bytes) -> Any:  # noqa: ANN401
    repeated: list[str] = []

    def to_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            repeated.append(_first_repeated(key for key, _ in pairs))
        return fields

    try:
        value = json.JSONDecoder(
            object_pairs_hook=to_object,
            parse_constant=_refuse_constant,
            parse_int=lambda text: int(text) if len(text) <= _LONGEST_INTEGER else LongNumber(text),
            parse_float=_read_float,
        ).decode(raw.decode())
    except UnicodeDecodeError as error:
        raise InvalidUtf8Error(f"byte {error.start} of the text: {error.reason}") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise TooDeepError(f"nested deeper than {MAX_DEPTH}") from None
    _check_depth(raw, value)
    if repeated:
        raise DuplicateKeyError(repeated[0], value)
    return value


def _first_repeated(keys: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add is the memory


def _refuse_constant(text: str) -> object:
    raise MalformedJsonError(f"{text} is not JSON")


def _read_float(text: str) -> float | LongNumber:
    number = float(text)
    return LongNumber(text) if number in (float("inf"), float("-inf")) else number


def _check_depth(raw: bytes, value: object) -> None:
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and not (_nests_shallowly(raw) or _is_shallow(value)):
        raise TooDeepError(f"nested deeper than {MAX_DEPTH}")


def _nests_shallowly(raw: bytes) -> bool:
    """Whether JSON is seen to nest no deeper than is allowed: its brackets, innermost removed first.

    Nothing is seen of a text with a backslash, which may hide where its names and texts end.
    """
    if b"\\" in raw:
        return False
    # Two quotes side by side change nothing about what is inside a text, and most texts hold no bracket.
    marks = raw.translate(_SQUARE, _NO_BRACKETS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return True
    return False


def _is_shallow(value: object) -> bool:
    containers: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        containers = [
            child
            for parent in containers
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, _CONTAINERS)
        ]
        if not containers:
            return True
    return False


def _compact_exactly(value: object) -> str:
    if isinstance(value, LongNumber):
        return value.text
    if isinstance(value, dict):
        members = (f"{compact(key)}:{_compact_exactly(value[key])}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact_exactly, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
