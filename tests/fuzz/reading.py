"""One record read by the code under test, and held against the second opinion."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.archive.chunks import Chunk, Piece, Source
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.rules import Rules, Secret
from mono_recon.schemas.raw import QUARANTINE_REASONS
from tests.fuzz.oracle import Facts, envelope, event_facts, ident, moment, parsed, row_facts

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"
RULES = Rules((Secret("main", b"whsec_test", valid_from=datetime(2026, 1, 1, tzinfo=UTC)),))
FETCHED_AT = datetime(2026, 3, 3, 5, tzinfo=UTC)
_ANSWERS = {
    "transfers": "api_get_v1_transfers",
    "accounts": "api_get_v1_accounts",
    "accounts/acc_16ktUqSO7G0qTHDz8I3qrG/balances": "api_get_v1_accounts_id_balances",
    "collection_intents": "api_get_v1_collection_intents",
    "collection_links": "api_get_v1_collection_links",
    "banks": "api_get_v1_banks_kind_transfers",
    "ledger/accounts/acc_16ktUqSO7G0qTHDz8I3qrG/transactions": "api_get_v1_ledger_accounts_id_transactions",
}


def valid_records(kind: str) -> list[dict[str, Any]]:
    """A record of every shape and every object that is used."""
    if kind == "exports":
        return [_captured(path, _loaded(name)) for path, name in _ANSWERS.items()] + [_loaded("api_get_v1_transfers")]
    payloads = [json.loads(path.read_text("utf-8")) for path in sorted(PAYLOADS.glob("webhook_*.json"))]
    wrapped = [
        {"received_at": "2025-12-02T01:12:09.114Z", "headers": {}, "body": json.dumps(each)} for each in payloads
    ]
    return [*payloads, *wrapped, {"received_at": "2026-03-02T01:12:09Z", "body": payloads[0]}]


def check(kind: str, raw: bytes) -> Decoded:
    """Read a record and hold what was accepted of it against the second opinion.

    Raises:
        AssertionError: It was lost, counted twice or read otherwise.
        DoubtError: It was accepted although it is not plain.
    """
    outcome = read(kind, raw)
    refused = outcome.quarantine.filter(pl.col("page_id").is_null())
    assert outcome.deliveries.height + outcome.pages.height + refused.height == 1
    assert set(outcome.quarantine["reason"]) <= set(QUARANTINE_REASONS)
    assert all(outcome.quarantine["detail"])
    for delivery in outcome.deliveries.iter_rows(named=True):
        _check_delivery(raw, delivery, outcome)
    for page in outcome.pages.iter_rows(named=True):
        _check_page(raw, page, outcome)
    return outcome


def read(kind: str, raw: bytes) -> Decoded:
    """What becomes of a record."""
    file = ArchiveFile(f"{kind}/a.json", Path("a.json"), kind, len(raw), 0, date(2026, 3, 1), FETCHED_AT)
    # An element is handed over as it is; lines and documents are first cut out of their file.
    return decode_chunk(Chunk((Piece(Source(file, "0" * 64), "element", raw),)), RULES)


def _check_delivery(raw: bytes, delivery: dict[str, Any], outcome: Decoded) -> None:
    payload, known_at = envelope(raw)
    assert delivery["event_type"] == payload["event"]["type"]
    assert (_micros(delivery["known_at"]), _micros(delivery["event_at"])) == (known_at, moment(payload["timestamp"]))
    if delivery["status"] == "accepted":
        assert delivery["subject_id"] == ident(payload["event"]["data"]["id"])
        _compare(event_facts(payload, known_at), outcome.core, f"w:{delivery['delivery_id']}")
    else:
        assert not any(frame.height for frame in outcome.core.values())


def _check_page(raw: bytes, page: dict[str, Any], outcome: Decoded) -> None:
    assert page["items"] == sum(_row_outcomes(page, outcome))
    if page["status"] != "accepted":
        assert not any(frame.height for frame in outcome.core.values())
        return
    record = parsed(raw)
    body = record["response"]["body"] if page["url"] else record
    body = parsed(body.encode()) if isinstance(body, str) else body
    fetched_at = moment(record["request"]["fetched_at"]) if page["url"] else moment(FETCHED_AT.isoformat())
    rows = [body] if page["resource"].endswith("balances") else body[page["resource"].rpartition("/")[2]]
    refused = set(outcome.quarantine["row_index"])
    for index, row in enumerate(rows):
        if index not in refused:
            _compare(row_facts(page["resource"], row, fetched_at), outcome.core, f"x:{page['page_id']}:{index}")


def _row_outcomes(page: dict[str, Any], outcome: Decoded) -> tuple[int, int]:
    refs = {ref for frame in outcome.core.values() for ref in frame["source_ref"]}
    return len(refs), outcome.quarantine.filter(pl.col("page_id") == page["page_id"]).height


def _compare(facts: Facts, core: dict[str, pl.DataFrame], source_ref: str) -> None:
    told: Facts = []
    for table, frame in core.items():
        plain = frame.with_columns(pl.col(pl.Datetime).cast(pl.Int64))
        told += [(table, row) for row in plain.filter(pl.col("source_ref") == source_ref).iter_rows(named=True)]
    assert len(told) == len(facts)
    for (told_table, row), (table, fact) in zip(sorted(told, key=_table), sorted(facts, key=_table), strict=True):
        assert (told_table, {name: row[name] for name in fact if name in row}) == (
            table,
            {name: value for name, value in fact.items() if name in row},
        )


def _table(fact: tuple[str, dict[str, Any]]) -> str:
    return fact[0]


def _micros(instant: datetime) -> int:
    return moment(instant.isoformat())


def _loaded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return loaded


def _captured(path: str, body: dict[str, Any]) -> dict[str, Any]:
    url = f"https://api.cuentamono.com/v1/{path}?page_number=1"
    return {
        "request": {"method": "GET", "url": url, "fetched_at": "2026-03-03T05:00:02.5Z"},
        "response": {"status": 200, "headers": {}, "body": body},
    }
