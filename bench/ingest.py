"""How long an ingest takes and how much memory: beside a bare typed load, and from loose files.

Everything is measured as a whole process, several times in turn, on warm files. A data root is made once
under the folder and kept; each ingest writes a new warehouse.

    python -m bench.ingest [--deliveries N] [--loose N] [--rounds N] [--folder DIR] [--profile]
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import deliveries
from bench.processes import Measured, machine, measure
from bench.stages import profile_ingest

_LARGEST_LOOSE_SHARE = 1.4
_LARGEST_PEAK_MB = 2_000


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--loose", type=int, default=100_000, help="how many of them as loose files too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "mono_recon_bench")
    parser.add_argument("--profile", action="store_true", help="also say what an ingest spends its time on")
    options = parser.parse_args()
    count, few = options.deliveries, min(options.loose, options.deliveries)
    sys.stderr.write(f"making {count} deliveries under {options.folder}\n")
    whole, bodies = deliveries.hourly(options.folder, count), deliveries.bodies(options.folder, count)
    part, loose = deliveries.hourly(options.folder, few), deliveries.loose(options.folder, few)
    runs: dict[str, Callable[[], Measured]] = {
        f"ingest, {count:,} in hourly files": lambda: _ingest(whole),
        f"peer, {count:,} bodies": lambda: _load(bodies),
        f"ingest, {few:,} in hourly files, for comparison": lambda: _ingest(part),
        f"ingest, {few:,} loose files": lambda: _ingest(loose),
    }
    measured = _in_turn(runs, options.rounds)
    first, peer, hourly, loose_files = (_median(measured[name]) for name in runs)
    sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n{_table(measured)}\n")
    sys.stdout.write(f"\nAgainst the peer: {first / peer:.2f} times its time.\n")
    sys.stdout.write(f"Loose against hourly: {loose_files / hourly:.2f} (at most {_LARGEST_LOOSE_SHARE}).\n")
    if options.profile:
        sys.stdout.write(f"\n{profile_ingest(whole)}\n")
    peak = max(run.peak_mb for name in list(runs)[::2] for run in measured[name])
    return int(peak > _LARGEST_PEAK_MB or loose_files > _LARGEST_LOOSE_SHARE * hourly)


def _in_turn(runs: Mapping[str, Callable[[], Measured]], rounds: int) -> dict[str, list[Measured]]:
    measured: dict[str, list[Measured]] = defaultdict(list)
    for number in range(rounds):
        for name, run in runs.items():
            measured[name].append(run())
            latest = measured[name][-1]
            figures = f"{latest.seconds:.1f} s, {latest.cpu_seconds:.1f} CPU s, {latest.peak_mb:,.0f} MB"
            sys.stderr.write(f"{number + 1}: {name}: {figures}\n")
    return measured


def _ingest(root: Path) -> Measured:
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        places = {
            "DAGSTER_HOME": str(Path(scratch) / "dagster_home"),
            "MONO_RECON_WAREHOUSE__CATALOG": str(Path(scratch) / "catalog.sqlite"),
            "MONO_RECON_WAREHOUSE__FILES": str(Path(scratch) / "files"),
            deliveries.SECRET_VARIABLE: deliveries.SECRET,
        }
        (Path(scratch) / "dagster_home").mkdir()
        command = [sys.executable, "-m", "mono_recon", "--data", str(root), "--quiet", "ingest"]
        return measure(command, os.environ | places)


def _load(root: Path) -> Measured:
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        database = str(Path(scratch) / "peer.duckdb")
        return measure([sys.executable, "-m", "bench.peers.load", str(root), database], os.environ)


def _median(measured: list[Measured]) -> float:
    return statistics.median(run.seconds for run in measured)


def _table(measured: Mapping[str, list[Measured]]) -> str:
    lines = ["| Run | Median s | Each s | CPU s | Peak MB |", "|---|---:|---|---:|---:|"]
    for name, runs in measured.items():
        each = " ".join(f"{run.seconds:.1f}" for run in runs)
        cpu, peak = statistics.median(run.cpu_seconds for run in runs), max(run.peak_mb for run in runs)
        lines.append(f"| {name} | {_median(runs):.1f} | {each} | {cpu:.1f} | {peak:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
