"""The program: ``python -m mono_recon``, which the console script calls too.

Here belongs what lets its process start and end quickly. What it does is in ``cli``.
"""

import atexit
import ctypes
import gc
import os
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder

_ALLOCATIONS = 200_000
"""Objects made before the collector looks for cycles, in place of 700: what is loaded makes many and no cycles."""

_NOT_NEEDED = ("hypothesis", "pandas", "mako.ext.pygmentplugin")
"""What pandera, DuckDB and Dagster's Alembic load wherever they find it, and do without where they do not."""


_GIVING_BACK = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:200,muzzy_decay_ms:0")
"""How soon Polars gives back memory that it let go of: what a large date holds at its peak is not all in use."""

_MMAP_THRESHOLD = -3
"""Number of the C library's option for the bytes from which it gives back at once what DuckDB let go of."""

_LARGE = 1 << 20
"""Left alone, it raises that to 32 MB, and keeps what is smaller."""


class _Absent(MetaPathFinder):
    """Modules that are not there for this process."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname in _NOT_NEEDED:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def main() -> None:
    """Run a command, in a process that does nothing else."""
    gc.set_threshold(_ALLOCATIONS)
    atexit.register(gc.freeze)  # what is left at the end goes with the process; a last look at it takes half a second
    sys.meta_path.insert(0, _Absent())
    os.environ.setdefault(*_GIVING_BACK)
    with suppress(AttributeError):  # there are other C libraries
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
    from mono_recon.cli import main as command  # noqa: PLC0415  what is above holds for its loading too

    command()


if __name__ == "__main__":
    main()
