from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from mono_recon.report.model import Report
from mono_recon.report.workbook import write_workbook
from tests.report.sample import ACCOUNT, DAY, report, table, with_rows

OUT, IN = slice(1, 4), slice(4, 7)
NAMED = f"Nómina ··0042 · {ACCOUNT['account_id']}"


def overview(given: Report, folder: Path, *, formulas: bool = False) -> list[list[Any]]:
    """The rows of the first sheet, as they are read without computing or as they are computed."""
    write_workbook(given, folder / "pack.xlsx")
    book = openpyxl.load_workbook(folder / "pack.xlsx", data_only=not formulas)
    return [list(row) for row in book["overview"].iter_rows(values_only=True)]


def section(rows: list[list[Any]], title: str) -> dict[Any, list[Any]]:
    """The rows below a title, by their first cell, with the headings under ``None``."""
    start = next(number for number, row in enumerate(rows) if str(row[0]).startswith(title))
    end = next((number for number in range(start, len(rows)) if not any(rows[number])), len(rows))
    part = rows[start + 1 : end]
    return {None: part[0] if part else [], **{row[0]: row for row in part}}


def without(row: list[Any]) -> list[Any]:
    return [value for value in row if value is not None]


def many_breaks(count: int, **change: Any) -> pl.DataFrame:
    one = report().tables["breaks"].row(0, named=True) | change
    return table("breaks", [one | {"break_id": f"{n:016}", "amount_minor": n} for n in range(count)])


def test_the_verdict_its_as_of_and_the_proofs_come_first(tmp_path: Path) -> None:
    rows = overview(report(version=2), tmp_path)
    assert without(rows[0]) == ["Conciliación Mono 2026-03-02, versión 2"]
    assert rows[1][0].startswith("✗ HAY DESCUADRES")
    as_of = datetime(2026, 3, 3, 6)  # noqa: DTZ001  a cell has no zone
    assert without(rows[2]) == ["Con lo conocido hasta", as_of]
    assert without(rows[3]) == ["Reemplaza la versión", 1]
    assert without(rows[4]) == ["Pruebas aritméticas del informe", "✓ todas se cumplen"]


def test_a_proof_that_fails_is_said_at_the_top(tmp_path: Path) -> None:
    rows = overview(with_rows("control", {"status": "failed"}), tmp_path)
    assert rows[4][1] == "✗ alguna no se cumple"


def test_money_is_split_by_status_and_its_total_is_that_of_control(tmp_path: Path) -> None:
    money = section(overview(report(), tmp_path), "Dinero de la fecha")
    assert money["✓ Cruzado"][OUT] == [1, 1_600_000, pytest.approx(160 / 167)]
    assert money["✗ Descuadre"][OUT] == [1, 70_000, pytest.approx(7 / 167)]
    assert money["✓ Cruzado"][IN] == [1, 80_000, pytest.approx(8 / 58)]
    assert money["? Por revisar"][IN] == [1, 500_000, pytest.approx(50 / 58)]
    assert money["◷ En espera"][1:7] == [0, 0, 0, 0, 0, 0]
    assert money["Total"][OUT] == money["Según control"][OUT] == [2, 1_670_000, None]
    assert money["Total"][IN] == money["Según control"][IN] == [2, 580_000, None]
    assert money["Diferencia"][1:7] == [0, 0, "✓ igual"] * 2


