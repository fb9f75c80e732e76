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
    of_transfer = homes.group_by("transfer_id").agg(pl.min("home"))
    of_batch = homes.group_by("batch_id").agg(pl.min("home"))
    placed_transfers = transfers.join(of_transfer, on="transfer_id", how="left", maintain_order="left").with_columns(
        _part(pl.coalesce("home", "transfer_id"), parts)
    )
    placed_batches = batches.join(of_batch, on="batch_id", how="left", maintain_order="left").with_columns(
        _part(pl.coalesce("home", "batch_id"), parts)
    )
    for part in range(parts):
        yield tuple(  # type: ignore[misc]  # a generator of two frames is a pair
            placed.filter(pl.col("part") == part).drop("home", "part") for placed in (placed_transfers, placed_batches)
        )


def _part(name: pl.Expr, parts: int) -> pl.Expr:
    return (name.hash(seed=0) % parts).alias("part")


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
