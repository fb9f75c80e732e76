import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mono_recon.core.pages import KEY, LIKE, HeldPages, MergedPages, contested_pages, merge_pages
from mono_recon.schemas.raw import Copies, ExportPages
from mono_recon.schemas.table import polars_schema

START = datetime(2026, 3, 2, 5, tzinfo=UTC)
PAGES, COPIES = polars_schema(ExportPages), polars_schema(Copies)
PLACE = ["file_sha256", "line", "byte_offset"]
HEADS = ["page_id", *LIKE, *PLACE]

Record = tuple[str, int | None, str, int]
"""Spelling, seconds of its fetch time, file and line; blanks at the ends are none of the content."""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def frame(records: Sequence[Record]) -> pl.DataFrame:
    rows = [
        {
            "page_id": sha(spelling),
            "fetched_at": None if fetched is None else START + timedelta(seconds=fetched),
            "file_sha256": sha(file),
            "line": line,
            "byte_offset": line * 100,
            "status": "unused" if spelling.strip() == "unused" else "accepted",
            "items": 1,
            "body": spelling,
            "is_narrowed": False,
        }
        for spelling, fetched, file, line in records
    ]
    return pl.DataFrame(rows, schema=PAGES).with_row_index("record").cast({"record": pl.Int64})


def paths(records: Sequence[Record]) -> pl.DataFrame:
    schema = {"file_sha256": pl.String, "path": pl.String}
    return pl.DataFrame([(sha(file), file) for file in sorted({row[2] for row in records})], schema, orient="row")


def merge(incoming: pl.DataFrame, pages: pl.DataFrame, copies: pl.DataFrame, every: pl.DataFrame) -> MergedPages:
    held = HeldPages(pages.select(HEADS), copies)
    contested = contested_pages(incoming, held)
    texts = pl.concat([frame.select("body", *KEY) for frame in (incoming, pages)]).join(contested, on=KEY, how="semi")
    contents = texts.unique("page_id").drop("fetched_at")
    content = pl.col("body").str.strip_chars().map_elements(sha, pl.String).alias("content")
    return merge_pages(incoming, held, contents.with_columns(content), every)


def ingest(*runs: Sequence[Record]) -> tuple[pl.DataFrame, pl.DataFrame, list[MergedPages]]:
    """Pages and copies held after some runs, and what each merge said."""
    pages, copies, merges = PAGES.to_frame(), COPIES.to_frame(), []
    every = paths([record for run in runs for record in run])
    for run in runs:
        merged = merge(frame(run), pages, copies, every)
        key = ["held_as", "fetched_at"]
        changed = merged.changed.join(pages, left_on=key, right_on=KEY, nulls_equal=True, suffix=" held")
        is_renamed = pl.col("page_id") != pl.col("held_as")
        body = pl.when(is_renamed).then("body").otherwise("body held").alias("body")
        renamed = changed.filter(is_renamed).select(record_id="held_as", known_at="fetched_at")
        kept = pages.join(changed, left_on=KEY, right_on=key, how="anti", nulls_equal=True)
        pages = pl.concat(
            [kept, changed.with_columns(body, items="items held").select(kept.columns), merged.new[kept.columns]]
        )
        copies = pl.concat([copies.join(renamed, on=renamed.columns, how="anti"), merged.copies])
        merges.append(merged)
    return pages, copies, merges


def outcomes(merges: Sequence[MergedPages]) -> list[list[str]]:
    return [merged.outcomes["outcome"].to_list() for merged in merges]


def test_a_page_found_again_is_a_copy_and_its_rows_are_taken_once() -> None:
    pages, copies, merges = ingest([("p", 1, "b", 1), ("p", 1, "b", 2)], [("p", 1, "c", 1)])
    assert outcomes(merges) == [["accepted", "duplicate"], ["duplicate"]]
    assert merges[0].new["record"].to_list() == [0]
    assert merges[1].new.is_empty()
    assert pages.height == 1
    assert copies.select("kind", "record_id", "line").rows() == [
        ("exports", sha("p"), 1),
        ("exports", sha("p"), 2),
        ("exports", sha("p"), 1),
    ]


