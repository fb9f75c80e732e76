import csv
import io
from pathlib import Path

import pytest

from mono_recon.report.csv import csv_frame, csv_path, read_csv, write_csv
from mono_recon.report.model import Report
from tests.report.sample import report, with_rows

PACK = "mono_recon_2026-03-02_v1"


def written(given: Report, folder: Path, table: str, delimiter: str = ";", decimal: str = ",") -> bytes:
    write_csv(given.tables, folder, pack=PACK, delimiter=delimiter, decimal=decimal)
    return csv_path(folder, PACK, table).read_bytes()


def rows(content: bytes, delimiter: str = ";") -> list[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def test_a_file_is_utf_8_with_a_bom_and_crlf(tmp_path: Path) -> None:
    content = written(report(), tmp_path, "balance_proof")
    assert content.startswith(b"\xef\xbb\xbfbusiness_date;version;account_id;")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    assert "Nómina".encode() in content


def test_every_table_has_a_file_empty_ones_too(tmp_path: Path) -> None:
    content = written(report(), tmp_path, "restatements")
    assert len(list(tmp_path.iterdir())) == 13
    assert rows(content) == []
    assert content.startswith(b"\xef\xbb\xbfbusiness_date;version;previous_version;table_name;")


def test_pesos_stand_right_after_their_centavos(tmp_path: Path) -> None:
    [row, _] = rows(written(report(), tmp_path, "balance_proof"))
    names = list(row)
    assert names[names.index("fees_minor") + 1] == "fees"
    assert (row["opening_minor"], row["opening"]) == ("1000000000", "10000000,00")


def test_negative_pesos_are_figures_and_not_escaped(tmp_path: Path) -> None:
    row = rows(written(report(), tmp_path, "breaks"))[0]
    assert (row["difference_minor"], row["difference"]) == ("-100", "-1,00")
    assert row["left_value"] == "'-70.000,00"


@pytest.mark.parametrize(("delimiter", "decimal"), [(";", ","), (",", "."), (",", ","), ("\t", ".")])
def test_delimiter_and_decimal_separator_are_those_asked_for(tmp_path: Path, delimiter: str, decimal: str) -> None:
    given = report()
    row = rows(written(given, tmp_path, "outgoing_transfers", delimiter, decimal), delimiter)[0]
    assert row["amount"] == f"1600000{decimal}00"
    back = read_csv(csv_path(tmp_path, PACK, "outgoing_transfers"), delimiter)
    assert back.equals(csv_frame(given.tables["outgoing_transfers"], decimal))


def test_dates_and_instants_are_iso_and_lists_are_joined(tmp_path: Path) -> None:
    row = rows(written(report(), tmp_path, "outgoing_transfers"))[0]
    assert row["business_date"] == "2026-03-02"
    assert row["created_at"] == "2026-03-02T17:00:00.123456Z"
    assert row["fallbacks"] == "transfiya|turbo"
    assert (row["payee_bank_code"], row["payee_document_number"]) == ("007", "0012345678")
    assert rows(written(report(), tmp_path, "collections"))[0]["counted"] == "true"


@pytest.mark.parametrize("text", ["=1+1", "+57 300", "-5", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_escaped(tmp_path: Path, text: str) -> None:
    given = with_rows("outgoing_transfers", {"description": text, "fallbacks": [text, "x"]})
    row = rows(written(given, tmp_path, "outgoing_transfers"))[0]
    assert row["description"] == "'" + text
    assert row["fallbacks"] == "'" + text + "|x"


@pytest.mark.parametrize(
    "text",
    ['"', '";"', "a\nb", "a\rb", "a\r\nb\r\n", "'", "\u202e123", "\x01\x0b\x7f", "x" * 40_000, " ", "😀", "\ufeff"],
)
def test_any_other_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    given = with_rows("outgoing_transfers", {"description": text}, {"description": text})
    content = written(given, tmp_path, "outgoing_transfers")
    assert [row["description"] for row in rows(content)] == [text, text, ""]
    back = read_csv(csv_path(tmp_path, PACK, "outgoing_transfers"), ";")
    assert back["description"].to_list() == [text, text, None]


def test_an_empty_text_is_told_from_a_missing_one(tmp_path: Path) -> None:
    given = with_rows("outgoing_transfers", {"description": ""})
    written(given, tmp_path, "outgoing_transfers")
    back = read_csv(csv_path(tmp_path, PACK, "outgoing_transfers"), ";")
    assert back["description"].to_list() == ["", None, None]
