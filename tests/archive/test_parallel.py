import gzip
import os
import resource
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, list_archive
from mono_recon.archive.parallel import decode_files, hash_files, reading_processes
from mono_recon.archive.rules import Rules
from tests.archive.written import Put, lines, payload

BETWEEN = ".read"
EVENTS = [payload() | {"n": n} for n in range(300)]


def sources(root: Path) -> list[tuple[ArchiveFile, str]]:
    files = list_archive(root).files
    return list(zip(files, hash_files(files), strict=True))


def places(outcomes: list[Decoded]) -> list[tuple[str, int]]:
    return [row for outcome in outcomes for row in outcome.deliveries.select("file_sha256", "line").rows()]


def test_processes_give_what_one_gives_and_in_the_same_order(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "cba":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS, {"file": name}))
    packed = put("webhooks/aa.jsonl.gz", gzip.compress(lines(*EVENTS) + lines({"file": "aa"})))
    hashed = sources(tmp_path)
    files = [file for file, _ in hashed]
    alone = list(decode_files(hashed, Rules()))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", files[0].size // 3)
    monkeypatch.setattr("mono_recon.archive.parallel._PACKED", files[0].size)
    with reading_processes(files, tmp_path / BETWEEN) as pool:
        assert hash_files(files, pool) == [sha256 for _, sha256 in hashed]
        together = list(decode_files(hashed, Rules(), pool))
    assert packed.exists()
    assert len(alone) == 1
    assert len(together) > len(files)
    assert places(together) == places(alone)
    refused = [row for outcome in together for row in outcome.quarantine.select("path", "line").rows()]
    assert refused == [(file.path, len(EVENTS) + 1) for file in files]


def test_reading_that_is_given_up_leaves_no_process_and_no_file(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS))
    hashed = sources(tmp_path)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", hashed[0][0].size)
    with reading_processes((file for file, _ in hashed), tmp_path / BETWEEN) as pool:
        assert next(decode_files(hashed, Rules(), pool)).deliveries.height
        assert active_children()
        assert (tmp_path / BETWEEN).exists()
    assert not active_children()
    assert not (tmp_path / BETWEEN).exists()


def test_reading_that_fails_leaves_no_file(tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS))
    hashed = sources(tmp_path)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", hashed[0][0].size)
    with (
        pytest.raises(KeyboardInterrupt),
        reading_processes((file for file, _ in hashed), tmp_path / BETWEEN) as pool,
    ):
        _interrupted(decode_files(hashed, Rules(), pool))
    assert not (tmp_path / BETWEEN).exists()


def test_what_a_killed_reading_has_left_is_removed_by_the_next_however_little_it_reads(tmp_path: Path) -> None:
    between = tmp_path / BETWEEN
    between.mkdir()
    (between / "left").write_bytes(b"rows")
    with reading_processes([], between) as pool:
        assert pool is None
        assert not between.exists()


def test_a_disk_that_is_full_is_said_to_be_so(tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("webhooks/a.jsonl", lines(*EVENTS))
    hashed = sources(tmp_path)
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", hashed[0][0].size // 3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with reading_processes((file for file, _ in hashed), tmp_path / BETWEEN) as pool:
        assert pool is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        try:
            reading = decode_files(hashed, Rules(), pool)
            with pytest.raises(OSError, match=rf"{BETWEEN}/.*: File too large.*make room"):
                next(reading)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / BETWEEN).exists()


def test_small_files_are_read_together_and_one_that_unpacks_to_more_chunks_is_cut(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank = (b" " * 1000 + b"\n") * 30_000
    put("webhooks/a.jsonl.gz", gzip.compress(lines(*EVENTS) + blank + lines(*EVENTS)))
    for name in "bcd":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS, {"file": name}))
    hashed = sources(tmp_path)
    alone = list(decode_files(hashed, Rules()))
    monkeypatch.setattr("mono_recon.archive.parallel._PACKED", 0)
    weight = sum(file.size for file, _ in hashed[1:])
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", weight - 1)
    with reading_processes((file for file, _ in hashed), tmp_path / BETWEEN, workers=1) as pool:
        together = list(decode_files(hashed, Rules(), pool))
    assert places(together) == places(alone)
    assert len(alone) > 1


def _interrupted(reading: Iterator[Decoded]) -> None:
    assert next(reading).deliveries.height
    raise KeyboardInterrupt


def test_processes_keep_the_memory_that_the_next_chunk_wants(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("webhooks/a.jsonl", lines(*EVENTS))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    with reading_processes(list_archive(tmp_path).files, tmp_path / BETWEEN) as pool:
        assert pool is not None
        assert "dirty_decay_ms:60000" in (pool.submit(os.getenv, "_RJEM_MALLOC_CONF").result() or "")
