import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.report.model import Report
from mono_recon.report.page import write_page
from tests.hostile.texts import HOSTILE
from tests.report.sample import ACCOUNT, report, table, with_rows

Attributes = list[tuple[str, str | None]]
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Read(HTMLParser):
    """A page as a browser reads it: its elements, and the text of each that has one."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


def written(given: Report, folder: Path) -> str:
    write_page(given, folder / "index.html", pack="mono_recon_2026-03-02_v1")
    return (folder / "index.html").read_text(encoding="utf-8")


def read(given: Report, folder: Path) -> Read:
    return Read(written(given, folder))


def test_money_that_no_status_has_is_shown_beside_those_that_have(tmp_path: Path) -> None:
    summary = report().tables["summary"].filter(pl.col("recon_status") != "break")
    texts = read(report({"summary": summary}), tmp_path).texts
    assert "· Otros cambios de estado" in texts
    assert "· Otros cambios de estado" not in read(report(), tmp_path).texts


def test_it_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    page = read(report(), tmp_path)
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("style"), tags.count("script")) == (1, 1)
    assert not {"img", "iframe", "object", "embed", "form", "base", "video", "audio"} & set(tags)
    assert page.values("src") == []
    assert not [value for value in page.values("href") if re.match(r"\w+:", value) and value != "data:,"]
    assert not re.search(r"@import|url\((?!#)", written(report(), tmp_path))


def test_its_policy_admits_its_own_style_and_script_and_nothing_else(tmp_path: Path) -> None:
    markup = written(report(), tmp_path)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', markup)
    for tag in ("style", "script"):
        [text] = re.findall(f"<{tag}>(.*?)</{tag}>", markup, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy
    assert policy.startswith("default-src &#39;none&#39;; ")
    assert "unsafe" not in policy


def test_nothing_in_it_would_need_more_than_its_policy_admits(tmp_path: Path) -> None:
    names = {name for _, attrs in read(report(), tmp_path).elements for name in attrs}
    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_every_link_leads_to_a_place_on_it_or_to_a_file_of_the_pack(tmp_path: Path) -> None:
    page = read(with_rows("breaks", {"subject_id": "trn_0000000000000000000003"}), tmp_path)
    places, links = page.values("id"), page.values("href")
    assert len(places) == len(set(places))
    assert "#outgoing_transfers-2" in links
    assert {link[1:] for link in links if link.startswith("#")} <= set(places)
    files = [link for link in links if not link.startswith("#")]
    assert "mono_recon_2026-03-02_v1.xlsx" in files
    assert "lineage.parquet" in files
    assert len(files) == 28


def test_it_tells_the_story_of_the_report(tmp_path: Path) -> None:
    texts = read(report(version=2), tmp_path).texts
    assert "Conciliación Mono 2026-03-02, versión 2" in texts
    assert "HAY DESCUADRES: revise las partidas de la fecha, de mayor a menor valor." in texts
    assert "2026-03-03 06:00:00" in texts
    assert "Salidas: 2 · $\u00a01.670.000,00" in texts
    assert texts[texts.index("95,8 %") - 1 :][:3] == ["✓ Cruzado", "95,8 %", "1 · $\u00a01.600.000,00"]
    assert texts[texts.index("= Saldo esperado") :][:2] == ["= Saldo esperado", "$\u00a08.910.000,00"]
    assert texts[texts.index("Abiertas al final") + 1] == "1 · $\u00a0250.000,00"


def test_a_share_is_rounded_half_up_to_a_tenth_of_a_percent(tmp_path: Path) -> None:
    money_in = ACCOUNT | {"direction": "in", "section": "credits", "count": 1}
    amounts = {"matched": 1, "review": 1_999}
    summary = [money_in | {"recon_status": status, "amount_minor": minor} for status, minor in amounts.items()]
    control = [ACCOUNT | {"metric": "money.in", "count": 2, "amount_minor": 2_000, "status": "info"}]
    texts = read(report({"summary": table("summary", summary), "control": table("control", control)}), tmp_path).texts
    assert {"0,1 %", "100,0 %"} <= set(texts)


def test_it_is_in_english_if_the_settings_say_so(tmp_path: Path) -> None:
    page = read(report(language="en"), tmp_path)
    assert ("html", {"lang": "en"}) in page.elements
    assert "Out: 2 · $\u00a01,670,000.00" in page.texts
    assert "95.8 %" in page.texts
    assert "Item 1111111111111111 is 7000000 centavos." in page.texts


def test_open_breaks_stand_by_class_and_from_the_largest_amount_down_and_resolved_ones_last(tmp_path: Path) -> None:
    given = with_rows("breaks", {"status": "resolved", "resolution_code": "accepted"})
    markup = written(given, tmp_path)
    [body] = re.findall(r'id="breaks-table".*?<tbody>(.*?)</tbody>', markup, re.DOTALL)
    assert re.findall(r'<tr id="breaks-\d" class="(.*?)"', body) == ["break", "review", "timing", "resolved-row"]
    assert "Decidida: accepted." in body


def test_what_is_missing_stands_first_if_it_is_the_verdict(tmp_path: Path) -> None:
    given = with_rows("breaks", {}, {"class": "data", "break_type": "feed_missing", "amount_minor": 0})
    for verdict, first in (("breaks", "break"), ("incomplete", "data")):
        markup = written(Report(**(vars(given) | {"verdict": verdict})), tmp_path)
        assert re.findall(r'<tr id="breaks-0" class="(.*?)"', markup) == [first]


def test_the_steps_of_a_waterfall_stand_on_each_other(tmp_path: Path) -> None:
    [chart] = re.findall(
        r'<section class="section" id="roll_forward".*?</section>', written(report(), tmp_path), re.DOTALL
    )
    bars = re.findall(r'class="fill-(total|up|down)" x="([\d.]+)%" width="([\d.]+)%"', chart)
    ends = {"created": 0.0, "approved": 25 / 192 * 100, "closing": 0.0}
    assert [kind for kind, *_ in bars] == ["total", "up", "down", "up", "up", "up", "up", "total"]
    assert bars[1][1:] == (f"{ends['created']:.3f}", "100.000")
    assert bars[2][1:] == (f"{ends['approved']:.3f}", f"{167 / 192 * 100:.3f}")
    assert bars[7][1:] == (f"{ends['closing']:.3f}", f"{25 / 192 * 100:.3f}")


def test_texts_from_outside_are_texts(tmp_path: Path) -> None:
    texts = [text for text in HOSTILE if text]
    one = {name: report().tables[name].row(0, named=True) for name in ("breaks", "outgoing_transfers", "balance_proof")}
    free = {
        "breaks": ("subject_id", "explanation_es", "currency", "resolution_code"),
        "outgoing_transfers": ("payee_name", "reference", "state_at_cutoff", "payee_account_last4"),
        "balance_proof": ("account_name", "account_last4", "basis"),
    }
    tables = {name: table(name, [row | dict.fromkeys(free[name], text) for text in texts]) for name, row in one.items()}
    plain = {
        name: table(name, [row | dict.fromkeys(free[name], f"plain {n}") for n, _ in enumerate(texts)])
        for name, row in one.items()
    }
    page, harmless = read(report(tables), tmp_path), read(report(plain), tmp_path)
    counted = [[tag for tag, _ in each.elements].count("script") for each in (page, harmless)]
    assert counted == [1, 1]
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in harmless.elements}
    assert {name for _, attrs in page.elements for name in attrs} == {
        name for _, attrs in harmless.elements for name in attrs
    }
    assert "<script>alert(1)</script>" in page.texts


def test_marks_that_steer_are_named_and_steer_nothing(tmp_path: Path) -> None:
    text = "\u202e1\u2066\x1b[2J\x07"
    markup = written(with_rows("breaks", {"explanation_es": text, "subject_id": text}), tmp_path)
    assert not DIRECTIONS.search(markup)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", markup)
    assert "[U+202E]1[U+2066]␛[2J␇" in markup


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    markup = written(with_rows("breaks", {"explanation_es": "x" * 10_000}), tmp_path)
    assert "x" * 300 + " […cortado: 10000 caracteres en total" in markup
    assert "x" * 301 not in markup


@pytest.mark.parametrize(("form", "shown"), [({}, 250), ({"workbook_max_rows": 7}, 7)])
def test_of_a_long_table_break_and_review_rows_are_shown_and_the_rest_is_named(
    tmp_path: Path, form: dict[str, Any], shown: int
) -> None:
    one = report().tables["outgoing_transfers"]
    many = pl.concat([one] * 1_000).with_columns(transfer_id=pl.format("trn_{}", pl.int_range(pl.len())))
    markup = written(report({"outgoing_transfers": many}, **form), tmp_path)
    [body] = re.findall(r'id="outgoing_transfers-table".*?<tbody>(.*?)</tbody>', markup, re.DOTALL)
    assert re.findall(r'<tr id="outgoing_transfers-\d+" class="(.*?)"', body) == ["break"] * shown
    assert f"Aquí se muestran {shown} de 3000 filas, solo las de clase break y review." in markup
    assert "mono_recon_2026-03-02_v1_outgoing_transfers.csv" in markup


def test_of_many_accounts_the_most_unexplained_are_shown(tmp_path: Path) -> None:
    rows = [
        ACCOUNT | {"account_id": f"acc_{n:022}", "status": "unexplained", "basis": "", "unexplained_minor": n}
        for n in range(1, 46)
    ]
    markup = written(report({"balance_proof": table("balance_proof", rows)}), tmp_path)
    assert re.findall(r"<span>acc_0+(\d+)</span>", markup)[:2] == ["45", "44"]
    assert markup.count("<article") == 40
    assert "Las otras 5 cuentas están en la tabla balance_proof." in markup


def test_an_account_in_two_currencies_has_a_statement_of_each(tmp_path: Path) -> None:
    proof = report().tables["balance_proof"].to_dicts()[:1]
    given = report({"balance_proof": table("balance_proof", [*proof, *(row | {"currency": "USD"} for row in proof)])})
    page = read(given, tmp_path)
    assert [place for place in page.values("id") if place.startswith("balance_proof-")] == [
        "balance_proof-0",
        "balance_proof-1",
    ]


def test_each_currency_has_charts_of_its_own(tmp_path: Path) -> None:
    rows = report().tables["summary"].to_dicts()
    given = report({"summary": table("summary", [*rows, *(row | {"currency": "USD"} for row in rows)])})
    texts = read(given, tmp_path).texts
    assert texts.count("USD") >= 2
    assert "1 · USD\u00a01.600.000,00" in texts


def test_a_day_without_anything_has_a_page(tmp_path: Path) -> None:
    nothing = {name: frame.clear() for name, frame in report().tables.items()}
    texts = read(report(nothing), tmp_path).texts
    assert "Ninguna." in texts
    assert "$\u00a00,00" in texts


def test_equal_reports_give_equal_bytes_and_no_clock_enters(tmp_path: Path) -> None:
    first, second = written(report(), tmp_path), written(report(), tmp_path)
    assert first == second
    assert written(with_rows("breaks", {"amount_minor": 1}), tmp_path) != first
