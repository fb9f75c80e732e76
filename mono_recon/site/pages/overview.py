"""The first page: how the latest date stands, what to do first, the calendar, and the trend over weeks.

Here belongs what is put together for it. The figures are those of ``dates``.
"""

from calendar import Calendar
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.site.desk import Desk, Row
from mono_recon.site.pages.accounts import account_names
from mono_recon.site.pages.breaks import most_urgent
from mono_recon.site.pages.dates import dates_between

_MONTHS = 3
_WEEKS = 8
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)


def overview(desk: Desk, query: QueryParams) -> dict[str, Any]:
    """What the first page shows; its calendar ends with the month that is asked for, else with the latest date's."""
    latest = desk.latest_date()
    begun = desk.issues()[0]["business_date"].replace(day=1)
    months = _months(max(begun, min(_asked_month(query.get("month", ""), latest), latest.replace(day=1))), begun)
    monday = latest - timedelta(days=latest.weekday())
    first = min(months[0], monday - (_WEEKS - 1) * _WEEK)
    dates = {row["business_date"]: row for row in dates_between(desk, first, max(latest, _end(months[-1])))}
    trend = [row for day, row in dates.items() if day >= monday - (_WEEKS - 1) * _WEEK]
    return {
        "latest": dates.get(latest) or dates_between(desk, latest, latest)[0],
        "currency": desk.currency,
        "urgent": most_urgent(desk),
        "accounts": account_names(desk),
        "calendar": [_weeks(month, dates) for month in months],
        "earlier": (months[0] - _DAY).strftime("%Y-%m") if begun < months[0] else "",
        "later": (_end(months[-1]) + _DAY).strftime("%Y-%m") if latest > _end(months[-1]) else "",
        "weeks": [_week(monday, list(rows)) for monday, rows in groupby(trend, key=_monday)],
        "carried": [float(row["carried_minor"] + row["breaks_minor"]) for row in trend],
    }


def _asked_month(text: str, latest: date) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return latest.replace(day=1)


def _months(last: date, begun: date) -> list[date]:
    found = [last]
    while len(found) < _MONTHS and found[0] > begun:
        found.insert(0, (found[0] - _DAY).replace(day=1))
    return found


def _end(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - _DAY


def _weeks(month: date, dates: dict[date, Row]) -> dict[str, Any]:
    """A month as weeks of days, Monday first; days of other months are None."""
    weeks = Calendar().monthdatescalendar(month.year, month.month)
    days = [[(day, dates.get(day)) if day.month == month.month else None for day in week] for week in weeks]
    return {"month": month, "weeks": days}


def _monday(row: Row) -> date:
    day: date = row["business_date"]
    return day - timedelta(days=day.weekday())


def _week(monday: date, rows: list[Row]) -> dict[str, Any]:
    return {
        "monday": monday,
        "dates": len(rows),
        "balanced": sum(1 for row in rows if row["verdict"] == "balanced"),
        "breaks": sum(row["breaks"] for row in rows),
        "breaks_minor": sum(row["breaks_minor"] for row in rows),
        "unexplained_minor": sum(row["unexplained_minor"] for row in rows),
    }
