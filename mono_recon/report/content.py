"""The facts of a report: what a new version is issued for, and the hash that covers exactly them.

Here belong the list of facts per table, their canonical text, the hash over them and the long form
that two versions are compared in. Which change was caused by what belongs to the restatement in
``mono_recon.reconcile``; nothing here depends on the order of rows.
"""

import hashlib
from collections.abc import Iterator, Mapping

import polars as pl

from mono_recon.report.text import MINOR, plain
from mono_recon.schemas.report import BalanceProof
from mono_recon.schemas.table import polars_schema

_SUMS = ("approved_minor", "declined_minor", "cancelled_minor", "duplicated_minor", "open_minor")

FACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "outgoing_transfers": (
        "transfer_id",
        (
            "amount_minor",
            "currency",
            "account_id",
            "batch_id",
            "state_at_cutoff",
            "final_at",
            "routing",
            "matched_credit_id",
        ),
    ),
    "batches": ("batch_id", ("state", "declared_minor", *_SUMS, "members")),
    "incoming_credits": (
        "credit_id",
        ("amount_minor", "currency", "account_id", "transaction_at", "matched_to", "match_rule", "label"),
    ),
    "collections": ("intent_id", ("amount_minor", "currency", "account_id", "state_at_cutoff", "counted")),
    "balance_proof": (
        "account_id",
        tuple(name for name in polars_schema(BalanceProof) if name.endswith(MINOR)),
    ),
    "breaks": ("break_id", ("break_type",)),
}
"""Per table the key of its rows and the columns that are facts."""

_ROWS_AT_ONCE = 100_000


def content_sha256(tables: Mapping[str, pl.DataFrame]) -> str:
    """Hash of the facts of a report.

    Every table contributes its name and columns, then each row as its values in UTF-8, a value as
    ``<bytes>:<value>`` and a missing one as ``-``, ended by a line feed; rows are sorted.

    Args:
        tables: The frames of a pack by name; tables without facts may be absent.

    Returns:
        SHA-256 in hex: equal exactly for equal facts, whatever the order of the rows.
    """
    digest = hashlib.sha256()
    for name, (key, columns) in FACTS.items():
        digest.update("".join(f"{len(word)}:{word}" for word in (name, key, *columns)).encode() + b"\n")
        for part in _sorted_slices(name, tables[name]):
            lines = part.select(pl.concat_str(*map(_measured, part.columns), pl.lit("\n")).str.join(""))
            digest.update(lines.item().encode())
    return digest.hexdigest()


def facts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The facts that ``content_sha256`` covers, one per row.

    Args:
        tables: The frames of a pack by name; tables without facts may be absent.

    Returns:
        Columns ``table_name, row_key, column_name, value`` (String, value nullable), sorted. A line
        has a row for every column that is a fact, so a line that came or went is a ``row_key`` that
        only one of two versions has.
    """
    parts = [
        _canonical(name, tables[name])
        .unpivot(index=key, variable_name="column_name", value_name="value")
        .select(pl.lit(name).alias("table_name"), pl.col(key).alias("row_key"), "column_name", "value")
        for name, (key, _) in FACTS.items()
    ]
    return pl.concat(parts).sort(pl.all())


def _sorted_slices(name: str, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The key and the facts of a table as text, sorted, some rows at a time."""
    key = frame[FACTS[name][0]]
    if (key.head(-1) < key.tail(-1)).all(ignore_nulls=False):  # as the lines of a report are: no other column decides
        yield from (_canonical(name, part) for part in frame.iter_slices(_ROWS_AT_ONCE))
    else:
        yield from _canonical(name, frame).sort(pl.all()).iter_slices(_ROWS_AT_ONCE)


def _canonical(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The key and the facts of a table as text."""
    key, columns = FACTS[name]
    rows = _rows_with_facts(name, frame)
    return rows.select(plain(column, rows.schema[column]) for column in (key, *columns))


def _rows_with_facts(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    match name:
        case "breaks":
            return frame.filter(pl.col("class") == "break", pl.col("break_date") == pl.col("business_date"))
        case "balance_proof":
            return frame.filter(pl.any_horizontal(pl.col(FACTS[name][1]).is_not_null()))
        case "outgoing_transfers":
            return frame.with_columns(pl.col("final_at").dt.truncate("1s"))
        case _:
            return frame


def _measured(column: str) -> pl.Expr:
    value = pl.col(column)
    return pl.concat_str(value.str.len_bytes(), pl.lit(":"), value).fill_null("-")
