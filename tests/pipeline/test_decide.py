"""Decisions about breaks written into a file that several people and programs share."""

import csv
import multiprocessing
from collections.abc import Callable
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

import polars as pl
import pytest

from mono_recon.archive.resolutions import read_resolutions
from mono_recon.pipeline.decide import FILE, Decision, DecisionError, _append, decide
from mono_recon.schemas.report import Breaks
from mono_recon.schemas.table import polars_schema
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import open_warehouse

LIMIT = 100_000_000
SMALL, LARGE, SHRUNK = "000000000000000a", "000000000000000b", "000000000000000c"
NOON = datetime(2026, 3, 4, 12, 0, 0, 5, tzinfo=UTC)
HEADER = "break_id,resolution_code,reason,actor,decided_at,approved_by\n"
ROW = f"{SMALL},accepted,why,ana,2026-03-04T12:00:00.000005Z,\n"
PROCESSES, EACH, FILES = 4, 5, 50
CONTEXT = multiprocessing.get_context("spawn")


def listing(break_id: str, amount_minor: int, day: int, version: int = 1) -> dict[str, object]:
    given = {
        "business_date": date(2026, 3, day),
        "version": version,
        "break_id": break_id,
        "break_type": "missing_webhook",
        "class": "break",
        "severity": "medium",
        "subject_type": "transfer",
        "subject_id": "trn_0000000000000000000000",
        "amount_minor": amount_minor,
        "break_date": date(2026, 3, 2),
        "age_days": 0,
        "age_business_days": 0,
        "ageing_bucket": "0-1",
        "status": "open",
        "explanation_es": "-",
        "explanation_en": "-",
        "source_refs": [],
    }
    return dict.fromkeys(polars_schema(Breaks)) | given


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data root whose reports list three breaks: a small one, one at the limit, and one that was at it before."""
    settings = load_settings(tmp_path, None, {})
    rows = [
        listing(SMALL, LIMIT - 1, 2),
        listing(LARGE, LIMIT, 2),
        listing(SHRUNK, LIMIT, 2, version=2),
        listing(SHRUNK, LIMIT - 1, 3),
    ]
    with open_warehouse(settings.warehouse, read_only=False) as warehouse, warehouse.transaction():
        warehouse.append(Breaks, pl.DataFrame(rows, schema=polars_schema(Breaks)))
    return settings


def decision(**given: str) -> Decision:
    return Decision(**{"code": "accepted", "reason": "why", "actor": "ana", "decided_at": NOON} | given)  # type: ignore[arg-type]  # texts and one instant


def written(settings: Settings) -> str:
    return (settings.paths.resolutions / FILE).read_bytes().decode()


def test_a_new_file_begins_with_the_columns_and_the_same_again_adds_a_row(settings: Settings) -> None:
    decide(settings, [SMALL], decision())
    assert written(settings) == HEADER + ROW
    decide(settings, [SMALL], decision())
    assert written(settings) == HEADER + ROW + ROW


def test_what_is_written_is_what_is_read(settings: Settings) -> None:
    reason = 'Mono confirmó, "pagado"; \u00f1 =1+1'
    decide(settings, [SMALL, LARGE], decision(reason=f" {reason}\n\tdos  líneas\r\n", approved_by="Luis, CFO"))
    read = read_resolutions(settings.paths.resolutions)
    assert read.refused == ()
    assert read.rows["break_id"].to_list() == [SMALL, LARGE]
    assert set(read.rows["reason"]) == {f"{reason} dos líneas"}
    assert set(read.rows["approved_by"]) == {"Luis, CFO"}
    assert set(read.rows["decided_at"]) == {NOON}
    assert read.rows["line"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        (HEADER.strip(), HEADER),
        (HEADER + ROW.strip(), HEADER + ROW),
        (HEADER + "0000", HEADER + "0000\n"),
        (HEADER + '0000,accepted,"half a rea', HEADER + '0000,accepted,"half a rea"\n'),
        ("\ufeff" + HEADER, "\ufeff" + HEADER),
        (HEADER.replace("\n", "\r\n"), HEADER.replace("\n", "\r\n")),
        ("", HEADER),
    ],
)
def test_a_torn_last_line_spoils_no_row_after_it(settings: Settings, there: str, kept: str) -> None:
    path = settings.paths.resolutions / FILE
    path.parent.mkdir()
    path.write_bytes(there.encode())
    decide(settings, [SMALL], decision())
    assert written(settings) == kept + ROW
    assert read_resolutions(path.parent).rows["break_id"].to_list()[-1] == SMALL


def test_a_file_that_a_spreadsheet_saved_keeps_its_columns_and_its_delimiter(settings: Settings) -> None:
    path = settings.paths.resolutions / FILE
    path.parent.mkdir()
    heading = "note;decided_at;actor;reason;resolution_code;approved_by;break_id\r\n"
    path.write_bytes(heading.encode())
    decide(settings, [SMALL], decision(reason="uno; dos"))
    assert written(settings) == heading + f';2026-03-04T12:00:00.000005Z;ana;"uno; dos";accepted;;{SMALL}\n'
    assert read_resolutions(path.parent).rows["reason"].to_list() == ["uno; dos"]


def test_a_file_without_the_columns_is_not_added_to(settings: Settings) -> None:
    path = settings.paths.resolutions / FILE
    path.parent.mkdir()
    path.write_text("id,why\n")
    with pytest.raises(
        DecisionError, match=r"resolutions\.csv, line 1: no column break_id, .*; let this line be break_id"
    ):
        decide(settings, [SMALL], decision())
    assert path.read_text() == "id,why\n"


def test_from_the_limit_on_a_decision_needs_a_second_person(settings: Settings) -> None:
    for second in ("", "ana", " ANA "):
        with pytest.raises(DecisionError, match=rf"break {LARGE} is of 1\.000\.000,00 pesos or more"):
            decide(settings, [SMALL, LARGE], decision(approved_by=second))
    assert not settings.paths.resolutions.exists()
    decide(settings, [SMALL, LARGE], decision(approved_by="luis"))
    decide(settings, [SHRUNK], decision())


def test_a_text_that_is_no_utf8_is_refused(settings: Settings) -> None:
    with pytest.raises(DecisionError, match="--approved-by is not UTF-8"):
        decide(settings, [SMALL], decision(approved_by="Mu\udcf1oz"))


def _decide_often(root: Path, name: str) -> None:
    settings = load_settings(root, None, {})
    for number in range(EACH):
        decide(settings, [SMALL, SHRUNK], decision(actor=name, reason=f"número {number}, " + "x" * 5000))


def _begin_files(root: Path, name: str, start: Barrier) -> None:
    row = dict.fromkeys(HEADER.strip().split(","), name)
    for number in range(FILES):
        start.wait()
        _append(root / f"{number}" / FILE, [row, row])


def at_once(work: Callable[..., None], *arguments: object) -> list[str]:
    """Let several processes do the same under different names; the names."""
    names = [f"person {number}" for number in range(PROCESSES)]
    started = [CONTEXT.Process(target=work, args=(arguments[0], name, *arguments[1:])) for name in names]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * PROCESSES
    return names


def test_several_processes_that_begin_a_file_at_once_write_its_first_line_once(tmp_path: Path) -> None:
    names = at_once(_begin_files, tmp_path, CONTEXT.Barrier(PROCESSES))
    for number in range(FILES):
        first, *rows = (tmp_path / f"{number}" / FILE).read_text().splitlines(keepends=True)
        assert first == HEADER
        assert sorted(row.split(",")[0] for row in rows) == sorted(names * 2)
        assert rows[::2] == rows[1::2]


def test_several_processes_that_decide_at_once_lose_and_mix_no_row(settings: Settings, tmp_path: Path) -> None:
    names = at_once(_decide_often, tmp_path)
    text = written(settings)
    assert text.count(HEADER.strip()) == 1
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == PROCESSES * EACH * 2
    for name in names:
        of_name = [row for row in rows if row["actor"] == name]
        assert [row["break_id"] for row in of_name] == [SMALL, SHRUNK] * EACH
        assert [row["reason"].split(",")[0] for row in of_name[::2]] == [f"número {number}" for number in range(EACH)]
    together = [(first["actor"], first["reason"]) for first in rows[::2]]
    assert together == [(second["actor"], second["reason"]) for second in rows[1::2]]
