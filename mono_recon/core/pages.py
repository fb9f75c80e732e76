"""Page records that hold the same answer fetched at the same moment are one page, in whatever form they lie.

Here belongs which page records are the same page, so that its rows are taken once. The result depends
on the set of records alone. Which pages make an export is in ``exports``.
"""

from dataclasses import dataclass

import polars as pl

from mono_recon.schemas.raw import Copies, ExportPages
from mono_recon.schemas.table import polars_schema

KEY = ("page_id", "fetched_at")

LIKE = ("fetched_at", "url", "resource", "page_number", "items")
"""Equal in all records of one page; only their content decides whether they are one."""

_PLACE = ("file_sha256", "line", "byte_offset")
_PAGE = ("content", "fetched_at")


@dataclass(frozen=True, slots=True)
class HeldPages:
    """What is held of the pages that a set of records may repeat.

    Attributes:
        pages: ``page_id``, ``LIKE``, ``file_sha256``, ``line`` and ``byte_offset``.
        copies: Their rows of ``raw.copies``.
    """

    pages: pl.DataFrame
    copies: pl.DataFrame


@dataclass(frozen=True, slots=True)
class MergedPages:
    """What a set of page records adds to the pages held.

    Attributes:
        new: Columns of ``raw.export_pages`` and ``record`` (Int64): whose rows are taken.
        changed: ``page_id``, ``fetched_at``, ``file_sha256``, ``line``, ``byte_offset``, ``items`` and ``body`` of
            held pages that are found elsewhere by now, and ``held_as``. ``items`` and ``body`` matter only where
            ``page_id`` is not ``held_as``.
        copies: Rows to add to ``raw.copies``, which holds none of pages without a fetch time; those of a page
            that is held under another id now replace its earlier ones.
        outcomes: One row per record given: ``record``, ``file_sha256`` and ``outcome`` (accepted,
            unused or duplicate).
    """

    new: pl.DataFrame
    changed: pl.DataFrame
    copies: pl.DataFrame
    outcomes: pl.DataFrame


def contested_pages(incoming: pl.DataFrame, held: HeldPages) -> pl.DataFrame:
    """Pages whose content must be known: other bytes may be the same answer.

    Args:
        incoming: Columns of ``raw.export_pages``.
        held: The pages that these may repeat.

    Returns:
        ``page_id`` and ``fetched_at`` of those pages, each once.
    """
    copies = held.copies.join(held.pages, left_on=["record_id", "known_at"], right_on=KEY).select(
        pl.col("copy_id").alias("page_id"), pl.col("known_at").alias("fetched_at"), *LIKE[1:]
    )
    known = pl.concat([incoming.select("page_id", *LIKE), held.pages.select("page_id", *LIKE), copies])
    known = known.drop_nulls("fetched_at")
    return known.filter(pl.col("page_id").n_unique().over(LIKE) > 1).select(KEY).unique()


def merge_pages(incoming: pl.DataFrame, held: HeldPages, contents: pl.DataFrame, paths: pl.DataFrame) -> MergedPages:
    """Decide for each page record whether it is a new page or repeats one, and what pages become.

    A copy with raw bytes represents the page before one without, then the smallest id. A page lies where the
    first copy of that id does, by path and line.

    Args:
        incoming: Columns of ``raw.export_pages`` and ``record`` (Int64), its position.
        held: The pages that these may repeat.
        contents: ``page_id``, ``body`` and ``content`` of those that ``contested_pages`` asks for. The content is
            a hash that is equal for equal answers, and is the ``page_id`` of one without raw bytes.
        paths: ``file_sha256`` and ``path`` of every file that is named in the other two.
    """
    records = _records(incoming, held, contents).join(paths, on="file_sha256", how="left")
    touched = _represented(records.filter(pl.col("record").is_not_null().any().over(_PAGE)))
    places = (
        touched.filter(pl.col("copy_id") == pl.col("page_id"))
        .sort("path", "line", "file_sha256")
        .unique(_PAGE, keep="first", maintain_order=True)
    )
    taken = touched.filter("is_new").select("record")
    new = incoming.drop(_PLACE).join(taken, on="record").join(places.select(*KEY, *_PLACE), on=KEY, nulls_equal=True)
    changed = places.filter(pl.col("held_as").is_not_null()).join(
        incoming.select(*KEY, "items").unique(KEY), on=KEY, how="left", nulls_equal=True
    )
    outcome = pl.when("is_new").then("status").otherwise(pl.lit("duplicate"))
    return MergedPages(
        new=new.select(*polars_schema(ExportPages), "record").sort("record"),
        changed=changed.select("held_as", *KEY, *_PLACE, "items", "body").join(
            held.pages, on=(*KEY, *_PLACE), nulls_equal=True, how="anti"
        ),
        copies=_copies(touched),
        outcomes=touched.filter(pl.col("record").is_not_null())
        .select("record", "file_sha256", outcome.alias("outcome"))
        .sort("record"),
    )


