import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.archive.written import PAYLOADS, Put, Read, raw, sha256

FETCHED_AT = "2026-03-02T05:00:02Z"
FOLDER = "exports/fetched_at=2026-03-02T05-00-02Z"
WINDOW = "inserted_at[from]=2026-03-01T05:00:00Z&inserted_at[until]=2026-03-02T05:00:00Z"
QUERY = f"{WINDOW}&sort[field]=inserted_at&sort[type]=asc&page_size=500&page_number=2"


def answer(name: str) -> Any:
    return json.loads((PAYLOADS / f"api_{name}.json").read_text("utf-8"))


def url(path: str) -> str:
    return f"https://api.cuentamono.com/v1/{path}"


def captured(path: str, body: object, status: object = 200, **request: object) -> dict[str, Any]:
    return {
        "export": {"id": "x-2026-03-01", "started_at": "2026-03-02T05:00:01Z"},
        "request": {"method": "GET", "url": url(path), "fetched_at": FETCHED_AT} | request,
        "response": {"status": status, "headers": {}, "body": body},
    }


def test_a_captured_page_says_what_was_asked_and_what_was_answered(put: Put, read: Read) -> None:
    text = raw(captured(f"transfers?{QUERY}", answer("get_v1_transfers")))
    put("exports/a.jsonl", text + b"\n")
    page = read().pages.row(0, named=True)
    assert (page["page_id"], page["body"]) == (sha256(text), text.decode())
    assert (page["resource"], page["page_number"], page["http_status"]) == ("transfers", 2, 200)
    assert (page["items"], page["total_items"], page["total_pages"]) == (1, 100, 10)
    assert page["window_from"] == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert page["window_until"] == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert page["declared_export_id"] == "x-2026-03-01"
    assert page["declared_started_at"] == datetime(2026, 3, 2, 5, 0, 1, tzinfo=UTC)
    assert (page["account_id"], page["is_narrowed"], page["status"]) == (None, False, "accepted")
    assert page["request_key"] == (
        "/v1/transfers?inserted_at[from]=2026-03-01T05:00:00Z&inserted_at[until]=2026-03-02T05:00:00Z"
        "&page_size=500&sort[field]=inserted_at&sort[type]=asc"
    )


def test_each_row_of_a_page_names_its_index_and_the_fetch_time(put: Put, read: Read) -> None:
    body = answer("get_v1_transfers")
    other = copy.deepcopy(body["transfers"][0]) | {"id": "trn_" + "0" * 22}
    del other["batch"]
    body["transfers"].append(other)
    put("exports/a.json", raw(captured("transfers?account_id=acc_mine", body)))
    outcome = read()
    page_id = outcome.pages["page_id"].item()
    transfers = outcome.core["transfer_observations"]
    assert transfers["source_ref"].to_list() == [f"x:{page_id}:0", f"x:{page_id}:1"]
    assert transfers["account_id"].to_list() == ["acc_5tgliBmzjZ6mpQPRbQjfKj", "acc_mine"]
    assert transfers["batch_id"].to_list() == ["bat_5tgliBmzjZ6mpQPRbQjfKj", None]
    assert transfers["event_at"].null_count() == 2
    assert set(transfers["known_at"]) == {datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)}
    assert outcome.core["batch_observations"]["channel"].to_list() == ["export"]


@pytest.mark.parametrize(
    ("path", "name", "resource", "tables"),
    [
        ("accounts", "get_v1_accounts", "accounts", {"accounts", "balances"}),
        (
            "accounts/acc_5tgliBmzjZ6mpQPRbQjfKj/balances?live=true",
            "get_v1_accounts_id_balances",
            "accounts/{id}/balances",
            {"balances"},
        ),
        ("collection_intents", "get_v1_collection_intents", "collection_intents", {"collection_observations"}),
        ("collection_links", "get_v1_collection_links", "collection_links", {"collection_links"}),
        ("banks?kind=pse", "get_v1_banks_kind_pse", "banks", {"banks"}),
        (
            "ledger/accounts/lacc_1/transactions",
            "get_v1_ledger_accounts_id_transactions",
            "ledger/accounts/{id}/transactions",
            {"ledger_transactions"},
        ),
    ],
)
def test_every_resource_that_is_read_fills_its_tables(
    path: str, name: str, resource: str, tables: set[str], put: Put, read: Read
) -> None:
    put("exports/a.json", raw(captured(path, answer(name))))
    outcome = read()
    assert outcome.pages["resource"].to_list() == [resource]
    assert {table for table, frame in outcome.core.items() if not frame.is_empty()} == tables


