from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from mono_recon.report.model import Report
from mono_recon.report.workbook import write_workbook
from tests.report.sample import ACCOUNT, DAY, report, table


def overview(given: Report, folder: Path) -> list[list[Any]]:
    write_workbook(given, folder / "pack.xlsx")
    rows = openpyxl.load_workbook(folder / "pack.xlsx")["overview"].iter_rows(values_only=True)
    return [[value for value in row if value is not None] for row in rows]


def many_breaks(count: int, **change: Any) -> pl.DataFrame:
    one = report().tables["breaks"].row(0, named=True) | change
    return table("breaks", [one | {"break_id": f"{n:016}", "amount_minor": n} for n in range(count)])


def test_the_verdict_and_its_as_of_come_first(tmp_path: Path) -> None:
    rows = overview(report(version=2), tmp_path)
    assert rows[0] == ["Conciliación Mono 2026-03-02, versión 2"]
    assert rows[1][0].startswith("HAY DESCUADRES")
    as_of = datetime(2026, 3, 3, 6)  # noqa: DTZ001  a cell has no zone
    assert rows[3] == ["Con lo conocido hasta", as_of]
    assert ["Reemplaza la versión", 1] in rows


def test_money_and_lines_are_added_up_in_pesos(tmp_path: Path) -> None:
    rows = overview(report(), tmp_path)
    assert ["Salidas", "COP", 2, 1_670_000] in rows
    assert ["Entradas", "COP", 2, 580_000] in rows
    assert ["Transferencias (salidas)", "COP", 1, 1_600_000, 1, 250_000, 0, 0, 1, 70_000, 3, 1_920_000] in rows
    assert ["Abonos (entradas)", "COP", 0, 0, 0, 0, 1, 500_000, 0, 0, 1, 500_000] in rows


def test_differences_of_two_accounts_do_not_hide_each_other(tmp_path: Path) -> None:
    out = [ACCOUNT | {"status": "unexplained", "basis": "", "unexplained_minor": minor} for minor in (5, -5)]
    rows = overview(report({"balance_proof": table("balance_proof", out)}), tmp_path)
    assert ["Sin explicar", "COP", 2, 0.1] in rows


def test_sums_may_be_larger_than_an_amount_can_be(tmp_path: Path) -> None:
    lines = report().tables["outgoing_transfers"].with_columns(amount_minor=pl.lit(2**63 - 1))
    rows = overview(report({"outgoing_transfers": lines}), tmp_path)
    [totals] = [row for row in rows if row and row[0] == "Transferencias (salidas)"]
    assert totals[-1] == "276701161105643274.21"


def test_open_breaks_stand_from_the_largest_amount_down(tmp_path: Path) -> None:
    rows = overview(report(language="en"), tmp_path)
    start = rows.index(["What to do first: open breaks, by amount (2)"])
    assert [row[0] for row in rows[start + 2 : start + 4]] == ["amount_mismatch", "missing_webhook"]
    assert rows[start + 2][-1] == "Item 1111111111111111 is 7000000 centavos."
    assert rows[start + 3][4:6] == [900, 3]


def test_a_resolved_break_is_nothing_to_do(tmp_path: Path) -> None:
    rows = overview(report({"breaks": many_breaks(3, status="resolved")}), tmp_path)
    start = rows.index(["Qué hacer primero: descuadres abiertos, por valor (0)"])
    assert rows[start + 1] == ["Ninguno."]


def test_of_many_breaks_the_largest_are_shown_and_the_rest_is_named(tmp_path: Path) -> None:
    rows = overview(report({"breaks": many_breaks(25)}), tmp_path)
    start = rows.index(["Qué hacer primero: descuadres abiertos, por valor (25)"])
    assert [row[4] for row in rows[start + 2 : start + 22]] == [n / 100 for n in range(24, 4, -1)]
    assert rows[start + 22] == ["Las 5 restantes están en la hoja breaks."]


@pytest.mark.parametrize("verdict", ["balanced", "awaiting", "breaks", "incomplete"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_verdict_is_said_in_words(tmp_path: Path, verdict: str, language: str) -> None:
    given = report(language=language)
    words = overview(Report(**(vars(given) | {"verdict": verdict})), tmp_path)[1][0]
    assert words.split(":")[0].isupper()
    assert len(words) > 40


def test_a_day_without_anything_has_an_overview(tmp_path: Path) -> None:
    nothing = {name: frame.clear() for name, frame in report().tables.items()}
    assert overview(report(nothing), tmp_path)[0] == [f"Conciliación Mono {DAY}, versión 1"]
