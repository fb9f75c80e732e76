"""``run``, ``backfill`` and ``ingest``: bring the archive in and issue reports, as runs of Dagster."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Session, Shared
from mono_recon.pipeline.progress import advance

if TYPE_CHECKING:
    from mono_recon.defs.launch import Launched
    from mono_recon.settings import Settings

NOT_BALANCED = 3


def run(
    *,
    date: Annotated[date | None, Parameter(name="--date")] = None,
    as_of: str | None = None,
    fail_on_breaks: Annotated[bool, Parameter(negative=())] = False,
    session: Shared,
) -> Answer:
    """Ingest the archive and issue what is due.

    Args:
        date: The business date; else every date not yet issued up to yesterday.
        as_of: Report what was known at this instant, or "latest"; else the latest scheduled one.
        fail_on_breaks: End with 3 if a date's verdict is not balanced.
        session: Global options.
    """
    from mono_recon.pipeline.due import due  # noqa: PLC0415  help needs it not

    settings, now = session.settings(), datetime.now(UTC)
    days = [date] if date is not None else due(settings, now, is_scheduled=as_of is None)
    _check(settings, days, as_of, now)
    launched = _launch(session, settings, days, as_of=as_of)
    return _answer(settings, launched, days, fail_on_breaks=fail_on_breaks)


def backfill(
    *,
    first: Annotated[date, Parameter(name="--from")],
    last: Annotated[date, Parameter(name="--to")],
    as_of: str | None = None,
    session: Shared,
) -> Answer:
    """Ingest the archive and issue a range of dates, replaying their schedule.

    Args:
        first: First business date.
        last: Last business date.
        as_of: Report what was known at this instant, or "latest", instead of the schedule.
        session: Global options.
    """
    from mono_recon.pipeline.timing import dates_between  # noqa: PLC0415  help needs it not

    settings, now = session.settings(), datetime.now(UTC)
    days = dates_between(first, last)
    _check(settings, days, as_of, now)
    launched = _launch(session, settings, days, as_of=as_of, replay=True)
    return _answer(settings, launched, days)


def ingest(*, rehash: Annotated[bool, Parameter(negative=())] = False, session: Shared) -> Answer:
    """Bring the archive into the warehouse and no more.

    Args:
        rehash: Read every file again and say what has changed since.
        session: Global options.
    """
    settings = session.settings()
    if rehash:
        import os  # noqa: PLC0415

        from mono_recon.pipeline.ingest import ingest as bring_in  # noqa: PLC0415

        with session.progress():
            counts = bring_in(settings, environ=os.environ, rehash=True, on_progress=advance).to_dict()
    else:
        counts = _launch(session, settings, []).ingest
    return Answer(counts, lambda console: _show_counts(console, counts))


def _check(settings: "Settings", days: Iterable[date], as_of: str | None, now: datetime) -> None:
    """Refuse dates that cannot be reported before anything is begun."""
    from mono_recon.pipeline.timing import check_as_of, parse_as_of, scheduled_as_of  # noqa: PLC0415

    try:
        moment = None if as_of is None else parse_as_of(as_of)
    except ValueError as error:
        raise UsageError(str(error)) from error
    for day in days:
        if moment is None:
            scheduled_as_of(settings, day, now)
        else:
            end = settings.business.calendar.end_of(day)
            check_as_of(settings, day, moment if isinstance(moment, datetime) else end, now)


def _launch(
    session: Session, settings: "Settings", days: list[date], *, as_of: str | None = None, replay: bool = False
) -> "Launched":
    from mono_recon.archive.files import check_root  # noqa: PLC0415  help needs it not
    from mono_recon.defs.launch import launch  # noqa: PLC0415  Dagster takes a second to load

    check_root(settings.paths.archive)  # before Dagster makes itself a home in a place named by mistake
    with session.progress():
        return launch(settings, session.config, days, as_of=as_of or "", replay=replay)


def _answer(settings: "Settings", launched: "Launched", days: list[date], *, fail_on_breaks: bool = False) -> Answer:
    from mono_recon.pipeline.due import issued_verdicts  # noqa: PLC0415  help needs it not

    verdicts = {day: verdict for day, verdict in issued_verdicts(settings).items() if day in days}
    unbalanced = fail_on_breaks and any(verdict != "balanced" for verdict in verdicts.values())
    data = asdict(launched) | {"verdicts": {day.isoformat(): verdict for day, verdict in sorted(verdicts.items())}}
    return Answer(data, lambda console: _show(console, launched, settings), NOT_BALANCED if unbalanced else 0)


def _show(console: Console, launched: "Launched", settings: "Settings") -> None:
    _show_counts(console, launched.ingest)
    if not launched.issued:
        console.print("Nothing new to issue.")
        return
    console.print(_summary(launched.issued))
    console.print(f"Packs: {settings.paths.reports}", soft_wrap=True)


def _summary(issued: list[dict[str, Any]]) -> Any:  # noqa: ANN401  a table of rich
    rows = [
        (
            each["business_date"],
            f"v{each['version']}",
            each["verdict"],
            each["rows"]["outgoing_transfers"],
            each["rows"]["batches"],
            each["rows"]["incoming_credits"],
            each["rows"]["breaks"],
        )
        for each in issued
    ]
    headings = ("date", "version", "verdict", "transfers", "batches", "credits", "breaks")
    return table(headings, rows, numbers=headings[3:])


def _show_counts(console: Console, counts: dict[str, Any]) -> None:
    console.print(
        f"Archive: {counts['files_new']} files read, {counts['files_skipped']} unchanged; "
        f"{counts['records_read']} records = {counts['accepted']} accepted + {counts['duplicates']} duplicates "
        f"+ {counts['unused']} unused + {counts['quarantined']} quarantined.",
        soft_wrap=True,
    )
    for kind in ("adjustments", "resolutions"):
        for refused in counts[f"refused_{kind}"]:
            console.print(f"Left out of the {kind}: {refused}", soft_wrap=True)
