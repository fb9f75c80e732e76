"""Whole days through the real parts: archive, warehouse, report, Dagster and commands."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from mono_recon.pipeline.ingest import IngestResult, ingest
from mono_recon.report.pack import file_hashes
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.commands import Done, command

PAYLOADS = Path(__file__).parent / "fixtures/payloads"
ARCHIVED = {"webhook": "webhooks", "api": "exports"}

ACCEPTED = {
    "webhook_banking_account_credited_bank_transfer_mono",
    "webhook_banking_account_credited_incoming_wire",
    "webhook_banking_bank_transfer_approved",
    "webhook_banking_bank_transfer_change_final_state",
    "webhook_banking_bank_transfer_fallback_routing",
    "webhook_banking_bank_transfer_rejected",
    "webhook_banking_batch_authorization_requested",
    "webhook_banking_batch_canceled",
    "webhook_banking_batch_duplicated",
    "webhook_banking_batch_sent",
    "webhook_banking_collection_intent_confirmed",
    "webhook_banking_collection_intent_credited",
    "webhook_banking_collection_intent_failed",
    "webhook_core_ledger_account_transaction_created",
}
UNUSED = {
    "webhook_breb_outgoing_transfer_failed",
    "webhook_breb_outgoing_transfer_successful",
    "api_breb_get_collection",
    "api_breb_get_collections_attempts",
    "api_breb_get_outgoing_transfer",
    "api_get_v1_accounts_id_balances",
    "api_get_v1_banks_kind_pse",
    "api_get_v1_banks_kind_transfers",
    "api_get_v1_cards_id_transactions",
    "api_get_v1_collection_intents_id",
    "api_get_v1_collection_links_id",
    "api_get_v1_core_payouts_id",
    "api_get_v1_ledger_accounts",
    "api_get_v1_ledger_accounts_id_balances",
    "api_get_v1_ledger_accounts_id_transactions",
    "api_get_v1_ledger_accounts_id_transactions_id",
}
REFUSED = {
    "api_error_400_bad_request": "error_response",
    "api_error_401_unauthorized": "error_response",
    "api_error_403_forbidden": "error_response",
    "api_error_404_not_found": "error_response",
    "api_error_422_unprocessable": "error_response",
    "api_get_v1_accounts": "no_fetch_time",
    "api_get_v1_collection_intents": "no_fetch_time",
    "api_get_v1_collection_links": "no_fetch_time",
    "api_get_v1_transfers": "no_fetch_time",
    "api_post_v1_transfers": "no_fetch_time",
    "api_post_v1_transfers_prepare": "no_fetch_time",
}
ROWS = {
    "api_get_v1_accounts": 1,
    "api_get_v1_collection_intents": 1,
    "api_get_v1_collection_links": 1,
    "api_get_v1_transfers": 1,
    "api_post_v1_transfers": 1,
    "api_post_v1_transfers_prepare": 1,
}
OUTCOMES = "SELECT path, records_read, accepted, duplicates, unused, quarantined FROM mono.raw.files"


def archive(root: Path, *names: str, folder: str = "") -> None:
    """Put documented payloads where their kind belongs."""
    for name in names:
        place = root / "archive" / ARCHIVED[name.partition("_")[0]] / folder
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(PAYLOADS / f"{name}.json", place)


def bring_in(root: Path) -> IngestResult:
    return ingest(load_settings(root, None, {}), environ={})


def query(root: Path, sql: str) -> pl.DataFrame:
    with open_warehouse(load_settings(root, None, {}).warehouse, read_only=True) as warehouse:
        return warehouse.query(sql)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with every payload that Mono documents, brought in."""
    root = tmp_path_factory.mktemp("documented")
    archive(root, *ACCEPTED, *UNUSED, *REFUSED)
    assert bring_in(root).files_new == len(ACCEPTED) + len(UNUSED) + len(REFUSED) == 41
    return root


