import base64
from datetime import UTC, date, datetime

import pytest

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.rules import Rules, Secret
from tests.archive.written import KEY, RECEIVED, SECRETS, Put, Read, delivery, lines, payload, raw, sha256, signed


def reasons(outcome: Decoded) -> list[str]:
    return outcome.quarantine["reason"].to_list()


WITHOUT_TIMESTAMP = {"event": payload()["event"]}


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        (b'{"event"', "malformed_json", "character"),
        (b'{"event":"\xff"}', "invalid_utf8", "byte 10"),
        (b"[" * 100_000, "malformed_json", "deeper than 64"),
        (b"\0{}", "malformed_json", "character 0"),
        (raw(payload()).replace(b"2022-12-28T16:40:06.812742Z", b"0001-01-01T00:00:00+05:00"), "schema", "updated_at"),
        (b"42", "unknown_shape", "not an object"),
        (b"[]", "unknown_shape", "not an object"),
        (b"{}", "unknown_shape", "no event"),
        (raw(WITHOUT_TIMESTAMP), "unknown_shape", "no event with a timestamp"),
        (raw({"event": {"type": 5}, "timestamp": ""}), "unknown_shape", "event.type"),
        (raw(delivery(b"{}")), "unknown_shape", "no event"),
        (raw(delivery(b"5")), "unknown_shape", "no event"),
        (raw(delivery(b"{}", body=5)), "unknown_shape", "body"),
        (raw(delivery(b"{}", body_base64="e30=")), "unknown_shape", "exclude"),
        (raw({"body_base64": "e30"}), "unknown_shape", "base64"),
        (raw({"body_base64": "e30=\n"}), "unknown_shape", "base64"),
        (raw({"body_base64": base64.b64encode(b'"\xff"').decode()}), "invalid_utf8", "body: "),
        (raw(delivery(raw(payload()), headers=5)), "unknown_shape", "headers"),
        (raw(delivery(raw(payload()), headers=[["Mono-Signature"]])), "unknown_shape", "headers"),
        (raw(delivery(b"not json")), "malformed_json", "body: "),
        (raw(delivery(b'{"a":"\0"}')), "malformed_json", "body: "),
        (b'{"body":"\\ud800"}', "malformed_json", "surrogate"),
        (raw(payload()).replace(b'"COP"', b'"COP","currency":"COP"', 1), "duplicate_key", '"currency"'),
        (b'{"received_at":1,' + raw(delivery(raw(payload())))[1:], "duplicate_key", '"received_at"'),
        (raw(payload() | {"timestamp": "yesterday"}), "schema", "timestamp: must be a date-time"),
        (raw(delivery(raw(payload()), received_at="2026-02-30T00:00:00Z")), "schema", "received_at: must be"),
        (
            raw({"event": {"type": "batch_sent"}, "timestamp": "2026-03-01T00:00:00Z"}),
            "schema",
            "event.data: is missing",
        ),
        (raw(payload()).replace(b"some description", b"\\u0000"), "malformed_json", "event.data.description"),
        (raw(payload()).replace(b"some description", b"\\uD800"), "malformed_json", "event.data.description"),
        (raw(payload()).replace(b"bank_transfer_approved", b"new\\u0000"), "malformed_json", "event.type"),
    ],
)
def test_a_bad_record_is_refused_with_its_place_and_the_next_is_read(
    record: bytes, reason: str, detail: str, put: Put, read: Read
) -> None:
    good = lines(payload())
    put("webhooks/dt=2026-03-01/a.jsonl", good + record + b"\r\n" + good)
    outcome = read()
    row = outcome.quarantine.row(0, named=True)
    assert (row["reason"], row["line"], row["byte_offset"]) == (reason, 2, len(good))
    assert detail in row["detail"]
    assert row["raw_sha256"] == sha256(record)
    assert (
        row["raw"].encode() == record[: 64 * 1024].decode("utf-8", "backslashreplace").replace("\0", "\\x00").encode()
    )
    assert (row["kind"], row["path"]) == ("webhooks", "webhooks/dt=2026-03-01/a.jsonl")
    assert row["archive_date"] == date(2026, 3, 1)
    assert outcome.deliveries["line"].to_list() == [1, 3]


