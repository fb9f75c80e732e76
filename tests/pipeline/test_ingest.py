import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from mono_recon.archive.files import ArchiveError
from mono_recon.pipeline import ingest as ingest_module
from mono_recon.pipeline import intake
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.intake import AccountingError
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.lock import WarehouseLocked
from mono_recon.warehouse.publish import published
from tests.pipeline.archives import FILES, OBSERVED, Archive, clock, delivery, ident, page, payload, transfer


def test_an_archive_is_brought_in_and_every_record_is_accounted_for(archive: Archive) -> None:
    archive.write(
        "webhooks/a.jsonl",
        delivery(payload(1)),
        delivery(payload(1), received=90),
        delivery(payload(2)),
        delivery(payload(3, event="card_used")),
        "no json",
    )
    archive.write("exports/a.jsonl", page(1, [transfer(1), {"id": "bad"}], 2, 600), page(1, [], 0, 700, status=500))
    archive.write("notes.txt", "not read")
    result = archive.ingest()
    assert result.to_dict() == {
        "files_new": 2,
        "files_skipped": 0,
        "copies": 0,
        "ignored_files": 1,
        "records_read": 7,
        "accepted": 3,
        "duplicates": 1,
        "unused": 1,
        "quarantined": 2,
        "rows_read": 2,
        "rows_accepted": 1,
        "rows_quarantined": 1,
        "refused_adjustments": (),
        "refused_resolutions": (),
    }
    assert archive.query(FILES).rows() == [
        ("exports/a.jsonl", None, 2, 1, 0, 0, 1),
        ("webhooks/a.jsonl", None, 5, 2, 1, 1, 1),
    ]
    assert archive.query(OBSERVED)["transfer_id"].to_list() == [ident("trn", number) for number in (1, 1, 2)]
    reasons = archive.query("SELECT reason, page_id IS NULL FROM mono.raw.quarantine ORDER BY ALL").rows()
    assert reasons == [("error_response", True), ("malformed_json", True), ("schema", False)]


def test_a_second_ingest_reads_nothing_and_writes_nothing(archive: Archive) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    before = archive.snapshot()
    copy = published(archive.settings.warehouse.catalog).stat().st_ino
    result = archive.ingest()
    assert (result.files_new, result.files_skipped, result.records_read) == (0, 1, 0)
    assert archive.snapshot() == before
    assert published(archive.settings.warehouse.catalog).stat().st_ino == copy


def test_an_ingest_is_one_commit(archive: Archive) -> None:
    before = archive.snapshot()
    archive.write("webhooks/a.jsonl", *(delivery(payload(number)) for number in range(20)))
    archive.write("exports/a.jsonl", page(1, [transfer(1)], 1, 600))
    archive.ingest()
    assert archive.snapshot() == before + 1


def test_an_empty_archive_and_an_empty_file_are_fine(archive: Archive) -> None:
    assert archive.ingest().files_new == 0
    archive.write("webhooks/a.jsonl")
    assert archive.ingest().files_new == 1
    assert archive.query(FILES).rows() == [("webhooks/a.jsonl", None, 0, 0, 0, 0, 0)]


def test_a_file_that_has_grown_is_read_again_and_its_old_records_are_duplicates(archive: Archive) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1)), delivery(payload(2)))
    archive.ingest()
    archive.write("webhooks/a.jsonl", delivery(payload(1)), delivery(payload(2)), delivery(payload(3)))
    result = archive.ingest()
    assert (result.files_new, result.accepted, result.duplicates) == (1, 1, 2)
    assert archive.query(OBSERVED).height == 3


@pytest.mark.parametrize("event", ["bank_transfer_approved", "card_used"])
def test_an_event_whose_body_is_kept_as_a_text_and_parsed_is_one(archive: Archive, event: str) -> None:
    kept = delivery(payload(1, event=event))
    parsed = json.loads(kept) | {"body": payload(1, event=event)}
    archive.write("webhooks/a.jsonl", json.dumps(parsed), delivery(payload(2, event=event)))
    archive.ingest()
    archive.write("webhooks/b.jsonl", kept)
    assert archive.ingest().duplicates == 1
    body = json.loads(kept)["body"]
    held = archive.query("SELECT copies, body FROM mono.raw.deliveries ORDER BY ALL")
    assert held.rows() == [(1, json.loads(delivery(payload(2, event=event)))["body"]), (2, body)]


