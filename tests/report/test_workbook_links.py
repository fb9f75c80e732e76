"""Links and formulas of the workbook: where they lead, and that nothing of the data is in them."""

import re
import zipfile
from pathlib import Path

from openpyxl.worksheet.worksheet import Worksheet

from mono_recon.report.model import pack_schemas
from mono_recon.report.workbook import write_workbook
from mono_recon.schemas.report import RECON_STATUSES, SECTIONS
from tests.report.sample import ACCOUNT, report, with_rows
from tests.report.test_workbook import NAME, TRANSFERS, opened

METRICS = ("money.out", "money.in", *(f"{side}.{kind}" for side in ("open", "carried") for kind in RECON_STATUSES[1:]))
WORDS_OF_FORMULAS = {
    *RECON_STATUSES,
    *SECTIONS,
    *METRICS,
    *("out", "failed", "", "✓ igual", "✗ distinto", "✓ todas se cumplen", "✗ alguna no se cumple"),
}


def links(sheet: Worksheet) -> dict[str, str]:
    """What each linked cell says, and the first cell of the row that it leads to."""
    return {
        str(each.value): str(each.hyperlink.location)
        for row in sheet.iter_rows()
        for each in row
        if each.hyperlink is not None
    }


def test_a_break_leads_to_its_line_and_the_line_to_its_break(tmp_path: Path) -> None:
    breaks = [{"subject_id": "trn_0000000000000000000003"}, {}, {"subject_id": "crd_0000000000000000000001"}]
    book = opened(with_rows("breaks", *breaks), tmp_path)
    assert links(book["breaks"]) == {
        "trn_0000000000000000000003": f"'{TRANSFERS}'!A4",
        "crd_0000000000000000000001": "'incoming_credits'!A2",
    }
    assert book[TRANSFERS]["C4"].value == "trn_0000000000000000000003"
    assert links(book[TRANSFERS]) == {"amount_mismatch": "'breaks'!A2"}
    assert links(book["incoming_credits"]) == {"unidentified_credit": "'breaks'!A4"}


def test_a_break_of_an_account_or_its_balance_feed_leads_to_its_proof(tmp_path: Path) -> None:
    account = ACCOUNT["account_id"]
    about = [
        {"subject_type": "account", "subject_id": f"{account}:2026-03-02"},
        {"subject_type": "feed", "subject_id": f"balance:{account}:2026-03-02"},
        {"subject_type": "feed", "subject_id": "webhooks:2026-03-02"},
        {"subject_type": "account", "subject_id": f"{account}:2026-02-27"},
    ]
    found = links(opened(with_rows("breaks", *about), tmp_path)["breaks"])
    assert found == {about[0]["subject_id"]: "'balance_proof'!A2", about[1]["subject_id"]: "'balance_proof'!A2"}


def test_a_link_bears_nothing_of_the_text_that_it_is_made_on(tmp_path: Path) -> None:
    odd = "trn_\x01&<\u202e"
    lines = with_rows(TRANSFERS, {"transfer_id": odd}).tables[TRANSFERS]
    given = report({TRANSFERS: lines, "breaks": with_rows("breaks", {"subject_id": odd}).tables["breaks"]})
    assert links(opened(given, tmp_path)["breaks"]) == {"trn__x0001_&<[U+202E]": f"'{TRANSFERS}'!A2"}


def test_a_line_below_a_note_is_still_the_one_that_is_led_to(tmp_path: Path) -> None:
    given = with_rows("breaks", {"subject_id": "trn_0000000000000000000003"}, workbook_max_rows=2)
    book = opened(given, tmp_path)
    assert links(book["breaks"])["trn_0000000000000000000003"] == f"'{TRANSFERS}'!A3"
    assert book[TRANSFERS]["C3"].value == "trn_0000000000000000000003"


def test_no_text_of_the_data_is_a_formula_and_no_link_leads_out(tmp_path: Path) -> None:
    hostile = {"payee_name": "=cmd|' /C calc'!A0", "reference": "@SUM(1)", "external_id": "=1"}
    write_workbook(with_rows(TRANSFERS, hostile), tmp_path / NAME)
    with zipfile.ZipFile(tmp_path / NAME) as parts:
        first, *tables = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/")]
        assert not [name for name in parts.namelist() if "externalLink" in name or "worksheets/_rels" in name]
    assert len(tables) == len(pack_schemas())
    assert not [sheet for sheet in tables if "<f>" in sheet]
    used = set(re.findall(r"<f>(.*?)</f>", first))
    assert used
    for formula in used:
        assert set(re.findall(r"[A-Z]{2,}(?=\()", formula)) <= {"SUMIFS", "COUNTIFS", "SUM", "ROUND", "IF", "AND"}
        assert set(re.findall('"(.*?)"', formula)) <= WORDS_OF_FORMULAS
