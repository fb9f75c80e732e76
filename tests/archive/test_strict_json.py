import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive.strict_json import (
    DuplicateKeyError,
    InvalidUtf8Error,
    MalformedJsonError,
    TooDeepError,
    compact,
    decode,
    is_json,
    is_storable,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=15,
)


@given(value=JSON, is_ascii=st.booleans(), indent=st.sampled_from([None, 2]))
def test_any_writing_of_a_value_is_read_as_that_value(value: object, *, is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert decode(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2,"b":1e6}',
        b'{ "b": {"a": 1, "a": 1.50} }',
        b'[{"a":1},{"\\u0061":1,"a":2}]',
        b'{"\xc3\xb1":1,"\\u00f1":2}',
    ],
)
def test_a_key_named_twice_is_refused_however_it_is_written(text: bytes) -> None:
    with pytest.raises(DuplicateKeyError):
        decode(text)


def test_the_value_of_a_text_with_a_key_named_twice_stays_readable() -> None:
    with pytest.raises(DuplicateKeyError) as caught:
        decode(b'{"a":1,"a":2}')
    assert caught.value.value == {"a": 2}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a":NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[01]",
        b"[1.]",
        b"[.5]",
        b"[+1]",
        b"[1,]",
        b"{'a':1}",
        b'{"a":1} x',
        b'{"a":"\t"}',
        b'{"a":"\x00"}',
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":}',
        b"nul",
    ],
)
def test_what_the_grammar_forbids_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        decode(text)
    assert not is_json(text)


@pytest.mark.parametrize("text", [b'{"a":"\xff"}', b'{"\xff":1}', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'{"a":"\xff"'])
def test_bytes_that_are_no_utf8_are_said_to_be_so_before_anything_else(text: bytes) -> None:
    with pytest.raises(InvalidUtf8Error):
        decode(text)


@pytest.mark.parametrize("inner", [b"", b"1", b'"a"'])
def test_sixty_four_levels_are_read_and_one_more_is_not(inner: bytes) -> None:
    assert decode(b"[" * 64 + inner + b"]" * 64)
    with pytest.raises(TooDeepError):
        decode(b"[" * 65 + inner + b"]" * 65)
    with pytest.raises(TooDeepError):
        decode(b'{"a":' * 65 + (inner or b"{}") + b"}" * 65)


@given(
    levels=st.integers(60, 68),
    opener=st.lists(st.sampled_from(["[", '{"a":', '["[]{}",', '{"}":"{","]":']), min_size=68, max_size=68),
    text=st.sampled_from(["plain", "]" * 70, 'escaped "', "\\"]),
)
def test_brackets_in_texts_make_nothing_deeper_or_flatter(levels: int, opener: list[str], text: str) -> None:
    begins = opener[:levels]
    ends = ["]" if begin.startswith("[") else "}" for begin in reversed(begins)]
    raw = "".join([*begins, json.dumps(text), *ends]).encode()
    if levels > 64:
        with pytest.raises(TooDeepError):
            decode(raw)
    else:
        assert decode(raw) == json.loads(raw)


def test_a_hundred_thousand_levels_are_refused_without_harm() -> None:
    with pytest.raises(TooDeepError):
        decode(b"[" * 100_000 + b"]" * 100_000)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert decode(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501


def test_integers_of_any_length_are_read() -> None:
    digits = "9" * 5_000
    assert decode(b'{"a":18446744073709551616}') == {"a": 2**64}
    assert (
        compact(decode(f'{{"b":[{digits},1e400],"a":"\u00f1"}}'.encode())) == f'{{"a":"\u00f1","b":[{digits},1e400]}}'
    )


def test_lone_surrogates_are_read_and_no_column_holds_them() -> None:
    assert decode(b'["\\ud800"]') == ["\ud800"]
    assert not is_storable("\ud800")
    assert not is_storable("a\0")
    assert is_storable("\U0001f600 \u00f1")


def test_the_compact_form_sorts_keys_keeps_letters_and_stays_json() -> None:
    text = compact({"b": "\u00f1", "a": {"z": 1.5, "y": ["\ud800", "\0"]}})
    assert text == '{"a":{"y":["\\ud800","\\u0000"],"z":1.5},"b":"\u00f1"}'
    assert json.loads(text) == {"a": {"z": 1.5, "y": ["\ud800", "\0"]}, "b": "\u00f1"}
