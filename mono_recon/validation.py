"""The gate between frames and tables: which rows keep a table's contract, and which rule each other breaks.

Here belongs only the split; what is done with a row that fails is the caller's business. The contracts are
in ``mono_recon.schemas``.
"""

from dataclasses import dataclass

import polars as pl
from pandera.errors import SchemaErrors

from mono_recon.schemas.table import Table, polars_schema

_FAILURES = pl.Schema({"row": pl.Int64, "rule": pl.String})


class SchemaShapeError(ValueError):
    """A frame lacks a column of its table, has another one, or holds one with another type: a defect of ours."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A frame, split.

    Attributes:
        valid: The rows that keep every rule, in the frame's order.
        failures: ``row`` (Int64, position in the frame) and ``rule`` (String, ``column: rule``), one row for
            every broken rule, ordered by both.
    """

    valid: pl.DataFrame
    failures: pl.DataFrame


def split_valid(frame: pl.DataFrame, model: type[Table]) -> Outcome:
    """Split a frame by its table's contract.

    Every row is in exactly one of ``valid`` and the rows that ``failures`` names.

    Raises:
        SchemaShapeError: The columns or their types are not those of the table.
    """
    expected = polars_schema(model)
    if frame.schema != expected:
        raise SchemaShapeError(_difference(frame.schema, expected, model))
    if frame.is_empty():
        return Outcome(frame, pl.DataFrame(schema=_FAILURES))
    try:
        model.validate(frame, lazy=True)
    except SchemaErrors as errors:
        failures = _failures(errors.failure_cases, model)
        kept = pl.int_range(pl.len()).is_in(failures["row"].unique().implode()).not_()
        return Outcome(frame.filter(kept), failures)
    return Outcome(frame, pl.DataFrame(schema=_FAILURES))


def _failures(cases: pl.DataFrame, model: type[Table]) -> pl.DataFrame:
    if cases["index"].null_count():
        raise SchemaShapeError(f"{model.__name__}: {cases.filter(pl.col('index').is_null())['check'].to_list()}")
    rule = pl.concat_str("column", pl.lit(": "), "check")
    return cases.select(row=pl.col("index").cast(pl.Int64), rule=rule).unique().sort("row", "rule").cast(_FAILURES)


def _difference(found: pl.Schema, expected: pl.Schema, model: type[Table]) -> str:
    missing = [name for name in expected if name not in found]
    surplus = [name for name in found if name not in expected]
    other = [f"{name} is {found[name]}" for name in found if name in expected and found[name] != expected[name]]
    return f"{model.__name__}: missing {missing}, surplus {surplus}, other types {other}, or another order"
