"""Objects of one layout laid flat: what their texts and numbers say, held against the rules of their type.

Here belongs which objects need no closer look. The example of a layout was read completely; another object of the same
layout may differ from it in texts and numbers, so these are what is looked at.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from mono_recon.archive.instants import PLAIN_INSTANT, Instant
from mono_recon.archive.layouts import Alike, Path, read_alike
from mono_recon.archive.leaves import TEXTS, flat_schema, leaves
from mono_recon.archive.payloads import FORMS
from mono_recon.archive.said import PLACE
from mono_recon.archive.strict_json import NotPlainError, decode_plain


def flat_rows(texts: Sequence[bytes], wanted: type[msgspec.Struct]) -> pl.DataFrame:
    """JSON texts as objects of a type laid flat, without those that need a closer look.

    Args:
        texts: UTF-8; whether they are JSON is seen here.
        wanted: A type of ``payloads``.

    Returns:
        ``place`` (UInt32), counted in ``texts``, and the columns of ``flat_schema(wanted)``; in no order.
    """

    def read(text: str) -> object:
        try:
            return msgspec.convert(decode_plain(text.encode()), wanted)
        except (NotPlainError, msgspec.ValidationError):
            return None

    column = pl.Series(texts, dtype=pl.Binary).cast(pl.String)
    empty = pl.DataFrame(schema={PLACE: pl.UInt32(), **flat_schema(wanted)})
    return pl.concat([empty, *(flat_objects(alike, wanted) for alike in read_alike(column, read))])


def flat_objects(alike: Alike[Any], wanted: type[msgspec.Struct], within: Path = ()) -> pl.DataFrame:
    """Objects laid flat, without those that need a closer look.

    Args:
        alike: Texts of a layout of which one, read completely, holds such an object.
        wanted: The object's type, one of ``payloads``.
        within: Where in a text it stands.

    Returns:
        ``place`` (UInt32) and the columns of ``flat_schema(wanted)``, in the order of the texts.
    """
    columns, rules = [], [pl.lit(value=True)]
    for path, kind in leaves(wanted).items():
        at = (*within, *path.split("."))
        column = _column(alike, at, kind)
        columns.append(column.cast(flat_schema(wanted)[path]).alias(path))
        if at in alike.texts and kind in FORMS:
            rules.append(column.str.contains(FORMS[kind]))
        elif at in alike.texts and kind is Instant:
            rules.append(pl.col(alike.texts[at]).str.contains(PLAIN_INSTANT) & column.is_not_null())
        elif at in alike.numbers:
            rules.append(column >= 0)
    return alike.pieces.filter(pl.all_horizontal(rules)).select(PLACE, *columns)


def _column(alike: Alike[Any], path: Path, kind: object) -> pl.Expr:
    if path in alike.fixed:
        return pl.lit(alike.fixed[path])
    if path in alike.numbers:
        return pl.col(alike.numbers[path]).cast(pl.Int64, strict=False)
    if kind is Instant and path in alike.texts:
        moments = pl.col(alike.texts[path]).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
        return moments.dt.replace_time_zone("UTC")
    if kind == TEXTS:
        members = sorted((int(each[-1]), column) for each, column in alike.texts.items() if each[:-1] == path)
        return pl.concat_list(column for _, column in members) if members else pl.lit(None)
    return pl.col(alike.texts[path]) if path in alike.texts else pl.lit(None)
