"""Objects laid flat: a column for each field that holds one value, however deep, named by its path.

Here belongs what the fields of a type are and what their columns hold. ``account.id`` is the ``id`` in the field
``account``; where an object is missing on the way, the column holds null. Lists of objects are no leaves.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, cast, get_origin

import msgspec
import polars as pl

from mono_recon.archive.forms import without_none
from mono_recon.archive.instants import Instant, microseconds_of
from mono_recon.archive.payloads import Count, Currency, Id, Minor

MOMENT = pl.Datetime("us", "UTC")
TEXTS = list[str]
_DTYPES: dict[object, pl.DataType] = {
    Id: pl.String(),
    Currency: pl.String(),
    str: pl.String(),
    Minor: pl.Int64(),
    Count: pl.Int64(),
    bool: pl.Boolean(),
    Instant: MOMENT,
    TEXTS: pl.List(pl.String()),
}


@cache
def leaves(wanted: type[msgspec.Struct]) -> dict[str, object]:
    """The paths of a type of ``payloads`` and what each holds: ``Id``, ``str``, ``Minor`` and so on."""
    return dict(_leaves(wanted, ""))


@cache
def flat_schema(wanted: type[msgspec.Struct]) -> pl.Schema:
    """The columns of objects laid flat."""
    return pl.Schema({path: _DTYPES[kind] for path, kind in leaves(wanted).items()})


def flatten(objects: Sequence[object], wanted: type[msgspec.Struct]) -> pl.DataFrame:
    """Objects of a type laid flat, a row for each."""
    columns = dict(_columns(objects, wanted, ""))
    return pl.DataFrame([series(path, columns[path], dtype) for path, dtype in flat_schema(wanted).items()])


def series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A column; moments are given as microseconds since 1970 UTC."""
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    if isinstance(dtype, pl.List):
        # One text for each list is made ten times as quickly; no text of a column holds NUL.
        ended = [None if texts is None else "".join([f"{text}\0" for text in texts]) for texts in values]
        items = pl.col(name).str.split("\0")
        joined = pl.DataFrame({name: ended}, schema={name: pl.String})
        return joined.select(items.list.head(items.list.len() - 1)).to_series()
    return pl.Series(name, values, dtype=dtype)


def _leaves(wanted: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, object]]:
    for field in msgspec.structs.fields(wanted):
        kind, _ = without_none(field.type)
        if kind in _DTYPES:
            yield f"{prefix}{field.name}", kind
        elif get_origin(kind) is None:
            yield from _leaves(cast("type[msgspec.Struct]", kind), f"{prefix}{field.name}.")


def _columns(objects: Sequence[Any], wanted: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    for field in msgspec.structs.fields(wanted):
        kind, _ = without_none(field.type)
        values = [None if each is None else getattr(each, field.name) for each in objects]
        if kind is Instant:
            yield f"{prefix}{field.name}", microseconds_of(values)
        elif kind in _DTYPES:
            yield f"{prefix}{field.name}", values
        elif get_origin(kind) is None:
            yield from _columns(values, cast("type[msgspec.Struct]", kind), f"{prefix}{field.name}.")
