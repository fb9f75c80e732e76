"""Processes that work for this one.

They are spawned, never forked: the engine's threads do not survive a fork.
"""

import gc
import os
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

# Objects that a process makes before the collector looks for cycles, in place of 700.
_ALLOCATIONS = 200_000


def processes(count: int, temporary: Path | None = None) -> ProcessPoolExecutor:
    """Processes that begin when they are needed, and end with this one however it ends.

    Args:
        count: How many.
        temporary: Their folder for temporary files, if not the usual one.
    """
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_start, initargs=(temporary,))


def _start(temporary: Path | None) -> None:
    if temporary is not None:
        tempfile.tempdir = str(temporary)
    Thread(target=_end_with_parent, daemon=True).start()
    # An interrupt is the parent's to handle: it ends the processes in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Rows are many and make no cycles; looking through them again and again takes a sixth of the time.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)


def _end_with_parent() -> None:
    """A parent that was killed sends no end: without this a process would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
