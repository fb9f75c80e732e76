"""The issue of several dates in one go.

Here belongs the loop over dates, oldest first. One date's issue is in ``issue``.
"""

from collections.abc import Iterable
from datetime import date, datetime

from mono_recon.pipeline.issue import Issued, issue, issued_dates, recover, resolve_as_of
from mono_recon.pipeline.progress import advance
from mono_recon.pipeline.timing import scheduled, scheduled_as_of
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse


def issue_dates(
    settings: Settings, days: Iterable[date], *, as_of: datetime | str | None, replay: bool, now: datetime
) -> list[Issued]:
    """Issue the first version of each date that has none.

    Args:
        settings: Settings in force.
        days: Business dates.
        as_of: An instant (UTC) or ``latest`` for all of them; None takes each date's schedule.
        replay: Whether the schedule is replayed from each date's first issue on, as a backfill does,
            or its latest as-of that has passed is taken.
        now: The clock, which chooses as-ofs and enters no figure.

    Returns:
        What was issued, oldest first.

    Raises:
        NotOverError: A date has no as-of yet; none is issued then.
    """
    ordered = sorted(days)
    recover(settings)
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        known = issued_dates(warehouse)
        moments = {
            day: _as_of(warehouse, settings, day, as_of=as_of, replay=replay, now=now)
            for day in ordered
            if day not in known
        }
        made = []
        for number, (day, moment) in enumerate(moments.items()):
            advance("reports", number, len(moments))
            made.append(issue(warehouse, settings, day, moment))
        advance("reports", len(moments), len(moments))
        if made:
            warehouse.publish()
    return made


def _as_of(
    warehouse: Warehouse, settings: Settings, day: date, *, as_of: datetime | str | None, replay: bool, now: datetime
) -> datetime:
    if as_of is not None:
        return resolve_as_of(warehouse, settings, day, as_of, now)
    passed = scheduled_as_of(settings, day, now)
    return min(passed, *scheduled(settings, day)) if replay else passed
