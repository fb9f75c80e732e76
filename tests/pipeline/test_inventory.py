from datetime import UTC, datetime
from typing import Any

import polars as pl

from mono_recon.archive.files import ArchiveFile
from mono_recon.pipeline.inventory import Inventory, take_inventory, unchanged
from mono_recon.schemas.raw import Files
from mono_recon.schemas.table import polars_schema

DAY = datetime(2026, 3, 2, 5, tzinfo=UTC)


def file(path: str, *, size: int = 1, mtime_ns: int = 1, fetched_at: datetime | None = None) -> ArchiveFile:
    return ArchiveFile(path, path, path.partition("/")[0], size, mtime_ns, None, fetched_at)


def held(*rows: tuple[str, str, str | None], **values: object) -> pl.DataFrame:
    """Files held: content, path and the path it copies."""
    known = [
        {
            "file_sha256": sha,
            "path": path,
            "copy_of": copy_of,
            "kind": path.partition("/")[0],
            "bytes": 1,
            "mtime_ns": 1,
        }
        for sha, path, copy_of in rows
    ]
    return pl.DataFrame([row | values for row in known], schema=polars_schema(Files)).with_columns(is_readable=True)


def summary(inventory: Inventory) -> dict[str, list[Any]]:
    return {
        "unread": [[found.path for found, _ in files] for files in inventory.unread],
        "copies": [(found.path, original) for found, _, original in inventory.copies],
        "moved": [(row["path"], found.path) for found, row in inventory.moved],
        "touched": [found.path for found, _ in inventory.touched],
    }


def test_a_file_is_looked_into_again_when_its_size_or_time_changes_or_it_was_unreadable() -> None:
    files = [file("webhooks/a"), file("webhooks/b", size=2), file("webhooks/c", mtime_ns=2), file("webhooks/d")]
    rows = held(*(("x", found.path, None) for found in files))
    rows = rows.with_columns(is_readable=pl.col("path") != "webhooks/d")
    assert unchanged(files, rows) == {"webhooks/a"}


def test_of_new_files_with_the_same_content_the_first_is_read() -> None:
    found = take_inventory([(file(f"webhooks/{name}"), "x") for name in "abc"], set(), held())
    assert summary(found) == {
        "unread": [["webhooks/a"]],
        "copies": [("webhooks/b", "webhooks/a"), ("webhooks/c", "webhooks/a")],
        "moved": [],
        "touched": [],
    }


def test_the_same_bytes_of_another_kind_or_fetch_time_are_read_in_a_later_round() -> None:
    files = [file("exports/a"), file("exports/b", fetched_at=DAY), file("webhooks/a"), file("webhooks/z")]
    hashed = [(files[0], "x"), (files[1], "x"), (files[2], "x"), (files[3], "z")]
    assert summary(take_inventory(hashed, set(), held()))["unread"] == [
        ["exports/a", "webhooks/z"],
        ["exports/b"],
        ["webhooks/a"],
    ]


def test_a_known_content_under_a_new_path_is_moved_if_the_old_path_is_gone_and_a_copy_if_not() -> None:
    rows = held(("x", "webhooks/a", None), ("y", "webhooks/b", None))
    hashed = [(file("webhooks/c"), "x"), (file("webhooks/d"), "y"), (file("webhooks/e"), "y")]
    found = summary(take_inventory(hashed, {"webhooks/a"}, rows))
    assert found["copies"] == [("webhooks/c", "webhooks/a"), ("webhooks/e", "webhooks/d")]
    assert found["moved"] == [("webhooks/b", "webhooks/d")]


def test_an_original_is_moved_before_its_copies() -> None:
    rows = held(("x", "webhooks/a", "webhooks/b"), ("x", "webhooks/b", None))
    found = summary(take_inventory([(file("webhooks/c"), "x"), (file("webhooks/d"), "x")], set(), rows))
    assert found["moved"] == [("webhooks/b", "webhooks/c"), ("webhooks/a", "webhooks/d")]


def test_a_file_whose_time_alone_is_another_is_touched() -> None:
    rows = held(("x", "webhooks/a", None), ("y", "webhooks/b", None))
    hashed = [(file("webhooks/a", mtime_ns=2), "x"), (file("webhooks/b"), "y")]
    found = take_inventory(hashed, set(), rows)
    assert summary(found)["touched"] == ["webhooks/a"]
    assert found.has_news
    assert not take_inventory([(file("webhooks/b"), "y")], set(), rows).has_news


def test_a_file_that_is_looked_into_again_and_is_as_it_was_has_not_moved() -> None:
    rows = held(("x", "webhooks/b", None))
    found = summary(take_inventory([(file("webhooks/a"), "x"), (file("webhooks/b"), "x")], set(), rows))
    assert (found["copies"], found["moved"]) == ([("webhooks/a", "webhooks/b")], [])
