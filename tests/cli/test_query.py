import csv
import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import BALANCED, BREAKS
from tests.commands import command

ISSUES = "SELECT business_date, as_of, verdict, version FROM latest_issues ORDER BY business_date"
AMOUNTS = "SELECT sum(amount_minor) AS total FROM outgoing_transfers"
SENT = datetime(2026, 3, 3, 14, 45, tzinfo=UTC)


def test_rows_are_shown_as_a_table(demo: Path) -> None:
    lines = command("--data", demo, "query", ISSUES).out.splitlines()
    assert [line.split() for line in lines] == [
        ["business_date", "as_of", "verdict", "version"],
        ["2026-03-02", "2026-03-03T14:45:00.000000Z", "breaks", "2"],
        ["2026-03-03", "2026-03-04T14:45:00.000000Z", "balanced", "1"],
    ]


def test_rows_are_written_as_csv_with_lists_joined(demo: Path) -> None:
    done = command("--data", demo, "query", f"{ISSUES} LIMIT 1", "--format", "csv")
    assert done.out == "business_date,as_of,verdict,version\n2026-03-02,2026-03-03T14:45:00.000000Z,breaks,2\n"
    lists = "SELECT ['a', 'b'] AS texts, [1, 2] AS numbers, NULL::VARCHAR[] AS none"
    assert command("--data", demo, "query", lists, "--format", "csv").out == "texts,numbers,none\na|b,1|2,\n"


def test_columns_of_one_name_are_numbered_and_a_question_may_begin_with_a_comment(demo: Path) -> None:
    asked = "-- twice\nSELECT 1 AS a, 2 AS a, 3 AS a_1, INTERVAL 1 DAY AS a"
    assert command("--data", demo, "query", asked, "--format", "csv").out == "a,a_2,a_1,a_3\n1,2,3,1 day\n"


def test_rows_are_written_as_json(demo: Path) -> None:
    rows = [
        {"business_date": "2026-03-02", "as_of": "2026-03-03T14:45:00.000000Z", "verdict": "breaks", "version": 2},
        {"business_date": "2026-03-03", "as_of": "2026-03-04T14:45:00.000000Z", "verdict": "balanced", "version": 1},
    ]
    assert command("--data", demo, "query", ISSUES, "--format", "json").json == rows
    assert command("--data", demo, "--json", "query", ISSUES).json == rows


def test_rows_are_written_as_parquet_with_their_types(demo: Path) -> None:
    written = pl.read_parquet(io.BytesIO(command("--data", demo, "query", ISSUES, "--format", "parquet").raw))
    assert written.schema == {
        "business_date": pl.Date(),
        "as_of": pl.Datetime("us", "UTC"),
        "verdict": pl.String(),
        "version": pl.Int64(),
    }
    assert written["business_date"].to_list() == [BREAKS, BALANCED]
    assert written["as_of"][0] == SENT


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_asked_for_in_a_form_come_in_that_form_whatever_the_global_options(demo: Path, form: str) -> None:
    plain = command("--data", demo, "query", ISSUES, "--format", form)
    assert command("--data", demo, "--json", "query", ISSUES, "--format", form) == plain


def test_a_sum_of_centavos_is_a_whole_number_in_every_form(demo: Path) -> None:
    (row,) = command("--data", demo, "query", AMOUNTS, "--format", "json").json
    total = row["total"]
    assert isinstance(total, int)
    assert command("--data", demo, "query", AMOUNTS, "--format", "csv").out == f"total\n{total}\n"
    parquet = command("--data", demo, "query", AMOUNTS, "--format", "parquet").raw
    assert pl.read_parquet(io.BytesIO(parquet)).rows() == [(total,)]
    beyond = "SELECT 9223372036854775807::HUGEINT + 1 AS total"
    assert command("--data", demo, "query", beyond, "--format", "csv").out == "total\n9223372036854775808\n"


ODD = {
    "'\\xFF'::BLOB": "\\xFF",
    "INTERVAL 1 MONTH": "1 month",
    "TIMETZ '10:00:00+02'": "10:00:00+02",
    "[INTERVAL 1 DAY]": '["1 day"]',
    "[[1], [2]]": "[[1],[2]]",
    "{'a': 1, 'b': 'ñ'}": '{"a":1,"b":"ñ"}',
    "MAP {'a': 1}": '{"a":1}',
    "array_value(1, 2)": "[1,2]",
    "'101'::BIT": "101",
    "1::VARIANT": "1",
}


@pytest.mark.parametrize("value", ODD)
def test_a_type_that_not_every_form_has_is_text_in_all_of_them(demo: Path, value: str) -> None:
    sql = f'SELECT {value} AS "a ""type""" FROM (VALUES (2), (1)) AS v(n) ORDER BY n'  # noqa: S608  written above
    expected = [{'a "type"': ODD[value]}] * 2
    assert command("--data", demo, "query", sql, "--format", "json").json == expected
    assert command("--data", demo, "--json", "query", sql).json == expected
    written = command("--data", demo, "query", sql, "--format", "csv").out
    assert list(csv.DictReader(io.StringIO(written))) == expected
    assert (
        pl.read_parquet(io.BytesIO(command("--data", demo, "query", sql, "--format", "parquet").raw)).to_dicts()
        == expected
    )
    assert ODD[value] in command("--data", demo, "query", sql).out


