"""What a monitoring system is told: the last verdict, open breaks, feeds, and how runs went."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mono_recon.pipeline.journal import INGEST, REPORTS, last_outcomes, noted
from mono_recon.pipeline.metrics import exposition
from mono_recon.pipeline.reports import issue_dates
from mono_recon.settings import load_settings
from tests.pipeline.archives import START, Archive, delivery, payload

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def told(archive: Archive) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and the values of its labels."""
    families = text_string_to_metric_families(exposition(archive.settings, NOW).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(each.name.removeprefix("mono_recon_"), *map(str, each.labels.values())): each.value for each in samples}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "data")
    made.write("webhooks/a.jsonl", delivery(payload(1)))
    return made


def test_before_the_first_run_there_is_nothing_but_names(archive: Archive) -> None:
    assert told(archive) == {}


def test_an_archive_that_was_read_tells_when_its_feeds_were_last_heard_of(archive: Archive) -> None:
    archive.ingest()
    found = told(archive)
    heard = START + timedelta(minutes=1)
    assert found == {
        ("feed_last_known_timestamp_seconds", "webhooks"): heard.timestamp(),
        ("feed_delay_seconds", "webhooks"): (NOW - heard).total_seconds(),
        ("versions",): 0,
    }


def test_the_last_date_issued_is_told_with_its_verdict_breaks_and_missing_feeds(archive: Archive) -> None:
    archive.ingest()
    days = [date(2026, 3, 2), date(2026, 3, 3)]
    issue_dates(archive.settings, days, as_of=None, replay=False, now=NOW)
    found = told(archive)
    assert found["versions",] == 2
    assert found["last_business_date_timestamp_seconds",] == datetime(2026, 3, 3, tzinfo=UTC).timestamp()
    assert found["last_version",] == 1
    assert found["last_as_of_timestamp_seconds",] == datetime(2026, 3, 4, 14, 45, tzinfo=UTC).timestamp()
    assert found["last_issue_delay_seconds",] == (9 * 60 + 45) * 60
    verdicts = {labels[0]: value for (name, *labels), value in found.items() if name == "last_verdict"}
    assert verdicts == {"balanced": 0, "awaiting": 0, "breaks": 0, "incomplete": 1}
    feeds = {labels[0]: value for (name, *labels), value in found.items() if name == "feed_missing"}
    listed = archive.query(
        "SELECT split_part(subject_id, ':', 1), count(*) FROM mono.report.latest_breaks"
        " WHERE business_date = DATE '2026-03-03' AND break_type = 'feed_missing' GROUP BY 1"
    )
    assert feeds == {"webhooks": 0, "exports": 0, "balance": 0} | dict(listed.iter_rows())
    ageing = archive.query(
        "SELECT break_type, class, ageing_bucket, coalesce(currency, '') AS currency, sum(\"count\")::BIGINT AS n,"
        " sum(amount_minor)::BIGINT AS minor FROM mono.report.latest_break_ageing"
        " WHERE business_date = DATE '2026-03-03' GROUP BY ALL"
    )
    assert ageing.height > 0
    for name, column in (("open_breaks", "n"), ("open_breaks_minor", "minor")):
        values = {frozenset(labels): value for (of, *labels), value in found.items() if of == name}
        assert values == {frozenset(row[:4]): row[ageing.get_column_index(column)] for row in ageing.iter_rows()}


def test_how_long_a_step_took_and_whether_it_was_done_is_kept_of_the_last_run(archive: Archive) -> None:
    settings = archive.settings
    archive.ingest()
    with noted(settings, INGEST, "run-1"):
        pass
    with pytest.raises(OSError, match="no room"), noted(settings, REPORTS, "run-1"):
        raise OSError("no room")
    with noted(settings, INGEST, "run-2"):
        pass
    outcomes = last_outcomes(settings)
    assert {step: (each.run_id, each.is_done) for step, each in outcomes.items()} == {
        INGEST: ("run-2", True),
        REPORTS: ("run-1", False),
    }
    found = told(archive)
    assert (found["last_run_succeeded", INGEST], found["last_run_succeeded", REPORTS]) == (1, 0)
    assert found["last_run_seconds", INGEST] == outcomes[INGEST].seconds >= 0
    assert found["last_run_ended_timestamp_seconds", REPORTS] == outcomes[REPORTS].ended_at.timestamp()


def test_a_step_is_done_even_if_that_cannot_be_noted(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "nowhere", None, {})
    with noted(settings, INGEST, "run-1"):
        done = True
    assert done
    assert last_outcomes(settings) == {}
    (tmp_path / "nowhere/warehouse").mkdir(parents=True)
    (tmp_path / "nowhere/warehouse/last_runs.json").write_text("[]")
    assert last_outcomes(settings) == {}