def test_ledger_transactions_and_banks_take_what_only_the_question_says(put: Put, read: Read) -> None:
    ledger = answer("get_v1_ledger_accounts_id_transactions")
    banks = [{"code": "007", "name": "BANCOLOMBIA"}]
    put("exports/a.json", raw(captured("ledger/accounts/lacc_1/transactions", ledger)))
    put("exports/b.json", raw(captured("banks?kind=transfers", {"banks": banks})))
    core = read().core
    assert core["ledger_transactions"]["account_id"].to_list() == ["lacc_1"]
    assert core["banks"].select("code", "kind").rows() == [("007", "transfers")]


def test_an_account_without_a_dated_balance_is_kept_without_it(put: Put, read: Read) -> None:
    body = answer("get_v1_accounts")
    body["accounts"][0]["balance"]["updated_at"] = None
    put("exports/a.json", raw(captured("accounts", body)))
    core = read().core
    assert (core["accounts"].height, core["balances"].height) == (1, 0)


def test_the_body_of_a_response_may_be_its_text(put: Put, read: Read) -> None:
    put("exports/a.json", raw(captured("transfers", json.dumps(answer("get_v1_transfers"), indent=1))))
    assert read().core["transfer_observations"].height == 1


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("transfers", {"method": "POST"}),
        ("transfers/prepare", {}),
        ("transfers/trn_1", {}),
        ("ledger/accounts", {}),
        ("ledger/accounts/lacc_1/balances", {}),
        ("cards/car_1/transactions", {}),
        ("collection_intents/cint_1", {}),
        ("", {"url": "https://breb.example.com/api/v1/collections"}),
        ("", {"url": None}),
        ("", {"url": "http://[", "fetched_at": None}),
    ],
)
def test_any_other_page_is_kept_unused(path: str, request_: dict[str, object], put: Put, read: Read) -> None:
    put("exports/a.json", raw(captured(path, "not even json", 500, **request_)))
    outcome = read()
    assert outcome.pages.select("status", "resource", "items", "http_status").rows() == [("unused", None, 0, 500)]
    assert outcome.quarantine.is_empty()


def test_a_bare_page_takes_its_time_from_the_path_and_proves_nothing(put: Put, read: Read) -> None:
    put(f"{FOLDER}/a.json", raw(answer("get_v1_transfers")))
    page = read().pages.row(0, named=True)
    assert page["fetched_at"] == datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)
    assert (page["is_narrowed"], page["request_key"], page["url"], page["http_status"]) == (True, None, None, None)
    assert (page["page_number"], page["total_pages"]) == (1, 10)


@pytest.mark.parametrize(
    "name", ["get_v1_transfers", "get_v1_collection_intents", "get_v1_collection_links", "get_v1_accounts"]
)
def test_a_bare_page_without_a_time_is_refused(name: str, put: Put, read: Read) -> None:
    put("exports/a.json", raw(answer(name)))
    assert read().quarantine["reason"].to_list() == ["no_fetch_time"]


def test_any_other_object_is_unused_also_without_a_time(put: Put, read: Read) -> None:
    names = [
        "get_v1_ledger_accounts",
        "get_v1_banks_kind_pse",
        "get_v1_collection_intents_id",
        "get_v1_accounts_id_balances",
    ]
    put("exports/a.jsonl", b"\n".join(raw(answer(name)) for name in names))
    outcome = read()
    assert outcome.pages["status"].to_list() == ["unused"] * 4
    assert outcome.pages["fetched_at"].null_count() == 4


def test_an_error_body_is_an_error_also_without_a_time(put: Put, read: Read) -> None:
    put("exports/a.json", raw(answer("error_422_unprocessable")))
    assert read().quarantine["reason"].to_list() == ["error_response"]


@pytest.mark.parametrize(("export", "subject"), [({"id": "x-1"}, "x-1"), (None, "/v1/transfers?page_size=500")])
@pytest.mark.parametrize("body", [{"code": "500", "errors": []}, "<html>", None])
def test_an_error_page_stays_known_to_its_export(
    body: object, export: object, subject: str, put: Put, read: Read
) -> None:
    put("exports/a.json", raw(captured("transfers?page_number=3&page_size=500", body, 502) | {"export": export}))
    row = read().quarantine.row(0, named=True)
    assert (row["reason"], row["detail"]) == ("error_response", "response.status: 502")
    assert (row["subject_id"], row["row_index"], row["page_id"]) == (subject, 3, None)
    assert row["known_at"] == datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)


