import json
from datetime import UTC, datetime
from typing import Any

import polars as pl

from mono_recon.core.exports import PAGE_COLUMNS
from mono_recon.schemas.raw import Quarantine
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.error_pages import error_pages

FETCHED = datetime(2026, 3, 2, 5, 0, 1, 250000, tzinfo=UTC)
URL = (
    "https://api.cuentamono.com/v1/transfers?account_id=acc_1&inserted_at%5Bfrom%5D=2026-03-01T05:00:00Z&page_number=2"
)
KEY = "/v1/transfers?account_id=acc_1&inserted_at[from]=2026-03-01T05:00:00Z"


def refused(raw: str, subject_id: str | None, sha256: str = "a") -> dict[str, Any]:
    known = {"subject_id": subject_id, "row_index": 2, "known_at": FETCHED, "raw": raw, "raw_sha256": sha256}
    return dict.fromkeys(polars_schema(Quarantine).names()) | known


def record(export: dict[str, str] | None = None) -> str:
    request = {"method": "GET", "url": URL, "fetched_at": "2026-03-02T05:00:01.25Z"}
    answer = {"request": request, "response": {"status": 503, "body": {}}}
    return json.dumps(answer if export is None else answer | {"export": export})


def pages(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = error_pages(pl.DataFrame(rows, schema=polars_schema(Quarantine)))
    assert found.columns == list(PAGE_COLUMNS)
    return found.to_dicts()


def test_an_error_is_a_page_of_the_question_it_answers() -> None:
    declared = record({"id": "nightly", "started_at": "2026-03-02T05:00:00Z"})
    (page,) = pages(refused(declared, "nightly"))
    assert (page["declared_export_id"], page["resource"], page["page_number"]) == ("nightly", "transfers", 2)
    assert (page["http_status"], page["fetched_at"], page["request_key"]) == (503, FETCHED, KEY)
    assert (page["account_id"], page["window_from"]) == ("acc_1", datetime(2026, 3, 1, 5, tzinfo=UTC))
    assert (page["declared_started_at"], page["is_narrowed"]) == (datetime(2026, 3, 2, 5, tzinfo=UTC), False)


def test_an_error_whose_text_was_cut_is_known_by_its_request_key() -> None:
    whole, cut = pages(refused(record(), KEY), refused(record()[:-9], KEY, sha256="b"))
    assert whole | {"page_id": "b", "http_status": 0} == cut


def test_an_error_that_does_not_say_what_was_asked_belongs_to_no_export() -> None:
    assert pages(refused('{"code": "x", "errors": []}', None), refused("{", "nightly", sha256="b")) == []


def test_an_error_found_twice_is_one_page() -> None:
    assert len(pages(refused(record(), KEY), refused(record(), KEY))) == 1
