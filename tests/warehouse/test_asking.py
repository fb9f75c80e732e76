import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mono_recon.schemas.raw import Deliveries
from mono_recon.warehouse import asking
from mono_recon.warehouse.asking import Limits, RunawayError, ask
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.permitted import QuestionError
from tests.warehouse.lakes import deliveries, places

ENDLESS = "SELECT count(*) FROM range(1000000000000) AS a, range(1000) AS b"


@pytest.fixture(autouse=True)
def forty(root: Path) -> None:
    """The warehouse holds forty deliveries, too many to lie in the catalog."""
    with open_warehouse(places(root), read_only=False) as warehouse:
        warehouse.append(Deliveries, deliveries(40))


def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every question through to the engine."""
    monkeypatch.setattr(asking, "check", lambda _sql, _tables: None)


def test_the_engine_alone_reads_the_lake_and_no_other_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked(monkeypatch)
    assert ask(places(root), "SELECT count(*) FROM deliveries").item() == 40
    secret = root / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    inside = next(places(root).files.rglob("*.parquet"))
    for name in (f"'{secret}'", f"read_text('{secret}')", f"glob('{root}/*')", f"'{inside}/../../../../secret.csv'"):
        with pytest.raises(QuestionError, match="file system operations are disabled"):
            ask(places(root), f"FROM {name}")


@pytest.mark.parametrize(
    "sql",
    [
        "SET memory_limit = '1TB'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET memory_limit",
        "COPY deliveries TO 'out.csv'",
        "ATTACH 'other.db'",
        "LOAD 'httpfs'",
        "DELETE FROM mono.raw.deliveries",
        "DROP TABLE mono.raw.deliveries",
    ],
)
def test_the_engine_alone_takes_no_setting_and_writes_nothing(
    root: Path, sql: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unchecked(monkeypatch)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(QuestionError):
        ask(places(root), sql)
    assert list(elsewhere.iterdir()) == []
    assert ask(places(root), "SELECT count(*) FROM deliveries").item() == 40


def test_time_ends_a_question_that_has_not_answered_and_one_that_is_answering(root: Path) -> None:
    for sql in (ENDLESS, "FROM range(1000000000000)"):
        with pytest.raises(RunawayError, match=r"stopped after 0\.2 s"):
            ask(places(root), sql, Limits(seconds=0.2, answer_mb=1_000_000))


def test_an_answer_may_be_as_large_as_it_may_and_no_larger(root: Path) -> None:
    small = Limits(answer_mb=1)
    assert ask(places(root), "FROM range(120000)", small).height == 120_000
    with pytest.raises(RunawayError, match="larger than 1 MB"):
        ask(places(root), "FROM range(200000)", small)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(sha256(range::VARCHAR)) FROM range(20000000)",
        "SELECT range FROM range(40000000) ORDER BY sha256(range::VARCHAR)",
        # The engine does not count these against its own limit.
        "SELECT len(range(1000000000))",
        "SELECT len(repeat('x', 2000000000 + range)) FROM range(3)",
    ],
)
def test_memory_ends_a_question_not_the_process(root: Path, sql: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(RunawayError, match="takes more than 100 MB of memory"):
        ask(places(root), sql, Limits(memory_mb=100, answer_mb=10))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_memory_that_a_machine_does_not_tell_of_is_left_to_the_engine(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_HELD", root / "nowhere")
    assert ask(places(root), "SELECT count(*) FROM deliveries").item() == 40


def test_an_interrupt_ends_a_question(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_asked, collect = threading.Event(), asking._collected

    def collected(connection: duckdb.DuckDBPyConnection, sql: str, limits: Limits) -> Any:
        is_asked.set()
        return collect(connection, sql, limits)

    monkeypatch.setattr(asking, "_collected", collected)
    interrupt = threading.Thread(target=_when(is_asked, lambda: os.kill(os.getpid(), signal.SIGINT)))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        ask(places(root), ENDLESS, Limits(seconds=300))
    interrupt.join()


def _when(event: threading.Event, act: Callable[[], None]) -> Callable[[], None]:
    def wait_and_act() -> None:
        event.wait()
        act()

    return wait_and_act
