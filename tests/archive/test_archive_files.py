import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mono_recon.archive.contents import read_blocks
from mono_recon.archive.files import ArchiveError, archive_day, fetch_time, hash_file, list_archive
from mono_recon.archive.parallel import hash_files
from tests.archive.written import Put, Read


def paths(root: Path) -> list[str]:
    return [file.path for file in list_archive(root).files]


def test_files_of_known_suffixes_are_listed_in_the_order_of_their_bytes(tmp_path: Path, put: Put) -> None:
    names = [
        f"webhooks/{name}" for name in ("a.json", "b.jsonl.gz", "c.ndjson.zst", "\u00e9.json", "z/a.ndjson", "B.json")
    ]
    for name in [*names, "exports/x.json.zst"]:
        put(name, b"")
    assert paths(tmp_path) == sorted([*names, "exports/x.json.zst"], key=str.encode)
    assert {file.kind for file in list_archive(tmp_path).files} == {"webhooks", "exports"}


def test_other_files_are_counted_and_unfinished_ones_are_not(tmp_path: Path, put: Put) -> None:
    for name in ("webhooks/a.csv", "webhooks/a.json.bz2", "webhooks/A.JSON", "other/a.json", "a.json", "webhooks"):
        put(name if name != "webhooks" else "webhooks/json", b"")
    for name in ("webhooks/.a.json", "webhooks/.git/a.json", "webhooks/a.json.tmp", "exports/b.jsonl.gz.part"):
        put(name, b"")
    listing = list_archive(tmp_path)
    assert (listing.files, listing.ignored) == ((), 6)


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nowhere"):
        list_archive(tmp_path / "nowhere")
    with pytest.raises(ArchiveError):
        list_archive(Path(__file__))


def test_links_are_followed_but_never_in_circles(tmp_path: Path, put: Put) -> None:
    put("webhooks/day/a.json", b"{}")
    (tmp_path / "webhooks/day/up").symlink_to(tmp_path / "webhooks", target_is_directory=True)
    (tmp_path / "webhooks/other").symlink_to("day", target_is_directory=True)
    (tmp_path / "webhooks/self").symlink_to("self")
    assert paths(tmp_path) == ["webhooks/day/a.json", "webhooks/other/a.json"]


@pytest.mark.parametrize("target", ["nowhere", "a.json"])
def test_a_link_that_leads_nowhere_is_an_unreadable_file(target: str, tmp_path: Path, put: Put, read: Read) -> None:
    put("webhooks/2026-03-01/b.txt", b"")
    (tmp_path / "webhooks/2026-03-01/a.json").symlink_to(target)
    row = read().quarantine.row(0, named=True)
    assert (row["reason"], row["path"], row["raw"]) == ("unreadable_file", "webhooks/2026-03-01/a.json", "")
    assert row["archive_date"] == date(2026, 3, 1)


def test_a_pipe_is_not_waited_for(tmp_path: Path, put: Put) -> None:
    put("webhooks/a.json", b"")
    os.mkfifo(tmp_path / "webhooks/b.json")
    listing = list_archive(tmp_path)
    assert (len(listing.files), listing.ignored) == (1, 1)


def test_a_name_that_is_no_utf8_can_still_be_written_down(tmp_path: Path, put: Put, read: Read) -> None:
    put("webhooks/x", b"")
    (tmp_path / "webhooks" / os.fsdecode(b"\xff.json")).write_bytes(b"{")
    assert paths(tmp_path) == ["webhooks/\\xff.json"]
    assert read().quarantine["path"].to_list() == ["webhooks/\\xff.json"]


@pytest.mark.parametrize(
    ("folders", "day"),
    [
        (["2026-03-01"], date(2026, 3, 1)),
        (["mono", "dt=2026-03-01", "2026-03-02"], date(2026, 3, 1)),
        (["2026", "03", "01"], date(2026, 3, 1)),
        (["x", "2026", "03", "01", "2026-03-02"], date(2026, 3, 1)),
        (["2026-02-30", "2026-03-02"], date(2026, 3, 2)),
        (["2026-03-01T00"], None),
        (["a-b=2026-03-01"], None),
        (["2026", "03"], None),
        ([], None),
    ],
)
def test_folders_may_name_the_archive_day(folders: list[str], day: date | None) -> None:
    assert archive_day(folders) == day


def test_the_name_of_a_file_is_no_archive_day(tmp_path: Path, put: Put) -> None:
    put("webhooks/2026-03-01.json", b"")
    put("webhooks/2026/03/02/a.json", b"")
    assert {file.archive_date for file in list_archive(tmp_path).files} == {None, date(2026, 3, 2)}


@pytest.mark.parametrize(
    ("segment", "moment"),
    [
        ("fetched_at=2026-03-02T05:00:02Z", datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)),
        ("fetched_at=2026-03-02T05-00-02.5Z", datetime(2026, 3, 2, 5, 0, 2, 500000, UTC)),
        ("fetched_at=2026-03-02T00-00-02-05-00", datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)),
        ("fetched_at=2026-03-02T00:00:02-05:00", datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)),
        ("fetched_at=2026-03-02T05-00-02Z.json.gz", datetime(2026, 3, 2, 5, 0, 2, tzinfo=UTC)),
        ("fetched_at=2026-02-30T05:00:02Z", None),
        ("fetched_at=2026-03-02T05:00:02", None),
        ("fetched_at=2026-03-02", None),
    ],
)
def test_a_segment_may_name_the_fetch_time(segment: str, moment: datetime | None) -> None:
    assert fetch_time(["exports", segment]) == moment


def test_a_file_is_hashed_as_it_lies_on_disk(tmp_path: Path, put: Put) -> None:
    put("webhooks/a.json", b"abc")
    put("webhooks/b.json", b"")
    files = list_archive(tmp_path).files
    assert hash_files(files) == [hashlib.sha256(b"abc").hexdigest(), hashlib.sha256(b"").hexdigest()]


def test_unreadable_files_are_no_copies_of_each_other(tmp_path: Path, put: Put) -> None:
    put("webhooks/x.txt", b"")
    for name in ("a.json", "b.json"):
        (tmp_path / "webhooks" / name).symlink_to("nowhere")
    first, second = list_archive(tmp_path).files
    assert len({hash_file(first), hash_file(second), hashlib.sha256(b"").hexdigest()}) == 3


def test_a_file_that_grows_after_it_was_listed_is_hashed_and_read_to_its_end(tmp_path: Path, put: Put) -> None:
    path = put("webhooks/a.jsonl", b"{}\n")
    (file,) = list_archive(tmp_path).files
    path.write_bytes(b"{}\n" * 100)
    assert b"".join(read_blocks(file, 1_000)) == b"{}\n" * 100
    assert hash_file(file) == hashlib.sha256(b"{}\n" * 100).hexdigest()
