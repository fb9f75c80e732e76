from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mono_recon.report.headings import heading
from mono_recon.report.model import Report, pack_schemas
from mono_recon.report.workbook import write_workbook
from tests.report.sample import ACCOUNT, NOON, report, table, with_rows

NAME = "mono_recon_2026-03-02_v1.xlsx"
TRANSFERS = "outgoing_transfers"


def opened(given: Report, folder: Path) -> openpyxl.Workbook:
    write_workbook(given, folder / NAME)
    return openpyxl.load_workbook(folder / NAME)


def column(sheet: Worksheet, name: str, language: str = "es", top: int = 1) -> list[Any]:
    head, *rows = sheet.iter_rows(min_row=top, values_only=True)
    return [row[head.index(heading(name, language))] for row in rows]


def cell(given: Report, folder: Path, table_name: str, name: str) -> Any:
    sheet = opened(given, folder)[table_name]
    words = [each.value for each in sheet[1]]
    return sheet.cell(2, words.index(heading(name, "es")) + 1)


def as_cells(values: pl.Series) -> list[Any]:
    """What openpyxl reads: local times to the millisecond, dates as midnights, lists joined."""
    match values.dtype:
        case pl.Datetime():
            zoned = values.dt.convert_time_zone("America/Bogota").dt.round("1ms")
            return zoned.dt.replace_time_zone(None).to_list()
        case pl.Date():
            return values.cast(pl.Datetime).to_list()
        case pl.List():
            return values.list.join("|").to_list()
        case _:
            return values.to_list()


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_sheets_are_the_overview_and_the_tables_in_every_language(tmp_path: Path, language: str) -> None:
    book = opened(report(language=language), tmp_path)
    assert book.sheetnames == ["overview", *pack_schemas()]
    assert book["breaks"]["A1"].value == heading("business_date", language)


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_sheet_read_back_with_openpyxl_equals_its_table(tmp_path: Path, language: str) -> None:
    given = report(language=language)
    book = opened(given, tmp_path)
    for name, frame in given.tables.items():
        for each in frame:
            assert column(book[name], each.name, language) == as_cells(each), (name, each.name)


def test_a_sheet_read_back_with_polars_equals_its_table(tmp_path: Path) -> None:
    given = report(language="en")
    write_workbook(given, tmp_path / NAME)
    for name, frame in given.tables.items():
        if frame.is_empty():
            continue
        sheet = pl.read_excel(tmp_path / NAME, sheet_name=name, infer_schema_length=None)
        for each in frame.select(pl.col(pl.Int64, pl.Date, pl.Boolean)):
            assert sheet[heading(each.name, "en")].cast(each.dtype).to_list() == each.to_list()
        for each in frame.select(pl.col(pl.String)):
            if each.null_count() < frame.height:
                assert sheet[heading(each.name, "en")].to_list() == each.to_list()


def test_an_empty_table_is_a_sheet_with_headings_alone(tmp_path: Path) -> None:
    sheet = opened(report(), tmp_path)["restatements"]
    assert sheet.max_row == 1
    assert [each.value for each in sheet[1]] == [heading(name, "es") for name in pack_schemas()["restatements"]]


def test_pesos_are_numbers_with_two_decimals_beside_the_exact_centavos(tmp_path: Path) -> None:
    given = with_rows(TRANSFERS, {"amount_minor": 160_000_005})
    pesos = cell(given, tmp_path, TRANSFERS, "amount")
    centavos = cell(given, tmp_path, TRANSFERS, "amount_minor")
    assert (pesos.value, pesos.number_format) == (1_600_000.05, '"$" #,##0.00;[Red]-"$" #,##0.00')
    assert (centavos.value, centavos.number_format) == (160_000_005, "#,##0")
    assert pesos.column == centavos.column + 1


def test_an_integer_that_a_double_would_change_is_a_text(tmp_path: Path) -> None:
    for minor, kind in ((2**53, "n"), (2**53 + 1, "s"), (2**63 - 1, "s")):
        given = with_rows(TRANSFERS, {"amount_minor": minor})
        centavos = cell(given, tmp_path, TRANSFERS, "amount_minor")
        assert (int(centavos.value), centavos.data_type) == (minor, kind)
    assert cell(given, tmp_path, TRANSFERS, "amount").value == "92233720368547758.07"


def test_codes_and_documents_are_texts(tmp_path: Path) -> None:
    for name, value in (("payee_bank_code", "007"), ("payee_document_number", "0012345678")):
        found = cell(report(), tmp_path, TRANSFERS, name)
        assert (found.value, found.data_type, found.number_format) == (value, "s", "@")


