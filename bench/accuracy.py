"""How often the reconciliation is right: precision, recall and wrong values per break type, wrong matches of credits.

Each seed makes another invented world with labelled faults. The labels come from what the generator put
in, never from the reconciler. Recall asks at the very instant from which a fault must be found. Precision
counts everything of class break, review or data that any date says at its two scheduled as-ofs, at those
instants and at the latest. What a credit was matched to is compared with what the generator made it of.

    python -m bench.accuracy [--seeds N] [--seed S ...] [--days N] [--transfers-per-day N]
"""

import argparse
import json
import secrets
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from mono_recon.demo.world import World
from mono_recon.demo.write import TRUTH_FILE, make_world, write_world
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.timing import scheduled
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.reading import last_known

JUDGED = ("break", "review", "data")
LARGEST_SEED = 1 << 32
FIRST_DAY = date(2026, 3, 2)
_DAY = timedelta(days=1)


class Finding(NamedTuple):
    """What makes a break the same break."""

    break_type: str
    subject_type: str
    subject_id: str
    business_date: str


class Label(NamedTuple):
    """What must be said of a finding, and from when on."""

    amount_minor: int
    difference_minor: int | None
    detectable_at: datetime


Tables = Mapping[str, pl.DataFrame]
Told = dict[Finding, tuple[int, int | None]]
"""Findings of a report with amount and difference in centavos."""


@dataclass
class Score:
    """Counts per break type, and of credits."""

    labelled: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    credits: int = 0
    mismatched: int = 0

    def is_perfect(self) -> bool:
        """Whether nothing was missed, invented, told with wrong values or matched to something else."""
        flaws = self.invented.total() + self.wrong.total() + self.mismatched
        return self.found == self.labelled and not flaws


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
        volume = {"days": options.days, "transfers_per_day": options.transfers_per_day}
        with tempfile.TemporaryDirectory() as folder:
            add_world(score, make_world(**volume, seed=seed, first_day=FIRST_DAY), Path(folder))
    sys.stdout.write(f"{table(score)}\n\n{credits_line(score)}\n\nSeeds: {', '.join(map(str, seeds))}\n")
    return 0 if score.is_perfect() else 1


def add_world(score: Score, world: World, root: Path) -> None:
    """Write a world down, reconcile it and add its counts."""
    write_world(world, root)
    settings = load_settings(root, None, {})
    ingest(settings, environ={})
    truth = dict(_truth(root / TRUTH_FILE))
    score.labelled.update(finding.break_type for finding in truth)
    verdicts: defaultdict[str, set[Finding]] = defaultdict(set)
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        latest = last_known(warehouse) or world.end
        for day, as_of in _asked(world, truth, settings, latest):
            tables = make_report(warehouse, settings, day, as_of).tables
            told = _told(tables, day)
            verdicts["found"] |= _found(told, truth, day, as_of)
            if as_of >= min(scheduled(settings, day)):  # before it the feeds are still on their way
                _add_told(verdicts, told, truth, as_of)
            if as_of == latest:
                _add_matches(score, world, tables)
    for name in ("told", "found", "invented", "wrong"):
        getattr(score, name).update(finding.break_type for finding in verdicts[name])


def _asked(
    world: World, truth: Mapping[Finding, Label], settings: Settings, latest: datetime
) -> list[tuple[date, datetime]]:
    """Each date with every as-of at which something must be found, its scheduled ones and the latest."""
    asked = {(date.fromisoformat(finding.business_date), label.detectable_at) for finding, label in truth.items()}
    for day in world.dates:
        asked |= {(day, as_of) for as_of in (*scheduled(settings, day), latest)}
    return sorted(asked)


def _found(told: Told, truth: Mapping[Finding, Label], day: date, as_of: datetime) -> set[Finding]:
    """What had to be found at this very instant, and was."""
    due = {f for f, label in truth.items() if (f.business_date, label.detectable_at) == (day.isoformat(), as_of)}
    for finding in due - told.keys():
        sys.stderr.write(f"missed: {finding} at {as_of}\n")
    return due & told.keys()


def _add_told(
    verdicts: Mapping[str, set[Finding]], told: Told, truth: Mapping[Finding, Label], as_of: datetime
) -> None:
    for finding, values in told.items():
        verdicts["told"].add(finding)
        label = truth.get(finding)
        if label is None:
            sys.stderr.write(f"invented: {finding} at {as_of}\n")
            verdicts["invented"].add(finding)
        elif as_of >= label.detectable_at and values != label[:2]:
            sys.stderr.write(f"wrong: {finding} is {values} at {as_of}, not {label}\n")
            verdicts["wrong"].add(finding)


def _truth(path: Path) -> Iterator[tuple[Finding, Label]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        known_from = datetime.fromisoformat(row["detectable_at"])
        label = Label(row["amount_minor"], row["difference_minor"], known_from)
        yield Finding(*(row[name] for name in Finding._fields)), label


def _told(tables: Tables, day: date) -> Told:
    own = tables["breaks"].filter(pl.col("break_date") == day, pl.col("class").is_in(list(JUDGED)))
    return {
        Finding(row["break_type"], row["subject_type"], row["subject_id"], day.isoformat()): (
            row["amount_minor"],
            row["difference_minor"],
        )
        for row in own.iter_rows(named=True)
    }


def _add_matches(score: Score, world: World, tables: Tables) -> None:
    """Compare what each credit was matched to, and by which rule, with what it is."""
    made = {credit.id: credit.match for credit in world.credits}
    told = tables["incoming_credits"].select("credit_id", "match_rule", "matched_to")
    for credit_id, *match in told.iter_rows():
        expected = made[credit_id]
        score.credits += 1
        if match != list(expected or (None, None)):
            score.mismatched += 1
            sys.stderr.write(f"wrong match: {credit_id} is {match}, not {expected}\n")


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


def credits_line(score: Score) -> str:
    """The wrong-match rate as a sentence."""
    rate = score.mismatched / score.credits if score.credits else 0.0
    return (
        f"Of {score.credits} credits {score.mismatched} were matched to something else than what they are,"
        f" or by another rule: wrong-match rate {rate:.3f}."
    )


if __name__ == "__main__":
    sys.exit(main())
