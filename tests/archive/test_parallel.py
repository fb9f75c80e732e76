import gzip
from multiprocessing import active_children
from pathlib import Path

import pytest

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, list_archive
from mono_recon.archive.parallel import decode_files, hash_files, reading_processes
from mono_recon.archive.rules import Rules
from tests.archive.written import Put, lines, payload

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
    hashed = sources(tmp_path)
    files = [file for file, _ in hashed]
    alone = list(decode_files(hashed, Rules()))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    with reading_processes(files) as pool:
        assert hash_files(files, pool) == [sha256 for _, sha256 in hashed]
        together = list(decode_files(hashed, Rules(), pool))
    assert (len(alone), len(together)) == (1, 3)
    assert places(together) == places(alone)
    assert sum(outcome.quarantine.height for outcome in together) == 3


def test_reading_that_is_given_up_leaves_no_process(tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    hashed = sources(tmp_path)
    with reading_processes(file for file, _ in hashed) as pool:
        assert next(decode_files(hashed, Rules(), pool)).deliveries.height
        assert active_children()
    assert not active_children()


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
    with reading_processes((file for file, _ in hashed), workers=1) as pool:
        together = list(decode_files(hashed, Rules(), pool))
    assert places(together) == places(alone)
    assert len(alone) > 1
