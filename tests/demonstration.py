"""A small demonstration that was reconciled once, for every test that reads one."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.settings import load_settings

BREAKS, BALANCED = date(2026, 3, 2), date(2026, 3, 3)
"""The dates of the demonstration, by their verdicts."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a date issued at both of its scheduled as-ofs, and the next at its second; not to be changed."""
    root = tmp_path_factory.mktemp("demo")
    write_demo(root, days=2, transfers_per_day=3, first_day=BREAKS)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    now = datetime.now(UTC)
    made = issue_dates(settings, [BREAKS], as_of=None, replay=True, now=now)
    made += issue_dates(settings, [BALANCED], as_of=None, replay=False, now=now)
    assert [(each.business_date, each.version, each.verdict) for each in made] == [
        (BREAKS, 1, "breaks"),
        (BREAKS, 2, "breaks"),
        (BALANCED, 1, "balanced"),
    ]
    return root
