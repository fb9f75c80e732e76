"""``breaks`` and ``resolve``: what is open, and what a person decides about it."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.failures import UsageError
from mono_recon.cli.reports import issue_of
from mono_recon.cli.session import Shared
from mono_recon.money import format_pesos

_COLUMNS = ("break_id", "severity", "class", "break_type", "subject_id", "break_date", "age_days", "currency")


def breaks(
    *,
    date: Annotated[date | None, Parameter(name="--date")] = None,
    type: str | None = None,  # noqa: A002  the option's name
    session: Shared,
) -> Answer:
    """List the open breaks of a date: its own and those carried from earlier dates.

    Args:
        date: The business date; else the latest that has been issued.
        type: Only breaks of this type.
        session: Global options.
    """
    from mono_recon.warehouse.connect import open_warehouse  # noqa: PLC0415  help needs it not

    _check_type(type)
    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        day = date or warehouse.query("SELECT max(business_date) FROM mono.report.issues").item()
        if day is None:
            raise UsageError("no date has been issued yet; run mono-recon run")
        issue = issue_of(warehouse, day, None)
        found = warehouse.query(
            "SELECT * FROM mono.report.breaks WHERE business_date = $day AND version = $version AND status = 'open'"
            " AND ($type IS NULL OR break_type = $type)"
            " ORDER BY list_position(['high', 'medium', 'low'], severity), amount_minor DESC, break_id",
            {"day": day, "version": issue["version"], "type": type},
        ).to_dicts()
    return Answer({"issue": issue, "breaks": found}, lambda console: _show(console, issue, found))


def resolve(
    break_id: str,
    /,
    *break_ids: str,
    code: str,
    reason: str,
    actor: str,
    approved_by: str = "",
    session: Shared,
) -> Answer:
    """Record a decision about breaks.

    Args:
        break_id: The break, as mono-recon breaks lists it.
        break_ids: Further breaks that are decided alike.
        code: accepted, corrected_at_provider, written_off, false_alarm, or withdrawn to take earlier decisions back.
        reason: Why.
        actor: Who decides.
        approved_by: Who approves; another person, needed for large amounts.
        session: Global options.
    """
    from mono_recon.pipeline.decide import Decision, decide  # noqa: PLC0415  help needs it not

    decision = Decision(code, reason, actor, datetime.now(UTC), approved_by)
    recorded = decide(session.settings(), (break_id, *break_ids), decision)
    return Answer(
        asdict(recorded),
        lambda console: console.print(
            f"Recorded {code} for {len(recorded.rows)} breaks in {recorded.path}; the next run will show it.",
            soft_wrap=True,
        ),
    )


def _check_type(name: str | None) -> None:
    if name is None:
        return
    from mono_recon.reconcile.catalogue import CATALOGUE  # noqa: PLC0415  it holds every rule

    if name not in CATALOGUE:
        raise UsageError(f"{name!r} is no break type; there are {', '.join(sorted(CATALOGUE))}")


def _show(console: Console, issue: dict[str, Any], found: list[dict[str, Any]]) -> None:
    rows = [(*(row[name] for name in _COLUMNS), format_pesos(row["amount_minor"])) for row in found]
    if rows:
        console.print(table((*_COLUMNS, "amount"), rows, numbers=("age_days", "amount")))
    console.print(f"{len(found)} open breaks on {issue['business_date']} v{issue['version']}.", style="bold")