def test_a_number_that_no_machine_holds_is_harmless_where_it_is_not_used(put: Put, read: Read) -> None:
    text = raw(payload()).replace(b'"recipient_handle":null', b'"recipient_handle":' + b"9" * 5000)
    put("webhooks/a.json", text)
    put("webhooks/b.json", b"[" + text + b"]")
    put("webhooks/c.json", text.replace(b"9" * 5000, b'"\\ud800\\u0000"'))
    outcome = read()
    assert outcome.deliveries.height == 3
    assert outcome.deliveries["delivery_id"][0] == sha256(text)


@pytest.mark.parametrize(
    ("body", "headers", "received_at", "known_at"),
    [
        (b"not json", {}, RECEIVED, datetime(2026, 3, 2, 1, 12, 9, 114000, UTC)),
        (raw(payload()).replace(b"1600000", b"1.5"), {}, None, datetime(2022, 12, 28, 16, 54, 38, 660650, UTC)),
        (raw(WITHOUT_TIMESTAMP), {}, RECEIVED, datetime(2026, 3, 2, 1, 12, 9, 114000, UTC)),
        (b"not json", {}, None, None),
    ],
)
def test_a_refused_record_keeps_the_clock_that_can_be_read(
    body: bytes, headers: object, received_at: str | None, known_at: datetime | None, put: Put, read: Read
) -> None:
    put("webhooks/a.jsonl", lines(delivery(body, headers=headers, received_at=received_at)))
    assert read().quarantine["known_at"].to_list() == [known_at]


def test_a_record_without_a_body_keeps_its_arrival_time(put: Put, read: Read) -> None:
    put("webhooks/a.jsonl", raw({"received_at": RECEIVED, "headers": {}}))
    row = read().quarantine.row(0, named=True)
    assert (row["reason"], row["known_at"]) == ("unknown_shape", datetime(2026, 3, 2, 1, 12, 9, 114000, UTC))


def test_a_wrong_signature_is_refused_only_where_a_secret_counts(put: Put, read: Read) -> None:
    body = raw(payload())
    put("webhooks/a.jsonl", lines(delivery(body, headers={"Mono-Signature": signed(body, b"other")})))
    assert reasons(read(SECRETS)) == ["signature_failed"]
    assert read().deliveries["signature_status"].to_list() == ["no_secret"]
    expired = Rules(secrets=(Secret("main", KEY, valid_until=datetime(2026, 3, 2, tzinfo=UTC)),))
    assert read(expired).deliveries["signature_status"].to_list() == ["no_secret"]


def test_a_missing_signature_is_refused_only_where_it_is_required(put: Put, read: Read) -> None:
    body = raw(payload())
    put("webhooks/a.jsonl", lines(payload(), delivery(body, headers={"mono-signature": "t=1"}), delivery(body)))
    required = Rules(secrets=SECRETS.secrets, require_signature=True)
    assert reasons(read(required)) == ["missing_signature", "missing_signature"]
    assert read(required).deliveries["signature_status"].to_list() == ["verified"]
    assert read(SECRETS).deliveries["signature_status"].to_list() == ["no_header", "malformed_header", "verified"]


FORGED = {"Mono-Signature": "t=1,v1=0"}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b'{"headers":{},"headers":{},"body":"{"}', "malformed_json"),
        (b'{"headers":{},"headers":{},"body":"{}"}', "duplicate_key"),
        (b'{"body_base64":"' + base64.b64encode(b'{"a":1,"a":"\xff"}') + b'","x":1,"x":2}', "invalid_utf8"),
        (
            raw(delivery(raw(payload()).replace(b"some description", b"\\u0000").replace(b'"id"', b'"id":1,"id"'))),
            "malformed_json",
        ),
        (raw(delivery(b"{}", headers=FORGED)), "unknown_shape"),
        (raw(delivery(raw(payload()).replace(b"1600000", b"1.5"), headers=FORGED)), "signature_failed"),
        (raw(payload()).replace(b"1600000", b"1.5"), "missing_signature"),
    ],
)
def test_the_first_reason_in_the_order_of_precedence_is_the_records(
    record: bytes, reason: str, put: Put, read: Read
) -> None:
    put("webhooks/a.jsonl", record)
    assert reasons(read(Rules(secrets=SECRETS.secrets, require_signature=True))) == [reason]
