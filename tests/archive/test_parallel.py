from multiprocessing import active_children
from pathlib import Path

import pytest

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, hash_files, list_archive
from mono_recon.archive.parallel import decode_files
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
    alone = list(decode_files(sources(tmp_path), Rules(), workers=1))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    together = list(decode_files(sources(tmp_path), Rules(), workers=2))
    assert (len(alone), len(together)) == (1, 3)
    assert places(together) == places(alone)
    assert sum(outcome.quarantine.height for outcome in together) == 3


def test_an_iteration_that_is_given_up_leaves_no_process(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        put(f"webhooks/{name}.jsonl", lines(*EVENTS))
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1)
    outcomes = decode_files(sources(tmp_path), Rules(), workers=2)
    next(outcomes)
    outcomes.close()
    assert not active_children()