def test_every_documented_payload_is_among_those_expected() -> None:
    named = {path.stem for path in PAYLOADS.glob("*.json")} - {"signature_test_vector"}
    assert named == ACCEPTED | UNUSED | set(REFUSED)


def test_every_documented_payload_is_accounted_for_exactly_once(documented: Path) -> None:
    expected = {
        **dict.fromkeys(ACCEPTED, (1, 1, 0, 0, 0)),
        **dict.fromkeys(UNUSED, (1, 0, 0, 1, 0)),
        **dict.fromkeys(REFUSED, (1, 0, 0, 0, 1)),
    }
    assert {Path(path).stem: counts for path, *counts in query(documented, OUTCOMES).iter_rows()} == {
        name: list(counts) for name, counts in expected.items()
    }


def test_a_refused_payload_says_why(documented: Path) -> None:
    reasons = query(documented, "SELECT path, reason FROM mono.raw.quarantine")
    assert {Path(path).stem: reason for path, reason in reasons.iter_rows()} == REFUSED


def test_with_a_fetch_time_in_its_path_a_documented_page_is_read(tmp_path: Path) -> None:
    archive(tmp_path, *ROWS, folder="fetched_at=2026-03-02T10-00-00Z")
    assert bring_in(tmp_path).accepted == len(ROWS)
    rows = query(tmp_path, "SELECT path, rows_read, rows_accepted, rows_quarantined FROM mono.raw.files")
    assert {Path(path).stem: counts for path, *counts in rows.iter_rows()} == {
        name: [number, number, 0] for name, number in ROWS.items()
    }
    exports = query(tmp_path, "SELECT DISTINCT is_complete, proves_absence FROM mono.raw.exports")
    assert exports.rows() == [(False, False)], "a bare page proves nothing"


D = date(2022, 12, 28)
K = datetime(2022, 12, 29, 11, tzinfo=UTC)
ACCOUNT = "acc_16ktUqSO7G0qTHDz8I3qrG"
TRANSFER = "trn_2PVWOx9dZKJMBZw7opjrrs"
BATCH = "bat_2DpSchlriwoCuyGMOoIuwp"
RUN = ("run", "--date", D, "--as-of", "2022-12-29T11:00:00Z")


@dataclass(frozen=True)
class Example:
    """The documented approved transfer alone, reported for its day."""

    root: Path
    home: Path
    first: Done

    @property
    def pack(self) -> Path:
        return self.root / f"reports/{D}/v1"

    def again(self) -> Done:
        return command("--data", self.root, "--json", *RUN, home=self.home)

    def rows(self, table: str) -> list[dict[str, object]]:
        """Rows of a table of the pack, which are those of the warehouse."""
        written = pl.read_parquet(self.pack / f"{table}.parquet")
        held = query(self.root, f"SELECT * FROM mono.report.latest_{table}")  # noqa: S608  a contract's name
        assert written.equals(held.select(written.columns), null_equal=True)
        return written.to_dicts()

    def state(self) -> tuple[int, dict[str, str]]:
        """The warehouse's snapshot, and every file that was issued."""
        with open_warehouse(load_settings(self.root, None, {}).warehouse, read_only=True) as warehouse:
            return warehouse.snapshot(), file_hashes(self.pack)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    root, home = tmp_path_factory.mktemp("example"), tmp_path_factory.mktemp("home")
    archive(root, "webhook_banking_bank_transfer_approved")
    return Example(root, home, command("--data", root, "--json", *RUN, home=home))


def test_a_run_says_what_it_read_and_issued(example: Example) -> None:
    assert (example.first.code, example.first.err) == (0, "")
    said = example.first.json
    assert said["ingest"]["records_read"] == said["ingest"]["accepted"] == 1
    assert said["verdicts"] == {"2022-12-28": "incomplete"}
    assert [(each["business_date"], each["version"], each["as_of"]) for each in said["issued"]] == [
        ("2022-12-28", 1, "2022-12-29T11:00:00.000000Z")
    ]
    assert Path(said["issued"][0]["folder"]) == example.pack


