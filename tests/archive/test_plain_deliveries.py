"""The quick reading of plain deliveries, held against the complete one."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive.payloads import EVENT_DATA
from mono_recon.archive.plain import read_plain, unwrap
from mono_recon.archive.refusals import RefusedError
from mono_recon.archive.rules import Rules
from mono_recon.archive.webhooks import Delivery, read_delivery
from tests.archive.written import PAYLOADS, RECEIVED, SECRETS, delivery, payload, raw, signed

WRITINGS: tuple[Callable[[object], bytes], ...] = (
    raw,
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, indent=1, ensure_ascii=False).encode(),
)
BODY = raw(payload())
FIELDS = {
    "received_at": ['"2026-03-02T01:12:09Z"', '"2026-03-02T01:12:09.1234567Z"', '"2026-02-30T00:00:00Z"', "null", "1"],
    "headers": [
        json.dumps({"mono-signature": signed(BODY)}),
        json.dumps({"Mono-Signature": [signed(BODY)]}),
        json.dumps({"Mono-Signature": signed(BODY), "MONO-SIGNATURE": "t=1,v1=00"}),
        json.dumps([["Mono-Signature", signed(BODY)]]),
        json.dumps({"Mono-Signature": signed(BODY, b"another")}),
        *('{"Mono-Signature":"no"}', "{}", "null", '{"a":1,"a":2}', '{"a":"\\ud800"}'),
    ],
    "body": [json.dumps(BODY.decode()), BODY.decode(), '"{}"', '"{\\"event\\":"', '"\\ud800"', "null", "1"],
    "body_base64": ['""', "null", '"e30="'],
    "url": ['"https://example.com"', '{"a":1,"a":1}', "[" * 70 + "]" * 70, "1e999", '"\\u0000"'],
}


def plainly(records: list[bytes], rules: Rules = SECRETS) -> list[Delivery | None]:
    return read_plain([unwrap(record, rules) for record in records])


def both(record: bytes, rules: Rules) -> tuple[object, object]:
    """What the quick reading says, and the complete one; None for a refusal."""
    complete = None
    with suppress(RefusedError):
        complete = read_delivery(record, rules, is_element=False)
    return plainly([record], rules)[0], complete


@pytest.mark.parametrize("write", WRITINGS[:2])
def test_every_used_event_is_read_quickly_and_as_completely(write: Callable[[object], bytes]) -> None:
    for path in PAYLOADS.glob("webhook_*.json"):
        event = json.loads(path.read_text("utf-8"))
        quick, complete = both(write(delivery(write(event))), SECRETS)
        is_large = raw(event).count(b"{") + raw(event).count(b"[") > 64
        assert quick == (complete if event["event"]["type"] in EVENT_DATA or is_large else None), path.name


@given(
    st.lists(
        st.sampled_from(sorted(FIELDS)).flatmap(lambda key: st.tuples(st.just(key), st.sampled_from(FIELDS[key]))),
        max_size=6,
    ),
    st.booleans(),
)
def test_a_delivery_of_any_form_is_read_as_completely_or_left_alone(
    members: list[tuple[str, str]],
    require_signature: bool,
) -> None:
    plain = [("received_at", f'"{RECEIVED}"'), ("headers", FIELDS["headers"][0]), ("body", FIELDS["body"][0])]
    chosen = [*((key, value) for key, value in plain if key not in dict(members)), *members]
    record = "{" + ",".join(f'"{key}":{value}' for key, value in chosen) + "}"
    quick, complete = both(record.encode(), replace(SECRETS, require_signature=require_signature))
    assert quick in (None, complete)


@pytest.mark.parametrize(
    "changed",
    [
        {"headers": {"Mono-Signature": signed(BODY, b"another")}},
        {"received_at": "2026-03-02T01:12:09.1234567Z"},
        {"body_base64": "e30="},
        {"body": payload()},
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_complete_reading(changed: dict[str, Any]) -> None:
    assert plainly([raw(delivery(BODY) | changed)]) == [None]


@pytest.mark.parametrize(
    "odd",
    [{"description": "a\0b"}, {"updated_at": "2026-03-02T01:12:09.9999999Z"}, {"amount": {"amount": 1.5}}, {"id": "x"}],
)
def test_a_body_that_needs_care_is_left_to_the_complete_reading(odd: dict[str, Any]) -> None:
    event = payload()
    event["event"]["data"] |= odd
    assert plainly([raw(delivery(raw(event)))]) == [None]


@pytest.mark.parametrize(
    "before",
    [
        '"body":null,',
        '"headers":{"body":null},',
        '"url":%s,',
        '"headers":{"body":%s},',
        '"url":"\\"body\\":%s",',
        '"url":"\\"body":",',
    ],
)
@pytest.mark.parametrize("space", ["", " "])
def test_a_body_is_not_mistaken_for_another_field_that_reads_like_it(before: str, space: str) -> None:
    body = json.dumps(BODY.decode())
    record = f'{{"received_at":"{RECEIVED}",{before.replace("%s", body)}"body":{space}{body}}}'.encode()
    quick, complete = both(record, SECRETS)
    assert quick in (None, complete)


@pytest.mark.parametrize("place", ["transfers", "batch"])
def test_an_id_that_is_wrong_deep_inside_an_event_is_seen(place: str) -> None:
    event = payload("batch_sent" if place == "transfers" else "bank_transfer_approved")
    inner = event["event"]["data"][place]
    (inner[0] if place == "transfers" else inner)["id"] = "trn_short"
    good, bad = raw(delivery(BODY)), raw(delivery(raw(event)))
    assert [read is None for read in plainly([good, bad, good])] == [False, True, False]


def test_where_a_signature_is_required_an_unverified_delivery_is_left_alone() -> None:
    rules = replace(SECRETS, require_signature=True)
    unsigned, verified = plainly([raw(delivery(BODY, headers={})), raw(delivery(BODY))], rules)
    assert unsigned is None
    assert verified is not None
