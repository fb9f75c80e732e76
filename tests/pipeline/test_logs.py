"""What the program logs: one line an event, with the id of its run."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from mono_recon.pipeline.logs import ROOT, in_run, tell, write_logs


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger of the program, whose ways of writing are put back afterwards."""
    root = logging.getLogger(ROOT)
    before = root.handlers, root.propagate, root.level
    yield logging.getLogger(f"{ROOT}.tests")
    root.handlers, root.propagate = before[0], before[1]
    root.setLevel(before[2])


def test_a_line_of_json_has_the_event_its_facts_and_the_run(logger: logging.Logger) -> None:
    stream = io.StringIO()
    write_logs("json", stream)
    with in_run("run-1"):
        tell(logger, "issued", verdict="breaks", version=2)
    logger.warning("alert %s was not sent", "x")
    issued, warned = map(json.loads, stream.getvalue().splitlines())
    assert datetime.fromisoformat(issued.pop("at")).utcoffset() == timedelta(0)
    assert issued == {
        "level": "info",
        "run_id": "run-1",
        "event": "issued",
        "verdict": "breaks",
        "version": 2,
        "logger": "mono_recon.tests",
    }
    assert (warned["level"], warned["event"], warned["run_id"]) == ("warning", "alert x was not sent", "")


def test_a_line_of_text_is_one_line(logger: logging.Logger) -> None:
    stream = io.StringIO()
    write_logs("text", stream)
    with in_run("run-1"):
        tell(logger, "issued", detail="two\nlines")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(" info [run-1] issued detail=two lines")


def test_nothing_is_written_unless_it_is_asked_for(logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    tell(logger, "issued")
    assert capsys.readouterr() == ("", "")
