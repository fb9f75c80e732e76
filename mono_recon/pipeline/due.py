"""What is due when nobody names a date: for the command line and for Dagster's schedules alike."""

from datetime import date, datetime

from mono_recon.pipeline.timing import due_dates, scheduled
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import open_warehouse


def due(settings: Settings, now: datetime, *, is_scheduled: bool = True) -> list[date]:
    """Dates to issue; one whose hour has not come waits, unless it is the only one.

    Args:
        settings: Settings in force.
        now: The clock.
        is_scheduled: Whether they are issued as of their schedule.

    Raises:
        WarehouseError: There is a warehouse and it cannot be opened.
    """
    days = due_dates(settings, now, set(issued_verdicts(settings)))
    come = [day for day in days if min(scheduled(settings, day)) <= now]
    return come or days if is_scheduled else days


def issued_verdicts(settings: Settings) -> dict[date, str]:
    """Verdict of the latest version of each issued date; none where there is no warehouse.

    Raises:
        WarehouseError: There is one and it cannot be opened.
    """
    if not settings.warehouse.catalog.exists():
        return {}
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        return dict(warehouse.query("SELECT business_date, verdict FROM mono.report.latest_issues").iter_rows())