def test_equal_bytes_of_another_fetch_time_are_another_page() -> None:
    pages, copies, merges = ingest([("p", 1, "a", 1), ("p", 2, "b", 1)])
    assert outcomes(merges) == [["accepted", "accepted"]]
    assert pages.height == 2
    assert copies.is_empty()


def test_pages_without_a_fetch_time_repeat_one_another_and_leave_no_copies() -> None:
    pages, copies, merges = ingest([("unused", None, "a", 1), ("unused", None, "b", 1)], [("unused", None, "c", 1)])
    assert outcomes(merges) == [["unused", "duplicate"], ["duplicate"]]
    assert pages.height == 1
    assert copies.is_empty()


def test_a_page_lies_where_its_first_copy_does() -> None:
    pages, _, merges = ingest([("p", 1, "c", 2), ("p", 1, "b", 9), ("p", 1, "b", 3)], [("p", 1, "a", 4)])
    assert pages.select("file_sha256", "line", "byte_offset").rows() == [(sha("a"), 4, 400)]
    assert merges[0].new["line"].to_list() == [3]
    _, _, merges = ingest([("p", 1, "a", 1)], [("p", 1, "b", 1)])
    assert merges[1].changed.is_empty()


def test_a_page_with_and_without_raw_bytes_is_one_and_has_the_id_of_its_bytes() -> None:
    """Without bytes of its own its id is that of the content."""
    parsed, raw = ("p", 1, "a", 1), (" p", 1, "b", 2)
    for runs in ([[parsed, raw]], [[raw, parsed]], [[parsed], [raw]], [[raw], [parsed]]):
        pages, copies, merges = ingest(*runs)
        assert sorted(chain.from_iterable(outcomes(merges))) == ["accepted", "duplicate"]
        assert pages.select("page_id", "body", "file_sha256", "line").rows() == [(sha(" p"), " p", sha("b"), 2)]
        found = copies.sort("line").select("record_id", "copy_id", "body", "line").rows()
        assert found == [(sha(" p"), sha("p"), "p", 1), (sha(" p"), sha(" p"), None, 2)]


def test_of_pages_without_raw_bytes_every_copy_follows_the_page_to_its_new_id() -> None:
    _, copies, merges = ingest([("p", 1, "a", 1), ("p", 1, "b", 1)], [(" p", 1, "c", 1)])
    assert outcomes(merges) == [["accepted", "duplicate"], ["duplicate"]]
    assert copies["record_id"].to_list() == [sha(" p")] * 3
    assert merges[1].changed["held_as"].to_list() == [sha("p")]
    assert merges[1].new.is_empty()


def test_bodies_are_asked_for_only_where_other_bytes_may_be_the_page() -> None:
    incoming = frame([("p", 1, "a", 1), ("p", 1, "b", 1), ("q", 2, "a", 2)])
    held = HeldPages(frame([("q", 2, "c", 1), (" p", 1, "c", 2), ("p", 3, "c", 3)]).select(HEADS), COPIES.to_frame())
    assert sorted(contested_pages(incoming, held)["page_id"]) == sorted([sha("p"), sha(" p")])


RECORDS = st.tuples(
    st.sampled_from(["p", " p", "p ", "q", "unused"]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from("abc"),
    st.integers(1, 3),
).map(lambda record: record if record[0] == "unused" else (record[0], record[1] or 1, *record[2:]))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), records=st.lists(RECORDS, min_size=1, max_size=8))
def test_neither_order_nor_the_number_of_runs_changes_what_is_held(data: st.DataObject, records: list[Record]) -> None:
    pages, copies, merges = ingest(records)
    order = data.draw(st.permutations(records))
    cut = data.draw(st.integers(0, len(order)))
    other_pages, other_copies, other_merges = ingest(order[:cut], order[cut:])
    assert_frame_equal(other_pages, pages, check_row_order=False)
    assert_frame_equal(other_copies, copies, check_row_order=False)
    (counted,) = outcomes(merges)
    assert sorted(chain.from_iterable(outcomes(other_merges))) == sorted(counted)
    assert counted.count("duplicate") == len(records) - pages.height
