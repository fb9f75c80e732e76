"""Adjustments: movements of money that people record because Mono does not report them.

Here belongs reading their CSV files, row by row and strictly. A row that cannot be trusted is left out
and said; which rows a report may know is decided where reports are made.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.archive.instants import read_instant
from mono_recon.schemas.core import Adjustments
from mono_recon.schemas.table import CURRENCY_PATTERN, ID_PATTERN, polars_schema

COLUMNS = (
    "adjustment_id",
    "account_id",
    "currency",
    "effective_at",
    "amount_minor",
    "kind",
    "reason",
    "actor",
    "decided_at",
)
"""What a file's first line must name, in any order; further columns are not read."""

_PATTERNS = {"account_id": ID_PATTERN, "currency": CURRENCY_PATTERN, "amount_minor": r"^-?[0-9]{1,18}$"}
_INSTANTS = ("effective_at", "decided_at")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the files hold.

    Attributes:
        adjustments: Rows of ``core.adjustments``.
        refused: ``<path>, line <n>: <what is wrong>`` of each row that was left out.
    """

    adjustments: pl.DataFrame
    refused: tuple[str, ...]


def read_adjustments(folder: Path) -> Recorded:
    """Read every ``*.csv`` of a folder; a folder that does not exist holds none.

    Args:
        folder: The folder.
    """
    rows: list[dict[str, Any]] = []
    refused: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        for line, row, problems in _rows(path):
            if problems:
                refused.append(f"{path.name}, line {line}: {'; '.join(problems)}")
            else:
                rows.append(row | {"path": path.name, "line": line})
    return Recorded(pl.DataFrame(rows, schema=polars_schema(Adjustments)), tuple(refused))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any], list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield 1, {}, [f"not UTF-8 ({error.reason}); the file is left out"]
        return
    heading = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in heading else ",", strict=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        yield 1, {}, [f"no column {', '.join(missing)}; the file is left out"]
        return
    try:
        for row in reader:
            yield reader.line_num, *_read(row)
    except csv.Error as error:
        yield reader.line_num, {}, [f"{error}; the rest of the file is left out"]


def _read(row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    given = {name: (row[name] or "").strip() for name in COLUMNS}
    problems = [f"{name} is empty" for name, text in given.items() if not text]
    problems += [
        f"{name} is {given[name]!r}"
        for name, pattern in _PATTERNS.items()
        if given[name] and not re.fullmatch(pattern, given[name])
    ]
    moments = {name: read_instant(given[name]) for name in _INSTANTS}
    problems += [
        f"{name} is {given[name]!r}, not an instant with its zone"
        for name, moment in moments.items()
        if given[name] and moment is None
    ]
    if problems:
        return {}, problems
    return given | moments | {"amount_minor": int(given["amount_minor"])}, []
