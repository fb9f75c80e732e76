"""Observations as they were known at an earlier instant.

Here belongs the step back from the best that is known of an event now to what was known of it then:
its copies may have come at different times and in different bytes.
"""

import polars as pl


def as_known(observations: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """Give events the source and the clocks that the copies known by then would give.

    Args:
        observations: Rows of a table of ``core`` with ``source_ref``, ``known_at`` and ``event_at``.
        copies: ``record_id``, ``copy_id``, ``known_at``, ``event_at`` and ``signature_status`` of the copies
            known then, of events of which some copy was not.
    """
    if copies.is_empty():
        return observations
    then = (
        copies.sort(pl.col("signature_status") == "unverifiable", "known_at", "copy_id")
        .group_by("record_id", maintain_order=True)
        .agg(
            pl.first("copy_id"),
            pl.min("known_at").alias("known_at_then"),
            pl.min("event_at").alias("event_at_then"),
        )
        .select(pl.format("w:{}", "record_id").alias("source_ref"), pl.exclude("record_id"))
    )
    return (
        observations.join(then, on="source_ref", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(pl.format("w:{}", "copy_id"), "source_ref").alias("source_ref"),
            pl.coalesce("known_at_then", "known_at").alias("known_at"),
            pl.coalesce("event_at_then", "event_at").alias("event_at"),
        )
        .drop("copy_id", "known_at_then", "event_at_then")
    )