def test_a_total_stands_out_on_paper(tmp_path: Path) -> None:
    write_workbook(report(), tmp_path / "pack.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "pack.xlsx")["overview"]
    [total] = [row for row in sheet.iter_rows() if row[0].value == "Total"]
    assert {(cell.font.b, cell.border.top.style) for cell in total[:3]} == {(True, "thin")}
    assert total[2].number_format == '"$" #,##0.00;[Red]-"$" #,##0.00'


def test_a_payment_that_was_taken_back_is_taken_from_the_money_out(tmp_path: Path) -> None:
    taken_back = [{"section": "reversed_to_declined", "recon_status": "review", "count": 1, "amount_minor": 500}]
    rows = report().tables["summary"].to_dicts() + [ACCOUNT | {"direction": "out"} | row for row in taken_back]
    money = section(overview(report({"summary": table("summary", rows)}), tmp_path), "Dinero")
    assert money["? Por revisar"][1:3] == [-1, -5]


def test_money_that_no_section_explains_is_shown_as_such(tmp_path: Path) -> None:
    summary = report().tables["summary"].filter(pl.col("recon_status") != "break")
    money = section(overview(report({"summary": summary}), tmp_path), "Dinero de la fecha")
    assert money["Otros cambios de estado"][1:3] == [1, 70_000]
    assert money["Total"][1:3] == [2, 1_670_000]


def test_each_currency_has_its_own_money_and_pesos_come_first(tmp_path: Path) -> None:
    rows = report().tables["summary"].to_dicts()
    dollars = [row | {"currency": "AUD"} for row in rows[:1]]
    given = report({"summary": table("summary", [*dollars, *rows])})
    names = [row[0] for row in overview(given, tmp_path)]
    heads = [name for before, name in pairwise(names) if before == "Dinero de la fecha"]
    assert heads == ["COP", "AUD"]


def test_open_items_of_the_date_stand_beside_those_of_earlier_dates(tmp_path: Path) -> None:
    now = section(overview(report(), tmp_path), "Partidas abiertas")
    assert now["✗ Descuadre"][1:6] == [1, 70_000, None, 1, 900]
    assert now["? Por revisar"][1:6] == [1, 500_000, None, 0, 0]
    assert now["◷ En espera"][1:6] == [1, 250_000, None, 0, 0]


def test_an_account_is_proved_from_its_opening_to_what_is_unexplained(tmp_path: Path) -> None:
    proof = section(overview(report(), tmp_path), "Prueba de saldos")
    assert proof[NAMED][1:] == [
        *(10_000_000, 580_000, 1_670_000, 8_910_000, 8_910_000, 0, 250_000),
        "✓ Probado",
    ]
    assert proof["acc_0000000000000000000000"][1:] == [None] * 7 + ["? Sin saldo de Mono"]


def test_an_account_in_two_currencies_has_a_proof_of_each(tmp_path: Path) -> None:
    proof = report().tables["balance_proof"].to_dicts()[:1]
    dollars = [row | {"currency": "USD", "opening_minor": 300} for row in proof]
    given = report({"balance_proof": table("balance_proof", [*proof, *dollars])})
    rows = [row for row in overview(given, tmp_path) if row[0] == NAMED]
    assert [row[1] for row in rows] == [10_000_000, 3]
    rows = [row for row in overview(given, tmp_path, formulas=True) if row[0] == NAMED]
    assert [row[1] for row in rows] == ["=(balance_proof!$H$2)/100", "=(balance_proof!$H$3)/100"]


def test_what_is_most_unexplained_stands_first(tmp_path: Path) -> None:
    accounts = [
        ACCOUNT | {"account_id": f"acc_{minor:022}", "status": "unexplained", "basis": "", "unexplained_minor": -minor}
        for minor in (5, 7, 6)
    ]
    proof = section(overview(report({"balance_proof": table("balance_proof", accounts)}), tmp_path), "Prueba de saldos")
    assert [row[6] for row in list(proof.values())[2:]] == [-0.07, -0.06, -0.05]


def test_transfers_roll_forward_from_left_to_right(tmp_path: Path) -> None:
    rolled = section(overview(report(), tmp_path), "Movimiento de transferencias")
    assert rolled[None][1:] == [
        *("Abiertas al inicio", "+ Creadas", "− Aprobadas", "− Rechazadas", "− Canceladas", "− Duplicadas"),
        *("+ Reabiertas", "= Abiertas al final"),
    ]
    assert rolled["Cantidad"][1:] == [0, 3, 2, 0, 0, 0, 0, 1]
    assert rolled["Valor"][1:] == [0, 1_920_000, 1_670_000, 0, 0, 0, 0, 250_000]
    assert rolled["Comprobación"][-1] == "✓ igual"


def test_totals_are_formulas_over_the_other_sheets(tmp_path: Path) -> None:
    rows = overview(report(), tmp_path, formulas=True)
    money, proof = section(rows, "Dinero de la fecha"), section(rows, "Prueba de saldos")
    assert money["✓ Cruzado"][1].startswith("=SUMIFS(summary!")
    assert money["Total"][2].startswith("=ROUND(SUM(")
    assert money["Según control"][2].startswith("=(SUMIFS(control!")
    assert proof[NAMED][2].count("balance_proof!") == 4
    assert section(rows, "Movimiento de transferencias")["Valor"][3].startswith("=(SUMIFS(summary!")


def test_of_a_sheet_that_does_not_hold_all_rows_figures_are_numbers_and_the_same(tmp_path: Path) -> None:
    whole = overview(report(), tmp_path)
    cut = overview(report(workbook_max_rows=1), tmp_path, formulas=True)
    for title in ("Dinero de la fecha", "Partidas abiertas", "Prueba de saldos", "Movimiento de transferencias"):
        shown, expected = section(cut, title), section(whole, title)
        for name in shown.keys() - {"Total", "Diferencia"}:
            assert shown[name][1:3] == expected[name][1:3], (title, name)


def test_sums_may_be_larger_than_an_amount_can_be(tmp_path: Path) -> None:
    summary = report().tables["summary"].with_columns(amount_minor=pl.lit(2**63 - 1))
    money = section(overview(report({"summary": summary}), tmp_path, formulas=True), "Dinero de la fecha")
    assert money["✓ Cruzado"][2] == "92233720368547758.07"


def test_a_small_difference_of_amounts_that_a_cell_cannot_hold_is_a_number(tmp_path: Path) -> None:
    out = ACCOUNT | {"direction": "out", "recon_status": "review", "count": 1}
    sections = {"approved": 2**53 + 3, "reversed_to_declined": 2**53 + 1}
    rows = [out | {"section": section, "amount_minor": minor} for section, minor in sections.items()]
    money = section(overview(report({"summary": table("summary", rows)}), tmp_path, formulas=True), "Dinero de la")
    assert money["? Por revisar"][2] == 0.02


def test_open_breaks_stand_from_the_largest_amount_down_each_with_its_sentence(tmp_path: Path) -> None:
    rows = overview(report(language="en"), tmp_path)
    start = next(n for n, row in enumerate(rows) if row[0] == "What to do, by amount: open breaks (2)")
    first, sentence, second = rows[start + 2 : start + 5]
    day = datetime(2026, 3, 2)  # noqa: DTZ001  a cell has no zone
    assert first[:8] == ["✗ Amounts differ", 70_000, -1, day, 0, "COP", "Nómina ··0042", "transfer-1"]
    assert without(sentence) == ["Item 1111111111111111 is 7000000 centavos."]
    assert second[:2] + second[4:5] == ["✗ Missing webhook", 900, 3]


def test_what_is_missing_stands_before_breaks_if_it_is_the_verdict(tmp_path: Path) -> None:
    given = report({"breaks": many_breaks(1, **{"class": "data", "break_type": "feed_missing"})})
    for verdict, expected in (("breaks", ["Qué", "Por", "Datos"]), ("incomplete", ["Datos", "Qué", "Por"])):
        rows = overview(Report(**(vars(given) | {"verdict": verdict})), tmp_path)
        titles = [str(row[0]).split(" ")[0] for row in rows if str(row[0]).endswith(("(0)", "(1)"))]
        assert titles == expected


def test_an_item_leads_to_its_row_and_to_its_line(tmp_path: Path) -> None:
    line = "trn_0000000000000000000003"
    write_workbook(with_rows("breaks", {"subject_id": line}), tmp_path / "pack.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "pack.xlsx")["overview"]
    links = {cell.value: cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert links["✗ Valores distintos"] == "'breaks'!A2"
    assert links[line] == "'outgoing_transfers'!A4"
    assert links[NAMED] == "'balance_proof'!A2"
    assert links["lineage · Origen de cada dato"] == "'lineage'!A1"


def test_a_sentence_does_not_repeat_what_it_is_about(tmp_path: Path) -> None:
    change = {"subject_id": "trn_3", "explanation_es": "trn_3: el webhook dice 1"}
    texts = [row[1] for row in overview(with_rows("breaks", change), tmp_path)]
    assert "el webhook dice 1" in texts


def test_a_resolved_break_is_nothing_to_do(tmp_path: Path) -> None:
    rows = overview(report({"breaks": many_breaks(3, status="resolved")}), tmp_path)
    assert section(rows, "Qué hacer, por valor: descuadres abiertos (0)")[None][0] == "Ninguna."


def test_of_many_breaks_the_largest_are_shown_and_the_rest_is_named(tmp_path: Path) -> None:
    rows = overview(report({"breaks": many_breaks(30)}), tmp_path)
    start = next(n for n, row in enumerate(rows) if str(row[0]).startswith("Qué hacer"))
    assert [row[1] for row in rows[start + 2 : start + 52 : 2]] == [n / 100 for n in range(29, 4, -1)]
    assert without(rows[start + 52]) == ["Las 5 restantes están en la tabla breaks."]


def test_what_a_new_version_changed_is_said_with_its_cause(tmp_path: Path) -> None:
    changed = {"previous_version": 1, "row_key": ACCOUNT["account_id"], "cause": "late_credit"}
    rows = [
        changed | {"table_name": "balance_proof", "column_name": "credits_minor", "old_value": "5", "new_value": "-7"},
        changed | {"table_name": "incoming_credits", "row_key": "crd_1", "new_value": "crd_1", "cause": "late_credit"},
        changed | {"table_name": "incoming_credits", "row_key": "crd_2", "old_value": "crd_2", "cause": "time"},
    ]
    given = report({"restatements": table("restatements", rows, 2)}, version=2)
    shown = [without(row) for row in overview(given, tmp_path)]
    assert shown.index(["Abono tardío", 2]) == shown.index(["Venció un plazo", 1]) - 1
    assert [ACCOUNT["account_id"], "Prueba de saldos", "Abonos", "0,05", "-0,07", "Abono tardío"] in shown
    assert ["crd_1", "Abonos", "Línea nueva", "Abono tardío"] in shown
    assert ["crd_2", "Abonos", "Línea que ya no está", "Venció un plazo"] in shown


def test_a_first_version_says_that_it_replaces_none(tmp_path: Path) -> None:
    rows = overview(report(), tmp_path)
    assert rows[3][1] == "Primera versión de esta fecha."
    assert "Nada que reemplazar: es la primera versión." in [row[0] for row in rows]


def test_open_breaks_came_from_those_of_the_date_before(tmp_path: Path) -> None:
    moved = section(overview(report(), tmp_path), "Partidas abiertas: de la fecha anterior a hoy: Descuadre")
    assert moved["Cantidad"][1:] == [1, 1, 0, 0, 0, 0, 0, 2]
    assert moved["Valor"][1:] == [900, 70_000, 0, 0, 0, 0, 0, 70_900]


def test_it_says_which_sheet_holds_all_rows_and_where_the_others_are(tmp_path: Path) -> None:
    sheets = section(overview(report(workbook_max_rows=2), tmp_path), "Hojas y archivos")
    assert sheets["outgoing_transfers · Transferencias"][1:4] == [
        3,
        1,
        "pack_outgoing_transfers.csv, outgoing_transfers.parquet",
    ]
    assert sheets["batches · Lotes"][1:3] == [1, 1]


@pytest.mark.parametrize("verdict", ["balanced", "awaiting", "breaks", "incomplete"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_verdict_is_said_in_words(tmp_path: Path, verdict: str, language: str) -> None:
    given = report(language=language)
    words = overview(Report(**(vars(given) | {"verdict": verdict})), tmp_path)[1][0]
    assert words.split(":")[0].isupper()
    assert len(words) > 40


def test_a_day_without_anything_has_an_overview(tmp_path: Path) -> None:
    nothing = {name: frame.clear() for name, frame in report().tables.items()}
    rows = overview(report(nothing), tmp_path)
    assert without(rows[0]) == [f"Conciliación Mono {DAY}, versión 1"]
    assert section(rows, "Dinero de la fecha")["Total"][1:3] == [0, 0]
