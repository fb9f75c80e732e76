import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mono_recon.archive.adjustments import read_adjustments
from mono_recon.archive.resolutions import CODES, read_resolutions
from mono_recon.pipeline.handwritten import take_adjustments, take_resolutions
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import Archive, delivery, payload

ADJUSTMENT_COLUMNS = "adjustment_id,account_id,currency,effective_at,amount_minor,kind,reason,actor,decided_at\n"
ADJUSTED = (
    "one,acc_16ktUqSO7G0qTHDz8I3qrG,COP,2026-03-04T12:00:00-05:00,-238000,fee,invoice 7,ana,2026-03-05T10:00:00Z\n"
)
RESOLUTION_COLUMNS = "break_id,resolution_code,reason,actor,decided_at,approved_by\n"
DECIDED = '0123456789abcdef,accepted,"agreed, in writing",ana,2026-03-05T10:00:00-05:00,\n'


def folder(tmp_path: Path, kind: str, *files: str) -> Path:
    made = tmp_path / kind
    made.mkdir()
    for number, text in enumerate(files):
        (made / f"{number}.csv").write_text(text, encoding="utf-8")
    return made


def test_an_adjustment_is_read_with_its_sign_and_its_zone(tmp_path: Path) -> None:
    text = "\ufeff" + (ADJUSTMENT_COLUMNS + ADJUSTED).replace(",", ";")
    written = read_adjustments(folder(tmp_path, "adjustments", text))
    row = written.rows.row(0, named=True)
    assert (row["amount_minor"], row["effective_at"].isoformat()) == (-238000, "2026-03-04T17:00:00+00:00")
    assert (row["path"], row["line"], written.refused) == ("0.csv", 2, ())


def test_a_resolution_is_read_and_may_name_no_second_person(tmp_path: Path) -> None:
    second = DECIDED[:-1] + " luis \n"
    written = read_resolutions(folder(tmp_path, "resolutions", RESOLUTION_COLUMNS + DECIDED + second))
    first, other = written.rows.rows(named=True)
    assert first["decided_at"].isoformat() == "2026-03-05T15:00:00+00:00"
    assert (first["reason"], first["approved_by"], other["approved_by"]) == ("agreed, in writing", None, "luis")
    assert (other["path"], other["line"], written.refused) == ("0.csv", 3, ())


def test_every_code_of_a_decision_is_known(tmp_path: Path) -> None:
    rows = "".join(DECIDED.replace("accepted", code) for code in CODES)
    written = read_resolutions(folder(tmp_path, "resolutions", RESOLUTION_COLUMNS + rows))
    assert (tuple(written.rows["resolution_code"]), written.refused) == (CODES, ())


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
def test_an_adjustment_that_cannot_be_trusted_is_left_out_and_said(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    text = ADJUSTMENT_COLUMNS + ADJUSTED + ADJUSTED.replace(old, new)
    written = read_adjustments(folder(tmp_path, "adjustments", text))
    assert written.rows.height == 1
    (refused,) = written.refused
    assert refused.startswith("0.csv, line 3: ")
    assert problem in refused


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("0123456789abcdef", "0123456789ABCDEF", "break_id is '0123456789ABCDEF'"),
        ("0123456789abcdef", "123456789abcdef", "break_id is '123456789abcdef'"),
        ("0123456789abcdef", "", "break_id is empty"),
        ("accepted", "Accepted", "resolution_code is 'Accepted'"),
        ("accepted", "accepted|withdrawn", "resolution_code is 'accepted|withdrawn'"),
        ("accepted", "", "resolution_code is empty"),
        ('"agreed, in writing"', " ", "reason is empty"),
        ("ana", "", "actor is empty"),
        ("2026-03-05T10:00:00-05:00", "2026-03-05T10:00:00", "decided_at is '2026-03-05T10:00:00'"),
        (",accepted", "", "resolution_code is 'agreed, in writing'"),
    ],
)
def test_a_resolution_that_cannot_be_trusted_is_left_out_and_said(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    text = RESOLUTION_COLUMNS + DECIDED + DECIDED.replace(old, new)
    written = read_resolutions(folder(tmp_path, "resolutions", text))
    assert written.rows.height == 1
    (refused,) = written.refused
    assert refused.startswith("0.csv, line 3: ")
    assert problem in refused


def test_a_file_without_its_columns_is_left_out_and_said(tmp_path: Path) -> None:
    written = read_adjustments(folder(tmp_path, "adjustments", "a,b\n1,2\n", ADJUSTMENT_COLUMNS + ADJUSTED))
    assert written.rows["path"].to_list() == ["1.csv"]
    assert "no column adjustment_id" in written.refused[0]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Path.mkdir, "not a file"),
        (os.mkfifo, "not a file"),
        (lambda path: path.symlink_to(path.parent / "nowhere"), "No such file or directory"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"\xff" + DECIDED.encode()), "not UTF-8 (invalid start byte)"),
        (lambda path: path.write_text('"break_id"x' + RESOLUTION_COLUMNS[8:]), "',' expected after '\"'"),
        (lambda path: path.write_text('"break_id'), "unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_out_and_said_and_the_others_are_read(
    tmp_path: Path, make: Callable[[Path], object], problem: str
) -> None:
    resolutions = folder(tmp_path, "resolutions", RESOLUTION_COLUMNS + DECIDED)
    bad = os.fsdecode(b"bad \xff.csv")
    make(resolutions / bad)
    written = read_resolutions(resolutions)
    assert written.refused == (f"bad \\xff.csv, line 1: {problem}; the file is left out",)
    assert written.rows["path"].to_list() == ["0.csv"]


