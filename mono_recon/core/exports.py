"""Exports: which pages answer one question, and whether they answer it whole.

Here belongs the grouping of pages that name no export, completeness and what an export proves. A page
that Mono answered with an error is a row like any other here, with its ``http_status``. Which transfers
an export covers belongs to ``reconcile``.
"""

import hashlib
from collections.abc import Iterable, Iterator

import polars as pl

from mono_recon.schemas.raw import Exports
from mono_recon.schemas.table import polars_schema

PAGE_COLUMNS = (
    "page_id",
    "export_id",
    "resource",
    "page_number",
    "http_status",
    "fetched_at",
    "declared_export_id",
    "declared_started_at",
    "request_key",
    "account_id",
    "window_from",
    "window_until",
    "is_narrowed",
    "total_items",
    "total_pages",
)
"""What is read here of ``raw.export_pages``."""

_OK = 200
_IS_ANSWER = pl.col("http_status").fill_null(_OK) == _OK
_NUMBER = pl.col("page_number").fill_null(1)
_LAST = pl.coalesce(pl.col("total_pages").max(), _NUMBER.filter(_IS_ANSWER).n_unique())
_EXPORT = ("export_id", "request_key")


def question() -> pl.Expr:
    """What the pages of one export have in common, as a text: its declared id, else what was asked."""
    return pl.coalesce("declared_export_id", _asked()).alias("question")


def export_id(started_at: str) -> pl.Expr:
    """The id of an export that declares none: SHA-256, in hex, of its request key, ``@`` and its start."""
    start = pl.col(started_at).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    text = pl.concat_str(_asked(), pl.lit("@"), start)
    return text.map_elements(lambda name: hashlib.sha256(name.encode()).hexdigest(), pl.String).alias("export_id")


def assign_exports(pages: pl.DataFrame) -> pl.DataFrame:
    """Name the export of each page.

    A page that declares its export belongs to it. Others with one path, one query but for the page
    number, and one declared start if they declare any, form an export in order of their fetch times,
    which starts when they declare, else at the earliest of them; a page number that has been answered
    begins the next. A bare page's question is its resource. Later pages
    never change the export of an earlier one, so the pages known at a moment can be named by themselves.

    Args:
        pages: ``PAGE_COLUMNS`` of all accepted pages and error pages of the questions concerned.

    Returns:
        The same rows in another order, with ``export_id``.
    """
    asked = ("question", "declared_started_at")
    ordered = pages.with_columns(question(), _NUMBER.alias("number"), _IS_ANSWER.alias("is_answer")).sort(
        *asked, "fetched_at", "number", "is_answer", "page_id"
    )
    order = ordered.select(pl.struct(asked).rle_id(), "number", "is_answer")
    starts = pl.Series("begun", list(_starts(order.iter_rows())), pl.Int64)
    start = pl.coalesce("declared_started_at", pl.col("fetched_at").first().over("begun"))
    named = ordered.with_columns(starts).with_columns(start.alias("start"))
    return named.with_columns(pl.coalesce("declared_export_id", export_id("start")).alias("export_id")).select(
        pages.columns
    )