def test_the_transfer_of_the_example_awaits_its_export(example: Example) -> None:
    (line,) = example.rows("outgoing_transfers")
    expected = {
        "business_date": D,
        "version": 1,
        "transfer_id": TRANSFER,
        "account_id": ACCOUNT,
        "batch_id": BATCH,
        "external_id": "123456789",
        "amount_minor": 1_600_000,
        "currency": "COP",
        "created_at": datetime(2022, 12, 28, 16, 19, 52, 530158, UTC),
        "final_at": datetime(2022, 12, 28, 16, 40, 6, 812742, UTC),
        "state_at_cutoff": "approved",
        "state_webhook": "approved",
        "state_export": None,
        "payee_bank_code": "007",
        "payee_account_last4": "0009",
        "inclusion": "created",
        "recon_status": "timing",
        "break_types": ["awaiting_export"],
    }
    assert expected.items() <= line.items()


def test_the_batch_of_the_example_is_declined_although_its_member_is_approved(example: Example) -> None:
    (line,) = example.rows("batches")
    expected = {
        "batch_id": BATCH,
        "state": "declined",
        "declared_minor": 1_600_000,
        "approved_minor": 1_600_000,
        "difference_minor": 0,
        "members": 1,
        "recon_status": "review",
        "break_types": ["batch_outcome_differs"],
    }
    assert expected.items() <= line.items()


def test_the_example_lacks_its_exports_and_its_balance_and_is_incomplete(example: Example) -> None:
    found = {(each["break_type"], each["class"], each["subject_id"]) for each in example.rows("breaks")}
    assert found == {
        ("awaiting_export", "timing", TRANSFER),
        ("batch_outcome_differs", "review", BATCH),
        ("feed_missing", "data", "exports:2022-12-28"),
        ("feed_missing", "data", f"balance:{ACCOUNT}:2022-12-28"),
    }
    (issue,) = query(example.root, "SELECT * FROM mono.report.issues").to_dicts()
    assert (issue["verdict"], issue["as_of"]) == ("incomplete", K)
    manifest = json.loads((example.pack / "manifest.json").read_text("utf-8"))
    assert (manifest["verdict"], manifest["version"], manifest["business_date"]) == ("incomplete", 1, "2022-12-28")


def test_the_money_of_the_example_left_once(example: Example) -> None:
    control = {each["metric"]: (each["count"], each["amount_minor"]) for each in example.rows("control")}
    assert control["money.out"] == (1, 1_600_000)
    assert control["money.in"] == (0, 0)
    (proof,) = example.rows("balance_proof")
    assert (proof["account_id"], proof["status"], proof["expected_minor"]) == (ACCOUNT, "no_snapshot", None)


def test_the_lineage_of_the_example_leads_to_an_unsigned_payload_known_when_it_was_sent(example: Example) -> None:
    (delivery,) = query(example.root, "SELECT * FROM mono.raw.deliveries").to_dicts()
    (place,) = example.rows("lineage")
    sent = datetime(2022, 12, 28, 16, 54, 38, 660650, UTC)
    assert (delivery["signature_status"], delivery["known_at"]) == ("no_header", sent)
    assert delivery["known_at_source"] == "event_timestamp"
    assert (place["signature_status"], place["known_at"]) == ("no_header", sent)
    assert (place["record_id"], place["source_ref"]) == (delivery["delivery_id"], f"w:{delivery['delivery_id']}")
    assert place["path"] == "webhooks/webhook_banking_bank_transfer_approved.json"
    assert (place["line"], place["byte_offset"]) == (1, 0)


def test_a_second_run_changes_nothing_and_issues_nothing(example: Example) -> None:
    before = example.state()
    second = example.again()
    assert (second.code, second.err, second.json["issued"]) == (0, "", [])
    assert second.json["ingest"]["files_new"] == second.json["ingest"]["records_read"] == 0
    assert second.json["verdicts"] == {"2022-12-28": "incomplete"}
    assert example.state() == before
