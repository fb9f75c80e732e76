"""The tables of a pack as CSV, for spreadsheets and for systems that read nothing else.

Here belongs the form of these files: UTF-8 with a BOM, lines ended by CR LF, ISO dates and instants,
lists joined with ``|``, beside each ``x_minor`` a column ``x`` in pesos, and no text that a
spreadsheet would take for a formula. A missing value is an empty field, an empty text is ``""``.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from mono_recon.report.text import MINOR, pesos, plain

_FORMULA = r"^[=+\-@\t\r]"
_ROWS_AT_ONCE = 100_000


def csv_path(folder: Path, pack: str, table: str) -> Path:
    """Where a table of a pack lies."""
    return folder / f"{pack}_{table}.csv"


def write_csv(tables: Mapping[str, pl.DataFrame], folder: Path, *, pack: str, delimiter: str, decimal: str) -> None:
    """Write ``<pack>_<table>.csv`` for each table, empty ones too.

    Args:
        tables: Frames by table name.
        folder: Existing folder.
        pack: Name of the pack.
        delimiter: Character between fields.
        decimal: Decimal separator of the columns in pesos.
    """
    for name, frame in tables.items():
        with csv_path(folder, pack, name).open("wb") as file:
            header = csv_frame(frame.clear(), decimal)
            header.write_csv(file, include_bom=True, separator=delimiter, line_terminator="\r\n")
            for part in frame.iter_slices(_ROWS_AT_ONCE):
                csv_frame(part, decimal).write_csv(
                    file, include_header=False, separator=delimiter, line_terminator="\r\n"
                )


def read_csv(path: Path, delimiter: str) -> pl.DataFrame:
    """The fields of a CSV file of a pack as they stand there, all String; an empty field is null."""
    return pl.read_csv(path, separator=delimiter, infer_schema=False, glob=False)


def csv_frame(frame: pl.DataFrame, decimal: str) -> pl.DataFrame:
    """The fields of a table as its CSV file holds them, all String."""
    return frame.select(field for name, dtype in frame.schema.items() for field in _fields(name, dtype, decimal))


def _fields(name: str, dtype: pl.DataType, decimal: str) -> list[pl.Expr]:
    text = plain(name, dtype)
    if dtype in (pl.String, pl.List):
        text = pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text)
    fields = [text.alias(name)]
    if name.endswith(MINOR):
        fields.append(pesos(pl.col(name), decimal).alias(name.removesuffix(MINOR)))
    return fields
