import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive.refusals import RefusedError
from tests.fuzz.mutations import KINDS, ODD_LITERALS, VALID, anything, changed, damaged, with_odd_values
from tests.fuzz.oracle import DEEPEST, DoubtError, moment, parsed
from tests.fuzz.reading import check, check_each, read_record
from tests.soaking import examples


@pytest.mark.parametrize("kind", KINDS)
def test_every_valid_record_is_accepted_or_of_an_unknown_type(kind: str) -> None:
    for record in VALID[kind]:
        raw = json.dumps(record).encode()
        assert check(kind, raw).quarantine.is_empty(), record
        assert check_each(kind, [raw]) == [True]


@examples(quick=100, soak=10_000)
@given(st.sampled_from(KINDS), anything())
def test_any_bytes_are_one_record_that_is_read_or_refused(kind: str, raw: bytes) -> None:
    check(kind, raw)


@examples(quick=150, soak=20_000)
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), changed(kind))))
def test_a_changed_record_is_refused_or_read_as_it_says(case: tuple[str, bytes]) -> None:
    check(*case)


@examples(quick=150, soak=20_000)
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), damaged(kind))))
def test_a_damaged_record_is_refused_or_read_as_it_says(case: tuple[str, bytes]) -> None:
    check(*case)


@examples(quick=150, soak=20_000)
@given(changed("webhooks") | damaged("webhooks"))
def test_a_delivery_read_quickly_is_read_as_completely(raw: bytes) -> None:
    with suppress(RefusedError):
        read_record("webhooks", raw)


@pytest.mark.parametrize("kind", KINDS)
def test_no_odd_value_is_read_otherwise_than_it_says(kind: str) -> None:
    distinct = [record for record in VALID[kind] if kind == "exports" or "event" in record]
    accepted = [each for record in distinct for each in check_each(kind, with_odd_values(record))]
    assert {*accepted} == {True, False}


@pytest.mark.parametrize("literal", ODD_LITERALS)
def test_an_odd_amount_is_refused_or_is_that_integer(literal: str) -> None:
    text = json.dumps(VALID["webhooks"][0])
    amount = json.dumps(VALID["webhooks"][0]["event"]["data"]["amount"])
    outcome = check("webhooks", text.replace(amount, f'{{"amount":{literal},"currency":"COP"}}', 1).encode())
    is_amount = literal in {"0", "-0", "1772413929", "9223372036854775807"}
    assert outcome.deliveries.height == is_amount


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_read_to_its_limit_and_refused_beyond(depth: int, opening: str, closing: str) -> None:
    inner = opening * (depth - 1) + "1" + closing * (depth - 1)
    text = json.dumps(VALID["webhooks"][0])[:-1] + f', "unused": {inner}}}'
    outcome = check("webhooks", text.encode())
    assert outcome.quarantine["reason"].to_list() == ["malformed_json"] * (depth > DEEPEST)


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"a":1}', b"NaN", b'"\xff"', b"[" * 65 + b"]" * 65, b"{} {}", b"\xef\xbb\xbf{}"]
)
def test_the_second_opinion_is_strict_itself(raw: bytes) -> None:
    with pytest.raises(DoubtError):
        parsed(raw)


def test_the_second_opinion_drops_what_no_column_holds_of_a_moment() -> None:
    assert moment("1970-01-01T00:00:01.9999999+00:00") == 1_999_999
    assert moment("1969-12-31T19:00:00-05:00") == 0
    with pytest.raises(DoubtError):
        moment("2026-02-30T00:00:00Z")
