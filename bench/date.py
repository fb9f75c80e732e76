"""How long a date takes with every guarantee on, beside what one would write by hand without any.

A data root is one date of an invented company with its complete lists; it is made once under the folder and kept.
Every run is a whole process on warm files, several times in turn with its peers. Peers read the same files, keep the
last state of each transfer, join the lists, add up the batches, and write CSV and Parquet.

    python -m bench.date [--deliveries N …] [--rounds N] [--folder DIR] [--without PEER …]
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bench.company import FIRST_DAY, Company
from bench.deliveries import SECRET, SECRET_VARIABLE
from bench.processes import Measured, machine, measure

_PEERS = {"DuckDB": "duck", "Polars": "polars_", "pandas": "pandas_"}
_RUN, _AGAIN, _INGEST = "run", "run again, nothing new", "ingest"
_ASSEMBLE = "from mono_recon.definitions import defs; defs.get_repository_def()"


@dataclass
class Size:
    """A date of a size, and every measurement of it."""

    deliveries: int
    archive_bytes: int
    runs: dict[str, list[Measured]] = field(default_factory=dict)
    warehouse_bytes: int = 0

    def add(self, name: str, measured: Measured) -> None:
        """Keep a measurement, and say it."""
        self.runs.setdefault(name, []).append(measured)
        figures = f"{measured.seconds:.1f} s, {measured.cpu_seconds:.1f} CPU s, {measured.peak_mb:,.0f} MB"
        sys.stderr.write(f"{self.deliveries:,}: {name}: {figures}\n")

    def seconds(self, name: str) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs[name])


def main() -> int:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "mono_recon_bench")
    parser.add_argument("--without", nargs="*", choices=list(_PEERS), default=[], help="peers to leave out")
    options = parser.parse_args()
    peers = [name for name in _PEERS if name not in options.without]
    sizes = [_measured(options.folder, count, options.rounds, peers) for count in options.deliveries]
    sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n")
    for size in sizes:
        sys.stdout.write(f"{_table(size)}\n\n")
    startup = statistics.median(_definitions().seconds for _ in range(options.rounds))
    sys.stdout.write(f"Dagster's own start-up, in every run: {startup:.1f} s\n")
    for smaller, larger in pairwise(sizes):
        growth = larger.seconds(_RUN) / smaller.seconds(_RUN)
        sys.stdout.write(f"{larger.deliveries:,} against {smaller.deliveries:,}: {growth:.1f} times the time\n")
    return 0


def _measured(folder: Path, deliveries: int, rounds: int, peers: Sequence[str]) -> Size:
    root = _made(folder / f"date-{deliveries}", deliveries)
    size = Size(deliveries, _bytes(root / "archive"))
    for _ in range(rounds):
        with _fresh(root) as (data, environ):
            size.add(_RUN, _program(data, environ, "run", "--date", FIRST_DAY.isoformat()))
            size.add(_AGAIN, _program(data, environ, "run", "--date", FIRST_DAY.isoformat()))
            size.warehouse_bytes = _bytes(data / "warehouse")
        with _fresh(root) as (data, environ):
            size.add(_INGEST, _program(data, environ, "ingest"))
        for name in peers:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                command = [sys.executable, "-m", f"bench.peers.{_PEERS[name]}", str(root), out]
                size.add(name, measure(command, os.environ))
    return size


def _made(root: Path, deliveries: int) -> Path:
    """A data root with one date, made aside so that half of one is never taken for one."""
    if not root.exists():
        sys.stderr.write(f"making {deliveries:,} deliveries under {root}\n")
        aside = root.with_name(f"{root.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        Company(aside, deliveries, relisted_days=1).write_by_the_hour(FIRST_DAY)
        aside.rename(root)
    return root


@contextmanager
def _fresh(root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A new data root over the same archive, and the environment of its runs."""
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        data, home = Path(scratch) / "data", Path(scratch) / "dagster_home"
        for folder in (data, home):
            folder.mkdir()
        (data / "archive").symlink_to(root / "archive")
        shutil.copy(root / "mono_recon.toml", data)
        yield data, os.environ | {"DAGSTER_HOME": str(home), SECRET_VARIABLE: SECRET}


def _program(data: Path, environ: dict[str, str], *words: str) -> Measured:
    return measure([sys.executable, "-m", "mono_recon", "--data", str(data), "--quiet", *words], environ)


def _definitions() -> Measured:
    return measure([sys.executable, "-c", _ASSEMBLE], os.environ)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _table(size: Size) -> str:
    megabytes, share = size.archive_bytes / 1e6, size.warehouse_bytes / size.archive_bytes
    lines = [
        f"{size.deliveries:,} deliveries and their lists, {megabytes:,.0f} MB; the warehouse takes {share:.2f} of it",
        "",
        f"| Run | Median s | Each | CPU s | Peak MB | {' | '.join(f'÷ {name}' for name in _PEERS)} |",
        f"|---|---:|---|---:|---:|{'---:|' * len(_PEERS)}",
    ]
    for name, runs in size.runs.items():
        each = " ".join(f"{run.seconds:.1f}" for run in runs)
        cpu, peak = statistics.median(run.cpu_seconds for run in runs), max(run.peak_mb for run in runs)
        ratios = [f"{size.seconds(name) / size.seconds(peer):.2f}" if peer in size.runs else "" for peer in _PEERS]
        row = [name, f"{size.seconds(name):.1f}", each, f"{cpu:.1f}", f"{peak:,.0f}", *ratios]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
