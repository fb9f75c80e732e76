"""The page of a pack as people meet it: on a desk, on a phone, on paper, by keyboard, without scripts."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from mono_recon.report.model import Report
from mono_recon.report.page import write_page
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import Opened
from tests.hostile.texts import HOSTILE
from tests.report.sample import report, table, with_rows

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PAPER = {"width": 703, "height": 1000}
"""The part of an A4 page within its margins, in CSS pixels."""

LINE = "trn_0000000000000000000003"


def address(given: Report, folder: Path) -> str:
    write_page(given, folder / "index.html", pack="mono_recon_2026-03-02_v1")
    return (folder / "index.html").as_uri()


def sample(**form: Any) -> Report:
    """A second version with a break that leads to its line, and a change."""
    change = {"previous_version": 1, "table_name": "breaks", "row_key": "1111111111111111", "cause": "late_export"}
    change |= {"column_name": "break_type", "new_value": "amount_mismatch"}
    tables = with_rows("breaks", {"subject_id": LINE}).tables
    frames = {**tables, "restatements": table("restatements", [change])}
    return report(frames, version=2, **form)


def hostile() -> Report:
    """Every free text of the breaks and lines is harmful, the long ones too."""
    texts = [text for text in HOSTILE if text]
    breaks = [
        report().tables["breaks"].row(0, named=True) | {"subject_id": text, "explanation_es": text} for text in texts
    ]
    lines = [
        report().tables["outgoing_transfers"].row(0, named=True)
        | {"payee_name": text, "reference": text, "state_at_cutoff": text}
        for text in texts
    ]
    return report({"breaks": table("breaks", breaks), "outgoing_transfers": table("outgoing_transfers", lines)})


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    "context",
    [
        {"viewport": DESK},
        {"viewport": DESK, "color_scheme": "dark"},
        {"viewport": PHONE, "has_touch": True},
    ],
    ids=["desk", "dark", "phone"],
)
def test_nothing_stands_in_the_way_of_a_reader(
    opened: Opened, tmp_path: Path, context: dict[str, Any], language: str
) -> None:
    page = opened(address(sample(language=language), tmp_path), **context)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert serious_violations(page) == []
    assert fits(page)


def test_the_verdict_and_the_money_are_read_without_scrolling(opened: Opened, tmp_path: Path) -> None:
    page = opened(address(sample(), tmp_path), viewport=DESK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Conciliación Mono 2026-03-02, versión 2")
    expect(page.locator(".verdict")).to_contain_text("HAY DESCUADRES")
    for card in ("Salidas", "Entradas", "Sin explicar", "Descuadres"):
        expect(page.locator(".card", has_text=card).first).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Dinero de la fecha")).to_be_in_viewport()


def test_a_table_is_searched_and_sorted_by_keyboard(opened: Opened, tmp_path: Path) -> None:
    page = opened(address(sample(), tmp_path), viewport=DESK)
    rows = page.locator("#breaks-table tbody tr:visible")
    search = page.locator("#breaks").get_by_role("searchbox", name="Buscar")
    search.focus()
    page.keyboard.type("WEBHOOK falta")
    expect(rows).to_have_count(1)
    expect(page.locator("#breaks output")).to_have_text("1 / 4")
    search.fill("")
    expect(rows).to_have_count(4)
    page.locator("#breaks-table").get_by_role("button", name="Valor").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Valor")).to_have_attribute("aria-sort", "ascending")
    amounts = page.locator("#breaks-table tbody tr td:nth-child(2)")
    expect(amounts).to_have_text(["$ 900,00", "$ 70.000,00", "$ 250.000,00", "$ 500.000,00"])
    page.keyboard.press("Space")
    expect(amounts.first).to_have_text("$ 500.000,00")


def test_a_break_leads_to_its_line_in_a_table_that_was_closed(opened: Opened, tmp_path: Path) -> None:
    page = opened(address(sample(), tmp_path), viewport=DESK)
    line = page.locator("#outgoing_transfers tr", has_text=LINE)
    expect(line).to_be_hidden()
    page.locator("#breaks-table").get_by_role("link", name=LINE).click()
    expect(line).to_be_in_viewport()


def test_without_scripts_everything_can_be_read(opened: Opened, tmp_path: Path) -> None:
    page = opened(address(sample(), tmp_path), viewport=PHONE, java_script_enabled=False)
    expect(page.locator("#breaks-table tbody tr")).to_have_count(4)
    expect(page.locator("#breaks-table")).to_be_visible()
    page.locator("#outgoing_transfers summary").click()
    expect(page.locator("#outgoing_transfers").get_by_role("cell", name=LINE)).to_be_visible()


def test_on_paper_it_is_a4_nothing_is_cut_and_no_control_remains(opened: Opened, tmp_path: Path) -> None:
    page = opened(address(sample(), tmp_path), viewport=PAPER, color_scheme="dark")
    page.emulate_media(media="print")
    assert fits(page)
    for control in (".tools", ".contents"):
        expect(page.locator(control).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = page.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed
    assert 2 <= printed.count(b"/Type /Page\n") <= 4


def test_harmful_texts_do_nothing_and_are_seen_for_what_they_are(opened: Opened, tmp_path: Path) -> None:
    given = hostile()
    for viewport in (DESK, PHONE):
        page = opened(address(given, tmp_path), viewport=viewport)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert fits(page)
        assert page.locator("#breaks-table tbody tr").count() == given.tables["breaks"].height
        shown = page.locator("#breaks-table .below").all_inner_texts()
        assert "<script>alert(1)</script>" in shown
        assert "[U+202E]gnp.exe" in shown
        assert page.locator("script").count() == 1
        assert not [text for text in shown if len(text) > 400]


def test_a_large_day_is_a_small_page(opened: Opened, tmp_path: Path) -> None:
    one = report().tables["outgoing_transfers"]
    many = pl.concat([one] * 4_000).with_columns(transfer_id=pl.format("trn_{}", pl.int_range(pl.len())))
    page = opened(address(report({"outgoing_transfers": many}), tmp_path), viewport=DESK)
    assert (tmp_path / "index.html").stat().st_size < 2_000_000
    expect(page.locator("#outgoing_transfers tbody tr")).to_have_count(250)
    expect(page.locator("#outgoing_transfers .note")).to_contain_text("250 de 12000 filas")
