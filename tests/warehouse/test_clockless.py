"""Records that say no time: they count on the date of the folder that they lie in, and on no other."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.reconcile.context import Context
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.places import read_source_files
from mono_recon.warehouse.reading import read_day
from mono_recon.warehouse.scope import read_scope
from tests.pipeline.archives import Archive, delivery, payload

DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)
END = datetime(2026, 3, 4, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive(tmp_path_factory.mktemp("clockless"))
    archive.write("webhooks/2026-03-02/told.jsonl", delivery(payload(1)))
    archive.write("webhooks/2026-03-03/odd.jsonl", "not a record")
    archive.write("exports/2026-03-03/bare.json", '{"foo": 1}')
    for name in ("one", "other"):
        (archive.folder / f"webhooks/2026-03-03/{name}.jsonl.gz").write_bytes(name.encode())
    archive.ingest()
    return archive


def counts(archive: Archive, day: date) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Of a date: what became of its records, what was refused of them by reason, and the files of its report."""
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        scope = read_scope(warehouse, END)
        inputs = read_day(warehouse, Context(day, END, archive.settings, END), scope)
        files = [Path(path).name for path, _ in read_source_files(warehouse, scope, day)]
    return dict(inputs.intake.iter_rows()), dict(inputs.refusals.iter_rows()), files


def test_they_count_on_the_date_of_their_folder_each_damaged_file_by_itself(archive: Archive) -> None:
    told, refused, files = counts(archive, NEXT)
    assert {name: count for name, count in told.items() if count} == {"records_read": 4, "unused": 1, "quarantined": 3}
    assert refused == {"malformed_json": 1, "unreadable_file": 2}
    assert files == ["bare.json", "told.jsonl", "odd.jsonl", "one.jsonl.gz", "other.jsonl.gz"]


def test_no_report_of_another_date_rests_on_their_files(archive: Archive) -> None:
    told, refused, files = counts(archive, DAY)
    assert (told["records_read"], told["accepted"], refused, files) == (1, 1, {}, ["told.jsonl"])
