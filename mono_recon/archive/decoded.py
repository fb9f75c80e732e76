"""What a piece of the archive held, as frames.

Here belongs the form in which records leave the archive's side, also for another process. Duplicates are still in it;
finding them needs what is held already.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import polars as pl

from mono_recon.schemas import core
from mono_recon.schemas.table import Table, polars_schema, table_name

CORE_TABLES: dict[str, type[Table]] = {
    table_name(model): model for model in core.TABLES if model not in {core.Resolutions, core.Adjustments}
}
"""Tables of schema ``core`` that the archive fills, by name."""


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


@cache
def core_schema(model: type[Table]) -> pl.Schema:
    """The columns of a table of ``core`` with the position of the record that a row came from."""
    return pl.Schema({**polars_schema(model), "record": pl.Int64()})


def _packed(frame: pl.DataFrame) -> bytes:
    stream = BytesIO()
    frame.write_ipc(stream, compression="lz4")
    return stream.getvalue()


def _unpacked(deliveries: bytes, pages: bytes, quarantine: bytes, core: dict[str, bytes]) -> Decoded:
    frames = {
        name: pl.read_ipc(core[name]) if name in core else pl.DataFrame(schema=core_schema(model))
        for name, model in CORE_TABLES.items()
    }
    return Decoded(pl.read_ipc(deliveries), pl.read_ipc(pages), pl.read_ipc(quarantine), frames)
