"""One issued version of a date: its verdict, its money, its proof, its breaks, its versions and its files.

Here belongs what the page of a date shows. All of it stands in the tables and the manifest of that version.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from mono_recon.report.page import PAGE
from mono_recon.schemas.report import MOVEMENTS, RECON_STATUSES
from mono_recon.site.desk import Desk, Row
from mono_recon.site.packs import NotHandedOutError, PackFile, Packs
from mono_recon.site.pages.accounts import account_names, told_terms

_ENTER = ("opening_open", "created", "reopened")
_LEAVE = ("approved", "declined", "cancelled", "duplicated")

_LINES = """
    WITH lines AS (
        SELECT 'outgoing_transfers' AS table_name, business_date, version, currency, recon_status, amount_minor
        FROM mono.report.outgoing_transfers
        UNION ALL
        SELECT 'incoming_credits', business_date, version, currency, recon_status, amount_minor
        FROM mono.report.incoming_credits
        UNION ALL
        SELECT 'collections', business_date, version, currency, recon_status, amount_minor FROM mono.report.collections
    )
    SELECT table_name, currency, recon_status, count(*) AS count, sum(amount_minor) AS amount_minor
    FROM lines WHERE business_date = $day AND version = $version GROUP BY ALL ORDER BY table_name DESC, currency
"""
_SECTIONS = """
    SELECT currency, section, sum(count) AS count, sum(amount_minor) AS amount_minor FROM mono.report.summary
    WHERE business_date = $day AND version = $version AND direction = 'out' GROUP BY ALL
"""
_CONTROL = """
    SELECT metric, sum(count) AS count, max(status) FILTER (status = 'failed') AS failed
    FROM mono.report.control WHERE business_date = $day AND version = $version GROUP BY metric ORDER BY metric
"""
_PROOFS = """
    SELECT * FROM mono.report.balance_proof WHERE business_date = $day AND version = $version
    ORDER BY account_id, currency
"""
_BREAKS = """
    SELECT * FROM mono.report.breaks WHERE business_date = $day AND version = $version
    ORDER BY status, list_position(['break', 'data', 'review', 'timing'], class), amount_minor DESC, break_id
    LIMIT 30
"""
_COUNTS = """
    SELECT class, break_type, count(*) AS count FROM mono.report.breaks
    WHERE business_date = $day AND version = $version AND status = 'open'
    GROUP BY ALL ORDER BY count DESC, break_type
"""
_MOVEMENT = """
    SELECT class, movement, currency, count(*) AS count, sum(amount_minor) AS amount_minor
    FROM mono.report.break_movement WHERE business_date = $day AND version = $version GROUP BY ALL ORDER BY ALL
"""
_CHANGES = """
    SELECT version, cause, table_name, count(DISTINCT row_key) AS lines, count(*) AS count
    FROM mono.report.restatements WHERE business_date = $day GROUP BY ALL ORDER BY ALL
"""
_RESTATEMENTS = """
    SELECT * FROM mono.report.restatements WHERE business_date = $day AND version = $version
    ORDER BY cause, table_name, row_key, column_name LIMIT 60
"""
_QUALITY = """
    SELECT * FROM mono.report.data_quality WHERE business_date = $day AND version = $version ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A term of the roll-forward, from where it starts to where it ends."""

    label: str
    start: float
    end: float
    value: Row
    total: bool = False


def day_page(desk: Desk, packs: Packs, day: date, version: int | None) -> dict[str, Any] | None:
    """What the page of a version shows, of the latest if none is named; None if it was not issued."""
    issues = desk.versions(day)
    issue = next((row for row in issues if version in (None, row["version"])), None)
    if issue is None:
        return None
    key = {"day": day, "version": issue["version"]}
    counts = desk.rows(_COUNTS, **key)
    changes = desk.rows(_CHANGES, day=day)
    return {
        "issue": issue,
        "issues": issues,
        "is_latest": issue is issues[0],
        "changes": {row["version"]: [each for each in changes if each["version"] == row["version"]] for row in issues},
        "around": desk.neighbours(day),
        "accounts": account_names(desk),
        "partitions": _partitions(desk.rows(_LINES, **key)),
        "roll_forward": _roll_forward(desk.rows(_SECTIONS, **key)),
        "control": {row["metric"]: row for row in desk.rows(_CONTROL, **key)},
        "proofs": (proofs := desk.rows(_PROOFS, **key)),
        "terms": told_terms(proofs),
        "breaks": desk.rows(_BREAKS, **key),
        "break_counts": counts,
        "open_breaks": sum(row["count"] for row in counts),
        "movement": _movement(desk.rows(_MOVEMENT, **key)),
        "restatements": desk.rows(_RESTATEMENTS, **key),
        "quality": desk.rows(_QUALITY, **key),
        **_files(packs, day, issue["version"]),
    }


def _files(packs: Packs, day: date, version: int) -> dict[str, Any]:
    try:
        files = packs.files(day, version)
    except (NotHandedOutError, OSError):
        files = []
    return {
        "files": sorted(files, key=_by_use),
        "workbook": next((each for each in files if each.path.suffix == ".xlsx"), None),
        "page": next((each for each in files if each.name == PAGE), None),
    }


def _by_use(file: PackFile) -> tuple[int, str]:
    kinds = (".xlsx", ".html", ".csv", ".parquet", ".json")
    return kinds.index(file.path.suffix) if file.path.suffix in kinds else len(kinds), file.name


def _partitions(rows: list[Row]) -> list[dict[str, Any]]:
    """Lines by status, per table and currency, in the form of the chart."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["table_name"], row["currency"]), {})[row["recon_status"]] = row
    nothing: Row = {"count": 0, "amount_minor": 0}
    return [
        {
            "table": table,
            "currency": currency,
            "count": sum(row["count"] for row in statuses.values()),
            "amount_minor": sum(row["amount_minor"] for row in statuses.values()),
            "parts": [(status, statuses.get(status, nothing)) for status in RECON_STATUSES],
        }
        for (table, currency), statuses in found.items()
    ]


def _roll_forward(rows: list[Row]) -> dict[str, list[Step]]:
    """The open transfers of a date from its start to its end, per currency."""
    steps: dict[str, list[Step]] = {}
    for currency in sorted({row["currency"] for row in rows}):
        of = {row["section"]: row for row in rows if row["currency"] == currency}
        told, at = [], 0.0
        for section in (*_ENTER, *_LEAVE):
            if section in of:
                end = at + float(of[section]["amount_minor"]) * (1 if section in _ENTER else -1)
                told.append(Step(section, at, end, of[section], total=section == _ENTER[0]))
                at = end
        closing = of.get("closing_open", {"count": 0, "amount_minor": 0})
        steps[currency] = [*told, Step("closing_open", 0.0, float(closing["amount_minor"]), closing, total=True)]
    return steps


def _movement(rows: list[Row]) -> list[dict[str, Any]]:
    """The movement of breaks, a row for each term that occurs, in the order in which it is added up."""
    return [
        {"movement": term, "rows": of_term}
        for term in MOVEMENTS
        if (of_term := [row for row in rows if row["movement"] == term])
    ]
