"""One record read by the code under test, and held against the second opinion."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mono_recon.archive.answers import of_pages
from mono_recon.archive.chunks import Chunk, Piece, Source
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.deliveries import read_each
from mono_recon.archive.exports import read_page
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.gathered import core_rows, records
from mono_recon.archive.pages import Page
from mono_recon.archive.plain import read_plain, unwrap
from mono_recon.archive.refusals import Refused, RefusedError
from mono_recon.archive.rules import Rules, Secret
from mono_recon.archive.webhooks import Delivery, read_delivery
from mono_recon.schemas.raw import QUARANTINE_REASONS
from tests.fuzz.oracle import Fact, Facts, envelope, event_facts, ident, moment, parsed, row_facts

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
    """Read a record into frames and hold what was accepted of it against the second opinion.

    Raises:
        AssertionError: It was lost, counted twice or read otherwise.
        DoubtError: It was accepted although it is not plain.
    """
    outcome = read(kind, raw)
    refused_rows = outcome.quarantine.filter(pl.col("page_id").is_not_null())
    assert outcome.deliveries.height + outcome.pages.height + outcome.quarantine.height - refused_rows.height == 1
    assert set(outcome.quarantine["reason"]) <= set(QUARANTINE_REASONS)
    assert all(outcome.quarantine["detail"])
    rows = [(table, row) for table, frame in outcome.core.items() for row in _named(frame)]
    for delivery in _named(outcome.deliveries):
        _check_delivery(raw, delivery, rows)
    for page in _named(outcome.pages):
        _check_page(raw, page, rows, set(refused_rows["row_index"]))
    return outcome


def read(kind: str, raw: bytes) -> Decoded:
    """What becomes of a record, as frames."""
    file = ArchiveFile(f"{kind}/a.json", "a.json", kind, len(raw), 0, date(2026, 3, 1), FETCHED_AT)
    # An element is handed over as it is; lines and documents are first cut out of their file.
    return decode_chunk(Chunk((Piece(Source(file, "0" * 64), "element", raw),)), RULES)


def check_each(kind: str, raws: Iterable[bytes]) -> list[bool]:
    """Read records one by one, with one frame for what all say, which saves most of the time; which were accepted.

    Raises:
        AssertionError: One was read otherwise, or says something that no column holds.
        DoubtError: One was accepted although it is not plain.
    """
    read: list[tuple[bytes, Delivery | Page]] = []
    accepted = []
    for raw in raws:
        try:
            outcome: Delivery | Page | Refused = read_record(kind, raw)
        except RefusedError as error:
            outcome = error.refused
        accepted.append(not isinstance(outcome, Refused))
        if isinstance(outcome, Refused):
            assert outcome.reason in QUARANTINE_REASONS
            assert outcome.detail.encode()
        else:
            read.append((raw, outcome))
    rows = _rows([record for _, record in read])
    for place, (raw, record) in enumerate(read):
        if isinstance(record, Delivery):
            _check_delivery(raw, _fields(record), rows[place])
        else:
            _check_page(raw, _fields(record), rows[place], {row.refused.row_index for row in record.refused_rows})
    return accepted


def read_record(kind: str, raw: bytes) -> Delivery | Page:
    """What a record holds.

    Raises:
        RefusedError: It is refused.
    """
    if kind == "webhooks":
        return _delivery(raw)
    return read_page(raw, FETCHED_AT, is_element=False)


def _delivery(raw: bytes) -> Delivery:
    """What the complete reading says, which the quick one must say too or be silent."""
    (plain,) = read_plain([unwrap(raw, RULES)])
    try:
        delivery = read_delivery(raw, RULES, is_element=False)
    except RefusedError:
        assert plain is None
        raise
    assert plain in (None, delivery)
    return delivery


def _check_delivery(raw: bytes, delivery: Fact, rows: Facts) -> None:
    payload, known_at = envelope(raw)
    assert delivery["event_type"] == payload["event"]["type"]
    assert (delivery["known_at"], delivery["event_at"]) == (known_at, moment(payload["timestamp"]))
    if delivery["status"] == "accepted":
        assert delivery["subject_id"] == ident(payload["event"]["data"]["id"])
        _compare(event_facts(payload, known_at), rows, f"w:{delivery['delivery_id']}")
    else:
        assert not rows


def _check_page(raw: bytes, page: Fact, rows: Facts, refused: set[int | None]) -> None:
    assert page["items"] == len({row["source_ref"] for _, row in rows}) + len(refused)
    if page["status"] != "accepted":
        assert not rows
        return
    record = parsed(raw)
    body = record["response"]["body"] if page["url"] else record
    body = parsed(body.encode()) if isinstance(body, str) else body
    fetched_at = moment(record["request"]["fetched_at"] if page["url"] else FETCHED_AT.isoformat())
    items = [body] if page["resource"].endswith("balances") else body[page["resource"].rpartition("/")[2]]
    for index, item in enumerate(items):
        if index not in refused:
            _compare(row_facts(page["resource"], item, fetched_at), rows, f"x:{page['page_id']}:{index}")


def _compare(facts: Facts, rows: Facts, source_ref: str) -> None:
    told = sorted(((table, row) for table, row in rows if row["source_ref"] == source_ref), key=itemgetter(0))
    facts = sorted(facts, key=itemgetter(0))
    assert [table for table, _ in told] == [table for table, _ in facts]
    for (_, row), (_, fact) in zip(told, facts, strict=True):
        assert {name: row.get(name) for name in fact} == fact


def _named(frame: pl.DataFrame) -> Iterator[Fact]:
    return frame.with_columns(pl.col(pl.Datetime).cast(pl.Int64)).iter_rows(named=True)


def _fields(read: Delivery | Page) -> Fact:
    named = msgspec.structs.fields(read) if isinstance(read, Delivery) else fields(read)
    return {field.name: getattr(read, field.name) for field in named}


def _rows(read: Sequence[Delivery | Page]) -> dict[int, Facts]:
    """By record, rows by the names of their columns; every text is one that a column can hold."""
    deliveries = [(place, each) for place, each in enumerate(read) if isinstance(each, Delivery)]
    pages = [(place, each) for place, each in enumerate(read) if isinstance(each, Page)]
    said = [read_each(deliveries)], [of_pages(pages)]
    begins = pl.DataFrame({"line": range(len(read))})
    events, answers = (records(parts, begins) for parts in said)
    found: dict[int, Facts] = defaultdict(list)
    for table, frame in core_rows(said[0], events, said[1], answers).items():
        for row in _named(frame):
            texts = [text for value in row.values() for text in (value if isinstance(value, list) else [value])]
            assert not any("\0" in text or not text.encode() for text in texts if isinstance(text, str) and text)
            found[row["record"]].append((table, row))
    return found


def _loaded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return loaded


def _captured(path: str, body: dict[str, Any]) -> dict[str, Any]:
    url = f"https://api.cuentamono.com/v1/{path}?page_number=1"
    return {
        "request": {"method": "GET", "url": url, "fetched_at": "2026-03-03T05:00:02.5Z"},
        "response": {"status": 200, "headers": {}, "body": body},
    }
