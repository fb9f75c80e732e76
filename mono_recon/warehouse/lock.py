"""The writer's lock: one process writes to a warehouse at a time.

Here belongs who may write. Readers take no lock: the catalog gives each of them a snapshot.
"""

import fcntl
import json
import os
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from mono_recon.warehouse.errors import WarehouseError


class WarehouseLocked(WarehouseError):  # noqa: N818  it is a state that passes, not a fault
    """Another process is writing to the warehouse."""


class WriterLock:
    """An advisory lock that the operating system frees with its process, however that ends."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    @classmethod
    def acquire(cls, folder: Path, *, wait: bool = False) -> Self:
        """Take the lock of the warehouse in a folder, and write into it who holds it.

        Args:
            folder: Folder of the catalog; must exist.
            wait: Wait until the holder has finished, however long that takes.

        Raises:
            WarehouseLocked: Somebody else holds it and ``wait`` is false; the message says who.
        """
        path = folder / ".lock"
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise WarehouseLocked(_who(path, file)) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "command": " ".join(sys.argv)}, file)
        file.flush()
        return cls(file)

    def release(self) -> None:
        """Let the next writer in."""
        self._file.truncate(0)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _who(path: Path, file: TextIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        name = f"process {holder['pid']} on {holder['host']} ({holder['command']})"
    except (ValueError, KeyError, TypeError):
        name = "another process"
    return f"{path}: {name} is writing to the warehouse; wait until it has finished"
