"""``report list`` and ``report show``: what has been issued."""

from datetime import date

import polars as pl
from rich.console import Console

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Shared
from mono_recon.money import format_pesos
from mono_recon.warehouse.connect import Warehouse, open_warehouse

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_TOP_BREAKS = 20


def list_issued(*, session: Shared) -> Answer:
    """List every issued version.

    Args:
        session: Global options.
    """
    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        issues = warehouse.query("SELECT * FROM mono.report.issues ORDER BY business_date, version")
    headings = ("business_date", "version", "as_of", "verdict", "content_sha256")
    shown = issues.select(headings).with_columns(pl.col("as_of").dt.strftime(_INSTANT))
    return Answer(_plain(issues), lambda console: console.print(table(headings, shown.iter_rows())))


def show(day: date, /, *, version: int | None = None, session: Shared) -> Answer:
    """Show one issued report.

    Args:
        day: Its business date.
        version: Its version; else the latest.
        session: Global options.
    """
    with open_warehouse(session.settings().warehouse, read_only=True) as warehouse:
        issue = _issue(warehouse, day, version)
        key = {"day": day, "version": issue["version"]}
        control = _table(warehouse, "SELECT * FROM mono.report.control", "metric, account_id, currency", key)
        summary = _table(
            warehouse,
            "SELECT * FROM mono.report.summary",
            "account_id, currency, direction, section, recon_status",
            key,
        )
        breaks = _table(warehouse, "SELECT * FROM mono.report.breaks", "class, amount_minor DESC, break_id", key)
    data = {"issue": issue, "control": _plain(control), "summary": _plain(summary), "breaks": _plain(breaks)}
    return Answer(data, lambda console: _show(console, issue, summary, breaks))


def _issue(warehouse: Warehouse, day: date, version: int | None) -> dict[str, object]:
    found = warehouse.query(
        "SELECT * FROM mono.report.issues WHERE business_date = $day AND ($version IS NULL OR version = $version)"
        " ORDER BY version DESC LIMIT 1",
        {"day": day, "version": version},
    )
    if found.is_empty():
        named = f"{day} v{version}" if version else str(day)
        raise UsageError(f"{named} has not been issued; see mono-recon report list")
    return _plain(found)[0]


def _table(warehouse: Warehouse, select: str, order: str, key: dict[str, object]) -> pl.DataFrame:
    return warehouse.query(f"{select} WHERE business_date = $day AND version = $version ORDER BY {order}", key)


def _plain(frame: pl.DataFrame) -> list[dict[str, object]]:
    """Rows as JSON takes them: instants and dates as text."""
    dates = frame.with_columns(
        pl.col(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.col(pl.Date).cast(pl.String)
    )
    return dates.to_dicts()


def _show(console: Console, issue: dict[str, object], summary: pl.DataFrame, breaks: pl.DataFrame) -> None:
    console.print(
        f"{issue['business_date']} v{issue['version']}: {issue['verdict']}  as of {issue['as_of']}", style="bold"
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
