"""A stretch of dates issued in one backfill against one run each, and how soon single questions are answered after.

The archive is made once; the backfill and the runs begin from it anew, each run a whole process. On what the backfill
left, ``explain`` is asked as a whole process for transfers of the first, the middle and the last date, and the
site's page of those dates is fetched from a server on loopback, each twice: new, and remembered.

    python -m bench.backfill [--days N] [--deliveries N] [--folder DIR] [--without-runs]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import mono_recon
from bench.company import FIRST_DAY, Company
from bench.deliveries import SECRET, SECRET_VARIABLE
from bench.processes import machine, measure

_LARGEST_RATIO = 0.5
_LONGEST_ANSWER = 1.0
_ROUNDS = 3


def main() -> int:
    """Measure and print; 1 if the backfill or an answer takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--deliveries", type=int, default=10_000, help="webhooks a day, about")
    parser.add_argument("--folder", type=Path, help="where the data roots are made for the time being")
    parser.add_argument("--without-runs", action="store_true", help="only the backfill and what is asked after it")
    options = parser.parse_args()
    days = [FIRST_DAY + timedelta(days=number) for number in range(options.days)]
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        made = Path(place) / "made"
        company = Company(made, options.deliveries)
        for day in days:
            company.write(day)
        whole = _command(made, Path(place) / "whole", [["backfill", "--from", f"{days[0]}", "--to", f"{days[-1]}"]])
        sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n")
        sys.stdout.write(f"{options.days} dates of {options.deliveries:,} deliveries: backfill {whole:.1f} s\n")
        ratio = 0.0
        if not options.without_runs:
            single = _command(made, Path(place) / "single", [["run", "--date", f"{day}"] for day in days])
            ratio = whole / single
            sys.stdout.write(f"one run each: {single:.1f} s; ratio {ratio:.2f} (at most {_LARGEST_RATIO})\n")
        slowest = _ask(Path(place) / "whole", [days[0], days[len(days) // 2], days[-1]])
    return int(ratio > _LARGEST_RATIO or slowest > _LONGEST_ANSWER)


def _command(made: Path, root: Path, calls: Sequence[Sequence[str]]) -> float:
    """Seconds that some commands take one after another, in a new data root over the same archive."""
    home = root / "dagster_home"
    home.mkdir(parents=True)
    (root / "archive").symlink_to(made / "archive")
    shutil.copy(made / "mono_recon.toml", root)
    environ = _environ(home)
    seconds = 0.0
    for words in calls:
        run = measure([*_program(root), "--quiet", *words], environ)
        seconds += run.seconds
        sys.stderr.write(f"{' '.join(words)}: {run.seconds:.1f} s, {run.peak_mb:,.0f} MB\n")
    return seconds


def _ask(root: Path, days: Sequence[date]) -> float:
    """Ask for a transfer and the page of each date; the longest median, in seconds."""
    medians = []
    for day in days:
        command = [*_program(root), "explain", _transfer(root, day)]
        times = [measure(command, _environ(root / "dagster_home")).seconds for _ in range(_ROUNDS)]
        medians.append(statistics.median(times))
        sys.stdout.write(f"explain, a transfer of {day}: {medians[-1]:.2f} s, start-up included\n")
    with _served(root) as address:
        _fetched(address, "/")
        for day in days:
            new, remembered = (_fetched(address, f"/dates/{day}") for _ in range(2))
            medians.append(new)
            sys.stdout.write(f"the page of {day}: {new:.2f} s, remembered {remembered:.2f} s\n")
    return max(medians)


def _transfer(root: Path, day: date) -> str:
    asked = "SELECT min(transfer_id) FROM report.latest_outgoing_transfers WHERE business_date = $day"
    with mono_recon.connect(root) as connection:
        found = connection.execute(asked, {"day": day}).fetchone()
    return str(found[0]) if found else ""


@contextmanager
def _served(root: Path) -> Iterator[str]:
    """The address of a running site."""
    command = [*_program(root), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603  our own program
        try:
            if server.stderr is None:
                raise RuntimeError("the site says nothing")
            yield server.stderr.readline().split(" at ")[1].split(";")[0]
        finally:
            server.terminate()


def _fetched(address: str, page: str) -> float:
    """Seconds until a page was there whole."""
    begin = time.perf_counter()
    with closing(HTTPConnection(urlsplit(address).netloc)) as connection:
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{page} is answered with {answer.status}")
    return time.perf_counter() - begin


def _program(root: Path) -> list[str]:
    return [sys.executable, "-m", "mono_recon", "--data", str(root)]


def _environ(home: Path) -> Mapping[str, str]:
    return os.environ | {"DAGSTER_HOME": str(home), SECRET_VARIABLE: SECRET}


if __name__ == "__main__":
    sys.exit(main())
