"""Which rules of a type an object breaks: all of them, each with its place.

Here belongs the slow, complete reading of an object that the typed decoder refused, and of one whose
texts or moments need a closer look. The rules themselves are the types of ``payloads``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from mono_recon.archive.forms import is_formed, without_none
from mono_recon.archive.instants import Instant, read_instant, truncated
from mono_recon.archive.payloads import Count, Currency, Id, Minor
from mono_recon.archive.strict_json import is_storable

_LONGEST_VALUE = 80
INSTANT_RULE = "must be a date-time that exists, with a zone"
_PHRASES: dict[Any, str] = {
    Id: "must be an id such as trn_ and 22 characters",
    Currency: "must be three capitals",
    Minor: "must be an integer",
    Count: "must be an integer",
    Instant: INSTANT_RULE,
    str: "must be a text",
    bool: "must be true or false",
}

Wanted = TypeVar("Wanted")


@dataclass(frozen=True, slots=True)
class Failure:
    """A broken rule.

    Attributes:
        reason: ``malformed_json`` for a text that no column can hold, else ``schema``.
        detail: Path and rule, such as ``event.data.amount.amount: must be an integer, got "1600.50"``.
    """

    reason: str
    detail: str


class BrokenRulesError(ValueError):
    """An object breaks its schema.

    Attributes:
        failures: Every broken rule, in the order of the type's fields.
    """

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__("; ".join(failure.detail for failure in failures))
        self.failures = failures


def convert_exactly(value: object, wanted: type[Wanted], path: str) -> Wanted:
    """The object as its type, every rule checked.

    Raises:
        BrokenRulesError: With all broken rules and not only the first.
    """
    failures = list(_failures(value, wanted, path))
    if failures:
        raise BrokenRulesError(failures)
    return msgspec.convert(_with_truncated_instants(value, wanted), wanted)


def missing(path: str) -> Failure:
    """The failure of a field that is not there."""
    return Failure("schema", f"{path}: is missing")


def wrong(path: str, phrase: str, value: object) -> Failure:
    """The failure of a field that does not hold what it must."""
    return Failure("schema", f"{path}: {phrase}, got {_shown(value)}")


def text_failure(path: str, text: str) -> Failure | None:
    """The failure of a text that no column can hold."""
    if is_storable(text):
        return None
    return Failure("malformed_json", f"{path}: holds a lone surrogate or NUL, which no column can hold")


def _failures(value: object, wanted: Any, path: str) -> Iterator[Failure]:  # noqa: ANN401 - a type expression
    wanted, is_optional = without_none(wanted)
    if value is None and is_optional:
        return
    if get_origin(wanted) is list:
        yield from _list_failures(value, get_args(wanted)[0], path)
    elif isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        yield from _object_failures(value, wanted, path)
    else:
        yield from _leaf_failures(value, wanted, path)


def _list_failures(value: object, item: Any, path: str) -> Iterator[Failure]:  # noqa: ANN401
    if not isinstance(value, list):
        yield wrong(path, "must be a list", value)
        return
    for index, member in enumerate(value):
        yield from _failures(member, item, f"{path}[{index}]")


def _object_failures(value: object, wanted: type[msgspec.Struct], path: str) -> Iterator[Failure]:
    if not isinstance(value, dict):
        yield wrong(path, "must be an object", value)
        return
    for field in msgspec.structs.fields(wanted):
        place = f"{path}.{field.encode_name}" if path else field.encode_name
        if field.encode_name in value:
            yield from _failures(value[field.encode_name], field.type, place)
        elif field.required:
            yield missing(place)


def _leaf_failures(value: object, wanted: Any, path: str) -> Iterator[Failure]:  # noqa: ANN401
    if wanted is Instant:
        if read_instant(value) is None:
            yield wrong(path, INSTANT_RULE, value)
        return
    if isinstance(value, str) and wanted in {str, Id, Currency} and (failure := text_failure(path, value)):
        yield failure
        return
    try:
        is_kept = msgspec.convert(value, wanted) is not None and is_formed(value, wanted)
    except (msgspec.ValidationError, UnicodeEncodeError):
        is_kept = False
    if not is_kept:
        yield wrong(path, _phrase(value, wanted), value)


def _phrase(value: object, wanted: Any) -> str:  # noqa: ANN401
    if wanted in {Minor, Count} and isinstance(value, int) and not isinstance(value, bool):
        return "must not be negative" if value < 0 else "must fit 64 bits"
    return _PHRASES[wanted]


def _with_truncated_instants(value: Any, wanted: Any) -> Any:  # noqa: ANN401
    wanted, _ = without_none(wanted)
    if wanted is Instant and value is not None:
        return truncated(value)
    if get_origin(wanted) is list and value is not None:
        return [_with_truncated_instants(member, get_args(wanted)[0]) for member in value]
    if isinstance(value, dict) and isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        types = {field.encode_name: field.type for field in msgspec.structs.fields(wanted)}
        return {key: _with_truncated_instants(member, types[key]) for key, member in value.items() if key in types}
    return value


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except TypeError:
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
