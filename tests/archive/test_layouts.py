"""Texts that have a layout in common."""

import json
from collections.abc import Sequence

import polars as pl
import pytest

from mono_recon.archive.alike import flat_rows
from mono_recon.archive.layouts import read_alike
from mono_recon.archive.leaves import flat_schema, flatten
from mono_recon.archive.payloads import Link, Transfer
from mono_recon.archive.said import PLACE
from tests.archive.written import payload, raw

MANY = 40


def written(count: int = MANY, **fields: object) -> list[bytes]:
    """Transfers that differ in texts and amounts."""
    data = payload()["event"]["data"] | fields
    return [raw(data | {"reference": f"FV-{number}", "amount": _money(number)}) for number in range(count)]


def _money(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "COP"}


def places(texts: Sequence[bytes]) -> list[int]:
    return flat_rows(texts, Transfer)[PLACE].to_list()


def test_transfers_of_one_layout_are_read_whatever_their_texts_and_amounts() -> None:
    read = flat_rows(written(), Transfer)
    assert read["reference"].to_list() == [f"FV-{number}" for number in range(MANY)]
    assert read["amount.amount"].to_list() == list(range(MANY))
    assert read.drop(PLACE).schema == flat_schema(Transfer)


def test_each_of_several_layouts_with_as_many_texts_is_read() -> None:
    apart = [*written(routing=None, description="x"), *written(description=None, routing="ach")]
    assert sorted(places([*apart[::2], *apart[1::2]])) == list(range(2 * MANY))


def test_a_rare_layout_is_left_alone() -> None:
    rare = written(1, declination_reason="no funds", surplus="x")
    assert sorted(places([*written(), *rare])) == list(range(MANY))
    assert places(written(31)) == []


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_a_text_means_what_its_escapes_say(ensure_ascii: bool) -> None:
    texts = [
        json.dumps(json.loads(text) | {"description": "Ñandú\n\\ \t"}, ensure_ascii=ensure_ascii) for text in written()
    ]
    read = flat_rows([text.encode() for text in texts], Transfer)
    assert read["description"].unique().to_list() == ["Ñandú\n\\ \t"]
    assert read.height == MANY


@pytest.mark.parametrize("description", ['a "quote"', "NUL \0"])
def test_a_text_that_needs_care_is_left_alone(description: str) -> None:
    assert sorted(places([*written(), *written(1, description=description)])) == list(range(MANY))


@pytest.mark.parametrize("description", [b'"a\x01b"', b'"a\\xb"', b'"\\ud800"', b'"\\u0000"', b'"a\nb"'])
def test_what_is_no_strict_json_is_left_alone(description: bytes) -> None:
    good = written(description="as usual")
    bad = good[0].replace(b'"as usual"', description)
    assert sorted(places([*good, bad])) == list(range(MANY))


@pytest.mark.parametrize("amount", [b"-1", b"1.5", b"1.0", b"01", b"1e2", b"9223372036854775808", b'"1"', b"null"])
def test_an_amount_that_is_no_plain_integer_is_left_alone(amount: bytes) -> None:
    good = written()
    bad = good[7].replace(b'"amount":7', b'"amount":' + amount)
    assert bad != good[7]
    assert sorted(places([*good[:7], bad, *good[8:]])) == [place for place in range(MANY) if place != 7]


def test_a_number_too_unusual_for_a_layout_is_read_where_all_have_it() -> None:
    largest = 2**63 - 1
    read = flat_rows([raw(json.loads(text) | {"amount": _money(largest)}) for text in written()], Transfer)
    assert read["amount.amount"].to_list() == [largest] * MANY


@pytest.mark.parametrize(
    "moment", ["2026-02-30T00:00:00Z", "2026-03-01T23:59:60Z", "2026-03-01T24:00:00Z", "9999-03-01T00:00:00Z", "x"]
)
def test_a_moment_that_is_not_plain_is_left_alone(moment: str) -> None:
    assert sorted(places([*written(), *written(1, updated_at=moment)])) == list(range(MANY))


def test_ids_and_currencies_keep_their_form() -> None:
    wrong = [*written(1, id="trn_short"), raw(json.loads(written(1)[0]) | {"amount": {"amount": 1, "currency": "cop"}})]
    assert sorted(places([*written(), *wrong])) == list(range(MANY))


def test_a_name_with_a_dot_is_not_mistaken_for_a_path() -> None:
    link = {"id": "clink_2PVWOx9dZKJMBZw7opjrrs", "amount.amount": 5, "amount.currency": "COP", "enabled": True}
    read = flat_rows([raw(link | {"link": f"l{number}"}) for number in range(MANY)], Link)
    assert read["amount.amount"].unique().to_list() == [None]
    assert read["enabled"].unique().to_list() == [True]


def test_lists_of_texts_are_read_with_their_members_in_order() -> None:
    read = flat_rows(written(fallback_routing=["turbo", "transfiya"]), Transfer)
    assert read["fallback_routing"].to_list() == [["turbo", "transfiya"]] * MANY
    assert flat_rows(written(fallback_routing=[]), Transfer)["fallback_routing"].to_list() == [[]] * MANY
    assert flat_rows(written(fallback_routing=None), Transfer)["fallback_routing"].to_list() == [None] * MANY


def test_a_deeply_nested_object_is_no_example() -> None:
    deep = json.loads("[" * 40 + "]" * 40)
    assert places(written(surplus=deep)) == []


def test_a_text_of_very_many_pieces_is_left_alone() -> None:
    assert len(places(written(surplus={"texts": ["x"] * 400}))) == MANY
    assert places(written(surplus={"texts": ["x"] * 500})) == []


def test_what_is_no_example_to_the_reader_is_not_learned() -> None:
    texts = pl.Series([text.decode() for text in written()])
    assert list(read_alike(texts, lambda _: None)) == []


def test_flat_objects_have_the_columns_of_their_type_even_if_there_are_none() -> None:
    assert flatten([], Transfer).schema == flat_schema(Transfer)
    assert flat_rows([], Transfer).drop(PLACE).schema == flat_schema(Transfer)
