"""Tables of settings: from TOML tables and lists of them to frozen dataclasses.

Here belongs how a dataclass declares its keys, how a table is read into it, and what may stand in the
place of a value. Single values are read in ``kinds``; which tables there are is in ``sections``.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from mono_recon.calendar import Limit
from mono_recon.settings.kinds import Kind, RefusedError, limit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Override:
    """The text of an environment variable, which stands in the place of a TOML value."""

    text: str = field(repr=False)

    def readings(self) -> Iterator[object]:
        """What the text may mean: a TOML or JSON value if it is one, and the bare text."""
        for parse in (_toml_value, json.loads):
            try:
                yield parse(self.text)
            except ValueError:
                continue
        yield self.text


def setting(kind: Kind[Any], default: object = MISSING, *, key: str | None = None) -> Any:  # noqa: ANN401
    """A field that is read from settings.

    Typed ``Any`` because ``dataclasses.field`` stands for a value of the annotated type.

    Args:
        kind: Reads the value.
        default: The value, as TOML has it, of a key that is not given; ``None``, which TOML lacks:
            the key may be left out and has no value then; nothing: the key is required.
        key: Name of the key, where Python cannot have it as a name.
    """
    metadata = {"kind": kind, "key": key}
    if default is MISSING or default is None:
        return field(default=default, metadata=metadata)
    return field(default_factory=partial(kind, default), metadata=metadata)


def key_of(item: Field[Any]) -> str:
    """The key under which a field is written."""
    return item.metadata.get("key") or item.name


def limits(defaults: dict[str, str]) -> Kind[Mapping[str, Limit]]:
    """A table from names to limits; those that are not given keep their default."""

    def parse(value: object) -> Mapping[str, Limit]:
        given = _table(value)
        return {key: _under(key, limit, given.get(key, defaults.get(key))) for key in defaults | given}

    return parse


def values(value: object, known: Mapping[str, Kind[Any]]) -> dict[str, Any]:
    """The values of a table that may have these keys and no others."""
    given = _table(value)
    for key in given:
        if key not in known:
            raise RefusedError(_unknown(key, known), key)
    return {key: _under(key, known[key], given[key]) for key in given}


def record(cls: type[T]) -> Kind[T]:
    """A table whose keys are the fields of a dataclass made with ``setting``."""

    def parse(value: object) -> T:
        items = {key_of(item): item for item in fields(cls)}  # type: ignore[arg-type]  # always a dataclass
        given = values(value, {key: item.metadata["kind"] for key, item in items.items()})
        for key, item in items.items():
            if key not in given and item.default is MISSING and item.default_factory is MISSING:
                raise RefusedError(f"lacks the key {key}")
        return cls(**{items[key].name: taken for key, taken in given.items()})

    return parse


def records(cls: type[T]) -> Kind[tuple[T, ...]]:
    """A list of such tables."""

    def parse(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise RefusedError("must be a list of tables")
        return tuple(_under(position, record(cls), entry) for position, entry in enumerate(value))

    return parse


def _table(value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    raise RefusedError("must be a table of keys and values")


def _under(key: str | int, kind: Kind[T], value: object) -> T:
    """Apply a kind to what lies under a key; of an override, to the first reading that it takes."""
    readings = list(value.readings()) if isinstance(value, Override) else [value]
    refusals = []
    for reading in readings:
        try:
            return kind(reading)
        except RefusedError as refusal:
            refusals.append(RefusedError(refusal.problem, key, *refusal.path))
    raise refusals[0]


def _unknown(key: str, known: Mapping[str, object]) -> str:
    likely = get_close_matches(key, known, n=1)
    instead = f"did you mean {likely[0]}?" if likely else f"what can be set here: {', '.join(known) or 'nothing yet'}"
    return f"is not a setting; {instead}"


def _toml_value(written: str) -> object:
    document = tomllib.loads(f"value = {written}")
    if len(document) > 1:
        raise ValueError("more than a value")
    return document["value"]
