"""Whether a day costs the same after a long history: days 1, 4, 100 and 300 with the same volume each.

The days are lived one after another in this process, and the data root is copied aside before each of those that
are measured. In the end they are run as whole processes, ``mono-recon run --date D`` on a fresh copy, one after the
other and then all of them again: so that what else the machine does falls on all of them alike. What the lake keeps
for seven days is kept for seven of these days, which pass in seconds: else nothing would ever be cleared.

    python -m bench.history [--days N] [--deliveries N] [--rounds N] [--folder DIR] [--profile]
"""

import argparse
import cProfile
import os
import pstats
import shutil
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
_EARLY = (1, 4)
_PROFILED = 3
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
class Moment:
    """A day that is measured, and a copy of the data root from before it."""

    number: int
    root: Path
    runs: list[Measured] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """The median of a figure of its runs."""
        return statistics.median(map(_FIGURES[figure], self.runs))

    def run(self, scratch: Path) -> None:
        """Run the day once, on a fresh copy."""
        with tempfile.TemporaryDirectory(dir=scratch) as place:
            data, home = Path(place) / "data", Path(place) / "dagster_home"
            shutil.copytree(self.root, data)
            home.mkdir()
            command = [sys.executable, "-m", "mono_recon", "--data", str(data), "--quiet"]
            environ = os.environ | {"DAGSTER_HOME": str(home), SECRET_VARIABLE: SECRET}
            self.runs.append(measure([*command, "run", "--date", _date(self.number).isoformat()], environ))
        sys.stderr.write(f"day {self.number}: {self.runs[-1]}\n")

    def size(self) -> tuple[int, float, float]:
        """Data files, their MB, and the MB of the catalog."""
        warehouse = self.root / "warehouse"
        sizes = [path.stat().st_size for path in warehouse.rglob("*.parquet")]
        catalog = sum(path.stat().st_size for path in warehouse.glob("catalog.sqlite"))
        return len(sizes), sum(sizes) / _MB, catalog / _MB


def main() -> int:
    """Live the days and print the table; 1 if the last day costs too much more than the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=300, help="at least 15")
    parser.add_argument("--deliveries", type=int, default=100, help="webhooks a day, about")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the data roots are made for the time being")
    parser.add_argument("--profile", action="store_true", help="also say which functions take longer in the end")
    options = parser.parse_args()
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        scratch = Path(place)
        numbers = (*_EARLY, options.days // 3, options.days)
        moments, profiles = _lived(scratch, options.deliveries, numbers, is_profiled=options.profile)
        for _ in range(options.rounds):
            for moment in moments:
                moment.run(scratch)
        sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n{_table(moments)}\n")
    if options.profile:
        sys.stdout.write(f"\n{_growth(*profiles)}\n")
    first, *_, last = moments
    ratios = [last.median(name) / first.median(name) for name in ("Wall s", "Peak MB")]
    sys.stdout.write(f"\nThe last day against the first: at most {_LARGEST_RATIO} in time and memory.\n")
    return int(max(ratios) > _LARGEST_RATIO)


def _lived(
    scratch: Path, deliveries: int, numbers: Sequence[int], *, is_profiled: bool
) -> tuple[list[Moment], tuple[cProfile.Profile, cProfile.Profile]]:
    """The days, lived; profiles of the first and of the last few of them."""
    root, moments, profiles = scratch / "data", list[Moment](), (cProfile.Profile(), cProfile.Profile())
    company, begun, last = Company(root, deliveries), deque[datetime](maxlen=_KEPT_DAYS), numbers[-1]
    for number in range(1, last + 1):
        company.write(_date(number))
        begun.append(datetime.now(UTC))
        if number in numbers:
            moments.append(Moment(number, Path(shutil.copytree(root, scratch / f"before-{number}"))))
        if is_profiled and (number <= _PROFILED or number > last - _PROFILED):
            profiles[number > _PROFILED].runcall(_live, root, _date(number))
        else:
            _live(root, _date(number))
        _forget(root, begun[0])
    return moments, profiles


def _date(number: int) -> date:
    return FIRST_DAY + timedelta(days=number - 1)


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


def _table(moments: Sequence[Moment]) -> str:
    first = moments[0]
    heads = [head for name in _FIGURES for head in (name, "ratio")]
    lines = [
        f"| | {' | '.join(heads)} | Data files | Data MB | Catalog MB |",
        f"|---|{'---:|' * (len(heads) + 3)}",
    ]
    for each in moments:
        figures = [f"{each.median(name):.2f} | {each.median(name) / first.median(name):.2f}" for name in _FIGURES]
        files, data_mb, catalog_mb = each.size()
        size = f"{files:,} | {data_mb:.1f} | {catalog_mb:.1f}"
        lines.append(f"| day {each.number} | {' | '.join(figures)} | {size} |")
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
            spent[name] = (seconds / _PROFILED, calls / _PROFILED)
    return spent


if __name__ == "__main__":
    sys.exit(main())
