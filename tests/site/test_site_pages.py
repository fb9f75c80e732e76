"""What each page of the site says, and that no address makes one fail."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.report.labels import label
from mono_recon.warehouse.connect import open_warehouse
from tests.demonstration import BALANCED, BREAKS
from tests.site.visits import settings_of, visiting

PAGES = {
    "/": "Última fecha: 2026-03-03",
    "/breaks": "Partidas abiertas",
    "/transfers": "Beneficiario",
    "/transfers?date=2026-03-02": "2026-03-02 v2",
    "/credits": "Regla de cruce",
    "/collections": "Enlaces de recaudo más recientes",
    "/accounts": "Probado",
    "/webhooks": "Llegadas por día y hora",
    "/reports": "versiones de 2 fechas",
    "/dates/2026-03-02": "Descuadres",
    "/dates/2026-03-02/v1": "Esta versión fue reemplazada",
    "/dates/2026-03-03": "no hay nada que hacer",
    "/lookup": "Escriba el id",
    "/lookup?id=nothing+bears+it": "Nada tiene el nombre nothing bears it",
}


def asked(demo: Path, sql: str) -> pl.DataFrame:
    with open_warehouse(settings_of(demo).warehouse, read_only=True) as warehouse:
        return warehouse.query(sql)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_what_it_is_for(visitor: Any, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert PAGES[address] in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("address", PAGES)
def test_every_page_speaks_english_where_the_settings_say_so(english_visitor: Any, address: str) -> None:
    answer = english_visitor.get(address)
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
    assert "Partidas" not in answer.text
    assert "Buscar" not in answer.text


def test_the_first_page_shows_each_date_with_its_verdict_in_the_calendar(visitor: Any) -> None:
    page = visitor.get("/").text
    for day, verdict in ((BREAKS, "breaks"), (BALANCED, "balanced")):
        assert re.search(rf'<td class="day {verdict}"><a href="/dates/{day}"', page)
        assert label(verdict, "es") in page


def test_a_date_of_the_browser_leads_to_its_page(visitor: Any) -> None:
    assert visitor.get("/dates?date=2026-03-02").headers["location"] == "/dates/2026-03-02"
    assert visitor.get("/dates?date=soon").headers["location"] == "/reports"


def test_open_breaks_are_those_that_the_latest_reports_left_open(demo: Path, visitor: Any) -> None:
    listed = asked(demo, "SELECT DISTINCT break_id, class, break_type FROM mono.report.latest_breaks")
    carried = asked(demo, "SELECT break_id FROM mono.report.latest_breaks WHERE business_date = DATE '2026-03-03'")
    found = asked(demo, "SELECT break_id FROM mono.report.open_items WHERE business_date = DATE '2026-03-03'")
    opened = listed.filter(
        (pl.col("class") == "data")
        | (pl.col("class").is_in(["break", "timing"]) & pl.col("break_id").is_in(carried["break_id"].implode()))
        | ((pl.col("class") == "review") & pl.col("break_id").is_in(found["break_id"].implode()))
    )
    assert opened.height > 0
    page = visitor.get("/breaks").text
    assert {each for each in listed["break_id"] if f"/lookup?id={each}" in page} == {*opened["break_id"]}
    for kind in ("break", "review"):
        of_class = opened.filter(pl.col("class") == kind)
        page = visitor.get("/breaks", params={"class": kind}).text
        assert f"<strong>{of_class.height}</strong>" in page
        assert {each for each in listed["break_id"] if f"/lookup?id={each}" in page} == {*of_class["break_id"]}


def test_breaks_are_filtered_by_type_and_text(demo: Path, visitor: Any) -> None:
    types = asked(demo, "SELECT DISTINCT break_type FROM mono.report.latest_breaks WHERE class = 'break'")["break_type"]
    page = visitor.get("/breaks", params={"type": types[0]}).text
    assert f'<option value="{types[0]}" selected>' in page
    nothing = visitor.get("/breaks", params={"q": "no sentence says this"}).text
    assert "Nada coincide con estos filtros." in nothing


@pytest.mark.parametrize("order", ["urgency", "amount", "age", "newest", "type", "'; DROP TABLE x; --"])
def test_breaks_are_sorted_by_what_is_offered_and_by_nothing_else(visitor: Any, order: str) -> None:
    assert visitor.get("/breaks", params={"order": order}).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "2", "x", "²", ""])
def test_a_page_that_is_not_there_is_the_first(visitor: Any, page: str) -> None:
    answer = visitor.get("/transfers", params={"page": page})
    assert answer.status_code == 200
    assert "1 a " in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/breaks?class=nonsense&type='&account=\"&age=%25&severity=%00&q=%27%29%20OR%201=1--",
        "/transfers?date=2026-13-45&status=%F0%9F%98%80&state=$q&account=$$",
        "/reports?from=soon&to=later&versions=all&verdict=x",
        "/accounts?account=acc_of_nobody",
        "/?month=0001-01",
        "/?month=9999-12",
        "/lookup?id=%00",
        "/lookup?id=" + "x" * 5000,
        "/lookup?id=ffffffffffffffff",
    ],
)
def test_no_question_makes_a_page_fail(visitor: Any, address: str) -> None:
    assert visitor.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/nowhere", "/dates/2026-03-04", "/dates/2026-03-02/v9", "/dates/20260302", "/dates/x", "/lookup/x"]
)
def test_what_is_not_there_is_said_in_words(visitor: Any, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 404
    assert "Aquí no hay ninguna página" in answer.text


def test_a_story_is_found_by_id_external_id_and_break(demo: Path, visitor: Any) -> None:
    line = asked(
        demo,
        "SELECT any_value(transfer_id) AS transfer_id, external_id FROM mono.core.transfer_observations"
        " WHERE external_id NOT IN (SELECT coalesce(external_id, '') FROM mono.core.account_credits)"
        " GROUP BY external_id HAVING count(DISTINCT transfer_id) = 1 ORDER BY external_id",
    ).row(0, named=True)
    for name in line.values():
        page = visitor.get("/lookup", params={"id": name}).text
        assert f'<h1 class="id">{line["transfer_id"]}</h1>' in page
        assert "De dónde sale cada dato" in page
    found = asked(demo, "SELECT break_id, subject_id, explanation_es FROM mono.report.latest_breaks").row(0, named=True)
    assert found["subject_id"] in visitor.get("/lookup", params={"id": found["break_id"]}).text


def test_a_name_that_two_things_bear_leads_to_both(demo: Path, visitor: Any) -> None:
    transfer, credit, name = asked(
        demo,
        "SELECT transfer_id, credit_id, external_id FROM mono.core.transfer_observations"
        " JOIN mono.core.account_credits USING (external_id) LIMIT 1",
    ).row(0)
    page = visitor.get("/lookup", params={"id": name}).text
    assert "es el nombre de más de una cosa" in page
    assert f'href="/lookup?id={transfer}"' in page
    assert f'href="/lookup?id={credit}"' in page


def test_account_numbers_are_shown_by_their_last_digits_alone(demo: Path, visitor: Any) -> None:
    payees = asked(demo, "SELECT DISTINCT transfer_id, payee_account_number FROM mono.core.transfer_observations")
    own = asked(demo, "SELECT DISTINCT number FROM mono.core.accounts")["number"].drop_nulls().to_list()
    pages = [visitor.get(address).text for address in PAGES]
    pages += [visitor.get("/lookup", params={"id": each}).text for each in payees["transfer_id"].unique()[:5]]
    numbers = [*own, *payees["payee_account_number"].drop_nulls()]
    assert len(numbers) > 5
    assert [number for number in numbers for page in pages if number in page] == []


def test_before_the_first_report_each_page_says_how_to_make_one(tmp_path: Path) -> None:
    with visiting(settings_of(tmp_path)) as client:
        for address in PAGES:
            answer = client.get(address)
            assert answer.status_code == 200
            assert "mono-recon run" in answer.text


def test_a_warehouse_without_a_report_is_no_fault(template: Path) -> None:
    with visiting(settings_of(template)) as client:
        assert "Todavía no hay reportes" in client.get("/").text
        assert "Todavía no ha llegado nada." in client.get("/webhooks").text


def test_a_warehouse_that_cannot_be_read_is_said_in_words_and_names_no_path(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.warehouse.catalog.parent.mkdir(parents=True)
    settings.warehouse.catalog.write_bytes(b"this is no catalog" * 100)
    with visiting(settings) as client:
        answer = client.get("/")
    assert answer.status_code == 503
    assert "El almacén no se puede leer ahora" in answer.text
    assert str(tmp_path) not in answer.text


def test_metrics_are_given_to_a_program(visitor: Any) -> None:
    answer = visitor.get("/metrics")
    assert answer.status_code == 200
    assert "mono_recon_versions 3.0" in answer.text
