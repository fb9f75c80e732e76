"""Files decoded on all cores, in order, with bounded memory.

Here belongs the handing of chunks to worker processes. Processes are spawned, never forked: the engine's threads
do not survive a fork.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from mono_recon.archive.chunks import iter_chunks
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.rules import Rules

_SMALL_BYTES = 16 * 1024 * 1024


def decode_files(files: Sequence[tuple[ArchiveFile, str]], rules: Rules, workers: int = 2) -> Iterator[Decoded]:
    """The outcome of each chunk of files, in the files' order.

    Small input is decoded here and now; a pool of processes costs more than it saves.

    Args:
        files: Files with the SHA-256 of each.
        rules: Limits and secrets.
        workers: Processes; at most one chunk more than these is held.
    """
    chunks = iter_chunks(files, rules)
    if workers < 2 or sum(file.size for file, _ in files) < _SMALL_BYTES:  # noqa: PLR2004 - one is no pool
        for chunk in chunks:
            yield decode_chunk(chunk, rules)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        running: deque[Future[Decoded]] = deque()
        for chunk in chunks:
            running.append(pool.submit(decode_chunk, chunk, rules))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
