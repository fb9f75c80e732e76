"""Files hashed and decoded on all cores, in order, with bounded memory.

Here belongs the handing of files and chunks to worker processes.
"""

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import accumulate, chain
from pathlib import Path

from mono_recon.archive import chunks
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile, hash_file
from mono_recon.archive.rules import Rules
from mono_recon.archive.stretches import Stretch, StretchedFile, decode_stretch, stretches
from mono_recon.processes import processes

_ENVIRON = {
    # For how long a worker keeps memory that it let go of: the next chunk wants as much again, and to give it back and
    # have it cleared anew in between takes a twentieth of its time. Pages are huge where the kernel has them: a million
    # small ones take another twentieth.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:60000,muzzy_decay_ms:-1,background_thread:false,thp:always",
    # The workers take every core as it is; to wake a second thread for each small frame takes another twentieth.
    "POLARS_MAX_THREADS": "1",
}
# How many times its size a packed file may well hold.
_PACKED = 8

_Sources = Sequence[tuple[ArchiveFile, str]]
_Running = Callable[[], Iterator[Decoded]]


@contextmanager
def reading_processes(
    files: Iterable[ArchiveFile], between: Path, workers: int = 2
) -> Iterator[ProcessPoolExecutor | None]:
    """Processes to read files with; None where there is so little to read that starting them takes longer.

    They end with the block, and drop what they have not begun.

    Args:
        files: What is to be read.
        between: A folder that is theirs alone while they live, for what they hand over; it may be left of others
            that were killed.
        workers: How many.
    """
    shutil.rmtree(between, ignore_errors=True)
    if not any(weight > workers * chunks.CHUNK_BYTES for weight in accumulate(map(_weight, files))):
        yield None
        return
    between.mkdir(parents=True)
    # Where Polars looks for it, once, as a process starts; what starts later, as a writer of packs, has it too.
    os.environ.update(_ENVIRON)
    pool = processes(workers, between)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(between, ignore_errors=True)


def hash_files(files: Sequence[ArchiveFile], pool: ProcessPoolExecutor | None = None) -> list[str]:
    """The hash of each file, in the files' order."""
    batches = (batch for batch, _ in _batches([(file, "") for file in files]))
    hashed = map(_hash_batch, batches) if pool is None else pool.map(_hash_batch, batches)
    return list(chain.from_iterable(hashed))


def decode_files(
    files: _Sources, rules: Rules, pool: ProcessPoolExecutor | None = None, *, ahead: int = 5
) -> Iterator[Decoded]:
    """The outcome of each chunk of files, in the files' order.

    Args:
        files: Files with the SHA-256 of each.
        rules: Limits and secrets.
        pool: Processes to do it; without them it is done here.
        ahead: Chunks that are read or held at most, besides the one given.
    """
    if pool is None:
        yield from (decode_chunk(chunk, rules) for chunk in chunks.iter_chunks(files, rules))
        return
    running: deque[_Running] = deque()
    for task in _started(pool, files, rules):
        running.append(task)
        if len(running) >= ahead:
            yield from running.popleft()()
    while running:
        yield from running.popleft()()


def _started(pool: ProcessPoolExecutor, files: _Sources, rules: Rules) -> Iterator[_Running]:
    """Work handed out: files, stretches of a file that is too large for one process, or else chunks of it."""
    for batch, weight in _batches(files):
        source = chunks.Source(*batch[0])
        if weight <= chunks.CHUNK_BYTES:
            yield partial(_files_read, batch, rules, pool.submit(_decode_batch, batch, rules))
        elif parts := stretches(source, rules):
            whole = StretchedFile(source, rules)
            for part in parts:
                yield partial(_stretch_read, whole, part, pool.submit(decode_stretch, part, rules))
        else:
            for chunk in chunks.iter_chunks(batch, rules):
                yield partial(_chunk_read, pool.submit(decode_chunk, chunk, rules))


def _files_read(batch: _Sources, rules: Rules, outcome: Future[Decoded | None]) -> Iterator[Decoded]:
    """What came of files; those that turned out too large for one chunk are read here."""
    decoded = outcome.result()
    if decoded is None:
        yield from (decode_chunk(chunk, rules) for chunk in chunks.iter_chunks(batch, rules))
    else:
        yield decoded


def _stretch_read(
    whole: StretchedFile, part: Stretch, outcome: Future[tuple[Decoded, int] | None]
) -> Iterator[Decoded]:
    return whole.next(part, outcome.result())


def _chunk_read(outcome: Future[Decoded]) -> Iterator[Decoded]:
    yield outcome.result()


def _batches(files: _Sources) -> Iterator[tuple[_Sources, int]]:
    """Files that are worth a chunk together, in their order, and their weight; a larger one alone."""
    batch: list[tuple[ArchiveFile, str]] = []
    weight = 0
    for source in files:
        added = _weight(source[0])
        if batch and weight + added > chunks.CHUNK_BYTES:
            yield batch, weight
            batch, weight = [], 0
        batch.append(source)
        weight += added
    if batch:
        yield batch, weight


def _weight(file: ArchiveFile) -> int:
    """About how many bytes a file holds."""
    return file.size * (_PACKED if file.path.endswith((".gz", ".zst")) else 1)


def _hash_batch(batch: _Sources) -> list[str]:
    return [hash_file(file) for file, _ in batch]


def _decode_batch(batch: _Sources, rules: Rules) -> Decoded | None:
    """The outcome of files that make one chunk, None if they make more."""
    found = chunks.iter_chunks(batch, rules)
    first = next(found, chunks.Chunk(()))
    return decode_chunk(first, rules) if next(found, None) is None else None
