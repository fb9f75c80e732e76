"""What a piece of the archive held, as frames.

Here belongs the form in which records leave the archive's side: rows gathered by table, and tables made of
them. Duplicates are still in it; finding them needs what is held already.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import polars as pl

from mono_recon.archive.observations import LIST_END, Row
from mono_recon.schemas import core, raw
from mono_recon.schemas.table import Table, polars_schema, table_name
from mono_recon.validation import SchemaShapeError, split_valid

CORE_TABLES: dict[str, type[Table]] = {
    table_name(model): model for model in core.TABLES if model not in {core.Resolutions, core.Adjustments}
}
"""Tables of schema ``core`` that the archive fills, by name."""

_POSITION = ("record",)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The outcome of one chunk, duplicates not removed.

    Attributes:
        deliveries: Columns of ``schemas.raw.Deliveries``; ``copies`` is 1.
        pages: Columns of ``schemas.raw.ExportPages``; ``export_id`` is null.
        quarantine: Columns of ``schemas.raw.Quarantine``; ``page_id`` is null for a whole record and set for a
            refused row of an accepted page.
        core: Per table of ``CORE_TABLES`` its columns and, last, ``record`` (Int64): the position of the record in
            ``deliveries`` (``source_ref`` w:) or in ``pages`` (``source_ref`` x:).
    """

    deliveries: pl.DataFrame
    pages: pl.DataFrame
    quarantine: pl.DataFrame
    core: dict[str, pl.DataFrame]

    def __reduce__(self) -> tuple[Callable[..., "Decoded"], tuple[object, ...]]:
        """Travel between processes packed: a fraction of the bytes, and of the time, of pickled frames."""
        core = {name: _packed(frame) for name, frame in self.core.items() if not frame.is_empty()}
        return _unpacked, (_packed(self.deliveries), _packed(self.pages), _packed(self.quarantine), core)


def _packed(frame: pl.DataFrame) -> bytes:
    stream = BytesIO()
    frame.write_ipc(stream, compression="lz4")
    return stream.getvalue()


def _unpacked(deliveries: bytes, pages: bytes, quarantine: bytes, core: dict[str, bytes]) -> Decoded:
    frames = {
        name: pl.read_ipc(core[name]) if name in core else _frame((), model, _POSITION)
        for name, model in CORE_TABLES.items()
    }
    return Decoded(pl.read_ipc(deliveries), pl.read_ipc(pages), pl.read_ipc(quarantine), frames)


class Gathered:
    """Rows of a chunk on their way to frames; moments are microseconds since 1970 UTC."""

    def __init__(self) -> None:
        self.deliveries: list[Row] = []
        self.pages: list[Row] = []
        self.quarantine: list[Row] = []
        self.core: dict[str, list[Row]] = {name: [] for name in CORE_TABLES}

    def decoded(self) -> Decoded:
        """The frames, each held against its table's contract.

        Raises:
            SchemaShapeError: A row breaks its table's contract, which the reading should have seen.
        """
        return Decoded(
            _frame(self.deliveries, raw.Deliveries),
            _frame(self.pages, raw.ExportPages),
            _frame(self.quarantine, raw.Quarantine),
            {name: _frame(rows, CORE_TABLES[name], _POSITION) for name, rows in self.core.items()},
        )


@cache
def _schema(model: type[Table]) -> pl.Schema:
    return polars_schema(model)


def _frame(rows: Sequence[Row], model: type[Table], positions: Iterable[str] = ()) -> pl.DataFrame:
    schema = pl.Schema([*_schema(model).items(), *((name, pl.Int64()) for name in positions)])
    if not rows:
        return pl.DataFrame(schema=schema)
    columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
    frame = pl.DataFrame([_series(name, dtype, values) for (name, dtype), values in columns])
    failures = split_valid(frame.drop(positions), model).failures
    if not failures.is_empty():
        raise SchemaShapeError(f"{model.__name__}: {failures.row(0)}")
    return frame


def _series(name: str, dtype: pl.DataType, values: Sequence[object]) -> pl.Series:
    if isinstance(dtype, pl.List):
        joined = pl.Series(name, values, dtype=pl.String)
        items = pl.col(name).str.split(LIST_END)
        return joined.to_frame().select(items.list.slice(0, items.list.len() - 1)).to_series()
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)
