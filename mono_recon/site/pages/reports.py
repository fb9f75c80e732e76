"""Everything that was issued: every version of every date.

Here belongs the list. What a version holds is on the page of its date.
"""

from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.schemas.report import VERDICTS
from mono_recon.site.desk import Desk
from mono_recon.site.listing import Listing, show

_LISTING = Listing(
    source="""
        SELECT issues.*, is_latest, coalesce(changes, 0) AS changes, coalesce(breaks, 0) AS breaks
        FROM (SELECT *, version = max(version) OVER (PARTITION BY business_date) AS is_latest FROM mono.report.issues)
            AS issues
        LEFT JOIN (SELECT business_date, version, count(*) AS changes FROM mono.report.restatements GROUP BY ALL)
            USING (business_date, version)
        LEFT JOIN (SELECT business_date, version, sum(count)::BIGINT AS breaks FROM mono.report.control
            WHERE metric = 'open.break' GROUP BY ALL) USING (business_date, version)
    """,
    filters={
        "verdict": "verdict = $verdict",
        "from": "business_date >= try_cast($from AS DATE)",
        "to": "business_date <= try_cast($to AS DATE)",
        "versions": "CASE $versions WHEN 'latest' THEN is_latest WHEN 'restated' THEN version > 1 ELSE true END",
    },
    orders={"newest": "business_date DESC, version DESC", "issued": "as_of DESC, business_date DESC"},
    order="newest",
    key="version",
    totals={"dates": "count(DISTINCT business_date)"},
)


def reports(desk: Desk, query: QueryParams) -> dict[str, Any]:
    """The issues that an address asks for."""
    return {
        "shown": show(desk, _LISTING, query),
        "orders": tuple(_LISTING.orders),
        "choices": {"verdict": VERDICTS, "versions": ("latest", "restated")},
    }
