"""The workbook in LibreOffice: it opens, computes what we computed, and says what the tables say."""

import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from mono_recon.report.model import Report
from mono_recon.report.workbook import write_workbook
from tests.hostile.texts import HOSTILE
from tests.programs import needed
from tests.report.sample import ACCOUNT, report, table, with_rows

ENDINGS_OF_LINES = re.compile(r"\r\n?")
Values = dict[str, list[tuple[Any, ...]]]


def books() -> dict[str, Report]:
    """An ordinary book, one in English of two currencies with rows left out, and one of harmful texts."""
    summary = report().tables["summary"].to_dicts()
    more = [*summary, *(row | {"currency": "USD", "amount_minor": row["amount_minor"] + 1} for row in summary)]
    texts = [text for text in HOSTILE if text]
    rows = [{"check_name": "c", "subject": text, "count": 1, "detail": text} for text in texts]
    return {
        "plain": report(version=2),
        "cut": report({"summary": table("summary", more)}, language="en", workbook_max_rows=20),
        "empty": report({name: frame.clear() for name, frame in report().tables.items()}),
        "hostile": with_rows("breaks", *({"subject_id": text, "explanation_es": text} for text in texts[:4])),
        "texts": report({"data_quality": table("data_quality", rows)}),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books as they were written, and in ``computed`` as LibreOffice opened, computed and saved them."""
    soffice = needed("soffice", "LibreOffice")
    folder = tmp_path_factory.mktemp("libreoffice")
    (folder / "bare").mkdir()
    for name, given in books().items():
        write_workbook(given, folder / f"{name}.xlsx")
        without_results(folder / f"{name}.xlsx", folder / f"bare/{name}.xlsx")
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            *("--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", folder / "computed"),
            *sorted((folder / "bare").iterdir()),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return folder


def without_results(book: Path, target: Path) -> None:
    """Copy a book without the results of its formulas, so that who opens it must compute them."""
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/"):
                content = re.sub(rb"(</f>)<v>.*?</v>", rb"\1", content)
            copy.writestr(name, content)


def values(path: Path) -> Values:
    book = openpyxl.load_workbook(path, data_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def formulas(path: Path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(path)["overview"]
    return {
        cell.coordinate: cell.value
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.data_type == "f"
    }


@pytest.mark.parametrize("name", ["plain", "cut", "empty", "hostile"])
def test_formulas_come_to_what_we_wrote_beside_them(folder: Path, name: str) -> None:
    found = formulas(folder / f"{name}.xlsx")
    assert len(found) > 15
    ours = openpyxl.load_workbook(folder / f"{name}.xlsx", data_only=True)["overview"]
    theirs = openpyxl.load_workbook(folder / f"computed/{name}.xlsx", data_only=True)["overview"]
    for place in found:
        expected, computed = ours[place].value, theirs[place].value
        if isinstance(expected, str) or expected is None:
            assert (computed or "") == (expected or ""), (place, found[place])
        else:
            assert computed == pytest.approx(expected, abs=1e-9, rel=1e-14), (place, found[place])


@pytest.mark.parametrize("name", ["plain", "cut", "empty", "hostile", "texts"])
def test_it_opens_and_every_table_reads_back_the_same(folder: Path, name: str) -> None:
    ours, theirs = values(folder / f"{name}.xlsx"), values(folder / f"computed/{name}.xlsx")
    assert list(theirs) == list(ours)
    for sheet in list(ours)[1:]:
        rows = [row[: len(ours[sheet][0])] for row in theirs[sheet]]
        assert [[as_read(value) for value in row] for row in rows] == [
            [as_read(value) for value in row] for row in ours[sheet]
        ], sheet


def as_read(value: Any) -> Any:
    """A value without what LibreOffice writes in another way: control characters, ends of lines, empty texts."""
    return ENDINGS_OF_LINES.sub("\n", unescape(value)) or None if isinstance(value, str) else value


def test_links_lead_to_the_same_cells(folder: Path) -> None:
    for path in (folder / "plain.xlsx", folder / "computed/plain.xlsx"):
        sheet = openpyxl.load_workbook(path)["overview"]
        links = {
            cell.value: str(cell.hyperlink.location) for row in sheet.iter_rows() for cell in row if cell.hyperlink
        }
        assert re.fullmatch(r"'?balance_proof'?[!.]A2", links[f"Nómina ··0042 · {ACCOUNT['account_id']}"]), path
    assert ACCOUNT["account_id"] in {row[2] for row in values(folder / "computed/plain.xlsx")["balance_proof"]}
