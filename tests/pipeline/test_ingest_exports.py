import hashlib
import json

import polars as pl
import pytest

from tests.pipeline.archives import ACCOUNT, EXPORTS, FILES, OBSERVED, URL, Archive, clock, ident, page, transfer


def test_a_bare_page_is_a_copy_only_of_one_fetched_at_the_same_moment(archive: Archive) -> None:
    body = json.loads(page(1, [transfer(1)], 1, 0))["response"]["body"]
    for folder in ("fetched_at=2026-03-02T05-00-00Z", "fetched_at=2026-03-03T05-00-00Z"):
        for name in ("a", "b"):
            archive.write(f"exports/{folder}/{name}.json", json.dumps(body))
    result = archive.ingest()
    assert (result.files_new, result.copies, result.accepted, result.rows_accepted) == (2, 2, 2, 2)
    known = archive.query(OBSERVED)["known_at"]
    assert [f"{moment:%m-%d}" for moment in known] == ["03-02", "03-03"]
    later = "exports/fetched_at=2026-03-04T05-00-00Z/a.json"
    archive.write(later, json.dumps(body))
    assert archive.ingest().rows_accepted == 1
    assert archive.query(FILES).filter(pl.col("copy_of").is_null()).height == 3


def test_undeclared_pages_form_an_export_over_several_runs(archive: Archive) -> None:
    archive.write("exports/b.jsonl", page(2, [transfer(3)], 3, 601))
    archive.ingest()
    assert archive.query(EXPORTS)["incomplete_reason"].to_list() == ["missing_page"]
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2)], 3, 600))
    archive.ingest()
    exports = archive.query(EXPORTS)
    assert exports.drop("export_id").rows() == [(2, 3, True, None)]
    assert (
        archive.query("SELECT DISTINCT export_id FROM mono.raw.export_pages")["export_id"].to_list()
        == exports["export_id"].to_list()
    )


def test_an_export_that_declares_its_start_alone_is_described_once_as_its_pages_come(archive: Archive) -> None:
    for number, seconds in ((2, 601), (1, 600)):
        declared = json.loads(page(number, [transfer(number)], 4, seconds)) | {"export": {"started_at": clock(599)}}
        archive.write(f"exports/{number}.jsonl", json.dumps(declared))
        archive.ingest()
    question = f"{URL.partition('.com')[2]}@{clock(599)[:-1]}.000000Z"
    assert archive.query(EXPORTS).rows() == [
        (hashlib.sha256(question.encode()).hexdigest(), 2, 2, False, "duplicate_ids")
    ]


def test_an_error_page_found_first_gives_way_to_the_pages_found_later(archive: Archive) -> None:
    archive.write("exports/b.jsonl", page(1, [], 0, 605, status=500))
    archive.ingest()
    assert archive.query(EXPORTS).drop("export_id").rows() == [(0, 0, False, "error_response")]
    archive.write("exports/a.jsonl", page(2, [transfer(3)], 3, 604), page(1, [transfer(1), transfer(2)], 3, 606))
    archive.ingest()
    assert archive.query(EXPORTS).drop("export_id").rows() == [(2, 3, True, None)]


def test_an_export_counts_the_ids_of_refused_rows(archive: Archive) -> None:
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2, amount=1.5)], 2, 600, export="nightly"))
    archive.ingest()
    assert archive.query(EXPORTS).rows() == [("nightly", 1, 2, True, None)]


def test_an_id_on_two_pages_of_an_export_counts_once_and_rows_without_one_count_nothing(archive: Archive) -> None:
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2)], 3, 600), page(2, [transfer(2)], 3, 601))
    nameless = [transfer(1), {"amount": 1}], [{"id": 7}]
    archive.write("exports/b.jsonl", *(page(n, rows, 3, 699 + n, export="b") for n, rows in enumerate(nameless, 1)))
    archive.write("exports/c.jsonl", page(1, [transfer(1), {"amount": 1}], 2, 800, export="c"))
    archive.ingest()
    counted = archive.query(EXPORTS).drop("export_id").rows()
    assert counted == [(pages, ids, False, "duplicate_ids") for pages, ids in ((2, 2), (2, 1), (1, 1))]


