"""A command run and measured from outside: wall time, and the memory of all its processes together."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.05
_MB = 1_000_000
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall time in seconds and the largest resident memory seen, in MB of 10^6 bytes.

    Pages that processes share are counted once for each of them.
    """

    seconds: float
    peak_mb: float


def measure(command: Sequence[str], environ: Mapping[str, str]) -> Measured:
    """Run a command to its end.

    Raises:
        RuntimeError: It failed; the message is its last words.
    """
    begin = time.perf_counter()
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603  commands of the benchmarks
        peak = 0
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            time.sleep(_PAUSE)
        seconds = time.perf_counter() - begin
        words = process.stdout.read().decode(errors="replace") if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {words[-2000:]}")
    return Measured(seconds, peak / _MB)


def machine() -> str:
    """The machine in a few words."""
    model = next(line for line in (_PROC / "cpuinfo").read_text().splitlines() if line.startswith("model name"))
    cores = len([line for line in (_PROC / "cpuinfo").read_text().splitlines() if line.startswith("processor")])
    memory = int((_PROC / "meminfo").read_text().split()[1]) * 1024 / 2**30
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{cores} cores ({model.partition(': ')[2]}), {memory:.0f} GiB, Python {python}"


def _resident(root: int) -> int:
    """Resident bytes of a process and all its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            sizes[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * 4096
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
        children[parent].append(int(folder.name))
    total, left = 0, [root]
    while left:
        process = left.pop()
        total += sizes.get(process, 0)
        left += children[process]
    return total
