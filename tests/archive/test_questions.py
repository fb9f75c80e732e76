from datetime import UTC, datetime

import pytest

from mono_recon.archive.questions import Question, read_question


def question(text: str) -> Question:
    found = read_question(text)
    assert found is not None
    return found


def test_percent_encoding_changes_nothing() -> None:
    plain = question("https://api.example.com/v1/transfers?inserted_at[from]=2026-03-01T05:00:00Z&account_id=acc_1")
    encoded = question("/v1/transfers?account_id=acc%5F1&inserted_at%5Bfrom%5D=2026-03-01T05%3A00%3A00Z")
    assert plain == encoded
    assert plain.request_key == "/v1/transfers?account_id=acc_1&inserted_at[from]=2026-03-01T05:00:00Z"


def test_the_key_of_a_question_leaves_out_the_page_only() -> None:
    first, second = (
        question("/v1/transfers?page_number=1&page_size=9"),
        question("/v1/transfers?page_size=9&page_number=2"),
    )
    assert first.request_key == second.request_key == "/v1/transfers?page_size=9"
    assert question("/v1/accounts").request_key == "/v1/accounts?"


@pytest.mark.parametrize(
    "moment", ["2026-03-01T00:00:00-05:00", "2026-03-01T05:00:00%2B00:00", "2026-03-01T05:00:00+00:00"]
)
def test_a_window_may_be_written_with_any_offset(moment: str) -> None:
    asked = question(f"/v1/transfers?inserted_at[from]={moment}")
    assert asked.window_from == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert not asked.is_narrowed


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page_number=1&page_size=10&sort[type]=asc&sort[field]=inserted_at",
        "account_id=acc_1&inserted_at[until]=2026-03-01T00:00:00Z",
    ],
)
def test_account_window_pages_and_sorting_do_not_narrow(query: str) -> None:
    assert not question(f"/v1/transfers?{query}").is_narrowed


@pytest.mark.parametrize(
    "query",
    [
        "state=approved",
        "batch_id=bat_1",
        "id=trn_1",
        "external_id=",
        "entity_id=1",
        "payee_account_number=12345",
        "payee_document[number]=1",
        "updated_at[from]=2026-03-01T00:00:00Z",
        "inserted_at[from]=2026-03-01",
        "inserted_at[to]=2026-03-01T00:00:00Z",
        "account_id=",
        "account_id=acc_1&account_id=acc_2",
        "something_new=1",
    ],
)
def test_any_other_filter_or_one_that_cannot_be_read_narrows(query: str) -> None:
    assert question(f"/v1/transfers?{query}").is_narrowed


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("0", None), ("-1", None), ("x", None), ("", None), ("\u0663", None)]
)
def test_a_page_number_counts_from_one(text: str, number: int | None) -> None:
    assert question(f"/v1/transfers?page_number={text}").page_number == number


@pytest.mark.parametrize(
    ("path", "resource", "account_id"),
    [
        ("/v1/transfers/", "transfers", None),
        ("/v1/accounts/acc_1/balances", "accounts/{id}/balances", "acc_1"),
        ("/v1/ledger/accounts/lacc_1/transactions", "ledger/accounts/{id}/transactions", "lacc_1"),
        ("/v1/ledger/accounts", None, None),
        ("/api/v1/transfers", None, None),
        ("/v1/banks", "banks", None),
    ],
)
def test_the_path_names_the_resource_and_perhaps_the_account(path: str, resource: str, account_id: str) -> None:
    asked = question(f"https://api.example.com{path}")
    assert (asked.resource, asked.account_id) == (resource, account_id)


def test_a_text_that_is_no_address_puts_no_question() -> None:
    assert read_question("http://[") is None


def test_a_window_on_collection_intents_is_a_filter_like_any_other() -> None:
    asked = question("/v1/collection_intents?inserted_at[from]=2026-03-01T05:00:00Z&account_id=acc_1")
    assert (asked.is_narrowed, asked.window_from, asked.account_id) == (True, None, "acc_1")
    assert not question("/v1/collection_intents?account_id=acc_1").is_narrowed
