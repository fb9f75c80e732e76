from pathlib import Path

import polars as pl
import pytest

from mono_recon.archive.chunks import Source, iter_chunks
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, list_archive
from mono_recon.archive.rules import Rules
from mono_recon.archive.stretches import Stretch, StretchedFile, decode_stretch, stretches
from tests.archive.written import Put, lines, payload

LIMIT = 2_000
RULES = Rules(max_record_bytes=LIMIT)
FIRST, SECOND, THIRD = (lines(payload() | {"n": n}) for n in range(3))
ODD = b"".join(
    [
        b"\n \t\r\n",
        FIRST.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + SECOND,
        b'{"long": "' + b"x" * 3 * LIMIT + b'"}\n',
        b"no JSON\n\n",
        THIRD,
        b'{"long": "' + b"x" * 2 * LIMIT + b'"}\n',
        FIRST.replace(b'"n": 0', b'"n": 4').strip(),
    ]
)


def test_a_file_says_the_same_wherever_it_is_cut(tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("webhooks/a.jsonl", ODD)
    source = _source(tmp_path)
    whole = _whole(source)
    assert (sum(each.deliveries.height for each in whole), sum(each.quarantine.height for each in whole)) == (4, 3)
    counts = set()
    for size in (1, len(FIRST) + 10, LIMIT, 3 * LIMIT, 4 * LIMIT, len(ODD)):
        monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", size)
        parts = stretches(source, RULES)
        counts.add(len(parts))
        assert _rows([decoded for part in _read(source, parts) for decoded in part]) == _rows(whole)
    assert {1, 2, 3} < counts


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.json"])
def test_a_file_that_is_packed_or_one_document_is_not_cut(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put(f"webhooks/{name}", ODD)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 100)
    assert stretches(_source(tmp_path), RULES) == []


def test_neither_is_one_that_is_too_large_or_has_gone(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("webhooks/a.jsonl", ODD)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 100)
    source = _source(tmp_path)
    assert stretches(source, Rules(max_file_bytes=len(ODD)))
    assert stretches(source, Rules(max_file_bytes=len(ODD) - 1)) == []
    path.unlink()
    assert stretches(source, RULES) == []


@pytest.mark.parametrize("keep", [0, len(FIRST) // 2, len(FIRST) + len(SECOND) // 2])
def test_of_a_file_that_is_cut_short_while_it_is_read_all_that_is_left_is_read_once(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    path = put("webhooks/a.jsonl", FIRST + SECOND + THIRD)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    source = _source(tmp_path)
    parts = stretches(source, RULES)
    assert len(parts) == 3
    path.write_bytes(path.read_bytes()[:keep])
    found = [decoded for part in _read(source, parts) for decoded in part]
    assert _rows(found) == _rows(_whole(source))


def test_a_file_that_goes_while_it_is_read_is_refused_once_where_it_broke_off(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("webhooks/a.jsonl", FIRST + SECOND + THIRD)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    source = _source(tmp_path)
    parts = stretches(source, RULES)
    file = StretchedFile(source, RULES)
    (first,) = file.next(parts[0], decode_stretch(parts[0], RULES))
    path.unlink()
    rest = [decoded for part in parts[1:] for decoded in file.next(part, decode_stretch(part, RULES))]
    assert first.deliveries.height == 1
    (refused,) = [row for each in rest for row in each.quarantine.select("reason", "line", "byte_offset").rows()]
    assert refused == ("unreadable_file", 2, len(FIRST))


def test_what_was_added_meanwhile_is_read_too(tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put("webhooks/a.jsonl", FIRST + SECOND)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", len(FIRST))
    source = _source(tmp_path)
    parts = stretches(source, RULES)
    path.write_bytes(FIRST + SECOND + THIRD)
    read = _read(source, parts)
    assert [row["line"] for part in read for each in part for row in each.deliveries.rows(named=True)] == [1, 2, 3]


def _source(root: Path) -> Source:
    (file,) = list_archive(root).files
    assert isinstance(file, ArchiveFile)
    return Source(file, "0" * 64)


def _whole(source: Source) -> list[Decoded]:
    return [decode_chunk(chunk, RULES) for chunk in iter_chunks([(source.file, source.sha256)], RULES)]


def _read(source: Source, parts: list[Stretch]) -> list[list[Decoded]]:
    file = StretchedFile(source, RULES)
    return [list(file.next(part, decode_stretch(part, RULES))) for part in parts]


def _rows(outcomes: list[Decoded]) -> list[list[tuple[object, ...]]]:
    """The rows of every table, whatever chunk they came in; what is refused has no order within one."""
    frames = [(each.deliveries, each.pages, each.quarantine.sort("line"), *each.core.values()) for each in outcomes]
    return [pl.concat(table).drop("record", strict=False).rows() for table in zip(*frames, strict=True)]