def test_instants_are_local_times(tmp_path: Path) -> None:
    found = cell(report(), tmp_path, TRANSFERS, "created_at")
    assert found.is_date
    assert found.value == datetime(2026, 3, 2, 12, 0, 0, 123_000)  # noqa: DTZ001  a cell has no zone


def test_an_instant_before_a_spreadsheet_begins_is_a_text(tmp_path: Path) -> None:
    given = with_rows(TRANSFERS, {"created_at": datetime(1, 1, 1, tzinfo=UTC)}, {"created_at": NOON})
    sheet = opened(given, tmp_path)[TRANSFERS]
    first, second, _ = column(sheet, "created_at")
    assert first == "0001-01-01T00:00:00.000000Z"
    assert second.year == 2026


def test_a_text_stays_the_text_it_is(tmp_path: Path) -> None:
    texts = [
        *("=1+1", '=HYPERLINK("http://example.com")', "{=1}", "+1", "-1", "@A1", "\t=1"),
        *("http://example.com", "mailto:x", "0012", "1e5", "TRUE", "#REF!", "2026-03-02"),
        *("\u200b123", "😀", " lead", "a\nb\tc", "_x0041_", ""),
    ]
    rows = [{"check_name": "c", "subject": "s", "count": 1, "detail": text} for text in texts]
    sheet = opened(report({"data_quality": table("data_quality", rows)}), tmp_path)["data_quality"]
    assert column(sheet, "detail") == texts
    details = [row[-1] for row in sheet.iter_rows(min_row=2)]
    assert {(each.data_type, each.hyperlink) for each in details} == {("s", None)}


def test_a_mark_that_turns_the_direction_of_writing_is_named_and_turns_nothing(tmp_path: Path) -> None:
    found = cell(with_rows(TRANSFERS, {"description": "a\u202e\u2066b"}), tmp_path, TRANSFERS, "description")
    assert found.value == "a[U+202E][U+2066]b"
    marks = cell(with_rows(TRANSFERS, {"description": "\u202e" * 10_000}), tmp_path, TRANSFERS, "description")
    assert len(marks.value) <= 32_767
    assert marks.value.endswith("cortado: 10000 caracteres en total; completo en los archivos CSV y Parquet]")


def test_control_characters_do_not_break_the_file(tmp_path: Path) -> None:
    text = "a\x01\x0b\x1f\rb"
    write_workbook(with_rows(TRANSFERS, {"description": text}, {"description": "\ufffe\uffff"}), tmp_path / NAME)
    sheet = pl.read_excel(tmp_path / NAME, sheet_name=TRANSFERS, infer_schema_length=None)
    assert sheet[heading("description", "es")][0] == text


