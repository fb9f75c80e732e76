"""``report diff`` and ``report verify``: issued versions against each other, and against what they rest on."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from mono_recon.cli.answer import Answer, instant, table
from mono_recon.cli.failures import FAILED, UsageError
from mono_recon.cli.reports import issue_of, not_issued
from mono_recon.cli.session import Shared
from mono_recon.warehouse.connect import open_warehouse

if TYPE_CHECKING:
    from mono_recon.pipeline.verification import Verified


def diff(day: date, old: int, new: int, /, *, session: Shared) -> Answer:
    """Show what two issued versions of a date say differently, and why.

    Args:
        day: Their business date.
        old: A version.
        new: Another version.
        session: Global options.
    """
    from mono_recon.pipeline.differences import version_differences  # noqa: PLC0415  help needs it not

    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        issues = [issue_of(warehouse, day, version) for version in (old, new)]
        found = version_differences(warehouse, day, old, new).to_dicts()
    return Answer(
        {"old": issues[0], "new": issues[1], "differences": found},
        lambda console: _show_differences(console, issues, found),
    )


def verify(
    day: date | None = None,
    /,
    *,
    version: int | None = None,
    all: Annotated[bool, Parameter(negative=())] = False,  # noqa: A002  the option's name
    session: Shared,
) -> Answer:
    """Prove that issued packs are what was issued: by themselves, by the warehouse, by making them again.

    Args:
        day: The business date.
        version: Its version; else the latest.
        all: Verify every version of every date.
        session: Global options.
    """
    from mono_recon.pipeline.verification import verify_issued  # noqa: PLC0415  help needs it not

    if all == (day is not None) or (all and version is not None):
        raise UsageError("name a date, or give --all; --version goes with a date")
    with session.progress():
        found = verify_issued(session.settings(), day, version)
    if not found and day is not None:
        raise not_issued(day, version)
    is_sound = not any(each.differences for each in found)
    data = {"ok": is_sound, "packs": [asdict(each) for each in found]}
    return Answer(data, lambda console: _show_verified(console, found), 0 if is_sound else FAILED)


def _show_differences(console: Console, issues: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    headings = ("version", "as_of", "verdict", "content_sha256")
    shown = [(f"v{row['version']}", instant(row["as_of"]), *(row[name] for name in headings[2:])) for row in issues]
    console.print(table(headings, shown))
    console.print(f"\n{len(found)} facts differ" if found else "\nNo fact differs.", style="bold")
    if found:
        console.print(table(list(found[0]), (list(row.values()) for row in found)))


def _show_verified(console: Console, found: "list[Verified]") -> None:
    for each in found:
        name = f"{each.business_date} v{each.version}"
        if not each.differences:
            console.print(f"ok   {name}: agrees with {', '.join(each.compared_with)}", soft_wrap=True)
        for difference in each.differences:
            console.print(f"BAD  {name}: {difference}", soft_wrap=True)
    wrong = sum(bool(each.differences) for each in found)
    console.print(f"{len(found)} packs verified, {wrong} with differences." if found else "Nothing has been issued.")
