"""The site as finance meets it, in a real browser, on a desk and on a phone."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mono_recon.warehouse.connect import open_warehouse
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import Opened
from tests.demonstration import BALANCED, BREAKS
from tests.site.visits import ANA, SECRET, served, settings_of, with_ana

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PAGES = (
    "/",
    "/breaks",
    "/transfers",
    "/credits",
    "/collections",
    "/accounts",
    "/webhooks",
    "/reports",
    f"/dates/{BREAKS}",
    f"/dates/{BREAKS}/v1",
    "/lookup",
    "/lookup?id=nobody",
)


@pytest.fixture(scope="module")
def site(demo: Path) -> Iterator[str]:
    """The address of the demonstration's site, for whoever sits at the machine."""
    with served(settings_of(demo)) as address:
        yield address


@pytest.fixture
def shut(demo: Path, tmp_path: Path) -> Iterator[str]:
    """The address of one where people sign in."""
    with served(with_ana(settings_of(demo, tmp_path))) as address:
        yield address


def a_break(demo: Path) -> dict[str, Any]:
    with open_warehouse(settings_of(demo).warehouse, read_only=True) as warehouse:
        found = warehouse.query(
            "SELECT break_id, break_type, subject_id, subject_type FROM mono.report.latest_breaks"
            " WHERE class = 'break' AND status = 'open' AND business_date = (SELECT max(business_date)"
            " FROM mono.report.issues) AND subject_type = 'transfer' ORDER BY break_id LIMIT 1"
        )
    return found.row(0, named=True)


def is_as_wide_as_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_morning_of_finance(shut: str, demo: Path, opened: Opened, viewport: dict[str, int]) -> None:
    found = a_break(demo)
    page = opened(f"{shut}/breaks", viewport=viewport, accept_downloads=True)

    # sign in, and be led to what was asked for
    page.get_by_label("Usuario").fill(ANA)
    page.get_by_label("Contraseña").fill(SECRET)
    page.get_by_role("button", name="Ingresar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partidas abiertas")

    # find a date and read its verdict
    page.get_by_role("link", name="Resumen").click()
    page.locator(f'td.day a[href="/dates/{BREAKS}"]').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{BREAKS} v2")
    expect(page.locator(".verdict")).to_contain_text("Descuadres")

    # download the workbook and hold its hash against the manifest
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar libro de Excel").click()
    workbook = download.value.suggested_filename
    manifest = json.loads((demo / "reports" / str(BREAKS) / "v2" / "manifest.json").read_text("utf-8"))
    assert hashlib.sha256(download.value.path().read_bytes()).hexdigest() == manifest["files"][workbook]
    expect(page.get_by_text(manifest["files"][workbook], exact=True)).to_be_visible()

    # filter the breaks
    page.get_by_role("link", name="Partidas", exact=True).click()
    page.get_by_label("Tipo", exact=True).select_option(found["break_type"])
    page.wait_for_url(f"**/breaks?*type={found['break_type']}*")
    expect(page.locator(f'a[href="/lookup?id={found["break_id"]}"]').first).to_be_visible()
    page.get_by_label("Texto").fill("nothing says this")
    page.get_by_role("button", name="Aplicar").click()
    expect(page.get_by_text("Nada coincide con estos filtros.")).to_be_visible()

    # look an id up
    page.get_by_role("searchbox", name="Id, id externo o referencia").fill(found["subject_id"])
    page.get_by_role("button", name="Buscar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(found["subject_id"])
    expect(page.get_by_role("heading", name="Línea de tiempo")).to_be_visible()
    assert is_as_wide_as_its_window(page)

    # sign out
    page.get_by_role("button", name="Salir").click()
    page.goto(f"{shut}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingresar")


@pytest.mark.parametrize(("viewport", "colors"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_no_page_shuts_anyone_out_and_none_is_wider_than_its_window(
    site: str, demo: Path, opened: Opened, viewport: dict[str, int], colors: str
) -> None:
    page = opened(site, viewport=viewport, color_scheme=colors)
    for path in (*PAGES, f"/lookup?id={a_break(demo)['break_id']}"):
        page.goto(f"{site}{path}")
        assert is_as_wide_as_its_window(page), path
        assert (path, serious_violations(page)) == (path, [])


def test_the_sign_in_shuts_no_one_out(shut: str, opened: Opened) -> None:
    page = opened(shut, viewport=PHONE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingresar")
    assert is_as_wide_as_its_window(page)
    assert serious_violations(page) == []


def test_the_page_of_a_pack_works_in_its_sandbox(site: str, opened: Opened) -> None:
    page = opened(f"{site}/dates/{BREAKS}", viewport=DESK)
    page.get_by_role("link", name="Ver página del reporte").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(BREAKS))
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).display") == "flex"
    assert page.evaluate("window.origin") == "null"


def test_without_scripts_every_filter_works(site: str, opened: Opened) -> None:
    page = opened(f"{site}/reports", viewport=DESK, java_script_enabled=False)
    page.get_by_label("Veredicto").select_option("balanced")
    page.get_by_role("button", name="Aplicar").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(str(BALANCED))


def test_the_search_is_reached_by_keyboard(site: str, opened: Opened) -> None:
    page = opened(site, viewport=DESK)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("x/y")
    expect(page.get_by_role("searchbox")).to_have_value("x/y")