def test_a_bad_row_is_refused_by_itself(put: Put, read: Read) -> None:
    body = answer("get_v1_transfers")
    row = body["transfers"][0]
    bad = row | {"amount": {"amount": "1", "currency": "cop"}}
    body["transfers"] = [row, bad, row | {"reference": "\0", "id": "\ud800"}, 7]
    put("exports/a.json", json.dumps(captured("transfers", body)).encode())
    outcome = read()
    page_id = outcome.pages["page_id"].item()
    assert outcome.pages["items"].item() == 4
    assert outcome.core["transfer_observations"]["source_ref"].to_list() == [f"x:{page_id}:0"]
    refused = outcome.quarantine.select("reason", "row_index", "subject_id", "page_id").rows()
    assert refused == [
        ("schema", 1, row["id"], page_id),
        ("malformed_json", 2, None, page_id),
        ("schema", 3, None, page_id),
    ]
    assert outcome.quarantine["detail"][0] == (
        'amount.amount: must be an integer, got "1"; amount.currency: must be three capitals, got "cop"'
    )
    assert json.loads(outcome.quarantine["raw"][0]) == bad


def test_the_path_is_the_clock_of_a_page_that_has_no_other(put: Put, read: Read) -> None:
    put(f"{FOLDER}/a.jsonl", b"{\n5\n" + raw({"request": {"fetched_at": "2026-03-03T00:00:00Z"}, "response": 5}))
    put("exports/b.jsonl", b"{")
    clocks = [datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)] * 2 + [datetime(2026, 3, 3, tzinfo=UTC), None]
    assert sorted(read().quarantine["known_at"].to_list(), key=str) == clocks


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        (b"{", "malformed_json", "character"),
        (b"[1]", "unknown_shape", "not an object"),
        (raw({"request": 1, "response": {}}), "unknown_shape", "request and response"),
        (raw(captured("transfers", "{")), "malformed_json", "response.body: "),
        (raw(captured("transfers", '{"transfers":[],"transfers":[]}')), "duplicate_key", "response.body: "),
        (raw(captured("transfers", "")), "malformed_json", "response.body: "),
        (raw(captured("transfers", {})), "schema", "response.body.transfers: is missing"),
        (raw(captured("transfers", {"transfers": {}})), "schema", "response.body.transfers: must be a list"),
        (raw(captured("transfers", [])), "schema", "response.body: must be an object"),
        (raw(captured("transfers", None)), "schema", "response.body: is missing"),
        (raw(captured("transfers", {"transfers": [], "pagination": {"total_items": "1"}})), "schema", "total_items"),
        (raw(captured("transfers", {"transfers": []}, "200")), "schema", "response.status: must be"),
        (raw(captured("transfers", {"transfers": []}, None)), "schema", "response.status: is missing"),
        (raw(captured("transfers", {"transfers": []}, fetched_at=None)), "schema", "request.fetched_at: is missing"),
        (
            raw(captured("transfers", {"transfers": []}) | {"export": {"id": 5, "started_at": "x"}}),
            "schema",
            "export.started_at",
        ),
        (raw(captured("transfers", {"transfers": []}) | {"export": 5}), "schema", "export: must be an object"),
        (raw(captured("transfers?account_id=%00", {"transfers": []})), "malformed_json", "request.url"),
        (
            raw(captured("transfers", {}, 500)).replace(b'"status":500', b'"status":500,"status":500'),
            "duplicate_key",
            "status",
        ),
    ],
)
def test_a_bad_page_is_refused_whole(record: bytes, reason: str, detail: str, put: Put, read: Read) -> None:
    put("exports/a.jsonl", b"\n\n" + record)
    row = read().quarantine.row(0, named=True)
    assert (row["reason"], row["line"], row["byte_offset"], row["kind"]) == (reason, 3, 2, "exports")
    assert detail in row["detail"]
    assert row["page_id"] is None


def test_a_page_in_an_array_is_hashed_compact(put: Put, read: Read) -> None:
    page = captured("transfers", answer("get_v1_transfers"))
    put("exports/a.json", json.dumps([page, 5], indent=2).encode())
    outcome = read()
    assert outcome.pages["page_id"].item() == sha256(json.dumps(page, sort_keys=True, separators=(",", ":")).encode())
    assert outcome.quarantine["reason"].to_list() == ["unknown_shape"]
