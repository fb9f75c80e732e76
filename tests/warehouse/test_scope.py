"""What exists for a report that may use some files only: as if no other file had ever been read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import ACCOUNT
from mono_recon.reconcile.parts import about
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.narrowing import KEYS, Narrowed
from mono_recon.warehouse.places import read_lineage, read_source_files
from mono_recon.warehouse.reading import first_known, read_day
from mono_recon.warehouse.scope import Scope, read_scope
from tests.pipeline.archives import Archive, clock, delivery, page, payload, transfer
from tests.scenario import frames

DAY = date(2026, 3, 2)
END = datetime(2026, 3, 3, 11, tzinfo=UTC)
BEFORE_COPIES, BETWEEN = (datetime.fromisoformat(clock(seconds)) for seconds in (25, 45))

FIRST = {
    "webhooks/first.jsonl": (
        delivery(payload(1), received=60),  # again in the other file, earlier
        delivery(payload(2), received=30),  # again in the other file, later
        delivery(payload(3), received=30),
        delivery(payload(9, sent=5), received=40),  # the same event in other bytes in the other file
        "not a record",
    ),
    "exports/first.jsonl": (
        page(1, [transfer(1), transfer(2)], 3, 100, export="one"),
        page(2, [transfer(3)], 3, 101, export="one"),
        page(1, [], 0, 20, status=500),
    ),
}
SECOND = {
    "webhooks/second.jsonl": (
        delivery(payload(1), received=20),
        delivery(payload(2), received=50),
        delivery(payload(4), received=10),
        delivery(payload(9, sent=5) | {"extra": "more"}, received=35),
        delivery(payload(5), received=31),
        delivery(payload(5), received=32),
        "not a record either",
    ),
    "exports/second.jsonl": (
        page(1, [transfer(1), transfer(2)], 3, 100, export="one"),
        page(1, [transfer(4), {"id": "broken"}], 2, 110),
    ),
}

Files = Mapping[str, tuple[str, ...]]


def root_of(folder: Path, *parts: Files) -> Archive:
    archive = Archive(folder)
    for part in parts:
        for name, lines in part.items():
            archive.write(name, *lines)
    archive.ingest()
    return archive


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Archive]:
    """Roots that read one half of the archive, and one that read both."""
    halves = {"first": (FIRST,), "second": (SECOND,), "both": (FIRST, SECOND)}
    return {name: root_of(tmp_path_factory.mktemp(name), *parts) for name, parts in halves.items()}


def known(warehouse: Warehouse, archive: Archive, scope: Scope) -> dict[str, Any]:
    """Everything that a report asks, in an order of its own."""
    since = first_known(warehouse, scope) or scope.as_of
    inputs = read_day(warehouse, Context(DAY, scope.as_of, archive.settings, since), scope)
    held = frames(inputs)
    found: dict[str, Any] = {name: sorted(map(repr, frame.rows())) for name, frame in held.items()}
    refs = pl.concat(held[name]["source_ref"] for name in ("transfers", "batches")).unique().sort()
    lineage = read_lineage(warehouse, refs, scope)
    assert set(lineage["source_ref"]) == set(refs)
    return found | {
        "since": since,
        "lineage": lineage.rows(),
        "source_files": read_source_files(warehouse, scope, DAY),
    }


@pytest.mark.parametrize("as_of", [BEFORE_COPIES, BETWEEN, END])
@pytest.mark.parametrize("half", ["first", "second"])
def test_with_some_files_named_the_others_were_never_read(
    roots: dict[str, Archive], half: str, as_of: datetime
) -> None:
    alone, both = roots[half], roots["both"]
    with open_warehouse(alone.settings.warehouse, read_only=True) as warehouse:
        scope = read_scope(warehouse, as_of)
        named = warehouse.query("SELECT path, file_sha256 FROM mono.raw.files").rows()
        expected = known(warehouse, alone, scope)
    with open_warehouse(both.settings.warehouse, read_only=True) as warehouse:
        found = known(warehouse, both, read_scope(warehouse, as_of, named))
        everything = known(warehouse, both, read_scope(warehouse, as_of))
    assert {name for name in expected if expected[name] != found[name]} == set()
    assert everything != expected


def test_an_event_heard_earlier_in_a_file_that_did_not_exist_keeps_its_clock_and_place(
    roots: dict[str, Archive],
) -> None:
    both = roots["both"]
    with open_warehouse(both.settings.warehouse, read_only=True) as warehouse:
        files = warehouse.query("SELECT path, file_sha256 FROM mono.raw.files WHERE path LIKE '%first%'").rows()
        found = known(warehouse, both, read_scope(warehouse, END, files))
    (line,) = (each for each in found["lineage"] if each[2:5:2] == ("webhooks/first.jsonl", 1))
    assert line[-1] == datetime.fromisoformat(clock(60))
    assert found["since"] == datetime.fromisoformat(clock(30))


def test_a_file_that_was_moved_is_the_same_file_under_the_path_that_a_report_named(roots: dict[str, Archive]) -> None:
    both = roots["both"]
    with open_warehouse(both.settings.warehouse, read_only=True) as warehouse:
        files = warehouse.query("SELECT 'old/' || path, file_sha256 FROM mono.raw.files").rows()
        found = known(warehouse, both, read_scope(warehouse, END, files))
        expected = known(warehouse, both, read_scope(warehouse, END))
    assert found["source_files"] == sorted(files)
    assert found["transfers"] == expected["transfers"]
    assert all(line[2].startswith("old/") for line in found["lineage"])


@pytest.mark.parametrize("is_narrowed", [False, True])
def test_what_is_read_in_parts_or_by_name_is_what_is_read_as_a_whole(
    roots: dict[str, Archive], is_narrowed: bool
) -> None:
    both = roots["both"]
    with open_warehouse(both.settings.warehouse, read_only=True) as warehouse:
        scope = read_scope(warehouse, END)
        asked = Context(DAY, END, both.settings, END)
        whole = frames(read_day(warehouse, asked, scope))["transfers"]
        ids = whole["transfer_id"].unique().sort()
        some = {kind: pl.DataFrame({key: ids.head(1)}) for kind, key in KEYS.items()}
        narrowed = Narrowed(some, ACCOUNT.to_frame(), frozenset()) if is_narrowed else None
        wanted = whole.filter(pl.col("transfer_id").is_in(ids.head(1 if is_narrowed else len(ids)).implode()))
        read = read_day(warehouse, asked, scope, narrowed=narrowed).transfers
        parts = list(read.each(3))
        assert read.height == wanted.height > 0
        assert pl.concat(parts).sort(pl.all()).equals(wanted.sort(pl.all()))
        assert sum(part["transfer_id"].n_unique() for part in parts) == wanted["transfer_id"].n_unique()
        names = [("transfer_id",), ("account_id", "external_id")]
        keys = pl.Series([ids[0], *whole.select(pl.concat_str(names[1], separator=":")).to_series().drop_nulls()[-1:]])
        assert read.about(names, keys).sort(pl.all()).equals(about(wanted, names, keys).sort(pl.all()))
        assert read.about(names, keys.clear()).is_empty()
