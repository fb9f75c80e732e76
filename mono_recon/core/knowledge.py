"""Observations as they were known at an earlier instant.

Here belongs the step back from the best that is known of an event now to what was known of it then:
its copies may have come at different times and in different bytes.
"""

from datetime import datetime

import polars as pl


def as_known(observations: pl.DataFrame, copies: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Give events the source and the event time that their copies known by then would give.

    Args:
        observations: Rows of a table of ``core`` known by the as-of, with ``source_ref`` and ``event_at``.
        copies: ``record_id``, ``copy_id``, ``known_at``, ``event_at`` and ``signature_status`` of events of
            which some copy was not known yet.
        as_of: The instant (UTC).
    """
    if copies.is_empty():
        return observations
    then = (
        copies.filter(pl.col("known_at") <= as_of)
        .sort(pl.col("signature_status") == "unverifiable", "known_at", "copy_id")
        .group_by("record_id", maintain_order=True)
        .agg(pl.first("copy_id"), pl.min("event_at").alias("event_at_then"))
        .select(pl.format("w:{}", "record_id").alias("source_ref"), "copy_id", "event_at_then")
    )
    return (
        observations.join(then, on="source_ref", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(pl.format("w:{}", "copy_id"), "source_ref").alias("source_ref"),
            pl.coalesce("event_at_then", "event_at").alias("event_at"),
        )
        .drop("copy_id", "event_at_then")
    )
