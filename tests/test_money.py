"""Amounts as text: exact for every integer, whatever the sign."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.money import format_pesos, pesos_text


@pytest.mark.parametrize(
    ("minor", "shown"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (-5, "-0,05"),
        (-100, "-1,00"),
        (-101, "-1,01"),
        (1_600_000, "16.000,00"),
        (123_456_789_01, "123.456.789,01"),
        (2**63 - 1, "92.233.720.368.547.758,07"),
    ],
)
def test_an_amount_is_shown_in_pesos_with_groups_and_two_decimals(minor: int, shown: str) -> None:
    assert format_pesos(minor) == shown


def test_the_separators_can_be_swapped() -> None:
    assert format_pesos(-123_456_789, decimal=".", thousands=",") == "-1,234,567.89"


def test_a_file_gets_an_amount_without_groups() -> None:
    assert pesos_text(1_600_000) == "16000.00"
    assert pesos_text(-123_456_789, ",") == "-1234567,89"


@given(st.integers())
def test_the_text_is_the_amount_exactly(minor: int) -> None:
    text = pesos_text(minor)
    sign, digits, exponent = Decimal(text).as_tuple()
    assert exponent == -2
    assert int("".join(map(str, digits))) * (-1 if sign else 1) == minor


@given(st.integers())
def test_groups_are_all_that_people_see_more_than_files(minor: int) -> None:
    assert format_pesos(minor).replace(".", "") == pesos_text(minor, ",")
