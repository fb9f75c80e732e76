import base64
import json
from datetime import UTC, datetime

import pytest

from tests.archive.written import PAYLOADS, SECRETS, Put, Read, delivery, lines, payload, raw, sha256, signed


def test_a_signed_delivery_is_accepted_with_its_clocks_and_its_secret(put: Put, read: Read) -> None:
    body = raw(payload())
    put("webhooks/a.jsonl", lines(delivery(body)))
    outcome = read(SECRETS)
    row = outcome.deliveries.row(0, named=True)
    assert row["delivery_id"] == sha256(body)
    assert row["body"] == body.decode()
    assert (row["signature_status"], row["secret_name"]) == ("verified", "main")
    assert row["known_at"] == datetime(2026, 3, 2, 1, 12, 9, 114000, UTC)
    assert row["known_at_source"] == "received_at"
    assert row["event_at"] == datetime(2022, 12, 28, 16, 54, 38, 660650, UTC)
    assert (row["state"], row["subject_id"]) == ("approved", "trn_2PVWOx9dZKJMBZw7opjrrs")
    assert row["occurred_at"] == datetime(2022, 12, 28, 16, 40, 6, 812742, UTC)
    assert outcome.quarantine.is_empty()


def test_a_bare_payload_is_hashed_without_mark_and_line_ending_and_has_no_header(put: Put, read: Read) -> None:
    text = (PAYLOADS / "webhook_banking_bank_transfer_approved.json").read_bytes().rstrip(b"\n")
    put("webhooks/a.json", b"\xef\xbb\xbf" + text + b"\r\n")
    row = read(SECRETS).deliveries.row(0, named=True)
    assert row["delivery_id"] == sha256(text)
    assert (row["signature_status"], row["known_at_source"]) == ("no_header", "event_timestamp")
    assert row["known_at"] == row["event_at"]
    assert (row["line"], row["byte_offset"]) == (1, 3)


def test_a_transfer_event_tells_of_its_transfer_and_of_its_batch(put: Put, read: Read) -> None:
    put("webhooks/a.jsonl", lines(payload("bank_transfer_fallback_routing")))
    core = read().core
    transfer = core["transfer_observations"].row(0, named=True)
    batch = core["batch_observations"].row(0, named=True)
    assert (transfer["account_id"], transfer["batch_id"]) == ("acc_16ktUqSO7G0qTHDz8I3qrG", batch["batch_id"])
    assert (transfer["external_id"], transfer["payee_account_number"]) == ("123456789", "000000009")
    assert (transfer["routing"], transfer["fallback_routing"]) == ("turbo", ["ach"])
    assert batch["event_type"] == "bank_transfer_fallback_routing"
    assert batch["listed_transfer_ids"] is None
    assert batch["total_amount_minor"] == 1600000


def test_a_batch_event_tells_of_itself_and_of_each_member(put: Put, read: Read) -> None:
    event = payload("batch_sent")
    member = event["event"]["data"]["transfers"][0]
    event["event"]["data"]["transfers"] = [
        member,
        member | {"id": "trn_" + "0" * 22, "amount": {"amount": 7, "currency": "COP"}},
    ]
    put("webhooks/a.jsonl", lines(event))
    core = read().core
    transfers, batches = core["transfer_observations"], core["batch_observations"]
    assert transfers["amount_minor"].to_list() == [100000, 7]
    assert set(transfers["batch_id"]) == set(batches["batch_id"]) == {"bat_5d60uR36JfH4J4uN9ZEYhL"}
    assert set(transfers["account_id"]) == {"acc_16ktUqSO7G0qTHDz8I3qrG"}
    assert batches["listed_transfer_ids"].to_list() == [["trn_" + "0" * 22, member["id"]]]


def test_a_batch_event_with_one_bad_member_is_refused_whole(put: Put, read: Read) -> None:
    event = payload("batch_sent")
    member = event["event"]["data"]["transfers"][0]
    event["event"]["data"]["transfers"] = [member, member | {"amount": {"amount": 1.5, "currency": "COP"}}]
    put("webhooks/a.jsonl", lines(event))
    outcome = read()
    assert outcome.quarantine["detail"].to_list() == [
        "event.data.transfers[1].amount.amount: must be an integer, got 1.5"
    ]
    assert outcome.deliveries.is_empty()
    assert all(frame.is_empty() for frame in outcome.core.values())


def test_credits_collections_and_ledger_transactions_reach_their_tables(put: Put, read: Read) -> None:
    names = ["account_credited_bank_transfer_mono", "collection_intent_credited", "ledger_account_transaction_created"]
    put("webhooks/a.jsonl", lines(*map(payload, names)))
    outcome = read()
    credit = outcome.core["account_credits"].row(0, named=True)
    assert (credit["external_id"], credit["reference"], credit["payer_bank_code"]) == (None, "some ref: #123...", "066")
    intent = outcome.core["collection_observations"].row(0, named=True)
    assert (intent["link_id"], intent["payment_transaction_id"]) == ("clink_3QVH4A9L4QQzAajaK4VMrB", "3052043")
    assert outcome.core["ledger_transactions"]["account_id"].to_list() == [None]
    assert outcome.deliveries["state"].to_list() == [None, "account_credited", None]
    assert outcome.deliveries["occurred_at"].null_count() == 0