def test_rows_of_a_file_whose_name_is_no_text_are_read(tmp_path: Path) -> None:
    adjustments = folder(tmp_path, "adjustments")
    (adjustments / os.fsdecode(b"\xff.csv")).write_text(ADJUSTMENT_COLUMNS + ADJUSTED, encoding="utf-8")
    assert read_adjustments(adjustments).rows["path"].to_list() == ["\\xff.csv"]


def test_a_folder_that_cannot_be_listed_is_said(tmp_path: Path) -> None:
    (tmp_path / "resolutions").touch()
    written = read_resolutions(tmp_path / "resolutions")
    assert (written.rows.height, written.refused) == (0, ("resolutions: Not a directory; the folder is left out",))
    assert read_resolutions(tmp_path / "nowhere").refused == ()


def test_the_warehouse_follows_the_files_and_is_left_alone_when_it_does(tmp_path: Path) -> None:
    adjustments = folder(tmp_path, "adjustments")
    resolutions = folder(tmp_path, "resolutions")
    settings = load_settings(tmp_path, None, {})
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        states = []
        for adjusted, decided in (
            (ADJUSTED, DECIDED),
            (ADJUSTED, DECIDED),
            (ADJUSTED.replace("one", "two"), DECIDED),
            (ADJUSTED.replace("one", "two"), DECIDED + DECIDED.replace("accepted", "withdrawn")),
        ):
            (adjustments / "0.csv").write_text(ADJUSTMENT_COLUMNS + adjusted, encoding="utf-8")
            (resolutions / "0.csv").write_text(RESOLUTION_COLUMNS + decided, encoding="utf-8")
            with warehouse.transaction():
                take_adjustments(warehouse, settings)
                take_resolutions(warehouse, settings)
            states.append(warehouse.snapshot())
        held = warehouse.query("SELECT adjustment_id FROM mono.core.adjustments")["adjustment_id"].to_list()
        codes = warehouse.query("SELECT resolution_code FROM mono.core.resolutions ORDER BY line").to_series()
    assert states[0] == states[1] < states[2] < states[3]
    assert (held, codes.to_list()) == (["two"], ["accepted", "withdrawn"])


def test_an_ingest_takes_what_people_wrote_and_says_what_it_left_out(archive: Archive) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    folder(archive.root, "resolutions", RESOLUTION_COLUMNS + DECIDED + DECIDED.replace("ana", ""))
    folder(archive.root, "adjustments", ADJUSTMENT_COLUMNS + ADJUSTED.replace("ana", ""))
    result = archive.ingest()
    assert result.refused_resolutions == ("0.csv, line 3: actor is empty",)
    assert result.refused_adjustments == ("0.csv, line 2: actor is empty",)
    held = archive.query("SELECT break_id FROM mono.core.resolutions")
    assert held.equals(pl.DataFrame({"break_id": ["0123456789abcdef"]}))
