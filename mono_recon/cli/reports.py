"""``report list`` and ``report show``: what has been issued."""

from datetime import date
from typing import Any

import polars as pl
from rich.console import Console

from mono_recon.cli.answer import Answer, instant, table
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Shared
from mono_recon.money import format_pesos
from mono_recon.warehouse.connect import Warehouse, open_warehouse

_TOP_BREAKS = 20


def list_issued(*, session: Shared) -> Answer:
    """List every issued version.

    Args:
        session: Global options.
    """
    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        issues = warehouse.query("SELECT * FROM mono.report.issues ORDER BY business_date, version")
    headings = ("business_date", "version", "as_of", "verdict", "content_sha256")
    rows = issues.to_dicts()
    shown = [[instant(row[name]) if name == "as_of" else row[name] for name in headings] for row in rows]
    return Answer(rows, lambda console: console.print(table(headings, shown)))


def show(day: date, /, *, version: int | None = None, session: Shared) -> Answer:
    """Show one issued report.

    Args:
        day: Its business date.
        version: Its version; else the latest.
        session: Global options.
    """
    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        issue = issue_of(warehouse, day, version)
        key = {"day": day, "version": issue["version"]}
        control = _table(warehouse, "SELECT * FROM mono.report.control", "metric, account_id, currency", key)
        summary = _table(
            warehouse,
            "SELECT * FROM mono.report.summary",
            "account_id, currency, direction, section, recon_status",
            key,
        )
        breaks = _table(warehouse, "SELECT * FROM mono.report.breaks", "class, amount_minor DESC, break_id", key)
    tables = {"control": control, "summary": summary, "breaks": breaks}
    data = {"issue": issue} | {name: rows.to_dicts() for name, rows in tables.items()}
    return Answer(data, lambda console: _show(console, issue, summary, breaks))


def issue_of(warehouse: Warehouse, day: date, version: int | None) -> dict[str, Any]:
    """The row of ``report.issues`` of a version, or of the latest one.

    Raises:
        UsageError: It has not been issued.
    """
    found = warehouse.query(
        "SELECT * FROM mono.report.issues WHERE business_date = $day AND ($version IS NULL OR version = $version)"
        " ORDER BY version DESC LIMIT 1",
        {"day": day, "version": version},
    )
    if found.is_empty():
        raise not_issued(day, version)
    return found.row(0, named=True)


def not_issued(day: date, version: int | None) -> UsageError:
    """What is said of a version that there is not."""
    named = str(day) if version is None else f"{day} v{version}"
    return UsageError(f"{named} has not been issued; see mono-recon report list")


def _table(warehouse: Warehouse, select: str, order: str, key: dict[str, object]) -> pl.DataFrame:
    return warehouse.query(f"{select} WHERE business_date = $day AND version = $version ORDER BY {order}", key)


def _show(console: Console, issue: dict[str, Any], summary: pl.DataFrame, breaks: pl.DataFrame) -> None:
    console.print(
        f"{issue['business_date']} v{issue['version']}: {issue['verdict']}  as of {instant(issue['as_of'])}",
        style="bold",
    )
    money = [
        (*row[:-1], format_pesos(row[-1]))
        for row in summary.select(
            "account_id", "direction", "section", "recon_status", "count", "currency", "amount_minor"
        ).iter_rows()
    ]
    headings = ("account", "", "section", "status", "count", "", "amount")
    console.print(table(headings, money, numbers=("count", "amount")))
    console.print(f"\n{breaks.height} breaks", style="bold")
    for row in breaks.head(_TOP_BREAKS).iter_rows(named=True):
        console.print(f"{row['class']:6} {row['break_type']}: {row['explanation_es']}", soft_wrap=True)
    if breaks.height > _TOP_BREAKS:
        console.print(f"… and {breaks.height - _TOP_BREAKS} more: see the pack, or --json")
