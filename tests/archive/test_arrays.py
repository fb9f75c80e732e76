import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive.arrays import NotAnArrayError, split_array

TEXT = st.text(st.sampled_from('a"\\[]{},: \n'), max_size=6)
VALUE = st.recursive(
    TEXT | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def blocks(content: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(content) + 1) for cut in cuts} - {0, len(content)})
    return [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]


@given(st.lists(VALUE, max_size=4), st.sampled_from([None, 1]), st.lists(st.integers(0, 400), max_size=40))
def test_the_cuts_between_blocks_change_no_element(values: list[object], indent: int | None, cuts: list[int]) -> None:
    content = json.dumps(values, indent=indent).encode() + b" \n"
    elements = list(split_array(blocks(content, cuts), 1_000))
    assert [json.loads(element.data) for element in elements] == values
    for element in elements:
        assert content[element.byte_offset :].startswith(element.data)
        assert element.line == 1 + content.count(b"\n", 0, element.byte_offset)


@given(st.lists(VALUE, min_size=1, max_size=4), st.lists(st.integers(0, 400), max_size=40), st.integers(0, 20))
def test_an_element_too_long_to_hold_is_hashed_alike_however_it_is_cut(
    values: list[object], cuts: list[int], longest: int
) -> None:
    content = json.dumps(values, indent=1).encode()
    assert list(split_array(blocks(content, cuts), longest)) == list(split_array([content], longest))


@pytest.mark.parametrize(
    "text", ["", "[", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1]]", "[1][2]", "[1],[2]", "[1] 2", "1", "{}", "[1}", '["']
)
def test_anything_but_one_whole_array_is_none(text: str) -> None:
    with pytest.raises(NotAnArrayError):
        list(split_array([text.encode()], 100))
