"""The tables of a pack as Parquet: exact types, one file per table.

Here belong the writing and reading of these files and the seal they carry. Their columns are the
contract's, unchanged.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

_SEAL = "mono_recon.seal"
_LEVEL = 1
"""Of zstd: half the time of the usual level, and as small."""


def parquet_path(folder: Path, table: str) -> Path:
    """Where a table of a pack lies."""
    return folder / f"{table}.parquet"


def write_parquet(tables: Mapping[str, pl.DataFrame], folder: Path, *, seal: str) -> None:
    """Write ``<table>.parquet`` for each table.

    Args:
        tables: Frames by table name.
        folder: Existing folder.
        seal: Hash that binds the file to the manifest of its pack, kept in the file's metadata.
    """
    for name, frame in tables.items():
        # Row groups follow the chunks of a frame; in one chunk equal rows are equal bytes.
        frame.rechunk().write_parquet(
            parquet_path(folder, name), compression="zstd", compression_level=_LEVEL, metadata={_SEAL: seal}
        )


def read_seal(folder: Path, table: str) -> str | None:
    """The seal in the metadata of a table's file; None without one."""
    return pl.read_parquet_metadata(parquet_path(folder, table)).get(_SEAL)
