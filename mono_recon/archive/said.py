"""The form in which records that were read are handed on, whatever they are and however they were read."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import polars as pl

from mono_recon.archive.leaves import flatten, series

PLACE = "place"
"""Column of the place of a record, or of a text, among those that are read in one go (UInt32)."""

Told = dict[type, pl.DataFrame]
"""Objects laid flat, by their type: ``place`` of their record, and the columns of ``leaves.flat_schema``.

One on a page has its ``row`` (Int64). A ``Member`` has the ``batch.id`` and ``batch.account_id`` of its event, a
``BatchEvent`` has ``listed_transfer_ids`` (List(String)), sorted.
"""


class Said(NamedTuple):
    """Records that were read.

    Attributes:
        frame: ``place`` and the columns of the records' ``raw`` table that lie in a record.
        told: The objects that those of them brought that are used.
    """

    frame: pl.DataFrame
    told: Told


def framed(columns: Mapping[str, Sequence[Any]], owners: Sequence[object], schema: pl.Schema) -> pl.DataFrame:
    """Columns as a frame; one that is not given is an attribute of the owners, moments are microseconds."""
    return pl.DataFrame(
        series(name, columns[name] if name in columns else list(map(attrgetter(name), owners)), dtype)
        for name, dtype in schema.items()
    )


def flat_at(objects: Sequence[tuple[int, object]], wanted: type[msgspec.Struct]) -> pl.DataFrame:
    """Objects laid flat, each with its place."""
    places = series(PLACE, [place for place, _ in objects], pl.UInt32())
    return flatten([each for _, each in objects], wanted).insert_column(0, places)
