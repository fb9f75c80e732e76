"""Files decoded on all cores, in order, with bounded memory.

Here belongs the handing of chunks to worker processes. Processes are spawned, never forked: the engine's threads
do not survive a fork.
"""

import signal
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context

from mono_recon.archive.chunks import iter_chunks
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.rules import Rules

# Chunks from which a pool of processes saves more than it costs.
_FEW = 3


def decode_files(
    files: Sequence[tuple[ArchiveFile, str]], rules: Rules, workers: int = 2
) -> Generator[Decoded, None, None]:
    """The outcome of each chunk of files, in the files' order.

    Input of one or two chunks is decoded here and now.

    Args:
        files: Files with the SHA-256 of each.
        rules: Limits and secrets.
        workers: Processes; at most one chunk more than these is held.
    """
    chunks = iter_chunks(files, rules)
    first = list(islice(chunks, _FEW))
    if workers == 1 or len(first) < _FEW:
        for chunk in chain(first, chunks):
            yield decode_chunk(chunk, rules)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_leave_interrupts)
    try:
        running: deque[Future[Decoded]] = deque()
        for chunk in chain(first, chunks):
            running.append(pool.submit(decode_chunk, chunk, rules))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    # An interrupt is the parent's to handle: it ends the pool in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
