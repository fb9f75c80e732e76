import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mono_recon.core.exports import PAGE_COLUMNS, assign_exports, count_items, describe_exports
from mono_recon.schemas.raw import ExportPages, Exports
from mono_recon.schemas.table import polars_schema

START = datetime(2026, 3, 2, 5, tzinfo=UTC)
KEY = "/v1/transfers?inserted_at[from]=2026-03-01T05:00:00Z&page_size=2"
SCHEMA: dict[str, pl.DataType] = {
    name: dtype for name, dtype in polars_schema(ExportPages).items() if name in PAGE_COLUMNS
}


def page(
    number: int | None, seconds: int, status: int | None = 200, total: int | None = 3, **values: Any
) -> dict[str, Any]:
    """A page of two rows out of ``total``, fetched so many seconds after the start."""
    known = {
        "page_id": f"{number} at {seconds} ({status})",
        "resource": "transfers",
        "page_number": number,
        "http_status": status,
        "fetched_at": START + timedelta(seconds=seconds),
        "request_key": KEY,
        "is_narrowed": False,
        "total_items": total if status in {200, None} else None,
        "total_pages": None if total is None or status not in {200, None} else -(-total // 2),
    }
    return dict.fromkeys(SCHEMA) | known | values


def frame(pages: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(pages, schema={name: SCHEMA[name] for name in PAGE_COLUMNS})


def items(pages: Sequence[dict[str, Any]], **ids: Sequence[str]) -> pl.DataFrame:
    """Two ids of its own on each answered page, and as many as the total leaves on the last."""
    rows = []
    for row in pages:
        own = [f"{row['page_number']}.{place}" for place in range(2)]
        if row["total_pages"] == row["page_number"] and (row["total_items"] or 0) % 2:
            own = own[:1]
        rows += [(row["page_id"], row["fetched_at"], item) for item in ids.get(f"page_{row['page_number']}", own)]
    schema = pl.Schema({"page_id": pl.String(), "fetched_at": SCHEMA["fetched_at"], "item_id": pl.String()})
    return pl.DataFrame(rows, schema=schema, orient="row")


def describe(*pages: dict[str, Any], **ids: Sequence[str]) -> list[dict[str, Any]]:
    assigned = assign_exports(frame(pages))
    found = describe_exports(assigned, count_items(assigned, items(pages, **ids)))
    assert found.schema == polars_schema(Exports)
    return found.sort("started_at").to_dicts()


def named(seconds: float, key: str = KEY) -> str:
    moment = START + timedelta(seconds=seconds)
    return hashlib.sha256(f"{key}@{moment:%Y-%m-%dT%H:%M:%S.%fZ}".encode()).hexdigest()


def exports_of(*pages: dict[str, Any]) -> dict[str, str]:
    return dict(assign_exports(frame(pages)).select("page_id", "export_id").rows())


def test_a_declared_export_keeps_its_id_and_start() -> None:
    declared: dict[str, Any] = {"declared_export_id": "nightly", "declared_started_at": START - timedelta(minutes=1)}
    (export,) = describe(page(1, 0, **declared), page(2, 1, **declared))
    assert (export["export_id"], export["started_at"]) == ("nightly", START - timedelta(minutes=1))
    assert (export["pages"], export["items"], export["is_complete"], export["proves_absence"]) == (2, 3, True, True)


def test_a_declared_export_without_a_start_began_with_its_earliest_page() -> None:
    (export,) = describe(page(2, 1, declared_export_id="e"), page(1, 4, declared_export_id="e"))
    assert export["started_at"] == START + timedelta(seconds=1)


def test_an_export_without_an_id_is_named_after_its_question_and_start() -> None:
    text = f"{KEY}@2026-03-02T05:00:00.250000Z"
    half = page(1, 0) | {"fetched_at": START + timedelta(milliseconds=250)}
    found = exports_of(half, page(2, 1))
    assert set(found.values()) == {hashlib.sha256(text.encode()).hexdigest()}


def test_an_export_that_declares_its_start_alone_is_named_after_it() -> None:
    first: dict[str, Any] = {"declared_started_at": START - timedelta(seconds=60)}
    second: dict[str, Any] = {"declared_started_at": START - timedelta(seconds=30)}
    found = describe(page(1, 0, **first), page(1, 2, **second), page(2, 3, **second), page(2, 4, **first), page(1, 1))
    assert [export["export_id"] for export in found] == [named(-60), named(-30), named(1)]
    assert [export["started_at"] for export in found] == [START + timedelta(seconds=begun) for begun in (-60, -30, 1)]
    assert [export["pages"] for export in found] == [2, 2, 1]


def test_a_page_number_answered_already_begins_the_next_export() -> None:
    first, second = describe(page(1, 0), page(2, 1), page(1, 60), page(2, 61))
    assert (first["export_id"], second["export_id"]) == (named(0), named(60))
    assert first["is_complete"]
    assert second["is_complete"]


def test_an_error_does_not_answer_its_page_number() -> None:
    (export,) = describe(page(1, 0), page(2, 1, status=500), page(2, 2))
    assert (export["is_complete"], export["pages"], export["items"]) == (True, 2, 3)


def test_an_error_that_no_later_answer_heals_makes_an_export_incomplete() -> None:
    (export,) = describe(page(1, 0), page(2, 1, status=429))
    assert (export["is_complete"], export["incomplete_reason"]) == (False, "error_response")
    assert not export["proves_absence"]
    declared: dict[str, Any] = {"declared_export_id": "e"}
    (export,) = describe(page(1, 0, **declared), page(2, 1, **declared), page(2, 2, status=500, **declared))
    assert export["incomplete_reason"] == "error_response"


def test_an_export_of_errors_alone_is_incomplete_and_has_no_page() -> None:
    (export,) = describe(page(1, 0, status=500), page(1, 9, status=500))
    assert (export["export_id"], export["pages"], export["items"]) == (named(0), 0, 0)
    assert (export["incomplete_reason"], export["resource"]) == ("error_response", "transfers")


def test_other_questions_are_other_exports() -> None:
    other = KEY.replace("page_size=2", "page_size=3")
    found = exports_of(page(1, 0), page(1, 1, request_key=other, page_id="other"))
    assert found == {"1 at 0 (200)": named(0), "other": named(1, other)}


def test_one_id_for_several_questions_is_described_per_question() -> None:
    one: dict[str, Any] = {"declared_export_id": "run", "request_key": "/v1/accounts/a/balances?", "total": None}
    two = one | {"request_key": "/v1/accounts/b/balances?", "account_id": "b", "page_id": "b"}
    first, second = describe(page(1, 0, **one), page(1, 1, **two))
    assert (first["export_id"], second["export_id"], second["account_id"]) == ("run", "run", "b")
    assert first["is_complete"]
    assert second["is_complete"]


@pytest.mark.parametrize(
    ("pages", "ids", "reason"),
    [
        ([page(1, 0)], {}, "missing_page"),
        ([page(2, 0)], {}, "missing_page"),
        ([page(1, 0, total=5), page(3, 1, total=5)], {}, "missing_page"),
        ([page(1, 0), page(3, 1)], {}, "missing_page"),
        ([page(1, 0, total=4), page(2, 1, total=3)], {}, "item_count_changed"),
        ([page(1, 0), page(2, 1)], {"page_2": ["1.0"]}, "duplicate_ids"),
        ([page(1, 0), page(2, 1)], {"page_2": []}, "duplicate_ids"),
        ([page(1, 0), page(2, 1)], {"page_2": ["2.0", "2.1"]}, "duplicate_ids"),
        # The first reason that applies.
        ([page(1, 0, status=500), page(3, 1, total=9)], {}, "error_response"),
        ([page(1, 0, total=5), page(2, 1, total=6)], {}, "missing_page"),
    ],
)
def test_what_is_missing_is_named(pages: list[dict[str, Any]], ids: dict[str, list[str]], reason: str) -> None:
    (export,) = describe(*pages, **ids)
    assert (export["is_complete"], export["incomplete_reason"], export["proves_absence"]) == (False, reason, False)


def test_an_empty_answer_is_a_complete_export() -> None:
    (export,) = describe(page(1, 0, total=0), page_1=[])
    assert (export["pages"], export["items"], export["is_complete"], export["proves_absence"]) == (1, 0, True, True)


def test_an_answer_without_pagination_is_the_only_page_and_proves_no_absence() -> None:
    (export,) = describe(page(None, 0, total=None, resource="accounts/{id}/balances"))
    assert (export["pages"], export["is_complete"], export["proves_absence"]) == (1, True, False)


def test_a_narrowed_question_proves_no_absence() -> None:
    (export,) = describe(page(1, 0, is_narrowed=True), page(2, 1, is_narrowed=True))
    assert (export["is_complete"], export["proves_absence"]) == (True, False)


def test_bare_pages_of_a_resource_follow_the_same_rule_and_prove_no_absence() -> None:
    bare: dict[str, Any] = {"status": None, "request_key": None, "is_narrowed": True}
    first, second = describe(page(1, 0, **bare), page(2, 1, **bare), page(1, 60, **bare))
    assert (first["export_id"], first["is_complete"], first["proves_absence"]) == (named(0, "transfers?"), True, False)
    assert (second["export_id"], second["incomplete_reason"]) == (named(60, "transfers?"), "missing_page")


def test_a_page_read_twice_changes_nothing_about_its_export() -> None:
    twice = [page(1, 0, declared_export_id="e"), page(1, 3, declared_export_id="e"), page(2, 4, declared_export_id="e")]
    (export,) = describe(*twice)
    assert (export["pages"], export["items"], export["is_complete"]) == (2, 3, True)


def test_no_pages_make_no_exports() -> None:
    assert describe() == []


PAGES = st.builds(
    page,
    number=st.integers(1, 3),
    seconds=st.integers(0, 6),
    status=st.sampled_from([200, 500]),
    declared_export_id=st.sampled_from([None, None, "declared"]),
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), pages=st.lists(PAGES, max_size=9, unique_by=lambda row: row["page_id"]))
def test_later_pages_and_the_order_of_pages_never_change_the_export_of_an_earlier_one(
    data: st.DataObject, pages: list[dict[str, Any]]
) -> None:
    whole = exports_of(*data.draw(st.permutations(pages)))
    assert whole == exports_of(*pages)
    until = START + timedelta(seconds=data.draw(st.integers(0, 6)))
    known = [row for row in pages if row["fetched_at"] <= until]
    assert exports_of(*known) == {row["page_id"]: whole[row["page_id"]] for row in known}