def describe_exports(pages: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Say of each export how much of it is there and what it proves.

    Completeness: every page up to the last is there, an error being healed by a later answer to the same
    page; all pages state one total, and there are as many distinct ids. Where an answer has no
    pagination it is the only page; as its total is not known it proves no absence.

    Args:
        pages: ``PAGE_COLUMNS`` of whole exports as ``assign_exports`` names them, as far as they were
            known at the moment asked about.
        counts: ``count_items`` of them; an export without one has none.

    Returns:
        Columns of ``raw.exports``, sorted by export; one row per question, should an id name several.
    """
    answers = pages.filter(_IS_ANSWER)
    described = (
        pages.group_by(_EXPORT)
        .agg(
            pl.col("resource", "account_id", "window_from", "window_until").drop_nulls().first(),
            pl.coalesce(pl.col("declared_started_at").min(), pl.col("fetched_at").min()).alias("started_at"),
            _NUMBER.filter(_IS_ANSWER).n_unique().cast(pl.Int64).alias("pages"),
            _NUMBER.filter(_IS_ANSWER & (_NUMBER <= _LAST)).n_unique().alias("pages_wanted_there"),
            _LAST.alias("pages_wanted"),
            pl.col("total_items").drop_nulls().n_unique().alias("totals"),
            pl.col("total_items").max(),
            (_IS_ANSWER & (pl.col("total_items").is_null() | pl.col("total_pages").is_null())).any().alias("is_open"),
            pl.col("is_narrowed").any(),
            pl.col("fetched_at").min().alias("first_fetched_at"),
            pl.col("fetched_at").max().alias("last_fetched_at"),
        )
        .join(counts, on=_EXPORT, how="left", nulls_equal=True)
        .join(_unhealed(pages, answers), on=_EXPORT, how="left", nulls_equal=True)
        .with_columns(pl.col("items").fill_null(0), pl.col("has_error").fill_null(value=False))
        .with_columns(_incomplete_reason().alias("incomplete_reason"))
        .with_columns(pl.col("incomplete_reason").is_null().alias("is_complete"))
    )
    proves_absence = pl.col("is_complete") & ~pl.col("is_narrowed") & ~pl.col("is_open")
    return (
        described.with_columns(proves_absence.alias("proves_absence"))
        .sort(*_EXPORT)
        .select(list(polars_schema(Exports)))
    )


def count_items(pages: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """How many ids are in each export.

    Args:
        pages: ``PAGE_COLUMNS`` as ``assign_exports`` names them.
        items: ``page_id``, ``fetched_at`` and ``item_id`` of their rows that have an id, refused ones included.

    Returns:
        ``export_id``, ``request_key`` and ``items`` (Int64).
    """
    counted = answered(pages).join(items, on=["page_id", "fetched_at"])
    return counted.group_by(_EXPORT).agg(pl.col("item_id").n_unique().cast(pl.Int64).alias("items"))


def answered(pages: pl.DataFrame) -> pl.DataFrame:
    """The pages whose rows count: ``page_id`` and ``fetched_at`` with ``export_id`` and ``request_key``."""
    return pages.filter(_IS_ANSWER).select(*_EXPORT, "page_id", "fetched_at")


def _asked() -> pl.Expr:
    return pl.coalesce("request_key", pl.col("resource") + "?")


def _starts(rows: Iterable[tuple[int, int, bool]]) -> Iterator[int]:
    """The position of the page that begins each page's export; rows in order of question and fetch time."""
    asked, begun, answered = -1, 0, set[int]()
    for position, (question_, number, is_answer) in enumerate(rows):
        if question_ != asked or number in answered:
            asked, begun, answered = question_, position, set()
        if is_answer:
            answered.add(number)
        yield begun


def _unhealed(pages: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Questions with an error that no later answer to the same page number heals."""
    number = (*_EXPORT, "number")
    healed = answers.group_by(*_EXPORT, _NUMBER.alias("number")).agg(pl.col("fetched_at").max().alias("healed_at"))
    errors = pages.filter(~_IS_ANSWER).with_columns(_NUMBER.alias("number"))
    return (
        errors.join(healed, on=number, how="left", nulls_equal=True)
        .filter(pl.col("healed_at").is_null() | (pl.col("healed_at") < pl.col("fetched_at")))
        .select(*_EXPORT, has_error=True)
        .unique()
    )


def _incomplete_reason() -> pl.Expr:
    """The first reason that applies, in the order of ``schemas.raw.INCOMPLETE_REASONS``."""
    is_missing = pl.col("pages_wanted_there") < pl.col("pages_wanted")
    return (
        pl.when("has_error")
        .then(pl.lit("error_response"))
        .when(is_missing)
        .then(pl.lit("missing_page"))
        .when(pl.col("totals") > 1)
        .then(pl.lit("item_count_changed"))
        .when(pl.col("items") != pl.col("total_items"))
        .then(pl.lit("duplicate_ids"))
    )
