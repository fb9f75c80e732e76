"""Page records that hold the same bytes fetched at the same moment are one page.

Here belongs which page records are the same page, so that its rows are taken once. The result depends
on the set of records alone. Which pages make an export is in ``exports``.
"""

from dataclasses import dataclass

import polars as pl

from mono_recon.schemas.raw import Copies, ExportPages
from mono_recon.schemas.table import polars_schema

KEY = ("page_id", "fetched_at")

_PLACE = ("file_sha256", "line", "byte_offset")


@dataclass(frozen=True, slots=True)
class HeldPages:
    """What is held of the pages that a set of records may repeat.

    Attributes:
        pages: ``page_id``, ``fetched_at``, ``file_sha256``, ``line`` and ``byte_offset``.
        copies: Their rows of ``raw.copies``.
    """

    pages: pl.DataFrame
    copies: pl.DataFrame


@dataclass(frozen=True, slots=True)
class MergedPages:
    """What a set of page records adds to the pages held.

    Attributes:
        new: Columns of ``raw.export_pages`` and ``record`` (Int64): whose rows are taken.
        changed: ``page_id``, ``fetched_at``, ``file_sha256``, ``line`` and ``byte_offset`` of held
            pages whose place is another one now.
        copies: Rows to add to ``raw.copies``; it holds none of pages without a fetch time.
        outcomes: One row per record given: ``record``, ``file_sha256`` and ``outcome`` (accepted,
            unused or duplicate).
    """

    new: pl.DataFrame
    changed: pl.DataFrame
    copies: pl.DataFrame
    outcomes: pl.DataFrame


def merge_pages(incoming: pl.DataFrame, held: HeldPages, paths: pl.DataFrame) -> MergedPages:
    """Decide for each page record whether it is a new page or repeats one.

    A page lies where its first copy does, by path and line.

    Args:
        incoming: Columns of ``raw.export_pages`` and ``record`` (Int64), its position.
        held: The pages that these may repeat.
        paths: ``file_sha256`` and ``path`` of every file that is named in the other two.
    """
    records = (
        _records(incoming, held)
        .join(paths, on="file_sha256", how="left")
        .with_columns(
            pl.len().over(KEY).alias("count"),
            pl.col("is_held").any().over(KEY).alias("is_known"),
            (pl.col("record") == pl.col("record").min()).over(KEY).alias("is_first"),
        )
    )
    places = (
        records.filter(pl.col("record").is_not_null().any().over(KEY))
        .sort("path", "line", "file_sha256")
        .unique(KEY, keep="first", maintain_order=True)
        .select(*KEY, *_PLACE)
    )
    taken = records.filter("is_first", ~pl.col("is_known")).select("record")
    new = incoming.drop(_PLACE).join(taken, on="record").join(places, on=KEY, nulls_equal=True)
    outcome = pl.when(pl.col("is_first") & ~pl.col("is_known")).then("status").otherwise(pl.lit("duplicate"))
    return MergedPages(
        new=new.select(*polars_schema(ExportPages), "record").sort("record"),
        changed=places.join(held.pages, on=KEY, nulls_equal=True, how="semi").join(
            held.pages, on=(*KEY, *_PLACE), nulls_equal=True, how="anti"
        ),
        copies=_copies(records),
        outcomes=records.filter(pl.col("record").is_not_null())
        .select("record", "file_sha256", outcome.alias("outcome"))
        .sort("record"),
    )


def _records(incoming: pl.DataFrame, held: HeldPages) -> pl.DataFrame:
    """All records, given and held, one row each."""
    stored = held.copies.select(pl.col("record_id").alias("page_id"), pl.col("known_at").alias("fetched_at"), *_PLACE)
    alone = held.pages.join(stored, on=KEY, how="anti", nulls_equal=True)
    return pl.concat(
        [
            incoming.select(*KEY, *_PLACE, "status", "record", is_held=False, is_stored=False),
            *(
                frame.select(
                    *KEY,
                    *_PLACE,
                    pl.lit(None, pl.String).alias("status"),
                    pl.lit(None, pl.Int64).alias("record"),
                    is_held=True,
                    is_stored=is_stored,
                )
                for frame, is_stored in ((alone, False), (stored, True))
            ),
        ]
    )


def _copies(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``raw.copies`` for pages that were found more than once and are not there yet."""
    has_news = pl.col("record").is_not_null().any().over(KEY)
    return (
        records.filter(pl.col("count") > 1, has_news, ~pl.col("is_stored"), pl.col("fetched_at").is_not_null())
        .select(
            pl.lit("exports").alias("kind"),
            pl.col("page_id").alias("record_id"),
            pl.col("page_id").alias("copy_id"),
            pl.col("fetched_at").alias("known_at"),
            *(
                pl.lit(None, dtype).alias(name)
                for name, dtype in polars_schema(Copies).items()
                if name in {"known_at_source", "event_at", "signature_status", "secret_name", "body"}
            ),
            *_PLACE,
        )
        .select(list(polars_schema(Copies)))
    )