def test_banks_are_counted_by_their_codes_those_of_refused_rows_too(archive: Archive) -> None:
    request = {"url": "https://api.cuentamono.com/v1/banks?kind=transfers&page_number=1", "fetched_at": clock(10)}
    for number, last in enumerate(({"code": "051", "name": 5}, {"name": "No code"})):
        rows = [{"code": "007", "name": "B"}, last]
        body = {"kind": "transfers", "banks": rows, "pagination": {"total_items": 2, "total_pages": 1}}
        record = {"request": request, "response": {"status": 200, "body": body}, "export": {"id": f"banks {number}"}}
        archive.write(f"exports/{number}.jsonl", json.dumps(record))
    result = archive.ingest()
    assert (result.rows_accepted, result.rows_quarantined) == (2, 2)
    counted = archive.query(EXPORTS + ", export_id").rows()
    assert counted == [("banks 0", 1, 2, True, None), ("banks 1", 1, 1, False, "duplicate_ids")]


def test_a_page_found_twice_gives_its_rows_and_refusals_once(archive: Archive) -> None:
    twice = page(1, [transfer(1), {"id": "bad"}], 2, 600)
    archive.write("exports/a.jsonl", twice, twice)
    archive.ingest()
    archive.write("exports/b.jsonl", twice, page(1, [transfer(9)], 1, 900))
    result = archive.ingest()
    assert (result.duplicates, result.rows_read, result.rows_quarantined) == (1, 1, 0)
    assert archive.query(OBSERVED)["transfer_id"].to_list() == [ident("trn", 1), ident("trn", 9)]
    assert archive.query("SELECT reason FROM mono.raw.quarantine").height == 1
    assert archive.query("SELECT line FROM mono.raw.copies").height == 3


@pytest.mark.parametrize("order", ["together", "bytes first", "array first"])
def test_a_page_in_a_line_and_in_an_array_is_one_and_has_the_id_of_the_line(archive: Archive, order: str) -> None:
    lines = [page(1, [transfer(1), {"id": "bad"}], 3, 600), page(2, [transfer(3)], 3, 601)]
    files = {"exports/a.json": f"[{', '.join(lines)}]", "exports/b.jsonl": "\n".join(lines)}
    results = []
    for path in sorted(files, reverse=order == "bytes first"):
        archive.write(path, files[path])
        if order != "together":
            results.append(archive.ingest())
    results.append(archive.ingest())
    counted = [(each.accepted, each.duplicates, each.rows_accepted, each.rows_quarantined) for each in results]
    assert [sum(counts) for counts in zip(*counted, strict=True)] == [2, 2, 2, 1]
    ids = [hashlib.sha256(line.encode()).hexdigest() for line in lines]
    held = archive.query(
        "SELECT page_id, path, line FROM mono.raw.export_pages JOIN mono.raw.files USING (file_sha256)"
    )
    assert sorted(held.rows()) == sorted((each, "exports/b.jsonl", line) for line, each in enumerate(ids, 1))
    assert archive.query(OBSERVED)["source_ref"].to_list() == [f"x:{each}:0" for each in ids]
    assert archive.query("SELECT source_ref FROM mono.core.batch_observations").height == 2
    assert archive.query("SELECT page_id FROM mono.raw.quarantine").item() == ids[0]
    assert sorted(archive.query("SELECT record_id FROM mono.raw.copies")["record_id"]) == sorted(ids * 2)
    assert archive.query(EXPORTS).drop("export_id").rows() == [(2, 3, True, None)]


def test_accounts_and_balances_are_taken_from_one_row(archive: Archive) -> None:
    account = {
        "id": ACCOUNT,
        "number": "007",
        "balance": {"available": {"amount": 5, "currency": "COP"}, "updated_at": clock(0)},
    }
    request = {"url": "https://api.cuentamono.com/v1/accounts?page_number=1", "fetched_at": clock(10)}
    body = {"accounts": [account], "pagination": {"total_items": 1, "total_pages": 1}}
    archive.write("exports/a.jsonl", json.dumps({"request": request, "response": {"status": 200, "body": body}}))
    result = archive.ingest()
    assert (result.rows_read, result.rows_accepted) == (1, 1)
    assert archive.query("SELECT number FROM mono.core.accounts").item() == "007"
    assert archive.query("SELECT amount_minor FROM mono.core.balances").item() == 5
    assert archive.query(EXPORTS).drop("export_id").rows() == [(1, 1, True, None)]