def test_a_date_that_no_calendar_has_is_refused_on_one_line(demo: Path) -> None:
    done = command("--data", demo, "query", "SELECT 'infinity'::DATE AS day")
    assert (done.code, done.out) == (2, "")
    assert "cast it to VARCHAR" in done.err


def test_no_rows_are_no_error(demo: Path) -> None:
    nothing = "SELECT business_date FROM issues WHERE false"
    assert command("--data", demo, "query", nothing).out.split() == ["business_date"]
    assert command("--data", demo, "query", nothing, "--format", "json").json == []


@pytest.mark.parametrize(
    "sql",
    [
        "WITH late AS (SELECT * FROM breaks) SELECT count(*) FROM late",
        "SELECT * FROM mono.core.transfer_observations, unnest([1, 2])",
        "SELECT pesos(amount_minor) FROM report.latest_breaks",
        "FROM deliveries",
    ],
)
def test_a_question_may_be_any_select_over_the_warehouse(demo: Path, sql: str) -> None:
    assert command("--data", demo, "query", sql).code == 0


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM issues", "one SELECT and nothing else"),
        ("ATTACH 'other.db'", "one SELECT and nothing else"),
        ("COPY (SELECT 1) TO 'out.csv'", "one SELECT and nothing else"),
        ("SELECT 1; SELECT 2", "one SELECT, not 2 statements"),
        ("", "one SELECT, not 0 statements"),
        ("SELECT", "one SELECT"),
        ("SELECT * FROM read_csv('secret.csv')", "read_csv: ask the warehouse's own tables"),
        ("SELECT * FROM 'secret.parquet'", "secret.parquet: ask the warehouse's own tables"),
        ("SELECT (SELECT content FROM read_text('secret')) FROM issues", "read_text: ask"),
        ("WITH a AS (FROM glob('*')) FROM a", "glob: ask"),
        ("SELECT nothing FROM issues", "nothing"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT CASE WHEN range > 500000 THEN error('odd') ELSE 1 END FROM range(1000000)", "odd"),
    ],
)
def test_any_other_question_is_refused_on_one_line(demo: Path, sql: str, told: str) -> None:
    done = command("--data", demo, "query", sql)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert told in done.err


@pytest.mark.parametrize("sql", ["DESCRIBE issues", "SUMMARIZE issues", "SHOW TABLES", "SHOW ALL TABLES"])
def test_what_there_is_to_ask_can_be_asked(demo: Path, sql: str) -> None:
    told = command("--data", demo, "query", sql, "--format", "json").json
    assert told
    assert ("business_date" if "SHOW" not in sql else "latest_issues") in str(told)


def test_a_table_shows_its_first_thousand_rows_and_says_how_many_there_are(demo: Path) -> None:
    done = command("--data", demo, "query", "FROM range(1001)")
    assert done.out.split() == ["range", *map(str, range(1000))]
    assert done.err == "the first 1000 of 1001 rows; --format csv, json or parquet gives all\n"
    assert command("--data", demo, "query", "FROM range(1000)").err == ""
    assert len(command("--data", demo, "--json", "query", "FROM range(1001)").json) == 1001
    assert len(command("--data", demo, "query", "FROM range(1001)", "--format", "csv").out.splitlines()) == 1002


def test_a_question_that_takes_too_long_is_stopped_and_has_failed(demo: Path) -> None:
    runaway = "SELECT count(*) FROM range(1000000000000) AS a, range(1000) AS b"
    done = command("--data", demo, "query", runaway, "--timeout", "0.2")
    assert (done.code, done.out) == (1, "")
    assert done.err == "mono-recon: stopped after 0.2 s; ask for less, or give it more with --timeout\n"


def test_an_answer_without_end_is_stopped_and_nothing_of_it_is_written(demo: Path) -> None:
    done = command("--data", demo, "query", "FROM range(1000000000000)", "--format", "csv")
    assert (done.code, done.out) == (1, "")
    assert "the answer is larger than 500 MB" in done.err


@pytest.mark.parametrize("seconds", ["0", "-1"])
def test_a_question_needs_some_time(demo: Path, seconds: str) -> None:
    done = command("--data", demo, "query", "SELECT 1", "--timeout", seconds)
    assert (done.code, done.out) == (2, "")


def test_where_the_engine_does_not_stop_the_process_ends() -> None:
    stubborn = """
import threading
from mono_recon.cli.query import _ended_after
with _ended_after(0.01):
    threading.Event().wait()
"""
    done = subprocess.run([sys.executable, "-c", stubborn], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("mono-recon: stopped after 0.01 s; one single value")


def test_a_question_loads_no_dagster() -> None:
    script = "import sys, mono_recon.cli.query; sys.exit('dagster' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
