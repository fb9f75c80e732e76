"""Writing a demonstration: the only entry into this package.

Here belong the order of the parts (people, days, faults, channels, files) and the figures told
afterwards.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from mono_recon.calendar import BusinessCalendar
from mono_recon.demo import packing
from mono_recon.demo.balances import Ledger
from mono_recon.demo.exports import bank_pages, captured_exports, unanswered_pages
from mono_recon.demo.faults.catalogue import inject_all
from mono_recon.demo.ids import new_id
from mono_recon.demo.ordinary import Company
from mono_recon.demo.people import make_clientele
from mono_recon.demo.settings_file import SECRET_FILE, SETTINGS_FILE, settings_text
from mono_recon.demo.truth import truth_rows, write_truth
from mono_recon.demo.world import Account, World

TRUTH_FILE = "truth.jsonl"

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_ACCOUNTS = (("Operaciones", "095000036"), ("Nómina", "095000044"), ("Devoluciones", "095000051"))
_PAYEES = 400
_MEAN_AMOUNT = 80_000_000


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written.

    Attributes:
        folder: The data root.
        first_day: First business date.
        last_day: Last business date.
        transfers: Outgoing transfers.
        credits: Incoming credits.
        collections: Collection intents.
        deliveries: Lines of the webhook archive.
        pages: Captured API responses.
        labels: Rows of truth.jsonl per break type.
    """

    folder: Path
    first_day: date
    last_day: date
    transfers: int
    credits: int
    collections: int
    deliveries: int
    pages: int
    labels: Mapping[str, int]


def quiet_world(*, days: int, transfers_per_day: int, seed: int, first_day: date) -> World:
    """A company with accounts and acquaintances to which nothing has happened yet.

    Args:
        days: Number of days, at least 1.
        transfers_per_day: Transfers of a business day to come, at least 1; the accounts hold enough for them.
        seed: Equal arguments give equal worlds.
        first_day: Its first business date.

    Raises:
        ValueError: Fewer than one day or one transfer.
    """
    if days < 1 or transfers_per_day < 1:
        raise ValueError("a demonstration needs at least one day and one transfer per day")
    rng, calendar = Random(seed), BusinessCalendar()  # noqa: S311 - a simulation, no secret
    founded = calendar.at(first_day - timedelta(days=200), time(10))
    return World(
        rng=rng,
        calendar=calendar,
        first_day=first_day,
        days=days,
        accounts=_accounts(rng, founded, days * transfers_per_day),
        clientele=make_clientele(rng, _PAYEES),
        transfers=[[] for _ in range(days)],
    )


def make_world(*, days: int, transfers_per_day: int, seed: int, first_day: date, faults: bool = True) -> World:
    """Invent a company and let it live.

    Args:
        days: Number of days, at least 1.
        transfers_per_day: Transfers of a business day, at least 1; other days have fewer.
        seed: Equal arguments give equal worlds.
        first_day: Its first business date.
        faults: Whether anything goes wrong in it; near misses happen all the same.

    Returns:
        The world with all that happened and all that must be found; nothing is written.

    Raises:
        ValueError: Fewer than one day or one transfer.
    """
    world = quiet_world(days=days, transfers_per_day=transfers_per_day, seed=seed, first_day=first_day)
    company = Company(world)
    for day in world.dates:
        company.live(day, transfers_per_day)
    inject_all(world, faults=faults)
    return world


def write_demo(
    folder: Path,
    *,
    days: int = 15,
    transfers_per_day: int = 120,
    seed: int = 7,
    first_day: date = date(2026, 3, 2),
    faults: bool = True,
    on_progress: Progress | None = None,
) -> DemoSummary:
    """Write a data root with a believable archive, its settings and the labels of its faults.

    The folder gets ``archive/webhooks`` and ``archive/exports``, ``mono_recon.toml`` with its secret
    beside it, and ``truth.jsonl``. Equal arguments give equal bytes; no clock is read.

    Args:
        folder: Data root to write into.
        days: Number of business dates; from 15 on every kind of fault occurs, and once in each month of them.
        transfers_per_day: Transfers of a business day.
        seed: Chooses the world.
        first_day: First business date.
        faults: Whether anything goes wrong in it; near misses happen all the same.
        on_progress: Told how many of its parts are done: the life, its webhooks, its exports.

    Returns:
        Counts of what was written.

    Raises:
        ValueError: Fewer than one day or one transfer.
        FileExistsError: The folder holds an archive already.
        OSError: The folder cannot be written.
    """
    world = make_world(days=days, transfers_per_day=transfers_per_day, seed=seed, first_day=first_day, faults=faults)
    return write_world(world, folder, on_progress)


def write_world(world: World, folder: Path, on_progress: Progress | None = None) -> DemoSummary:
    """Write a world down as ``write_demo`` does.

    Raises:
        FileExistsError: The folder holds an archive already.
        OSError: The folder cannot be written.
    """
    archive, told = folder / "archive", on_progress or (lambda *_: None)
    if archive.exists():
        raise FileExistsError(f"{archive} is there already; remove {folder}, or name another folder with --dir")
    told("demo", 1, 3)
    deliveries = packing.write_webhooks(world, archive / "webhooks")
    told("demo", 2, 3)
    pages, finished = _write_exports(world, archive / "exports")
    told("demo", 3, 3)
    (folder / SETTINGS_FILE).write_text(settings_text(world.clientele), encoding="utf-8")
    (folder / SECRET_FILE).write_bytes(packing.SECRET)
    rows = truth_rows(world.expectations, finished, world.calendar)
    write_truth(folder / TRUTH_FILE, rows)
    return DemoSummary(
        folder=folder,
        first_day=world.first_day,
        last_day=world.last_day,
        transfers=sum(map(len, world.transfers)),
        credits=len(world.credits),
        collections=len(world.intents),
        deliveries=deliveries,
        pages=pages,
        labels=Counter(str(row["break_type"]) for row in rows),
    )


def _write_exports(world: World, folder: Path) -> tuple[int, dict[str, datetime]]:
    pages, finished = packing.write_pages(bank_pages(world), folder / "banks.jsonl.gz"), {}
    if world.feeds.unanswered:
        pages += packing.write_pages(unanswered_pages(world), folder / "live-balances.jsonl.gz")
    for export in captured_exports(world, Ledger(world)):
        pages += packing.write_export(export, folder)
        finished[export.name] = export.finished_at
    return pages, finished


def _accounts(rng: Random, founded: datetime, transfers: int) -> tuple[Account, ...]:
    """Three accounts with enough on them for all the transfers to come."""
    plenty = (transfers + 1000) * _MEAN_AMOUNT
    return tuple(
        Account(new_id(rng, "acc"), name, number, plenty + rng.randrange(10**8), founded) for name, number in _ACCOUNTS
    )
