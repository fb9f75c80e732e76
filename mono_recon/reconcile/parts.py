"""A date taken in parts, so that a large one needs less memory at a time.

Here belongs how transfers and batches are divided: whatever shares a batch stays together, so that
each part is whole and the sums of the parts are the sums of the date.
"""

from collections.abc import Iterator

import polars as pl


def split(transfers: pl.DataFrame, batches: pl.DataFrame, parts: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Divide observations into parts by a hash of their batch.

    Args:
        transfers: ``core.transfer_observations``.
        batches: ``core.batch_observations``.
        parts: How many, at least 1.

    Yields:
        The transfers and batches of each part; some parts may be empty.
    """
    if parts == 1:
        yield transfers, batches
        return
    homes = _homes(transfers, batches)
    of_transfers = _parts(transfers["transfer_id"], homes, parts)
    of_batches = _parts(batches["batch_id"], homes, parts)
    for part in range(parts):
        yield transfers.filter(of_transfers == part), batches.filter(of_batches == part)


def _parts(ids: pl.Series, homes: pl.DataFrame, parts: int) -> pl.Series:
    """The part of each row, by the home of its entity; without a home by the entity itself."""
    home = homes.group_by(ids.name).agg(pl.min("home"))
    placed = ids.to_frame().join(home, on=ids.name, how="left", maintain_order="left")
    return placed.select(pl.coalesce("home", ids.name).hash(seed=0) % parts).to_series()


def _homes(transfers: pl.DataFrame, batches: pl.DataFrame) -> pl.DataFrame:
    """Each pair of transfer and batch with its home: the least batch that it is connected to."""
    named = transfers.select("transfer_id", "batch_id").drop_nulls()
    listed = (
        batches.select(pl.col("listed_transfer_ids").alias("transfer_id"), "batch_id")
        .drop_nulls()
        .explode("transfer_id", empty_as_null=False)
    )
    homes = pl.concat([named, listed]).unique().with_columns(pl.col("batch_id").alias("home"))
    while True:
        nearer = homes.with_columns(pl.min("home").over("transfer_id")).with_columns(pl.min("home").over("batch_id"))
        if nearer["home"].equals(homes["home"]):
            return homes
        homes = nearer
