import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.pipeline.ahead import Ahead
from mono_recon.pipeline.issue import Issued, Issuing, resolve_as_of
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.timing import NotOverError
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.publish import published
from mono_recon.warehouse.reading import last_known
from tests.pipeline.archives import ACCOUNT, Archive, delivery, payload

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
NOW = datetime(2026, 3, 5, tzinfo=UTC)
KNOWN = "SELECT business_date, as_of FROM mono.report.issues ORDER BY business_date"


def utc(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.fixture(scope="module")
def ingested(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = Archive(Path(shutil.copytree(template, tmp_path_factory.mktemp("ingested") / "data")))
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    return archive.root


@pytest.fixture
def archive(ingested: Path, tmp_path: Path) -> Archive:
    return Archive(Path(shutil.copytree(ingested, tmp_path / "data")))


def test_dates_are_issued_oldest_first_and_once(archive: Archive) -> None:
    made = issue_dates(archive.settings, [TUESDAY, MONDAY], as_of=None, replay=True, now=NOW)
    assert [(each.business_date, each.version, each.as_of) for each in made] == [
        (MONDAY, 1, utc(3, 11)),
        (TUESDAY, 1, utc(4, 11)),
    ]
    before = archive.snapshot(), published(archive.settings.warehouse.catalog).read_bytes()
    assert issue_dates(archive.settings, [MONDAY, TUESDAY], as_of=None, replay=False, now=NOW) == []
    assert (archive.snapshot(), published(archive.settings.warehouse.catalog).read_bytes()) == before


@pytest.mark.parametrize(
    ("as_of", "replay", "taken"),
    [
        (None, False, [utc(3, 14, 45)]),
        (None, True, [utc(3, 11), utc(3, 14, 45)]),
        ("latest", False, [utc(3, 5)]),
        (utc(4, 1), True, [utc(4, 1)]),
    ],
)
def test_the_as_ofs_are_the_one_given_else_the_schedule_replayed_or_the_last_that_has_passed(
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    as_of: datetime | str | None,
    replay: bool,
    taken: list[datetime],
) -> None:
    def note(_: Issuing, _ahead: Ahead, day: date, moment: datetime) -> list[Issued]:
        return [Issued(day, 1, moment, "balanced", "", archive.root, {})]

    monkeypatch.setattr("mono_recon.pipeline.reports.bring_up_to_date", note)
    made = issue_dates(archive.settings, [MONDAY], as_of=as_of, replay=replay, now=NOW)
    assert [(each.business_date, each.as_of) for each in made] == [(MONDAY, moment) for moment in taken]


def test_one_date_that_is_not_over_keeps_the_others_back(archive: Archive) -> None:
    with pytest.raises(NotOverError, match="2026-03-05 is not over"):
        issue_dates(archive.settings, [MONDAY, date(2026, 3, 5)], as_of=None, replay=True, now=NOW)
    assert archive.query(KNOWN).is_empty()


def test_everything_there_is_means_the_last_thing_known_but_the_end_of_the_date_at_least(archive: Archive) -> None:
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:

        def resolved(day: date, as_of: datetime | str) -> datetime:
            return resolve_as_of(warehouse, archive.settings, day, as_of, NOW)

        assert resolved(date(2026, 3, 1), "latest") == utc(2, 12, 1)
        assert resolved(MONDAY, "latest") == utc(3, 5)
        assert resolved(MONDAY, utc(4, 1)) == utc(4, 1)
        with pytest.raises(NotOverError, match="is not over until"):
            resolved(date(2026, 3, 4), "latest")
        with pytest.raises(NotOverError, match="before the end of"):
            resolved(MONDAY, utc(3, 4, 59, 59))
        with pytest.raises(ValueError, match="not 'newest'"):
            resolved(MONDAY, "newest")


def test_what_was_taken_back_is_no_longer_the_last_thing_known(archive: Archive) -> None:
    column_names = "adjustment_id,account_id,currency,effective_at,amount_minor,kind,reason,actor,decided_at"
    written = archive.settings.paths.adjustments / "a.csv"
    written.parent.mkdir()
    for decided, latest in ((utc(4, 10), utc(4, 10)), (utc(3, 7), utc(3, 7))):
        moment = f"{decided:%Y-%m-%dT%H:%M:%SZ}"
        written.write_text(f"{column_names}\none,{ACCOUNT},COP,{moment},1,fee,invoice,ana,{moment}\n", encoding="utf-8")
        archive.ingest()
        with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
            assert last_known(warehouse) == latest
