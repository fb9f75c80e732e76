from datetime import UTC, datetime

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mono_recon.money import pesos_text
from mono_recon.report.text import pesos, plain, visible

INT64 = st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None)
@example([-1, 0, 5, -99, -100, 100, -(2**63)], ",")
@given(st.lists(INT64, min_size=1), st.sampled_from([",", "."]))
def test_pesos_of_a_column_are_those_of_each_amount(amounts: list[int], decimal: str) -> None:
    column = pl.DataFrame({"minor": amounts}, schema={"minor": pl.Int64})
    texts = column.select(pesos(pl.col("minor"), decimal)).to_series().to_list()
    assert texts == [pesos_text(minor, decimal) for minor in amounts]


def test_no_amount_is_no_text() -> None:
    column = pl.DataFrame({"minor": [None]}, schema={"minor": pl.Int64})
    assert column.select(pesos(pl.col("minor"), ",")).item() is None


def test_an_instant_has_six_decimals_and_a_z() -> None:
    frame = pl.DataFrame({"at": [datetime(2026, 3, 2, 5, tzinfo=UTC)]}, schema={"at": pl.Datetime("us", "UTC")})
    assert frame.select(plain("at", frame.schema["at"])).item() == "2026-03-02T05:00:00.000000Z"


def test_a_mark_of_direction_is_named_and_every_other_text_stays_as_it_is() -> None:
    assert visible("a\u202eb\u200f\u2069") == "a[U+202E]b[U+200F][U+2069]"
    for text in ("", "José ñandú 😀", "مرحبا", "=1+1", "\u200b"):
        assert visible(text) == text
