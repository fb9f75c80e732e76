import gzip
import json
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mono_recon.archive.decoded import CORE_TABLES
from mono_recon.archive.files import ArchiveError
from mono_recon.pipeline import ingest as ingest_module
from mono_recon.pipeline import intake
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.intake import AccountingError
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.lock import WarehouseLocked
from mono_recon.warehouse.publish import published
from tests.pipeline.archives import ACCOUNT, Archive, clock, delivery, ident, page, payload, transfer

FILES = "SELECT path, copy_of, records_read, accepted, duplicates, unused, quarantined FROM mono.raw.files ORDER BY ALL"
OBSERVED = "SELECT transfer_id, channel, source_ref, known_at FROM mono.core.transfer_observations ORDER BY ALL"
EXPORTS = "SELECT export_id, pages, items, is_complete, incomplete_reason FROM mono.raw.exports ORDER BY started_at"


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


def test_a_bare_page_is_a_copy_only_of_one_fetched_at_the_same_moment(archive: Archive) -> None:
    body = json.loads(page(1, [transfer(1)], 1, 0))["response"]["body"]
    for folder in ("fetched_at=2026-03-02T05-00-00Z", "fetched_at=2026-03-03T05-00-00Z"):
        for name in ("a", "b"):
            archive.write(f"exports/{folder}/{name}.json", json.dumps(body))
    result = archive.ingest()
    assert (result.files_new, result.copies, result.accepted, result.rows_accepted) == (2, 2, 2, 2)
    known = archive.query(OBSERVED)["known_at"]
    assert [f"{moment:%m-%d}" for moment in known] == ["03-02", "03-03"]
    later = "exports/fetched_at=2026-03-04T05-00-00Z/a.json"
    archive.write(later, json.dumps(body))
    assert archive.ingest().rows_accepted == 1
    assert archive.query(FILES).filter(pl.col("copy_of").is_null()).height == 3


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


def test_undeclared_pages_form_an_export_over_several_runs(archive: Archive) -> None:
    archive.write("exports/b.jsonl", page(2, [transfer(3)], 3, 601))
    archive.ingest()
    assert archive.query(EXPORTS)["incomplete_reason"].to_list() == ["missing_page"]
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2)], 3, 600))
    archive.ingest()
    exports = archive.query(EXPORTS)
    assert exports.drop("export_id").rows() == [(2, 3, True, None)]
    assert (
        archive.query("SELECT DISTINCT export_id FROM mono.raw.export_pages")["export_id"].to_list()
        == exports["export_id"].to_list()
    )


def test_an_error_page_found_first_gives_way_to_the_pages_found_later(archive: Archive) -> None:
    archive.write("exports/b.jsonl", page(1, [], 0, 605, status=500))
    archive.ingest()
    assert archive.query(EXPORTS).drop("export_id").rows() == [(0, 0, False, "error_response")]
    archive.write("exports/a.jsonl", page(2, [transfer(3)], 3, 604), page(1, [transfer(1), transfer(2)], 3, 606))
    archive.ingest()
    assert archive.query(EXPORTS).drop("export_id").rows() == [(2, 3, True, None)]


def test_an_export_counts_the_ids_of_refused_rows(archive: Archive) -> None:
    archive.write("exports/a.jsonl", page(1, [transfer(1), transfer(2, amount=1.5)], 2, 600, export="nightly"))
    archive.ingest()
    assert archive.query(EXPORTS).rows() == [("nightly", 1, 2, True, None)]


def test_a_page_found_twice_gives_its_rows_and_refusals_once(archive: Archive) -> None:
    twice = page(1, [transfer(1), {"id": "bad"}], 2, 600)
    archive.write("exports/a.jsonl", twice, twice)
    archive.ingest()
    archive.write("exports/b.jsonl", twice, page(1, [transfer(9)], 1, 900))
    result = archive.ingest()
    assert (result.duplicates, result.rows_read, result.rows_quarantined) == (1, 1, 0)
    assert archive.query(OBSERVED)["transfer_id"].to_list() == [ident("trn", 1), ident("trn", 9)]
    assert archive.query("SELECT reason FROM mono.raw.quarantine").height == 1
    assert archive.query("SELECT line FROM mono.raw.copies").height == 3


def records() -> tuple[list[str], list[str]]:
    """Webhook and export records with everything that merging has to settle."""
    webhooks = [
        delivery(payload(number, state=state), received=40 + number)
        for number in range(6)
        for state in ("in_progress", "approved")
    ]
    webhooks += webhooks[:4]
    webhooks += [delivery(json.dumps(payload(number), indent=1), received=30 + number) for number in (1, 2)]
    webhooks += [json.dumps({"received_at": clock(20), "body": payload(3)}), json.dumps(payload(4, sent=2))]
    webhooks += [delivery(payload(5, event="card_used")), delivery(payload(5, amount={"amount": 1, "currency": "COP"}))]
    webhooks += ["broken", delivery(payload(9, amount={"amount": "5", "currency": "COP"}))]
    exports = [page(1, [transfer(1), transfer(2)], 3, 600), page(2, [transfer(3)], 3, 601)]
    exports += [exports[0], page(1, [], 0, 650, status=500), page(1, [transfer(4), {"id": ident("trn", 7)}], 2, 700)]
    return webhooks, exports


