"""What a break type is, and the shape in which its finder reports.

Here belong the parts that all break types share. A type itself, with its sentences and its finder,
lives in the module of its family.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

from mono_recon.reconcile.context import Context

Facts = TypeVar("Facts")

FINDING = pl.Schema(
    {
        "break_type": pl.String(),
        "class": pl.String(),
        "subject_type": pl.String(),
        "subject_id": pl.String(),
        "account_id": pl.String(),
        "currency": pl.String(),
        "amount_minor": pl.Int64(),
        "difference_minor": pl.Int64(),
        "break_date": pl.Date(),
        "left_source": pl.String(),
        "left_value": pl.String(),
        "right_source": pl.String(),
        "right_value": pl.String(),
        "line_ids": pl.List(pl.String()),
        "source_refs": pl.List(pl.String()),
    }
)
"""Columns of a finding; ``line_ids`` names the lines that carry it."""


@dataclass(frozen=True, slots=True)
class BreakType(Generic[Facts]):
    """One entry of the break catalogue.

    Attributes:
        name: The type's name.
        class_: ``break``, ``review``, ``timing`` or ``data``.
        subject_type: What a break of this type is about.
        find: Finds all of them: a frame with ``subject_id``, ``break_date`` and any further column
            of ``FINDING``; a class that it leaves out is the type's, all else the subject's line's.
        es: Sentence in Spanish; its placeholders are listed in ``wording``.
        en: Sentence in English.
        always_high: Whether its severity is high whatever the amount.
        becomes: Of a timing item the type that it is called on the same subject once time is up.
        clears_by: Feeds that clear it whatever else is new, the strongest first.
    """

    name: str
    class_: str
    subject_type: str
    find: Callable[[Facts, Context], pl.DataFrame]
    es: str
    en: str
    always_high: bool = False
    becomes: str | None = None
    clears_by: tuple[str, ...] = ()


def find_all(types: Iterable[BreakType[Facts]], facts: Facts, context: Context) -> pl.DataFrame:
    """Let each type find its breaks.

    Returns:
        All findings with the columns of ``FINDING``; nulls where a finder said nothing.
    """
    found = ((kind, kind.find(facts, context)) for kind in types)
    return pl.concat([FINDING.to_frame(), *(conform(some, kind) for kind, some in found if not some.is_empty())])


def conform(found: pl.DataFrame, kind: BreakType[Facts]) -> pl.DataFrame:
    """A finder's frame with the type's name and every column of ``FINDING``, one break per subject."""
    fixed = {"break_type": kind.name, "subject_type": kind.subject_type, "class": kind.class_}
    one = found.unique("subject_id", keep="first", maintain_order=True)
    named = one.with_columns(pl.lit(value).alias(name) for name, value in fixed.items() if name not in one.columns)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in FINDING.items() if name not in named.columns]
    return named.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in FINDING.items())
