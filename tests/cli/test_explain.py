"""The story of one thing, as a person and as a program read it."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.schemas.report import Breaks
from mono_recon.schemas.table import polars_schema
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.cli.conftest import BALANCED, BREAKS
from tests.commands import command

WITH_UNKNOWN_STATE = "trn_3sfcDuGR9zA4aHpeWk1T3R"
UNKNOWN_STATE, AWAITED_BALANCE = "ac071c8f16527607", "e9d399e19dea8893"
PLACE = ("channel", "known_at", "path", "file_sha256", "line", "byte_offset", "record_sha256", "signature_status")
BREAK = dict.fromkeys(polars_schema(Breaks)) | {
    "business_date": BREAKS,
    "version": 2,
    "break_type": "duplicate_payment",
    "class": "break",
    "severity": "high",
    "subject_type": "payment_group",
    "amount_minor": 1,
    "break_date": BREAKS,
    "age_days": 0,
    "age_business_days": 0,
    "ageing_bucket": "0-1",
    "status": "open",
    "explanation_es": "-",
    "explanation_en": "-",
}
PAID, RECEIVED = "trn_354gR5aVHqFDz5xTaKgE1E", "tx_5gxrUG5BdRtjFNreqcQxHx"


def told(root: Path, asked: str) -> Any:
    return command("--data", root, "--json", "explain", asked).json


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def found(root: Path, sql: str) -> Any:
    return command("--data", root, "query", sql, "--format", "json").json


def test_a_transfer_is_told_with_both_channels_side_by_side(demo: Path) -> None:
    story = told(demo, PAID)
    assert (story["kind"], story["id"], story["break_id"], story["state"]) == ("transfer", PAID, None, "approved")
    assert story["figures"]["amount_minor"] > 0
    assert story["figures"]["inserted_at"] == story["timeline"][0]["started_at"]
    assert column(story["timeline"], "state") == ["created", "in_progress", "approved"]
    assert column(story["timeline"], "webhook_ref")[0] is None
    last = story["timeline"][-1]
    assert last["webhook_ref"].startswith("w:")
    assert last["export_ref"].startswith("x:")
    assert last["webhook_known_at"] < last["export_known_at"]


def test_each_fact_leads_to_the_very_bytes_that_it_rests_on(demo: Path) -> None:
    facts = told(demo, PAID)["facts"]
    assert {fact["channel"] for fact in facts} == {"webhook", "export"}
    for fact in facts:
        packed = (demo / "archive" / fact["path"]).read_bytes()
        assert hashlib.sha256(packed).hexdigest() == fact["file_sha256"]
        content = gzip.decompress(packed)
        line = content[fact["byte_offset"] :].split(b"\n")[0]
        assert content.split(b"\n")[fact["line"] - 1] == line
        is_webhook = fact["channel"] == "webhook"
        assert fact["signature_status"] == ("verified" if is_webhook else None)
        record = json.loads(line)["body"].encode() if is_webhook else line
        assert hashlib.sha256(record).hexdigest() == fact["record_sha256"]
        assert PAID.encode() in record


def test_a_fact_that_came_twice_lies_where_it_was_known_first(own_demo: Path) -> None:
    before = told(own_demo, PAID)["facts"]
    assert {fact["copies"] for fact in before} == {1}
    archive = own_demo / "archive"
    paths = {fact["channel"]: fact["path"] for fact in before}
    content = {channel: gzip.decompress((archive / path).read_bytes()) for channel, path in paths.items()}
    later = content["webhook"].replace(b'"received_at":"2026-03-0', b'"received_at":"2026-03-1')
    (archive / "webhooks" / "again.jsonl").write_bytes(later)
    (archive / "exports" / "again.jsonl").write_bytes(b"\n" + content["export"])
    assert command("--data", own_demo, "ingest", "--rehash").code == 0
    after = told(own_demo, PAID)["facts"]
    assert {fact["path"] for fact in after if fact["copies"] == 2} == set(paths.values())
    assert [fact | {"copies": 1} for fact in after] == before


def test_a_story_says_which_reports_list_it_and_what_it_was_matched_to(demo: Path) -> None:
    story = told(demo, PAID)
    assert [(row["business_date"], row["version"], row["is_latest"]) for row in story["reports"]] == [
        ("2026-03-02", 1, False),
        ("2026-03-02", 2, True),
    ]
    assert column(story["reports"], "as_of") == ["2026-03-03T11:00:00.000000Z", "2026-03-03T14:45:00.000000Z"]
    assert column(story["reports"], "recon_status") == ["matched", "matched"]
    (match,) = story["matches"]
    assert (match["credit_id"], match["matched_to"], match["match_rule"]) == (RECEIVED, PAID, "internal_external_id")
    assert told(demo, RECEIVED)["matches"] == [match]
    assert story["breaks"] == []


def test_a_break_is_told_with_its_subject_and_its_history(demo: Path) -> None:
    story = told(demo, UNKNOWN_STATE)
    assert (story["kind"], story["id"], story["break_id"]) == ("transfer", WITH_UNKNOWN_STATE, UNKNOWN_STATE)
    first, second = story["breaks"]
    assert (first["break_id"], first["break_type"], first["standing"]) == (UNKNOWN_STATE, "unknown_state", "open")
    assert (first["first_listed"], first["last_listed"]) == ("2026-03-02", "2026-03-03")
    assert second["break_type"] == "in_transit"
    listed = [row for row in story["listings"] if row["break_id"] == UNKNOWN_STATE]
    assert [(row["business_date"], row["version"]) for row in listed] == [
        ("2026-03-02", 1),
        ("2026-03-02", 2),
        ("2026-03-03", 1),
    ]
    moved = [row for row in story["movements"] if row["break_id"] == UNKNOWN_STATE]
    assert [(row["business_date"], row["version"], row["movement"]) for row in moved[-2:]] == [
        ("2026-03-03", 1, "opening"),
        ("2026-03-03", 1, "closing"),
    ]
    assert story["timeline"] == told(demo, WITH_UNKNOWN_STATE)["timeline"]
    assert UNKNOWN_STATE.upper() == told(demo, UNKNOWN_STATE.upper())["asked"]


def test_a_break_that_the_latest_version_no_longer_finds_is_superseded(demo: Path) -> None:
    story = told(demo, AWAITED_BALANCE)
    assert (story["kind"], story["state"], story["timeline"], story["reports"]) == ("account", None, [], [])
    assert column(story["breaks"], "standing") == ["superseded"]
    assert story["figures"]["unexplained_minor"] == 0
    assert story["figures"]["version"] == 2


def test_a_batch_is_told_with_its_transfers(demo: Path) -> None:
    story = told(demo, told(demo, PAID)["figures"]["batch_id"])
    assert story["kind"] == "batch"
    assert PAID in column(story["members"], "transfer_id")
    total = sum(column(story["members"], "amount_minor"))
    assert story["figures"]["total_amount_minor"] == total
    assert set(column(story["facts"], "amount_minor")) == {total}


def test_a_collection_is_told_with_its_reports(demo: Path) -> None:
    ((intent,),) = [list(row.values()) for row in found(demo, "SELECT min(intent_id) AS id FROM collections")]
    story = told(demo, intent)
    assert (story["kind"], story["id"], story["timeline"][0]["state"]) == ("collection", intent, "created")
    assert story["timeline"][-1]["state"] == story["state"]
    assert story["reports"][-1]["state"] == story["state"]


def test_a_break_of_several_transfers_is_told_with_them_and_with_its_own_sources(own_demo: Path) -> None:
    paid = told(own_demo, PAID)
    subject = f"{paid['figures']['account_id']}:{paid['figures']['external_id']}"
    ref = paid["facts"][0]["source_ref"]
    first = BREAK | {"break_id": "000000000000000a", "subject_id": subject, "source_refs": [ref]}
    other = first | {"break_id": "000000000000000b", "business_date": BALANCED, "version": 1, "source_refs": []}
    settings = load_settings(own_demo, None, {})
    with open_warehouse(settings.warehouse, read_only=False) as warehouse, warehouse.transaction():
        warehouse.append(Breaks, pl.DataFrame([first, other], schema=polars_schema(Breaks)))
    story = told(own_demo, first["break_id"])
    assert (story["kind"], story["id"], story["state"]) == ("payment_group", subject, None)
    assert column(story["members"], "transfer_id") == [PAID]
    (fact,) = story["facts"]
    assert {name: fact[name] for name in PLACE} == {name: paid["facts"][0][name] for name in PLACE}
    assert column(story["breaks"], "break_id") == [first["break_id"], other["break_id"]]
    of_member = column(told(own_demo, PAID)["breaks"], "break_id")
    assert of_member == column(story["breaks"], "break_id")


def test_a_name_stands_for_the_one_thing_that_bears_it(demo: Path) -> None:
    external_id = told(demo, WITH_UNKNOWN_STATE)["figures"]["external_id"]
    assert told(demo, external_id) | {"asked": ""} == told(demo, WITH_UNKNOWN_STATE) | {"asked": ""}
    (subject,) = found(demo, f"SELECT DISTINCT subject_id FROM breaks WHERE break_id = '{AWAITED_BALANCE}'")  # noqa: S608  written above
    assert told(demo, subject["subject_id"])["break_id"] == AWAITED_BALANCE


def test_a_name_that_several_things_bear_names_them(demo: Path) -> None:
    external_id = told(demo, PAID)["figures"]["external_id"]
    done = command("--data", demo, "explain", external_id)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert f"ask for one of credit {RECEIVED}, transfer {PAID}" in line


@pytest.mark.parametrize("asked", ["trn_0000000000000000000000", "0123456789abcdef", "nothing", "", "tx_", "'; --"])
def test_an_id_that_nothing_has_ends_with_1_and_says_where_to_look(demo: Path, asked: str) -> None:
    done = command("--data", demo, "explain", asked)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"mono-recon: {asked}: nothing in the warehouse has this id")
    assert "mono-recon ingest" in line


def test_what_is_told_to_a_person_hides_account_numbers_and_speaks_the_language_of_the_settings(own_demo: Path) -> None:
    number = told(own_demo, WITH_UNKNOWN_STATE)["figures"]["payee_account_number"]
    sentences = told(own_demo, WITH_UNKNOWN_STATE)["breaks"][0]
    shown = command("--data", own_demo, "explain", UNKNOWN_STATE).out
    assert number not in shown
    assert f"payee_account_number: …{number[-4:]}\n" in shown
    assert sentences["explanation_es"] in shown
    config = own_demo / "mono_recon.toml"
    config.write_text(config.read_text() + '\n[report]\nlanguage = "en"\n')
    assert sentences["explanation_en"] in command("--data", own_demo, "explain", UNKNOWN_STATE).out


def test_a_person_is_told_of_state_money_sources_and_history(demo: Path) -> None:
    shown = command("--data", demo, "explain", UNKNOWN_STATE).out
    story = told(demo, UNKNOWN_STATE)
    assert shown.startswith(f"transfer {WITH_UNKNOWN_STATE} {story['state']}\n")
    assert "  amount: COP 5.358.098,82\n" in shown
    for section in ("Timeline", "Breaks", f"History of {UNKNOWN_STATE}", "In reports", "Sources"):
        assert f"\n{section}\n" in shown
    assert "\nMatches\n" not in shown
    assert f"  {UNKNOWN_STATE} unknown_state, break, high: open; listed from 2026-03-02 to 2026-03-03\n" in shown
    for fact in story["facts"]:
        assert f"{fact['path']} line {fact['line']}, byte {fact['byte_offset']}" in shown
        assert f"file sha256 {fact['file_sha256']}\n    record sha256 {fact['record_sha256']}" in shown


def test_decisions_are_part_of_the_story(own_demo: Path) -> None:
    decided = ("--code", "accepted", "--reason", "Mono says so", "--actor", "ana", "--approved-by", "luis")
    assert command("--data", own_demo, "resolve", UNKNOWN_STATE, *decided).code == 0
    assert command("--data", own_demo, "ingest", "--rehash").code == 0
    (decision,) = told(own_demo, WITH_UNKNOWN_STATE)["resolutions"]
    assert (decision["break_id"], decision["reason"]) == (UNKNOWN_STATE, "Mono says so")
    assert "Mono says so" in command("--data", own_demo, "explain", UNKNOWN_STATE).out