def test_what_was_refused_of_a_file_is_not_refused_again_when_it_has_grown(archive: Archive) -> None:
    records = ["no json", delivery(payload(1)), page(1, [], 0, 700, status=500)]
    archive.write("webhooks/a.jsonl", *records)
    archive.write("exports/a.jsonl", records[2])
    archive.ingest()
    archive.write("webhooks/a.jsonl", *records, "no json", "{")
    archive.write("exports/a.jsonl", records[2], "no json")
    result = archive.ingest()
    assert (result.records_read, result.accepted, result.duplicates, result.quarantined) == (7, 0, 4, 3)
    assert archive.query("SELECT * FROM mono.raw.quarantine").height == 6


def test_a_file_that_stays_unreadable_while_it_grows_is_tried_again(archive: Archive) -> None:
    file = archive.write("webhooks/a.jsonl.gz")
    for damaged in (b"\x1f", b"\x1f\x8b"):
        file.write_bytes(damaged)
        assert archive.ingest().quarantined == 1
    assert archive.ingest().files_new == 0
    file.write_bytes(gzip.compress(delivery(payload(1)).encode()))
    assert archive.ingest().accepted == 1


def test_a_moved_file_is_recognised_and_not_read_again(archive: Archive) -> None:
    file = archive.write("webhooks/2026-03-01/a.jsonl", delivery(payload(1)), "no json")
    archive.ingest()
    (archive.folder / "webhooks/2026-03-02").mkdir()
    file.rename(archive.folder / "webhooks/2026-03-02/b.jsonl")
    result = archive.ingest()
    assert (result.files_new, result.files_skipped, result.copies) == (0, 1, 0)
    assert archive.query(FILES).rows() == [("webhooks/2026-03-02/b.jsonl", None, 2, 1, 0, 0, 1)]
    places = archive.query("SELECT path, archive_date::VARCHAR FROM mono.raw.quarantine").rows()
    assert places == [("webhooks/2026-03-02/b.jsonl", "2026-03-02")]
    before = archive.snapshot()
    assert archive.ingest().files_skipped == 1
    assert archive.snapshot() == before


def test_a_file_whose_place_was_taken_by_another_was_moved(archive: Archive) -> None:
    file = archive.write("webhooks/log.jsonl", delivery(payload(1)))
    archive.ingest()
    file.rename(archive.folder / "webhooks/log-1.jsonl")
    archive.write("webhooks/log.jsonl", delivery(payload(2)))
    result = archive.ingest()
    assert (result.files_new, result.accepted, result.duplicates) == (1, 1, 0)
    assert archive.query("SELECT path FROM mono.raw.files ORDER BY 1")["path"].to_list() == [
        "webhooks/log-1.jsonl",
        "webhooks/log.jsonl",
    ]


def test_a_copy_is_listed_and_its_records_are_not_counted_again(archive: Archive) -> None:
    for name in ("b", "a"):
        archive.write(f"webhooks/{name}.jsonl", delivery(payload(1)))
    result = archive.ingest()
    assert (result.files_new, result.copies, result.records_read) == (1, 1, 1)
    archive.write("webhooks/0.jsonl", delivery(payload(1)))
    assert archive.ingest().copies == 1
    assert archive.query(FILES).rows() == [
        ("webhooks/0.jsonl", "webhooks/a.jsonl", 0, 0, 0, 0, 0),
        ("webhooks/a.jsonl", None, 1, 1, 0, 0, 0),
        ("webhooks/b.jsonl", "webhooks/a.jsonl", 0, 0, 0, 0, 0),
    ]
    assert archive.ingest().files_skipped == 3


def test_copies_follow_an_original_that_is_moved(archive: Archive) -> None:
    for name in ("a", "b"):
        archive.write(f"webhooks/{name}.jsonl", delivery(payload(1)))
    archive.ingest()
    (archive.folder / "webhooks/a.jsonl").rename(archive.folder / "webhooks/z.jsonl")
    archive.ingest()
    assert archive.query(FILES).select("path", "copy_of").rows() == [
        ("webhooks/b.jsonl", "webhooks/z.jsonl"),
        ("webhooks/z.jsonl", None),
    ]


def test_a_touched_file_is_looked_into_once(archive: Archive) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    archive.touch("webhooks/a.jsonl")
    assert (archive.ingest().files_new, archive.ingest().files_skipped) == (0, 1)
    before = archive.snapshot()
    archive.ingest()
    assert archive.snapshot() == before


def test_rehash_finds_a_change_that_size_and_time_hide(archive: Archive) -> None:
    file = archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    times = file.stat()
    archive.write("webhooks/a.jsonl", delivery(payload(2)))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert archive.ingest().files_new == 0
    assert archive.ingest(rehash=True).accepted == 1
    assert archive.ingest(rehash=True).files_new == 0


