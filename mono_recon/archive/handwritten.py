"""Rows that people write into CSV files: how a file is read, and which row can be trusted.

Here belongs what all such files share. Which columns a kind of row has is said by the module of that kind;
which rows a report may know is decided where reports are made.
"""

import csv
import io
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.archive.files import path_text
from mono_recon.archive.instants import read_instant
from mono_recon.schemas.table import Table, polars_schema


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of row must look like.

    Attributes:
        table: Contract of its table, which has ``path`` and ``line`` besides.
        columns: What a file's first line must name, in any order; further columns are not read.
        patterns: What the text of a column must match.
        instants: Columns that hold an instant with its zone.
        integers: Columns that hold a whole number; their pattern says which.
        optional: Columns that may be empty.
    """

    table: type[Table]
    columns: Sequence[str]
    patterns: Mapping[str, str]
    instants: Sequence[str]
    integers: Sequence[str] = ()
    optional: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What the files of a folder hold.

    Attributes:
        rows: Rows of the form's table.
        refused: ``<path>, line <n>: <what is wrong>`` of each row that was left out.
    """

    rows: pl.DataFrame
    refused: tuple[str, ...]


class _LeftOutError(Exception):
    """No row of a file can be read."""


def read_written(folder: Path, form: Form) -> Written:
    """Read every ``*.csv`` of a folder; a folder that does not exist holds none.

    Args:
        folder: The folder.
        form: What its rows must look like.
    """
    rows: list[dict[str, Any]] = []
    refused: list[str] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(".csv"))
    except FileNotFoundError:
        paths = []
    except OSError as error:
        return Written(_frame(rows, form), (f"{folder.name}: {error.strerror}; the folder is left out",))
    for path in paths:
        name = path_text(path.name)
        for line, row, problems in _rows(path, form):
            if problems:
                refused.append(f"{name}, line {line}: {'; '.join(problems)}")
            else:
                rows.append(row | {"path": name, "line": line})
    return Written(_frame(rows, form), tuple(refused))


def _frame(rows: list[dict[str, Any]], form: Form) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=polars_schema(form.table))


def _rows(path: Path, form: Form) -> Iterator[tuple[int, dict[str, Any], list[str]]]:
    try:
        reader = _open(path, form)
    except _LeftOutError as error:
        yield 1, {}, [f"{error}; the file is left out"]
        return
    try:
        for row in reader:
            yield reader.line_num, *_read(row, form)
    except csv.Error as error:
        yield reader.line_num, {}, [f"{error}; the rest of the file is left out"]


def _open(path: Path, form: Form) -> "csv.DictReader[str]":
    """A reader of a file's rows, behind its first line.

    Raises:
        _LeftOutError: The file cannot be read, or lacks a column.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _LeftOutError("not a file")  # Whoever reads a pipe would wait for somebody to write to it.
        text = path.read_bytes().decode("utf-8-sig")
        heading = text.partition("\n")[0]
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in heading else ",", strict=True)
        named = reader.fieldnames or ()
    except OSError as error:
        raise _LeftOutError(error.strerror) from error
    except UnicodeDecodeError as error:
        raise _LeftOutError(f"not UTF-8 ({error.reason})") from error
    except csv.Error as error:
        raise _LeftOutError(str(error)) from error
    if missing := [name for name in form.columns if name not in named]:
        raise _LeftOutError(f"no column {', '.join(missing)}")
    return reader


def _read(row: dict[str, Any], form: Form) -> tuple[dict[str, Any], list[str]]:
    given = {name: (row[name] or "").strip() for name in form.columns}
    problems = [f"{name} is empty" for name, text in given.items() if not text and name not in form.optional]
    problems += [
        f"{name} is {given[name]!r}"
        for name, pattern in form.patterns.items()
        if given[name] and not re.fullmatch(pattern, given[name])
    ]
    moments = {name: read_instant(given[name]) for name in form.instants}
    problems += [
        f"{name} is {given[name]!r}, not an instant with its zone"
        for name, moment in moments.items()
        if given[name] and moment is None
    ]
    if problems:
        return {}, problems
    figures = {name: int(given[name]) for name in form.integers}
    return {name: text or None for name, text in given.items()} | moments | figures, []
