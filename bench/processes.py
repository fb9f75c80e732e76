"""A command run and measured from outside: wall and CPU time, and the memory of all its processes together."""

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.1
"""Seconds between two looks at the memory, at least."""
_REST = 30
"""How many times as long as a look takes: a look at a gigabyte keeps a core busy for 18 ms."""
_MB = 1_000_000
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall and CPU time in seconds and the largest memory seen, in MB of 10^6 bytes.

    CPU time is that of the command and of all processes that it waited for. Memory is the proportional set size of
    all processes together: a page that several share counts once.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


def measure(command: Sequence[str], environ: Mapping[str, str]) -> Measured:
    """Run a command to its end.

    Raises:
        RuntimeError: It failed; the message is its last words.
    """
    begin, before = time.perf_counter(), _cpu()
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603  commands of the benchmarks
        peak = 0
        while process.poll() is None:
            look = time.perf_counter()
            peak = max(peak, _memory(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(_PAUSE, _REST * (time.perf_counter() - look)))
        seconds = time.perf_counter() - begin
        words = process.stdout.read().decode(errors="replace") if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {words[-2000:]}")
    return Measured(seconds, _cpu() - before, peak / _MB)


def machine() -> str:
    """The machine in a few words."""
    model = next(line for line in (_PROC / "cpuinfo").read_text().splitlines() if line.startswith("model name"))
    cores = len([line for line in (_PROC / "cpuinfo").read_text().splitlines() if line.startswith("processor")])
    memory = int((_PROC / "meminfo").read_text().split()[1]) * 1024 / 2**30
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{cores} cores ({model.partition(': ')[2]}), {memory:.0f} GiB, Python {python}"


def _cpu() -> float:
    """CPU seconds of all processes that were waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _memory(root: int) -> int:
    """Bytes that a process and all its descendants hold."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            children[int((folder / "stat").read_text().rpartition(")")[2].split()[1])].append(int(folder.name))
    total, left = 0, [root]
    while left:
        process = left.pop()
        left += children[process]
        with suppress(OSError):
            lines = (_PROC / str(process) / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total
