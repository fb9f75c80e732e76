"""Texts written many at a time stand in the file as if each had been written by itself."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from mono_recon.report.texts import TextBook

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("&<>_x0041_\x00\x0b\t\n\r \u00a0\ufffe\uffff")
)


def written(kind: type[Workbook], path: Path, texts: list[str]) -> bytes:
    with kind(str(path), {"strings_to_urls": False, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2026, 3, 2)})  # noqa: DTZ001  it takes no zone
        sheet = book.add_worksheet()
        for row, text in enumerate(texts):
            sheet.write_string(row, 0, text)
    return path.read_bytes()


@given(texts=st.lists(TEXTS, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_text_is_written_as_xlsxwriter_writes_it(tmp_path: Path, texts: list[str]) -> None:
    assert written(TextBook, tmp_path / "a.xlsx", texts) == written(Workbook, tmp_path / "b.xlsx", texts)


@pytest.mark.parametrize(
    "odd", ["a & b", " a", "a ", "a\n", "_x0041_", "\x01", "<r>a</r>", "\ufffe", "\uffff", "\x85", ""]
)
def test_an_odd_text_among_plain_ones(tmp_path: Path, odd: str) -> None:
    texts = ["a", "b", odd, "c", odd + "d"]
    assert written(TextBook, tmp_path / "a.xlsx", texts) == written(Workbook, tmp_path / "b.xlsx", texts)
