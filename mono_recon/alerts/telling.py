"""Telling people what a run did: the two occasions there are.

Here belongs when there is something to tell. A run is never failed by its alerts.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from mono_recon.alerts.digest import read_digest
from mono_recon.alerts.message import about_failure, about_version
from mono_recon.alerts.outbox import tell
from mono_recon.report.pack import pack_folder
from mono_recon.settings import Settings
from mono_recon.settings.operations import FAILURE

_LOG = logging.getLogger(__name__)
_TROUBLES = (OSError, ValueError, pl.exceptions.PolarsError)
_WRITTEN_FOR_PEOPLE = frozenset(
    {
        "AccountingError",
        "ArchiveError",
        "IdentityError",
        "IssueError",
        "NotOverError",
        "SettingsError",
        "WarehouseError",
        "WarehouseLocked",
    }
)
"""Errors whose text names places and figures of ours; any other may hold what somebody sent."""


def tell_issued(settings: Settings, versions: Iterable[tuple[date, int]], environ: Mapping[str, str]) -> None:
    """Tell of issued versions that somebody has to look at, and of what earlier runs could not tell.

    Args:
        settings: Where packs lie, what is told and to whom; without a channel nothing is done.
        versions: Dates and versions, in the order of their issue.
        environ: The environment, for addresses and passwords.
    """
    if not settings.alerts.is_on:
        return
    latest = dict(versions)  # of several versions of a date the last is what stands
    try:
        digests = [read_digest(pack_folder(settings.paths.reports, *version)) for version in sorted(latest.items())]
        language = settings.report.language
        messages = [about_version(digest, settings.alerts, language) for digest in digests]
        tell(settings, [message for message in messages if message], environ)
    except _TROUBLES as error:
        _LOG.warning("alerts were not sent: %s", error)


def tell_failure(settings: Settings, run_id: str, error: str, environ: Mapping[str, str]) -> None:
    """Tell of a run that failed.

    Args:
        settings: As above.
        run_id: Its id in Dagster.
        error: What is told of it; see ``told_error``.
        environ: As above.
    """
    if not settings.alerts.is_on or FAILURE not in settings.alerts.on:
        return
    try:
        tell(settings, [about_failure(run_id, error, settings.report.language)], environ)
    except _TROUBLES as trouble:
        _LOG.warning("alerts were not sent: %s", trouble)


def told_error(name: str, text: str) -> str:
    """What may be told of an error: its text if it was written for people, else its kind alone.

    Args:
        name: Name of its class.
        text: What it says.
    """
    return " ".join(text.split()) if name in _WRITTEN_FOR_PEOPLE else f"unexpected {name}; see the log of the run"
