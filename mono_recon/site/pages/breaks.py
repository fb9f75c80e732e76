"""What is open, across all dates.

Here belongs what counts as open by now. A break or timing item is open if the latest date lists it so. Items of
review and data are listed on their own date only: of review those count that the latest report still found, of data
those of the last month.
"""

from datetime import timedelta
from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.schemas.report import AGEING_BUCKETS, BREAK_CLASSES, SEVERITIES
from mono_recon.site.desk import Desk, Row
from mono_recon.site.listing import Listing, show
from mono_recon.site.pages.accounts import account_names

_DATA_DAYS = 30
_URGENT = 5
_OPEN = """
    SELECT *, CASE WHEN days <= 1 THEN '0-1' WHEN days <= 3 THEN '2-3' WHEN days <= 7 THEN '4-7'
        WHEN days <= 30 THEN '8-30' ELSE '>30' END AS bucket
    FROM (
        SELECT *, date_diff('day', break_date, $latest) AS days FROM mono.report.latest_breaks
        WHERE (class IN ('break', 'timing') AND business_date = $latest) OR class = 'review'
            OR (class = 'data' AND business_date > $since)
        QUALIFY row_number() OVER (PARTITION BY break_id ORDER BY business_date DESC) = 1
    ) WHERE status = 'open' AND (class <> 'review' OR break_id IN (
        SELECT break_id FROM mono.report.open_items WHERE business_date = $latest AND version = $version
    ))
"""
_WORDS = "concat_ws(' ', break_id, break_type, subject_id, account_id, explanation_es, explanation_en)"
_LISTING = Listing(
    source=_OPEN,
    filters={
        "class": "class = $class",
        "type": "break_type = $type",
        "account": "account_id = $account",
        "age": "bucket = $age",
        "severity": "severity = $severity",
        "q": f"contains(lower({_WORDS}), lower($q))",
    },
    orders={
        "urgency": "list_position(['break', 'data', 'review', 'timing'], class),"
        " list_position(['high', 'medium', 'low'], severity), amount_minor DESC",
        "amount": "amount_minor DESC",
        "age": "break_date",
        "newest": "break_date DESC",
        "type": "break_type, amount_minor DESC",
    },
    order="urgency",
    key="break_id",
    totals={"money": "sum(amount_minor) FILTER (currency = $currency)"},
)


def breaks(desk: Desk, query: QueryParams) -> dict[str, Any]:
    """The open breaks that an address asks for, and what can be chosen from."""
    latest = desk.latest_date()
    params = _params(desk)
    by_type = desk.rows(
        f"SELECT class, break_type, account_id, count(*) AS count FROM ({_OPEN}) GROUP BY ALL ORDER BY ALL",  # noqa: S608  a constant
        **params,
    )
    classes = {name: sum(row["count"] for row in by_type if row["class"] == name) for name in BREAK_CLASSES}
    return {
        "latest": latest,
        "currency": desk.currency,
        "accounts": account_names(desk),
        "shown": show(desk, _LISTING, query, **params, currency=desk.currency),
        "orders": tuple(_LISTING.orders),
        "classes": classes,
        "choices": {
            "type": sorted({row["break_type"] for row in by_type}),
            "account": sorted({row["account_id"] for row in by_type if row["account_id"]}),
            "age": AGEING_BUCKETS,
            "severity": SEVERITIES,
        },
    }


def most_urgent(desk: Desk) -> list[Row]:
    """The open breaks of class break with the most money."""
    return desk.rows(
        f"SELECT * FROM ({_OPEN}) WHERE class = 'break'"  # noqa: S608  a constant
        f" ORDER BY {_LISTING.orders['urgency']}, break_id LIMIT {_URGENT}",
        **_params(desk),
    )


def _params(desk: Desk) -> dict[str, Any]:
    latest = desk.issues()[-1]
    day = latest["business_date"]
    return {"latest": day, "version": latest["version"], "since": day - timedelta(days=_DATA_DAYS)}
