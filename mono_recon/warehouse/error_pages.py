"""Error pages: answers of Mono's API that were refused, as pages of the exports they belong to.

Here belongs the way back from the quarantine to the question that was asked. An error counts against the
completeness of its export although nothing on it is used.
"""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from mono_recon.archive.instants import microseconds
from mono_recon.archive.pages import Page, open_page
from mono_recon.archive.questions import read_question
from mono_recon.archive.refusals import RefusedError
from mono_recon.core.exports import PAGE_COLUMNS
from mono_recon.schemas.raw import ExportPages
from mono_recon.schemas.table import polars_schema


def error_pages(refused: pl.DataFrame) -> pl.DataFrame:
    """The pages of refused records with reason ``error_response``.

    Args:
        refused: ``subject_id``, ``row_index``, ``known_at``, ``raw`` and ``raw_sha256`` of
            ``raw.quarantine``.

    Returns:
        ``core.exports.PAGE_COLUMNS``; ``http_status`` is never null. Records that do not say what was asked
        are left out, since no export is theirs.
    """
    columns = polars_schema(ExportPages)
    schema = {name: pl.Int64() if _is_instant(dtype) else dtype for name, dtype in columns.items()}
    distinct = refused.drop_nulls("known_at").unique("raw_sha256", maintain_order=True)
    rows = pl.DataFrame(list(_rows(distinct)), schema={name: schema[name] for name in PAGE_COLUMNS})
    return rows.cast({name: columns[name] for name in PAGE_COLUMNS if _is_instant(columns[name])})


def _rows(refused: pl.DataFrame) -> Iterator[dict[str, object]]:
    for row in refused.with_columns(pl.col("known_at").cast(pl.Int64)).iter_rows(named=True):
        page = _page(row["raw"], row["subject_id"])
        if page.resource is not None:
            known = {"export_id": None, "page_id": row["raw_sha256"], "page_number": row["row_index"]}
            clock = {"fetched_at": row["known_at"], "http_status": page.http_status or 0}
            yield {name: getattr(page, name, None) for name in PAGE_COLUMNS} | known | clock


def _page(raw: str, subject_id: str | None) -> Page:
    """What a refused record says of its page; where its text was cut, what its subject says."""
    try:
        return open_page(raw.encode(), None, [], is_element=False)[0]
    except RefusedError:
        page = Page(page_id="", body="")
    question = read_question(subject_id or "")
    if question is not None and subject_id is not None:
        page.resource, page.request_key, page.account_id = question.resource, subject_id, question.account_id
        page.window_from = _optional_microseconds(question.window_from)
        page.window_until = _optional_microseconds(question.window_until)
        page.is_narrowed = question.is_narrowed
    return page


def _optional_microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _is_instant(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime)
