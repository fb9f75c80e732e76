"""Whether analysts slow the job down: a backfill with three readers beside it, and one without.

Here belong the readers, what they ask, and the comparison. A data root is made once, with its archive
taken in and its first date issued; each round reconciles the other dates on a copy of it, once alone and
once with readers, each of which asks one question a second. Everything is a process of its own.

    python -m bench.readers [--days N] [--transfers-per-day N] [--readers N] [--rounds N]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from bench.processes import Measured, machine, measure
from mono_recon.demo.write import write_demo

_LARGEST_RATIO = 1.15

# A reader works until its standard input ends and then tells how long each answer took.
_READER = """
import json, select, sys, time
import mono_recon

QUESTIONS = (
    "SELECT business_date, verdict, count(*) FROM latest_issues JOIN latest_breaks USING (business_date) GROUP BY ALL",
    "SELECT recon_status, count(*), sum(amount_minor) FROM latest_outgoing_transfers GROUP BY ALL",
    "SELECT channel, state, count(*) FROM transfer_observations GROUP BY ALL",
    "SELECT hour(event_at), quantile_cont(epoch(known_at - event_at), 0.9) FROM deliveries GROUP BY ALL",
)
seconds = []
with mono_recon.connect(sys.argv[1]) as connection:
    print("reading", flush=True)
    begin = time.perf_counter()
    while not select.select([sys.stdin], [], [], max(0, begin + len(seconds) - time.perf_counter()))[0]:
        asked = time.perf_counter()
        connection.execute(QUESTIONS[len(seconds) % len(QUESTIONS)]).fetchall()
        seconds.append(time.perf_counter() - asked)
print(json.dumps(seconds))
"""


def main() -> int:
    """Measure and print; 1 if readers slow the job down by more than they may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--transfers-per-day", type=int, default=120)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    alone: list[Measured] = []
    beside: list[Measured] = []
    answers: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared"
        sys.stderr.write(f"making {options.days} dates under {folder}\n")
        dates = _prepare(prepared, options.days, options.transfers_per_day)
        for number in range(options.rounds):
            with _copied(prepared) as root:
                alone.append(_job(root, dates))
            with _copied(prepared) as root, ExitStack() as running:
                readers = [running.enter_context(_reader(root)) for _ in range(options.readers)]
                beside.append(_job(root, dates))
                answers += [second for reader in readers for second in _told(reader)]
            sys.stderr.write(f"{number + 1}: alone {alone[-1].seconds:.1f} s, beside {beside[-1].seconds:.1f} s\n")
    ratio = statistics.median(run.seconds for run in beside) / statistics.median(run.seconds for run in alone)
    sys.stdout.write(f"{machine()}, load {os.getloadavg()[0]:.1f}\n\n")
    for name, runs in (("alone", alone), (f"with {options.readers} readers", beside)):
        each = " ".join(f"{run.seconds:.1f}" for run in runs)
        sys.stdout.write(f"{name}: {statistics.median(run.seconds for run in runs):.1f} s (each {each})\n")
    sys.stdout.write(
        f"With readers against alone: {ratio:.2f} (at most {_LARGEST_RATIO}).\n"
        f"Answers: {len(answers)}, median {statistics.median(answers) * 1000:.0f} ms,"
        f" longest {max(answers) * 1000:.0f} ms.\n"
    )
    return int(ratio > _LARGEST_RATIO)


def _prepare(root: Path, days: int, transfers_per_day: int) -> tuple[str, str]:
    """Make a data root whose first date is issued; the second and the last date."""
    written = write_demo(root, days=days, transfers_per_day=transfers_per_day)
    _command(root, "backfill", "--from", str(written.first_day), "--to", str(written.first_day))
    return str(written.first_day + timedelta(days=1)), str(written.last_day)


def _job(root: Path, dates: tuple[str, str]) -> Measured:
    first, last = dates
    return _command(root, "backfill", "--from", first, "--to", last)


def _command(root: Path, *words: str) -> Measured:
    home = root / "dagster_home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mono_recon", "--data", str(root), "--quiet", *words]
    return measure(command, os.environ | {"DAGSTER_HOME": str(home)})


@contextmanager
def _copied(prepared: Path) -> Iterator[Path]:
    root = prepared.with_name("round")
    shutil.copytree(prepared, root)
    yield root
    shutil.rmtree(root)


@contextmanager
def _reader(root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _READER, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  written above
        try:
            if process.stdout is None or process.stdout.readline() != "reading\n":
                raise RuntimeError("a reader could not connect")
            yield process
        finally:
            process.kill()


def _told(reader: subprocess.Popen[str]) -> list[float]:
    """Stop a reader; the seconds of each of its answers.

    Raises:
        RuntimeError: It failed while the job ran.
    """
    out, _ = reader.communicate()
    if reader.returncode:
        raise RuntimeError(f"a reader ended with {reader.returncode}")
    return [float(second) for second in json.loads(out)]


if __name__ == "__main__":
    sys.exit(main())
