"""Whether a day costs the same after a long history: days 1, 100 and 300 with the same volume each.

The days measured are whole processes, ``mono-recon run --date D`` on what has arrived by then, three in a row;
the days between them are lived in this process, which is quicker. Figures are medians of three days. What the lake
keeps for seven days is kept for seven of these days, which pass in seconds: else nothing would ever be cleared.

    python -m bench.history [--days N] [--deliveries N] [--folder DIR] [--profile]
"""

import argparse
import cProfile
import os
import pstats
import statistics
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.company import FIRST_DAY, Company
from bench.deliveries import SECRET, SECRET_VARIABLE
from bench.processes import Measured, machine, measure
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.timing import scheduled
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

_LARGEST_RATIO = 1.2
_IN_A_ROW = 3
_KEPT_DAYS = 7
_SHOWN = 25
_MB = 1_000_000
_DATABASE = "built-in method _duckdb"
_FIGURES: Mapping[str, Callable[[Measured], float]] = {
    "Wall s": lambda run: run.seconds,
    "CPU s": lambda run: run.cpu_seconds,
    "Peak MB": lambda run: run.peak_mb,
}


@dataclass
class Stretch:
    """Days in a row that are measured, and the warehouse after them."""

    name: str
    days: range
    runs: list[Measured] = field(default_factory=list)
    data_files: int = 0
    data_mb: float = 0
    catalog_mb: float = 0

    def median(self, figure: str) -> float:
        """The median of a figure of its days."""
        return statistics.median(map(_FIGURES[figure], self.runs))

    def look_at(self, warehouse: Path) -> None:
        """Keep how large the warehouse is by now."""
        sizes = [path.stat().st_size for path in warehouse.rglob("*.parquet")]
        self.data_files, self.data_mb = len(sizes), sum(sizes) / _MB
        self.catalog_mb = (warehouse / "catalog.sqlite").stat().st_size / _MB


def main() -> int:
    """Live the days and print the table; 1 if the last days cost too much more than the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=300, help="at least 15")
    parser.add_argument("--deliveries", type=int, default=1_000, help="webhooks a day, about")
    parser.add_argument("--folder", type=Path, help="where the data root is made for the time being")
    parser.add_argument("--profile", action="store_true", help="also say which functions take longer in the end")
    options = parser.parse_args()
    stretches, profiles = _stretches(options.days), (cProfile.Profile(), cProfile.Profile())
    first, *_, last = stretches
    profiled = dict.fromkeys(_moved(first.days, 1), profiles[0]) | dict.fromkeys(_moved(last.days, -1), profiles[1])
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        root = Path(scratch) / "data"
        company, begun = Company(root, options.deliveries), deque[datetime](maxlen=_KEPT_DAYS)
        for number in range(1, options.days + 1):
            day = FIRST_DAY + timedelta(days=number - 1)
            company.write(day)
            begun.append(datetime.now(UTC))
            stretch = next((each for each in stretches if number in each.days), None)
            if stretch is not None:
                stretch.runs.append(_run(root, day))
                stretch.look_at(root / "warehouse")
                sys.stderr.write(f"day {number}: {stretch.runs[-1]}\n")
            elif options.profile and number in profiled:
                profiled[number].runcall(_live, root, day)
            else:
                _live(root, day)
                _forget(root, begun[0])
    sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n{_table(stretches)}\n")
    if options.profile:
        sys.stdout.write(f"\n{_growth(*profiles)}\n")
    ratios = [last.median(name) / first.median(name) for name in ("Wall s", "Peak MB")]
    sys.stdout.write(f"\nThe last days against the first: at most {_LARGEST_RATIO} in time and memory.\n")
    return int(max(ratios) > _LARGEST_RATIO)


def _stretches(days: int) -> list[Stretch]:
    """The first days, those after a third of the history, and the last."""
    middles = {days // 3: range(days // 3 - 1, days // 3 + 2)}
    found = {1: range(1, 1 + _IN_A_ROW), **middles, days: range(days - _IN_A_ROW + 1, days + 1)}
    return [Stretch(f"day {number}", measured) for number, measured in found.items()]


def _moved(days: range, by: int) -> range:
    """As many days right after or before some."""
    return range(days.start + by * len(days), days.stop + by * len(days))


def _run(root: Path, day: date) -> Measured:
    command = [sys.executable, "-m", "mono_recon", "--data", str(root), "--quiet", "run", "--date", day.isoformat()]
    return measure(command, os.environ | {"DAGSTER_HOME": str(root.parent / "dagster_home"), SECRET_VARIABLE: SECRET})


def _live(root: Path, day: date) -> None:
    """The same within this process, without Dagster."""
    settings = load_settings(root, None, {})
    ingest(settings, environ={SECRET_VARIABLE: SECRET})
    issue_dates(settings, [day], as_of=None, replay=False, now=max(scheduled(settings, day)))


def _forget(root: Path, moment: datetime) -> None:
    """Clear what the lake has replaced before a moment, as a run does with what it replaced seven days ago."""
    with open_warehouse(load_settings(root, None, {}).warehouse, read_only=False) as warehouse:
        for step in ("ducklake_expire_snapshots", "ducklake_cleanup_old_files"):
            warehouse.query(f"SELECT count(*) FROM {step}('mono', older_than => TIMESTAMPTZ '{moment}')")  # noqa: S608  constants and a clock


def _table(stretches: Sequence[Stretch]) -> str:
    first = stretches[0]
    heads = [head for name in _FIGURES for head in (name, "ratio")]
    lines = [
        f"| | {' | '.join(heads)} | Data files | Data MB | Catalog MB |",
        f"|---|{'---:|' * (len(heads) + 3)}",
    ]
    for each in stretches:
        figures = [f"{each.median(name):.2f} | {each.median(name) / first.median(name):.2f}" for name in _FIGURES]
        size = f"{each.data_files:,} | {each.data_mb:.1f} | {each.catalog_mb:.1f}"
        lines.append(f"| {each.name} | {' | '.join(figures)} | {size} |")
    return "\n".join(lines)


def _growth(early: cProfile.Profile, late: cProfile.Profile) -> str:
    """The functions of the program that take longer in the end, as Markdown: seconds of a day and calls."""
    before, after = _spent(early), _spent(late)
    grown = Counter({name: seconds - before.get(name, (0, 0))[0] for name, (seconds, _) in after.items()})
    lines = [
        "| Function, with what it calls | early s | late s | early calls | late calls |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, _ in grown.most_common(_SHOWN):
        (seconds, calls), (late_seconds, late_calls) = before.get(name, (0.0, 0.0)), after[name]
        lines.append(f"| {name} | {seconds:.3f} | {late_seconds:.3f} | {calls:.0f} | {late_calls:.0f} |")
    return "\n".join(lines)


def _spent(profile: cProfile.Profile) -> dict[str, tuple[float, float]]:
    spent = {}
    for (file, line, function), (_, calls, _, seconds, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]  # typeshed lacks it
        package, is_own, place = file.rpartition("/mono_recon/")
        if (is_own and "site-packages" not in package) or _DATABASE in function:
            name = f"`{place.removesuffix('.py')}:{line} {function}`" if is_own else f"`{function}`"
            spent[name] = (seconds / _IN_A_ROW, calls / _IN_A_ROW)
    return spent


if __name__ == "__main__":
    sys.exit(main())