def contents(archive: Archive) -> dict[str, pl.DataFrame]:
    """Everything held that does not tell of the packing."""
    place = "file_sha256, line, byte_offset"
    tables = {name: f"SELECT * FROM mono.core.{name}" for name in CORE_TABLES}  # noqa: S608  names of contracts
    tables |= {
        "deliveries": f"SELECT * EXCLUDE ({place}) FROM mono.raw.deliveries",  # noqa: S608  as above
        "copies": f"SELECT * EXCLUDE ({place}) FROM mono.raw.copies",  # noqa: S608  as above
        "export_pages": f"SELECT * EXCLUDE ({place}) FROM mono.raw.export_pages",  # noqa: S608  as above
        "exports": "SELECT * FROM mono.raw.exports",
        "quarantine": "SELECT kind, reason, detail, raw, known_at, page_id, row_index FROM mono.raw.quarantine",
    }
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        return {name: warehouse.query(sql) for name, sql in tables.items()}


def pack(archive: Archive, kind: str, lines: Sequence[str], cuts: Sequence[int], runs: int) -> None:
    """Write records as several files, ingesting in between; blank lines keep files from being copies."""
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        archive.write(f"{kind}/{number}/part.jsonl", *[""] * number, *lines[start:end])
        if number < runs - 1:
            archive.ingest()


@pytest.mark.parametrize("seed", [0, 2])
def test_neither_order_nor_packing_nor_runs_change_what_is_held(
    archive: Archive, template: Path, tmp_path: Path, seed: int
) -> None:
    webhooks, exports = records()
    archive.write("webhooks/all.jsonl", *webhooks)
    archive.write("exports/all.jsonl", *exports)
    result = archive.ingest()
    other = Archive(Path(shutil.copytree(template, tmp_path / "other")))
    shuffled = random.Random(seed)  # noqa: S311  an order, no secret
    for kind, lines in (("webhooks", webhooks), ("exports", exports)):
        shuffled.shuffle(lines)
        pack(other, kind, lines, sorted(shuffled.sample(range(1, len(lines)), 3)), runs=1 + seed)
    other.ingest()
    theirs = contents(other)
    for name, frame in contents(archive).items():
        assert (name, theirs[name].height) == (name, frame.height)
        assert_frame_equal(theirs[name], frame, check_row_order=False)
    totals = other.query(
        "SELECT sum(records_read)::BIGINT, sum(accepted)::BIGINT, sum(duplicates)::BIGINT, sum(unused)::BIGINT,"
        " sum(quarantined)::BIGINT, sum(rows_accepted)::BIGINT FROM mono.raw.files"
    ).row(0)
    assert totals == tuple(
        result.to_dict()[name]
        for name in ("records_read", "accepted", "duplicates", "unused", "quarantined", "rows_accepted")
    )


def test_portions_make_no_difference(
    archive: Archive, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Archive(Path(shutil.copytree(template, tmp_path / "other")))
    webhooks, exports = records()
    for root in (archive, other):
        root.write("webhooks/all.jsonl", *webhooks)
        root.write("exports/all.jsonl", *exports)
    archive.ingest()
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1000)
    monkeypatch.setattr(intake, "_PORTION_BYTES", 2000)
    other.ingest()
    theirs = contents(other)
    for name, frame in contents(archive).items():
        assert_frame_equal(theirs[name], frame, check_row_order=False)
    assert_frame_equal(other.query(FILES), archive.query(FILES))


def test_accounts_and_balances_are_taken_from_one_row(archive: Archive) -> None:
    account = {
        "id": ACCOUNT,
        "number": "007",
        "balance": {"available": {"amount": 5, "currency": "COP"}, "updated_at": clock(0)},
    }
    request = {"url": "https://api.cuentamono.com/v1/accounts?page_number=1", "fetched_at": clock(10)}
    body = {"accounts": [account], "pagination": {"total_items": 1, "total_pages": 1}}
    archive.write("exports/a.jsonl", json.dumps({"request": request, "response": {"status": 200, "body": body}}))
    result = archive.ingest()
    assert (result.rows_read, result.rows_accepted) == (1, 1)
    assert archive.query("SELECT number FROM mono.core.accounts").item() == "007"
    assert archive.query("SELECT amount_minor FROM mono.core.balances").item() == 5
    assert archive.query(EXPORTS).drop("export_id").rows() == [(1, 1, True, None)]
