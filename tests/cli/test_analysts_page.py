"""The page for analysts: what it tells people to type is typed here."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import mono_recon
from mono_recon.warehouse.attach import start_engine
from tests.commands import command

PAGE = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"(?ms)^```([a-z ]+)\n(.*?)^```$", PAGE)
UNTESTED = ("yaml",)


def blocks(kind: str) -> list[str]:
    return [text for named, text in BLOCKS if named == kind]


def statements(text: str) -> list[str]:
    return [statement for part in text.split(";\n") if (statement := part.strip().rstrip(";"))]


@pytest.fixture
def data(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demonstration as ``data`` in the working folder."""
    (tmp_path / "data").symlink_to(demo)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONO_RECON_DATA", raising=False)
    return demo


def test_every_block_of_the_page_is_tried_or_marked_as_untested() -> None:
    tried = {"python", "python pandas", "sql", "sql plain", "sql elsewhere", "sql packs", "sh"}
    assert {kind for kind, _ in BLOCKS} == tried | {*UNTESTED}
    assert re.search(r"\*\*dbt\*\* \(untested\)", PAGE)


@pytest.mark.usefixtures("data")
def test_the_python_of_the_page_works_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    for text in blocks("python"):
        exec(text, names)  # noqa: S102  the page of the project itself
    assert names["lines"].height > 0
    names["connection"].close()


@pytest.mark.usefixtures("data")
def test_the_snippet_for_pandas_works() -> None:
    pytest.importorskip("pandas", reason="pandas is installed with the notebooks")
    with mono_recon.connect() as connection:
        for text in blocks("python pandas"):
            exec(text, {"connection": connection})  # noqa: S102  the page of the project itself


@pytest.mark.usefixtures("data")
def test_the_sql_of_the_page_gives_rows_after_connecting() -> None:
    with mono_recon.connect() as connection:
        for text in blocks("sql"):
            for statement in statements(text):
                assert connection.execute(statement).fetchall(), statement


@pytest.mark.usefixtures("data")
def test_any_duckdb_with_the_extensions_reads_the_warehouse() -> None:
    (text,) = blocks("sql plain")
    with start_engine() as connection:
        for statement in statements(text):
            if not statement.startswith("INSTALL"):
                rows = connection.execute(statement).fetchall()
                assert rows or not statement.startswith("SELECT"), statement


def test_a_copy_elsewhere_is_read_where_it_lies(data: Path) -> None:
    shutil.copytree(data / "warehouse", "copy")
    (text,) = blocks("sql elsewhere")
    attach, count = statements(text)
    with start_engine() as connection:
        connection.execute(attach)
        assert connection.execute(count).fetchall() == [(3,)]
        listed = connection.execute("SELECT data_file FROM ducklake_list_files('mono', 'lineage', schema => 'report')")
        assert all("copy/files" in file for (file,) in listed.fetchall())


@pytest.mark.usefixtures("data")
def test_packs_are_read_without_the_warehouse() -> None:
    (text,) = blocks("sql packs")
    with start_engine() as connection:
        (rows,) = [connection.execute(statement).fetchall() for statement in statements(text)]
    assert {(str(day), version) for day, version, *_ in rows} == {("2026-03-02", 2), ("2026-03-03", 1)}


@pytest.mark.usefixtures("data")
def test_the_commands_of_the_page_answer() -> None:
    (text,) = blocks("sh")
    for line in text.splitlines():
        done = command(*shlex.split(line)[1:])
        assert (done.code, done.err) == (0, ""), line
        assert done.out
