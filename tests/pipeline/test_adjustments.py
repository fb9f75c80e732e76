from pathlib import Path

import pytest

from mono_recon.archive.adjustments import read_adjustments
from mono_recon.pipeline.adjustments import take_adjustments
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

HEADING = "adjustment_id,account_id,currency,effective_at,amount_minor,kind,reason,actor,decided_at\n"
GOOD = "one,acc_16ktUqSO7G0qTHDz8I3qrG,COP,2026-03-04T12:00:00-05:00,-238000,fee,invoice 7,ana,2026-03-05T10:00:00Z\n"


def folder(tmp_path: Path, *files: str) -> Path:
    made = tmp_path / "adjustments"
    made.mkdir()
    for number, text in enumerate(files):
        (made / f"{number}.csv").write_text(text, encoding="utf-8")
    return made


def test_a_row_is_read_with_its_sign_and_its_zone(tmp_path: Path) -> None:
    recorded = read_adjustments(folder(tmp_path, "\ufeff" + (HEADING + GOOD).replace(",", ";")))
    row = recorded.adjustments.row(0, named=True)
    assert (row["amount_minor"], row["effective_at"].isoformat()) == (-238000, "2026-03-04T17:00:00+00:00")
    assert (row["path"], row["line"], recorded.refused) == ("0.csv", 2, ())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("-238000", "-2380.00", "amount_minor is '-2380.00'"),
        ("-238000", "1e3", "amount_minor is '1e3'"),
        ("COP", "cop", "currency is 'cop'"),
        ("2026-03-05T10:00:00Z", "2026-03-05", "decided_at is '2026-03-05', not an instant with its zone"),
        ("2026-03-04T12:00:00-05:00", "2026-02-30T12:00:00Z", "effective_at is '2026-02-30T12:00:00Z'"),
        ("ana", " ", "actor is empty"),
        ("acc_16ktUqSO7G0qTHDz8I3qrG", "acc_1", "account_id is 'acc_1'"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_left_out_and_said(tmp_path: Path, old: str, new: str, problem: str) -> None:
    recorded = read_adjustments(folder(tmp_path, HEADING + GOOD + GOOD.replace(old, new)))
    assert recorded.adjustments.height == 1
    (refused,) = recorded.refused
    assert refused.startswith("0.csv, line 3: ")
    assert problem in refused


def test_a_file_without_its_columns_is_left_out_and_said(tmp_path: Path) -> None:
    recorded = read_adjustments(folder(tmp_path, "a,b\n1,2\n", HEADING + GOOD))
    assert recorded.adjustments["path"].to_list() == ["1.csv"]
    assert "no column adjustment_id" in recorded.refused[0]


def test_the_warehouse_follows_the_files_and_is_left_alone_when_it_does(tmp_path: Path) -> None:
    made = folder(tmp_path, HEADING + GOOD)
    settings = load_settings(tmp_path, None, {})
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        states = []
        for text in (GOOD, GOOD, GOOD.replace("one", "two")):
            (made / "0.csv").write_text(HEADING + text, encoding="utf-8")
            with warehouse.transaction():
                take_adjustments(warehouse, settings)
            states.append(warehouse.snapshot())
        held = warehouse.query("SELECT adjustment_id FROM mono.core.adjustments")["adjustment_id"].to_list()
    assert states[0] == states[1] < states[2]
    assert held == ["two"]