def test_an_event_never_occurs_before_its_object_was_created(put: Put, read: Read) -> None:
    event = payload()
    event["event"]["data"]["updated_at"] = "2020-01-01T00:00:00-05:00"
    put("webhooks/a.jsonl", lines(event))
    outcome = read()
    row = outcome.core["transfer_observations"].row(0, named=True)
    assert row["occurred_at"] == row["inserted_at"]
    assert outcome.deliveries["occurred_at"].item() == datetime(2020, 1, 1, 5, tzinfo=UTC)


def test_a_moment_is_never_rounded_into_the_future(put: Put, read: Read) -> None:
    late = "2026-03-02T04:59:59.9999999Z"
    event = payload() | {"timestamp": late}
    event["event"]["data"]["updated_at"] = late
    put("webhooks/a.jsonl", lines(delivery(raw(event), received_at=late)))
    cut = datetime(2026, 3, 2, 4, 59, 59, 999999, UTC)
    assert read().deliveries.select("known_at", "event_at", "occurred_at").rows() == [(cut, cut, cut)]


def test_external_id_goes_before_entity_id(put: Put, read: Read) -> None:
    event = payload()
    event["event"]["data"]["external_id"] = "mine"
    put("webhooks/a.jsonl", lines(event))
    assert read().core["transfer_observations"]["external_id"].item() == "mine"


def test_an_unknown_event_type_is_kept_unused(put: Put, read: Read) -> None:
    event = payload("outgoing_transfer_failed")
    other = {"event": {"type": "brand_new", "data": ["anything", 1.5]}, "timestamp": "2026-03-01T00:00:00Z"}
    put("webhooks/a.jsonl", lines(event, other))
    rows = read().deliveries
    assert rows["status"].to_list() == ["unused", "unused"]
    assert rows["subject_id"].to_list() == ["bbot_5tgliBmzjZ6mpQPRbQjfKj", None]
    assert rows["state"].null_count() == rows["occurred_at"].null_count() == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"mono-SIGNATURE": ["t=1,v1=0", "{}"]},
        [["X-Other", "1"], ["MONO-signature", "{}"]],
        [["mono-signature", "nonsense"], ["Mono-Signature", "{}"]],
    ],
)
def test_headers_may_be_lists_and_pairs_in_any_case(headers: object, put: Put, read: Read) -> None:
    body = raw(payload())
    text = json.dumps(headers).replace("{}", signed(body))
    put("webhooks/a.jsonl", lines(delivery(body, headers=json.loads(text))))
    assert read(SECRETS).deliveries["signature_status"].to_list() == ["verified"]


def test_a_base64_body_is_the_body(put: Put, read: Read) -> None:
    body = json.dumps(payload(), indent=1).encode()
    record = delivery(body, body_base64=base64.b64encode(body).decode())
    del record["body"]
    put("webhooks/a.jsonl", lines(record))
    assert read(SECRETS).deliveries.select("delivery_id", "signature_status").rows() == [(sha256(body), "verified")]


def test_a_parsed_body_is_hashed_compact_and_cannot_be_verified(put: Put, read: Read) -> None:
    event = payload() | {"nota": "\u00f1\ud800"}
    put("webhooks/a.jsonl", json.dumps(delivery(b"{}", body=event)).encode())
    row = read(SECRETS).deliveries.row(0, named=True)
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert row["signature_status"] == "unverifiable"
    assert row["body"].encode() == text.encode("utf-8", "backslashreplace")
    assert row["delivery_id"] == sha256(row["body"].encode())


def test_elements_of_an_array_count_each_and_bare_ones_have_no_raw_bytes(put: Put, read: Read) -> None:
    body = raw(payload())
    records = [payload("batch_sent"), delivery(body)]
    put("webhooks/a.json", json.dumps(records, indent=2).encode())
    rows = read(SECRETS).deliveries
    assert rows["signature_status"].to_list() == ["unverifiable", "verified"]
    compact = json.dumps(records[0], sort_keys=True, separators=(",", ":")).encode()
    assert rows["delivery_id"].to_list() == [sha256(compact), sha256(body)]


def test_the_position_of_the_delivery_comes_with_each_row(put: Put, read: Read) -> None:
    put("webhooks/a.jsonl", lines(payload("outgoing_transfer_failed"), payload("batch_sent"), payload()))
    outcome = read()
    found = outcome.core["transfer_observations"].select("record", "source_ref").rows()
    ids = outcome.deliveries["delivery_id"]
    assert sorted(found) == [(1, f"w:{ids[1]}"), (2, f"w:{ids[2]}")]
