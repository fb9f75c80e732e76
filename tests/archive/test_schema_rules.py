import copy
import json
from pathlib import Path
from typing import Any

import pytest

from mono_recon.archive.payloads import EVENT_DATA, Transfer
from mono_recon.archive.schema_rules import BrokenRulesError, convert_exactly

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"


def transfer() -> dict[str, Any]:
    text = (PAYLOADS / "webhook_banking_bank_transfer_approved.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)["event"]["data"]
    return data


def details(data: object, kind: type = Transfer) -> list[str]:
    try:
        convert_exactly(data, kind, "event.data")
    except BrokenRulesError as error:
        return [failure.detail for failure in error.failures]
    return []


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("webhook_[bc]a*.json")) + sorted(PAYLOADS.glob("webhook_core*")))
def test_every_documented_event_keeps_its_rules(path: Path) -> None:
    event = json.loads(path.read_text("utf-8"))["event"]
    assert details(event["data"], EVENT_DATA[event["type"]]) == []


def test_every_failed_rule_is_told_with_its_path() -> None:
    data = transfer()
    del data["state"]
    data["amount"] = {"amount": "1600.50", "currency": "cop"}
    data["reference"] = 5
    data["fallback_routing"] = ["ach", 1]
    data["payee"]["bank_account"]["number"] = 9
    data["batch"] = [1]
    assert details(data) == [
        "event.data.state: is missing",
        'event.data.amount.amount: must be an integer, got "1600.50"',
        'event.data.amount.currency: must be three capitals, got "cop"',
        "event.data.batch: must be an object, got [1]",
        "event.data.reference: must be a text, got 5",
        "event.data.fallback_routing[1]: must be a text, got 1",
        "event.data.payee.bank_account.number: must be a text, got 9",
    ]


@pytest.mark.parametrize("amount", ["1600", 1600.5, 1600.0, 1e6, True, None, [], -1, 2**63, 2**200])
def test_no_amount_but_a_whole_number_of_centavos_in_64_bits_is_taken(amount: object) -> None:
    data = transfer()
    data["amount"]["amount"] = amount
    assert len(details(data)) == 1


@pytest.mark.parametrize("amount", [0, 1, 2**63 - 1])
def test_every_whole_number_of_centavos_in_64_bits_is_taken(amount: int) -> None:
    data = transfer()
    data["amount"]["amount"] = amount
    assert convert_exactly(data, Transfer, "").amount.amount == amount


@pytest.mark.parametrize(
    "identifier",
    ["trn_2PVWOx9dZKJMBZw7opjrr", "trn_2PVWOx9dZKJMBZw7opjrrs\n", "t_" + "0" * 22, "trn_" + "\u0660" * 22, 7],
)
def test_an_id_of_another_form_is_refused(identifier: object) -> None:
    assert len(details(transfer() | {"id": identifier})) == 1


@pytest.mark.parametrize("currency", ["COP\n", "CO", "COPS", "Cop", None])
def test_a_currency_is_three_capitals(currency: object) -> None:
    assert len(details(transfer() | {"amount": {"amount": 1, "currency": currency}})) == 1


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-30T00:00:00Z",
        "2026-03-01T00:00:60Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T00:00:00",
        "2026-03-01",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        1772413929,
    ],
)
def test_a_moment_without_zone_or_that_never_was_is_refused(moment: object) -> None:
    assert len(details(transfer() | {"updated_at": moment})) == 1


def test_more_than_six_fraction_digits_are_cut_and_never_rounded_up() -> None:
    data = transfer() | {"updated_at": "2026-03-01T23:59:59.9999999Z"}
    assert convert_exactly(data, Transfer, "").updated_at.isoformat() == "2026-03-01T23:59:59.999999+00:00"


def test_optional_fields_may_be_null_or_left_out_and_unknown_ones_may_be_anything() -> None:
    data = copy.deepcopy(transfer())
    required = {"id", "state", "amount", "inserted_at", "updated_at"}
    assert details({key: value if key in required else None for key, value in data.items()}) == []
    assert details({key: data[key] for key in required} | {"recipient_handle": 5, "fee": [{}]}) == []


def test_an_unknown_state_is_no_failure() -> None:
    assert details(transfer() | {"state": "teleported"}) == []


@pytest.mark.parametrize("text", ["a\0", "\ud800"])
def test_a_text_that_no_column_holds_is_malformed(text: str) -> None:
    with pytest.raises(BrokenRulesError) as caught:
        convert_exactly(transfer() | {"reference": text}, Transfer, "")
    assert [failure.reason for failure in caught.value.failures] == ["malformed_json"]
    assert details(transfer() | {"recipient_handle": text}) == []