@pytest.mark.parametrize(("letter", "units"), [("x", 1), ("😀", 2)])
def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path, letter: str, units: int) -> None:
    found = cell(with_rows(TRANSFERS, {"description": letter * 40_000}), tmp_path, TRANSFERS, "description")
    assert found.value.endswith("cortado: 40000 caracteres en total; completo en los archivos CSV y Parquet]")
    assert found.value.startswith(letter * (32_600 // units))
    assert 32_766 <= len(found.value.encode("utf-16-le")) // 2 <= 32_767
    longest = letter * (32_767 // units)
    whole = cell(with_rows(TRANSFERS, {"description": longest}), tmp_path, TRANSFERS, "description")
    assert whole.value == longest


def test_the_heading_is_frozen_and_filtered(tmp_path: Path) -> None:
    book = opened(report(), tmp_path)
    for name, frame in report().tables.items():
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.endswith(str(frame.height + 1))
        assert sheet.auto_filter.ref.startswith("A1:")


@pytest.mark.parametrize(
    ("name", "status", "alert", "watch"),
    [
        ("breaks", "class", "break", "review"),
        (TRANSFERS, "recon_status", "break", "review"),
        ("balance_proof", "status", "unexplained", "no_snapshot"),
    ],
)
def test_rows_are_coloured_by_status_in_a_way_that_prints(
    tmp_path: Path, name: str, status: str, alert: str, watch: str
) -> None:
    sheet = opened(report(), tmp_path)[name]
    rules = {rule.formula[0]: rule.dxf for each in sheet.conditional_formatting for rule in each.rules}
    letter = get_column_letter([each.value for each in sheet[1]].index(heading(status, "es")) + 1)
    assert rules[f'${letter}2="{alert}"'].font.b
    assert rules[f'${letter}2="{watch}"'].font.i
    assert all(rule.fill.bgColor.rgb != "00000000" for rule in rules.values() if rule.fill)


def rules_of(sheet: Worksheet, formula_end: str) -> list[Any]:
    return [
        rule for each in sheet.conditional_formatting for rule in each.rules if rule.formula[0].endswith(formula_end)
    ]


def test_a_resolved_break_is_struck_through_before_any_other_rule_of_rows(tmp_path: Path) -> None:
    sheet = opened(report(), tmp_path)["breaks"]
    _, row = rules_of(sheet, '="resolved"')
    of_rows = [rule for each in sheet.conditional_formatting for rule in each.rules if rule.stopIfTrue]
    assert row.dxf.font.strike
    assert row.priority == min(rule.priority for rule in of_rows)
    assert row.priority < min(rule.priority for rule in rules_of(sheet, '="break"'))


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [
        ("breaks", "break", "✗"),
        ("breaks", "review", "?"),
        (TRANSFERS, "matched", "✓"),
        ("balance_proof", "proved", "✓"),
    ],
)
def test_a_status_has_a_sign_that_reads_without_colour_and_stays_the_code_it_is(
    tmp_path: Path, name: str, value: str, sign: str
) -> None:
    sheet = opened(report(), tmp_path)[name]
    signs = [rule for rule in rules_of(sheet, f'="{value}"') if rule.dxf.numFmt]
    assert [(rule.dxf.numFmt.formatCode, rule.stopIfTrue) for rule in signs] == [(f'"{sign} "@', None)]


def test_a_sign_has_the_colour_of_its_row(tmp_path: Path) -> None:
    sign, row = rules_of(opened(report(), tmp_path)["breaks"], '="break"')
    assert (sign.dxf.fill.bgColor.rgb, sign.dxf.font.b) == (row.dxf.fill.bgColor.rgb, True)


def test_an_account_is_named_beside_its_id(tmp_path: Path) -> None:
    book = opened(report(), tmp_path)
    for name, frame in report().tables.items():
        if "account_id" not in frame.columns or frame.is_empty():
            continue
        head = [each.value for each in book[name][1]]
        place = head.index(heading("account_id", "es"))
        assert head[place + 1] == "Cuenta, nombre y últimos 4"
        words = {row[place]: row[place + 1] for row in book[name].iter_rows(min_row=2, values_only=True)}
        assert words.pop(None, None) is None
        assert words[ACCOUNT["account_id"]] == "Nómina ··0042"


def test_amounts_of_another_currency_have_no_peso_sign(tmp_path: Path) -> None:
    given = with_rows(TRANSFERS, {"currency": "USD"})
    assert cell(given, tmp_path, TRANSFERS, "amount").number_format == "#,##0.00;[Red]-#,##0.00"


def test_of_a_table_too_long_the_sheet_holds_break_and_review_rows_and_says_where_the_rest_is(
    tmp_path: Path,
) -> None:
    sheet = opened(report(workbook_max_rows=2), tmp_path)[TRANSFERS]
    assert "1 de 3" in sheet["A1"].value
    assert "mono_recon_2026-03-02_v1_outgoing_transfers.csv" in sheet["A1"].value
    assert "outgoing_transfers.parquet" in sheet["A1"].value
    assert column(sheet, "recon_status", top=2) == ["break"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref[:3]) == ("A3", "A2:")


def test_of_a_table_as_long_as_the_limit_every_row_is_shown(tmp_path: Path) -> None:
    sheet = opened(report(workbook_max_rows=3), tmp_path)[TRANSFERS]
    assert column(sheet, "recon_status") == ["matched", "timing", "break"]


def test_break_rows_are_never_more_than_the_limit(tmp_path: Path) -> None:
    sheet = opened(report(workbook_max_rows=1), tmp_path)["breaks"]
    assert column(sheet, "class", top=2) == ["break"]


def test_of_a_table_without_statuses_the_first_rows_are_shown(tmp_path: Path) -> None:
    sheet = opened(report(workbook_max_rows=2, language="en"), tmp_path)["lineage"]
    assert sheet["A1"].value.startswith("Shown here are the first 2 of 3 rows.")
    assert len(column(sheet, "path", "en", top=2)) == 2


def test_the_values_of_a_restatement_are_texts(tmp_path: Path) -> None:
    change = {
        "previous_version": 1,
        "table_name": TRANSFERS,
        "row_key": "trn_1",
        "column_name": "amount_minor",
        "old_value": "=1",
        "new_value": "2",
        "cause": "late_webhook",
    }
    sheet = opened(report({"restatements": table("restatements", [change])}), tmp_path)["restatements"]
    assert column(sheet, "old_value") == ["=1"]
