"""How often the reconciliation is right: precision, recall and wrong values per break type.

Each seed makes another invented world with labelled faults. The labels come from what the generator put
in, never from the reconciler. Recall asks at the very instant from which a fault must be found; precision
counts everything of class break, review or data that any date says at the latest as-of.

    python -m bench.accuracy [--seeds N] [--seed S ...] [--days N] [--transfers-per-day N]
"""

import argparse
import json
import secrets
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.reading import last_known

JUDGED = ("break", "review", "data")
LARGEST_SEED = 1 << 32


class Finding(NamedTuple):
    """What makes a break the same break."""

    break_type: str
    subject_type: str
    subject_id: str
    business_date: str


Values = tuple[int, int | None]
"""Amount and difference in centavos."""


@dataclass
class Score:
    """Counts per break type."""

    labelled: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def is_perfect(self) -> bool:
        """Whether nothing was missed, invented or told with wrong values."""
        return self.found == self.labelled and not self.invented.total() and not self.wrong.total()


def main() -> int:
    """Score worlds and print the table; 1 if any figure is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how many worlds, with seeds chosen now")
    parser.add_argument("--seed", type=int, action="append", help="a seed to use instead; may be repeated")
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--transfers-per-day", type=int, default=60)
    options = parser.parse_args()
    seeds = options.seed or [secrets.randbelow(LARGEST_SEED) for _ in range(options.seeds)]
    score = Score()
    for seed in seeds:
        sys.stderr.write(f"seed {seed}\n")
        with tempfile.TemporaryDirectory() as folder:
            add_world(score, Path(folder), seed, options.days, options.transfers_per_day)
    sys.stdout.write(f"{table(score)}\n\nSeeds: {', '.join(map(str, seeds))}\n")
    return 0 if score.is_perfect() else 1


def add_world(score: Score, root: Path, seed: int, days: int, transfers_per_day: int) -> None:
    """Make one world, reconcile it and add its counts."""
    world = write_demo(root, days=days, transfers_per_day=transfers_per_day, seed=seed)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    truth = dict(_truth(root / "truth.jsonl"))
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        _add_recall(score, warehouse, settings, truth)
        latest = last_known(warehouse)
        for offset in range(days):
            day = world.first_day + timedelta(days=offset)
            end = settings.business.calendar.end_of(day)
            for finding, values in _told(warehouse, settings, day, max(latest or end, end)):
                score.told[finding.break_type] += 1
                if finding not in truth:
                    score.invented[finding.break_type] += 1
                    sys.stderr.write(f"invented: {finding}\n")
                elif truth[finding][0] != values:
                    score.wrong[finding.break_type] += 1
                    sys.stderr.write(f"wrong: {finding} is {values}, not {truth[finding][0]}\n")


def _add_recall(
    score: Score, warehouse: Warehouse, settings: Settings, truth: dict[Finding, tuple[Values, datetime]]
) -> None:
    asked: dict[tuple[date, datetime], list[Finding]] = defaultdict(list)
    for finding, (_, detectable_at) in truth.items():
        day = date.fromisoformat(finding.business_date)
        asked[day, max(detectable_at, settings.business.calendar.end_of(day))].append(finding)
    for (day, as_of), findings in sorted(asked.items()):
        told = dict(_told(warehouse, settings, day, as_of))
        for finding in findings:
            score.labelled[finding.break_type] += 1
            score.found[finding.break_type] += finding in told
            if finding not in told:
                sys.stderr.write(f"missed: {finding} at {as_of}\n")


def _truth(path: Path) -> Iterator[tuple[Finding, tuple[Values, datetime]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        values = (row["amount_minor"], row["difference_minor"])
        yield Finding(*(row[name] for name in Finding._fields)), (values, datetime.fromisoformat(row["detectable_at"]))


def _told(warehouse: Warehouse, settings: Settings, day: date, as_of: datetime) -> Iterator[tuple[Finding, Values]]:
    breaks = make_report(warehouse, settings, day, as_of).tables["breaks"]
    own = breaks.filter(pl.col("break_date") == day, pl.col("class").is_in(list(JUDGED)))
    for row in own.iter_rows(named=True):
        finding = Finding(row["break_type"], row["subject_type"], row["subject_id"], day.isoformat())
        yield finding, (row["amount_minor"], row["difference_minor"])


def table(score: Score) -> str:
    """The figures as a Markdown table."""
    lines = ["| Break type | Faults | Precision | Recall | Wrong values |", "|---|---:|---:|---:|---:|"]
    for name in sorted(score.labelled | score.told):
        told, labelled = score.told[name], score.labelled[name]
        precision = 1 - score.invented[name] / told if told else 1.0
        recall = score.found[name] / labelled if labelled else 1.0
        wrong = score.wrong[name] / told if told else 0.0
        lines.append(f"| `{name}` | {labelled} | {precision:.3f} | {recall:.3f} | {wrong:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
