"""The issue of dates in one go: new ones, and new versions of those that were wrong.

Here belongs the loop over dates and as-ofs, oldest first. How a report is made is in ``making``, how it
is issued in ``issue``, and which earlier dates are looked at again in ``touched``.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date, datetime, timedelta

from mono_recon.pipeline.ahead import Ahead
from mono_recon.pipeline.code import code_version
from mono_recon.pipeline.issue import Issued, Issuing, recover, resolve_as_of
from mono_recon.pipeline.making import make_report
from mono_recon.pipeline.progress import advance
from mono_recon.pipeline.timing import scheduled_as_of, scheduled_by
from mono_recon.pipeline.touched import touched_dates
from mono_recon.processes import processes
from mono_recon.reconcile.totals import IdentityError
from mono_recon.report.model import EarlierIssue
from mono_recon.settings import Settings
from mono_recon.warehouse.compact import ENOUGH
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.issued import Issue, latest_issues
from mono_recon.warehouse.links import hold_links
from mono_recon.warehouse.news import News, Watermark, last_intake, read_watermark, write_watermark

_FEW = 2
"""Steps for which it is not worth while to start a process that writes their packs, or to hold links in memory."""

Step = tuple[date, datetime]
"""A date and the as-of (UTC) as of which it and all before it are brought up to date."""


def issue_dates(
    settings: Settings, days: Iterable[date], *, as_of: datetime | str | None, replay: bool, now: datetime
) -> list[Issued]:
    """Issue dates that have no version, and new versions of what turned out to be wrong.

    For each date, oldest first: every earlier date that was issued and that news or a limit can have
    changed is evaluated as of the same instant, then the date itself. A date whose last version has a
    later as-of is left alone.

    Args:
        settings: Settings in force.
        days: Business dates.
        as_of: An instant (UTC) or ``latest`` for all of them; None takes each date's schedule.
        replay: Whether the whole schedule of each date is replayed, as a backfill does, or only its
            latest as-of that has passed is taken.
        now: The clock, which chooses as-ofs and enters no figure.

    Returns:
        What was issued, in that order.

    Raises:
        NotOverError: A date has no as-of yet; none is issued then.
        IdentityError: A report does not add up; what was issued before it stays.
    """
    recover(settings)
    made: list[Issued] = []
    with open_warehouse(settings.warehouse, read_only=False) as warehouse:
        warehouse.expect()
        steps = list(_steps(warehouse, settings, sorted(days), as_of=as_of, replay=replay, now=now))
        crowded = 0
        if len(steps) > _FEW:
            hold_links(warehouse)
        with (
            _writer(len(steps)) as writer,
            Ahead(warehouse, settings.transfers.export_lag, [moment for _, moment in steps]) as ahead,
            Issuing(warehouse, settings, writer) as issuing,
        ):
            for number, (day, moment) in enumerate(steps):
                advance("reports", number, len(steps))
                new = bring_up_to_date(issuing, ahead, day, moment)
                made, crowded = made + new, crowded + len(new)
                if crowded >= ENOUGH:
                    issuing.finish()
                    warehouse.compact(crowded)
                    crowded = 0
        advance("reports", len(steps), len(steps))
        if crowded:
            warehouse.compact(crowded)
        warehouse.publish()
    return made


def bring_up_to_date(issuing: Issuing, ahead: Ahead, day: date, as_of: datetime) -> list[Issued]:
    """Evaluate a date, and before it every earlier one that can have changed, as of one instant.

    A date is evaluated if it has no version yet, if its last was made otherwise, or if news or a limit that has
    passed since can have changed it.

    Args:
        issuing: Takes what is made; its warehouse and settings are those in force.
        ahead: Gives the news of the step.
        day: A business date that is over.
        as_of: The instant (UTC).

    Returns:
        The versions that were made, oldest date first; the last is not issued yet.
    """
    warehouse, settings = issuing.warehouse, issuing.settings
    with warehouse.transaction():  # one reading of the catalog for all of it
        issued = latest_issues(warehouse)
        mark, now = read_watermark(warehouse), Watermark(as_of, last_intake(warehouse))
        news = ahead.news(mark, as_of)
        touched = touched_dates(news, settings, [each for each in issued if each <= day])
    if day not in touched and not _is_made_alike(issued.get(day), settings):
        touched.append(day)
    made = []
    for each in touched:
        new = _evaluate(issuing, each, as_of, issued, news)
        if new is not None:
            made.append(new)
            issued[each] = Issue(each, new.version, as_of, settings.sha256(), code_version())
    if as_of >= mark.as_of and all(each <= day for each in issued):
        write_watermark(warehouse, now)
    elif made and as_of < mark.as_of:
        # What was issued out of turn knows less than all others; the next run has to begin from there.
        write_watermark(warehouse, Watermark(as_of, mark.intake))
    return made


def _writer(steps: int) -> Executor:
    """What writes packs while the next report is made."""
    return ThreadPoolExecutor(1) if steps <= _FEW else processes(1)


def _is_made_alike(last: Issue | None, settings: Settings) -> bool:
    """Whether the last version of a date was made by this code under these settings."""
    return last is not None and (last.settings_sha256, last.code_version) == (settings.sha256(), code_version())


def _evaluate(issuing: Issuing, day: date, as_of: datetime, issued: dict[date, Issue], news: News) -> Issued | None:
    """Issue a date, or its next version if the last was wrong about it."""
    last = issued.get(day)
    if last is not None and last.as_of > as_of:
        return None
    rests_on = [issued[each] for each in (day - timedelta(days=1), day) if each in issued]
    issues = [EarlierIssue(each.business_date, each.version, each.as_of) for each in rests_on]
    if last is not None:
        issuing.finish()  # what it was made of stands in its pack
    try:
        report = make_report(issuing.warehouse, issuing.settings, day, as_of, issues=issues, news=news)
    except IdentityError as error:
        raise IdentityError(f"{day}: {error}", error.metrics, day) from error
    if last is not None and report.tables["restatements"].is_empty():
        return None
    return issuing.take(report)


def _steps(
    warehouse: Warehouse,
    settings: Settings,
    days: list[date],
    *,
    as_of: datetime | str | None,
    replay: bool,
    now: datetime,
) -> Iterator[Step]:
    for day in days:
        if as_of is not None:
            yield day, resolve_as_of(warehouse, settings, day, as_of, now)
        elif replay:
            yield from ((day, moment) for moment in scheduled_by(settings, day, now))
        else:
            yield day, scheduled_as_of(settings, day, now)