def test_a_damaged_file_is_tried_again_although_it_seems_unchanged(archive: Archive) -> None:
    file = archive.folder / "webhooks/a.jsonl.gz"
    file.parent.mkdir()
    whole = gzip.compress(delivery(payload(1)).encode())
    file.write_bytes(whole[:-9] + bytes(9))
    times = file.stat()
    assert archive.ingest().accepted == 0
    before = archive.snapshot()
    assert archive.ingest().files_skipped == 1
    assert archive.snapshot() == before
    file.write_bytes(whole)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert archive.ingest().accepted == 1


def test_an_error_on_the_way_leaves_the_state_before(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1)))
    archive.ingest()
    before = archive.snapshot()
    archive.write("webhooks/b.jsonl", delivery(payload(2)))

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(ingest_module, "settle_exports", fail)
        archive.write("exports/a.jsonl", page(1, [transfer(1)], 1, 600))
        with pytest.raises(OSError, match="disk full"):
            archive.ingest()
    assert archive.snapshot() == before
    assert archive.query(OBSERVED).height == 1
    assert archive.ingest().accepted == 2


def test_records_that_do_not_add_up_stop_the_run_and_nothing_is_written(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2)], 2, 600))
    before = archive.snapshot()
    whole = intake._of_new
    monkeypatch.setattr(intake, "_of_new", lambda frame, *merged: whole(frame.head(1), *merged))
    with pytest.raises(AccountingError, match=r"exports/a\.jsonl do not add up.*'rows_read': 2, 'rows_accepted': 1"):
        archive.ingest()
    assert archive.snapshot() == before
    assert archive.query(FILES).is_empty()


def test_two_ingests_at_once_are_refused(archive: Archive) -> None:
    with open_warehouse(archive.settings.warehouse, read_only=False), pytest.raises(WarehouseLocked):
        archive.ingest()


def test_an_archive_that_is_not_there_is_an_error_and_makes_no_warehouse(tmp_path: Path) -> None:
    missing = Archive(tmp_path / "data")
    shutil.rmtree(missing.folder)
    with pytest.raises(ArchiveError):
        missing.ingest()
    assert not missing.settings.warehouse.catalog.exists()


def test_progress_ends_at_the_size_of_what_is_read(archive: Archive) -> None:
    sizes = [
        archive.write(f"webhooks/{name}.jsonl", delivery(payload(place))).stat().st_size
        for place, name in enumerate("abc")
    ]
    heard: list[tuple[str, int, int]] = []
    ingest(archive.settings, environ={}, on_progress=lambda *told: heard.append(told))
    assert heard[-1] == ("ingest", sum(sizes), sum(sizes))


def test_clocks_and_source_of_an_event_follow_its_copies_into_core(archive: Archive) -> None:
    parsed = json.dumps({"received_at": clock(100), "body": payload(1)})
    archive.write("webhooks/a.jsonl", parsed)
    archive.ingest()
    raw = json.dumps(payload(1, sent=3), indent=2)
    archive.write("webhooks/b.jsonl", delivery(raw, received=50))
    archive.ingest()
    (held,) = archive.query("SELECT delivery_id, copies, known_at, event_at FROM mono.raw.deliveries").rows()
    assert held[1] == 2
    assert [f"{moment:%H:%M:%S}" for moment in held[2:]] == ["12:00:50", "12:00:04"]
    for table in ("transfer_observations", "batch_observations"):
        found = archive.query(f"SELECT source_ref, known_at, event_at FROM mono.core.{table}").rows()  # noqa: S608
        assert found == [(f"w:{held[0]}", *held[2:])]


def test_an_earlier_clock_of_a_later_copy_reaches_core(archive: Archive) -> None:
    archive.write("webhooks/a.jsonl", delivery(payload(1), received=50))
    archive.ingest()
    clocks = "SELECT known_at, event_at FROM mono.core.transfer_observations"
    archive.write("webhooks/b.jsonl", delivery(json.dumps(payload(1, sent=3), indent=1), received=90))
    archive.ingest()
    assert [f"{moment:%H:%M:%S}" for moment in archive.query(clocks).row(0)] == ["12:00:50", "12:00:04"]
    archive.write("webhooks/c.jsonl", delivery(payload(1), received=40))
    archive.ingest()
    assert [f"{moment:%H:%M:%S}" for moment in archive.query(clocks).row(0)] == ["12:00:40", "12:00:04"]
