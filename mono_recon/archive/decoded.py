"""What a piece of the archive held, as frames.

Here belongs the form in which records leave the archive's side, also for another process. Duplicates are still in it;
finding them needs what is held already.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkstemp

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

    def from_line(self, line: int) -> "Decoded":
        """The same read from a line on, where it was read as if from the first."""
        below = pl.col("line") + (line - 1)
        deliveries, pages, quarantine = (
            frame.with_columns(below) for frame in (self.deliveries, self.pages, self.quarantine)
        )
        return Decoded(deliveries, pages, quarantine, self.core)

    def __reduce__(self) -> tuple[Callable[[str], "Decoded"], tuple[str]]:
        """Move to another process, once: by a file in the folder for temporary ones, mapped and removed there.

        Raises:
            OSError: The file cannot be written.
        """
        handle, path = mkstemp()
        try:
            with os.fdopen(handle, "wb") as file:
                for frame in (self.deliveries, self.pages, self.quarantine, *self.core.values()):
                    frame.write_ipc_stream(file)
        except OSError as error:
            raise OSError(f"{path}: {error}; make room on its disk and run again") from error
        return _mapped, (path,)


@cache
def core_schema(model: type[Table]) -> pl.Schema:
    """The columns of a table of ``core`` with the position of the record that a row came from."""
    return pl.Schema({**polars_schema(model), "record": pl.Int64()})


def _mapped(path: str) -> Decoded:
    """What lies in a file, never copied: the file's pages go with the last frame."""
    import pyarrow as pa  # noqa: PLC0415  a worker never maps, and would pay for its start-up

    with pa.memory_map(path) as file:
        Path(path).unlink()
        deliveries, pages, quarantine, *core = (
            pl.DataFrame(pa.ipc.open_stream(file).read_all()) for _ in range(3 + len(CORE_TABLES))
        )
    return Decoded(deliveries, pages, quarantine, dict(zip(CORE_TABLES, core, strict=True)))
