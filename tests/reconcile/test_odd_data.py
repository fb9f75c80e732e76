"""Odd data that passed its schema: a named finding or a plain line, never an error, never left out."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.reconcile.day import DayReport, reconcile_day
from mono_recon.report.model import Report
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.archive.written import PAYLOADS, lines, payload
from tests.scenario import ACCOUNT, at, bat, batch, context, credit, exported, ident, inputs, transfer, trn, tx

NOWHERE = ident("acc", "nowhere")
OWN = {"account_id": ACCOUNT, "number": "095000036", "known_at": at("03-01 00:00"), "source_ref": "x"}
DOCUMENTED = date(2022, 12, 28)


def found(result: DayReport | Report) -> set[tuple[str, str]]:
    rows = result.tables["breaks"].filter(pl.col("class") != "data")
    return set(rows.select("break_type", "subject_id").iter_rows())


def only(result: DayReport | Report, table: str) -> dict[str, Any]:
    return result.tables[table].row(0, named=True)


def sections(result: DayReport) -> set[tuple[str | None, str, int]]:
    return set(result.tables["summary"].select("account_id", "section", "amount_minor").iter_rows())


def test_a_transfer_in_an_unknown_state_is_open_and_its_steps_are_not_judged() -> None:
    told = [transfer("a", "held", "03-04 10:00"), transfer("a", "approved", "03-04 11:00")]
    seen = exported("a", "approved", "03-04 11:00", "03-05 05:00")
    result = reconcile_day(inputs([*told, seen]), context())
    assert found(result) == {("unknown_state", trn("a"))}
    assert sections(result) == {(ACCOUNT, "created", 1_600_000), (ACCOUNT, "approved", 1_600_000)}


def test_a_batch_in_an_unknown_state_is_a_plain_line() -> None:
    told = [transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00")]
    result = reconcile_day(inputs(told, [batch("a", "finished", "03-04 10:01")]), context())
    assert found(result) == set()
    assert (only(result, "batches")["state"], only(result, "batches")["recon_status"]) == ("finished", "matched")


@pytest.mark.parametrize(
    ("listed", "total", "expected"),
    [
        (None, 0, "matched"),
        (None, 5, "timing"),
        ([], 0, "matched"),
        ([], 5, "break"),
        ([trn("never seen")], 0, "matched"),
        ([trn("never seen")], 5, "break"),
    ],
)
def test_a_batch_without_members_is_a_line_and_declares_too_much_if_it_declares_anything(
    listed: list[str] | None, total: int, expected: str
) -> None:
    event = {"event_type": "batch_sent", "listed_transfer_ids": listed, "total_amount_minor": total}
    result = reconcile_day(inputs([], [batch("a", "processing_transactions", "03-04 09:01", **event)]), context())
    line = only(result, "batches")
    assert (line["recon_status"], line["difference_minor"], line["members"]) == (expected, total, len(listed or ()))
    named = {"break": "batch_total_mismatch", "timing": "awaiting_members"}
    assert found(result) == ({(named[expected], bat("a"))} if expected in named else set())


@pytest.mark.parametrize("number", ["123", None])
def test_a_credit_to_an_account_that_no_export_names_is_a_line_with_a_balance_to_prove(number: str | None) -> None:
    stray = credit("a", "03-04 10:00", account_id=NOWHERE, account_number=number, payer_document_number=None)
    result = reconcile_day(inputs(credits=[stray], accounts=[OWN]), context())
    assert found(result) == {("unidentified_credit", tx("a"))}
    assert (NOWHERE, "credits", 105_000) in sections(result)
    assert set(result.tables["balance_proof"].select("account_id", "status").rows()) == {
        (ACCOUNT, "no_snapshot"),
        (NOWHERE, "no_snapshot"),
    }
    assert f"balance:{NOWHERE}:2026-03-04" in result.tables["breaks"]["subject_id"].to_list()


@pytest.mark.parametrize("state", ["approved", "created"])
def test_a_transfer_that_names_no_batch_and_so_no_account_is_a_line_and_adds_up(state: str) -> None:
    nowhere = {"batch_id": None, "account_id": None, "external_id": None, "routing": None}
    told = exported("a", state, "03-04 10:00", "03-05 05:00", **nowhere)
    result = reconcile_day(inputs([told, told | {"transfer_id": trn("b")}]), context())
    assert result.tables["outgoing_transfers"]["account_id"].to_list() == [None, None]
    assert (None, "created", 3_200_000) in sections(result)
    assert {kind for kind, _ in found(result)} == {"missing_webhook" if state == "approved" else "in_transit"}


def test_a_transfer_that_names_a_batch_of_which_nothing_else_is_told_is_a_plain_line() -> None:
    told = [transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00")]
    result = reconcile_day(inputs(told), context())
    assert (found(result), only(result, "outgoing_transfers")["recon_status"]) == (set(), "matched")
    assert result.tables["batches"].is_empty()


def test_nothing_paid_is_a_payment_all_the_same() -> None:
    told = [transfer("a", "approved", "03-04 10:00", amount_minor=0), credit("a", "03-04 11:00", amount_minor=0)]
    result = reconcile_day(inputs(told[:1], credits=told[1:]), context())
    counted = result.tables["summary"].select("section", "count", "amount_minor").rows()
    assert counted == [("approved", 1, 0), ("created", 1, 0), ("credits", 1, 0)]


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a date whose archive holds Mono's own samples, each odd in one way."""
    root: Path = tmp_path_factory.mktemp("odd")
    held, empty, stray = payload("bank_transfer_approved"), payload("batch_sent"), payload("bank_transfer_mono")
    held["event"]["data"]["state"] = "held"
    empty["event"]["data"]["transfers"] = []
    stray["timestamp"] = stray["event"]["data"]["transaction_at"] = "2022-12-28T20:00:00Z"
    stray["event"]["data"]["account"]["id"] = NOWHERE
    for name, record in (("webhooks/w.jsonl", (held, empty, stray)), ("exports/x.jsonl", (_page_without_batch(),))):
        file = root / "archive" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(lines(*record))
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        return make_report(warehouse, settings, DOCUMENTED, datetime(2022, 12, 31, tzinfo=UTC))


def _page_without_batch() -> dict[str, Any]:
    body: dict[str, Any] = pl.read_json(PAYLOADS / "api_get_v1_transfers.json").row(0, named=True)
    (row,) = body["transfers"]
    del row["batch"]
    row |= {"inserted_at": "2022-12-28T18:00:00Z", "updated_at": "2022-12-28T18:30:00Z"}
    url = "https://api.cuentamono.com/v1/transfers?page_size=10&page_number=1"
    request = {"method": "GET", "url": url, "fetched_at": "2022-12-29T10:00:00Z"}
    return {"request": request, "response": {"status": 200, "body": body}}


def test_every_odd_sample_is_a_line_of_its_report(documented: Report) -> None:
    assert documented.tables["outgoing_transfers"].select("state_at_cutoff", "account_id").rows() == [
        ("held", "acc_16ktUqSO7G0qTHDz8I3qrG"),
        ("approved", None),
    ]
    assert documented.tables["batches"]["members"].to_list() == [1, 0]
    assert documented.tables["incoming_credits"]["account_id"].to_list() == [NOWHERE]


def test_every_odd_sample_is_named_for_what_it_is(documented: Report) -> None:
    assert {kind for kind, _ in found(documented)} == {
        "unknown_state",
        "in_transit",
        "missing_webhook",
        "batch_total_mismatch",
        "unidentified_credit",
    }