def _records(incoming: pl.DataFrame, held: HeldPages, contents: pl.DataFrame) -> pl.DataFrame:
    """All records, given and held, one row each, with the ``content`` that equal pages share."""
    columns = ("copy_id", *_PAGE, *_PLACE, "status", "record", "held_as", "is_stored", "body")
    known = [
        frame.join(contents, on="page_id", how="left").with_columns(
            pl.coalesce("content", "page_id").alias("content"), pl.col("page_id").alias("copy_id"), is_stored=False
        )
        for frame in (
            incoming.drop("body").with_columns(held_as=pl.lit(None, pl.String)),
            held.pages.with_columns(
                pl.lit(None, pl.String).alias("status"),
                pl.lit(None, pl.Int64).alias("record"),
                pl.col("page_id").alias("held_as"),
            ),
        )
    ]
    stored = known[1].select("held_as", *_PAGE, "status", "record", pl.col("body").alias("held_body"))
    copies = held.copies.join(
        stored, left_on=["record_id", "known_at"], right_on=["held_as", "fetched_at"], coalesce=False
    ).with_columns(pl.coalesce("body", "held_body").alias("body"), is_stored=True)
    alone = known[1].join(copies, on=["held_as", "fetched_at"], how="anti", nulls_equal=True)
    return pl.concat([frame.select(columns) for frame in (known[0], alone, copies)])


def _represented(records: pl.DataFrame) -> pl.DataFrame:
    """Records with the id of their page: as which it is held by now, and whether it is this one that brings it."""
    has_no_bytes = pl.col("copy_id") == pl.col("content")
    is_its_own = pl.col("copy_id") == pl.col("page_id")
    is_held_so = (pl.col("held_as") == pl.col("page_id")).any().over(_PAGE)
    return (
        records.with_columns(pl.col("copy_id").sort_by(has_no_bytes, "copy_id").first().over(_PAGE).alias("page_id"))
        .with_columns(
            pl.when(is_held_so).then("page_id").otherwise(pl.col("held_as").min().over(_PAGE)).alias("held_as")
        )
        .with_columns(
            (pl.col("record") == pl.col("record").filter(is_its_own).min().over(_PAGE)).alias("is_first"),
            pl.len().over(_PAGE).alias("count"),
        )
        .with_columns((pl.col("is_first") & pl.col("held_as").is_null()).fill_null(value=False).alias("is_new"))
    )


def _copies(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``raw.copies`` that are not stored yet, or are stored under an id that holds no longer."""
    is_outdated = (pl.col("held_as") != pl.col("page_id")).fill_null(value=False)
    return (
        records.filter(pl.col("count") > 1, ~pl.col("is_stored") | is_outdated, pl.col("fetched_at").is_not_null())
        .select(
            pl.lit("exports").alias("kind"),
            pl.col("page_id").alias("record_id"),
            "copy_id",
            pl.col("fetched_at").alias("known_at"),
            pl.when(pl.col("copy_id") != pl.col("page_id")).then("body").alias("body"),
            *(
                pl.lit(None, dtype).alias(name)
                for name, dtype in polars_schema(Copies).items()
                if name in {"known_at_source", "event_at", "signature_status", "secret_name"}
            ),
            *_PLACE,
        )
        .select(list(polars_schema(Copies)))
    )
