"""Figures of a table as exact text: pesos, instants and lists, column by column.

Here belong the forms that every file of a pack and the hash of its facts share, as expressions that
cost the same for one row and for a million. Escaping, delimiters and cell formats belong to the
writers.
"""

import polars as pl

MINOR = "_minor"
"""Ending of the columns that hold centavos."""

LIST_SEPARATOR = "|"

DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the direction of writing."""

_AS_SEEN = {ord(mark): f"[U+{ord(mark):04X}]" for mark in DIRECTION_MARKS}


def visible(text: str) -> str:
    """A text to look at: marks that turn the direction of writing are named, ``[U+202E]``, and turn nothing."""
    return text if text.isascii() else text.translate(_AS_SEEN)


def pesos(minor: pl.Expr, decimal: str) -> pl.Expr:
    """Centavos (Int64) as pesos with two decimals, exactly: -5 is ``-0.05``."""
    digits = minor.cast(pl.String)
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    unsigned = digits.str.strip_prefix("-").str.zfill(3)
    return pl.concat_str(sign, unsigned.str.head(-2), pl.lit(decimal), unsigned.str.tail(2))


def plain(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as text: ISO dates, ISO instants in UTC with microseconds and ``Z``, lists joined."""
    value = pl.col(column)
    match dtype:
        case pl.Datetime():
            return value.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
        case pl.Date():
            return value.dt.to_string("%Y-%m-%d")
        case pl.List():
            return value.list.join(LIST_SEPARATOR)
        case _:
            return value.cast(pl.String)
