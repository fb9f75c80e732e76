"""What of an object the typed reading leaves open, looked at for many objects at once.

Here belongs the form of ids and currencies, a pattern that costs more text by text than all the rest of a reading,
and moments so near the ends of the calendar that they need a closer look.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from types import GenericAlias, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
import polars as pl

from mono_recon.archive.instants import FIRST_YEAR, LAST_YEAR, Instant
from mono_recon.archive.payloads import FORMS

Wanted = TypeVar("Wanted")

_Open = dict[object, tuple[list[Any], list[int]]]
_EDGES = {FIRST_YEAR, LAST_YEAR}


def is_formed(text: object, wanted: object) -> bool:
    """Whether a text has the form of its type, if that has one."""
    return wanted not in FORMS or re.fullmatch(FORMS[wanted], str(text)) is not None


def convert_plainly(values: Sequence[object], wanted: type[Wanted]) -> list[Wanted | None]:
    """Objects as their type; None where one needs the complete reading, be it wrong or only unusual."""
    try:
        converted: list[Wanted | None] = msgspec.convert(values, GenericAlias(list, wanted))
    except msgspec.ValidationError:
        if len(values) == 1:
            return [None]
        return [convert_plainly([value], wanted)[0] for value in values]
    for place in set(misformed(converted, wanted)):
        converted[place] = None
    return converted


def misformed(values: Sequence[Any], wanted: object, places: Sequence[int] | None = None) -> Iterator[int]:
    """The places of values that need a closer look, some perhaps more than once.

    Args:
        values: Values that the typed reading gave for ``wanted``.
        wanted: A type of ``payloads``.
        places: What each value's place is called; counted from 0 by default.
    """
    found: _Open = defaultdict(lambda: ([], []))
    _gather(values, wanted, range(len(values)) if places is None else places, found)
    moments, places = found.pop(Instant, ([], []))
    if {moment.year for moment in moments} & _EDGES:
        yield from (place for place, moment in zip(places, moments, strict=True) if moment.year in _EDGES)
    for kind, (texts, places) in found.items():
        formed = pl.Series(texts, dtype=pl.String).str.contains(FORMS[kind])
        if not formed.all():
            yield from (places[index] for index in formed.not_().arg_true())


def _gather(values: Sequence[Any], wanted: object, places: Sequence[int], found: _Open) -> None:
    """Put what is left open in values to what was found, by type, each with its place."""
    wanted, is_optional = without_none(wanted)
    if is_optional and None in values:
        places = [place for place, value in zip(places, values, strict=True) if value is not None]
        values = [value for value in values if value is not None]
    if get_origin(wanted) is list:
        repeated = [place for place, members in zip(places, values, strict=True) for _ in members]
        _gather(list(chain.from_iterable(values)), get_args(wanted)[0], repeated, found)
    elif wanted is Instant or wanted in FORMS:
        found[wanted][0].extend(values)
        found[wanted][1].extend(places)
    else:
        for name, inner in _parts(wanted):
            _gather(list(map(attrgetter(name), values)), inner, places, found)


@cache
def _parts(wanted: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    """The fields in which something is left open."""
    return [(field.name, field.type) for field in msgspec.structs.fields(wanted) if _is_open(field.type)]


def _is_open(wanted: object) -> bool:
    wanted, _ = without_none(wanted)
    if get_origin(wanted) is list:
        return _is_open(get_args(wanted)[0])
    is_object = isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)
    return wanted is Instant or wanted in FORMS or (is_object and bool(_parts(wanted)))


def without_none(wanted: object) -> tuple[object, bool]:
    """A field's type, and whether None may stand in its place."""
    if get_origin(wanted) not in {Union, UnionType}:
        return wanted, False
    (kept,) = (option for option in get_args(wanted) if option is not type(None))
    return kept, True
