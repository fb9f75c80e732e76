"""Whether Mono's two channels are well: what arrived when, how late, how often, and what was refused.

Here belongs the health of webhooks and exports over the last days of arrival. Bodies are never shown.
"""

from datetime import date, timedelta
from typing import Any

from mono_recon.site.desk import Desk, Row

DAYS = 14
_FEED_DAYS = 30
_SHOWN_REFUSALS = 50
_LAST = """
    SELECT max(moment) AS moment FROM (
        SELECT max(known_at) FILTER (known_at IS NOT NULL) AS moment FROM mono.raw.deliveries
        UNION ALL SELECT max(started_at) FILTER (started_at IS NOT NULL) FROM mono.raw.exports
    )
"""
_HOURS = """
    SELECT (known_at AT TIME ZONE $zone)::DATE AS day, hour(known_at AT TIME ZONE $zone) AS hour, count(*) AS count
    FROM mono.raw.deliveries WHERE known_at >= $since GROUP BY ALL
"""
_DAYS = """
    SELECT (known_at AT TIME ZONE $zone)::DATE AS day, count(*) AS events, sum(copies) - count(*) AS copies,
        count(*) FILTER (status = 'unused') AS unused, count(*) FILTER (signature_status = 'verified') AS verified,
        count(*) FILTER (signature_status IN ('failed', 'malformed_header')) AS failed,
        quantile_cont(delay, 0.5) AS median, quantile_cont(delay, 0.95) AS p95, max(delay) AS longest
    FROM (
        SELECT *, CASE known_at_source WHEN 'received_at' THEN epoch(known_at - event_at) END AS delay
        FROM mono.raw.deliveries WHERE known_at >= $since
    ) GROUP BY ALL ORDER BY day DESC
"""
_TYPES = """
    SELECT event_type, status, count(*) AS events, sum(copies) - count(*) AS copies, max(known_at) AS last_at
    FROM mono.raw.deliveries WHERE known_at >= $since GROUP BY ALL ORDER BY events DESC, event_type
"""
_SIGNATURES = """
    SELECT signature_status, count(*) AS count FROM mono.raw.deliveries WHERE known_at >= $since
    GROUP BY ALL ORDER BY count DESC
"""
_EXPORTS = """
    SELECT resource, count(*) AS exports, count(*) FILTER (NOT is_complete) AS incomplete, sum(items) AS items,
        max(started_at) AS last_at
    FROM mono.raw.exports WHERE started_at >= $since GROUP BY ALL ORDER BY resource
"""
_FEEDS = """
    SELECT business_date, version, break_id, break_type, subject_id, explanation_es, explanation_en
    FROM mono.report.latest_breaks
    WHERE business_date > $feeds_since AND subject_type = 'feed' AND break_date = business_date
    ORDER BY business_date DESC, break_type, subject_id
"""
_REASONS = """
    SELECT kind, reason, count(*) AS count, max(known_at) AS last_at FROM mono.raw.quarantine
    GROUP BY ALL ORDER BY count DESC, kind, reason
"""
_REFUSALS = f"""
    SELECT kind, reason, detail, path, line, known_at FROM mono.raw.quarantine
    ORDER BY known_at DESC NULLS LAST, path, line LIMIT {_SHOWN_REFUSALS}
"""  # noqa: S608  a constant


def webhooks(desk: Desk) -> dict[str, Any]:
    """Arrivals, delays, signatures, copies, missing feeds, exports and the quarantine."""
    found = desk.row(_LAST)
    reasons = {"reasons": desk.rows(_REASONS), "refusals": desk.rows(_REFUSALS)}
    if found is None or found["moment"] is None:
        return reasons | {"last": None}
    calendar, zone = desk.settings.business.calendar, desk.settings.business.timezone
    last_day = calendar.business_date(found["moment"])
    first_day = last_day - timedelta(days=DAYS - 1)
    since = calendar.start_of(first_day)
    span = {"since": since, "zone": zone}
    days = [first_day + timedelta(days=number) for number in range(DAYS)]
    return reasons | {
        "last": found["moment"],
        "first_day": first_day,
        "last_day": last_day,
        "hours": _heat(desk.rows(_HOURS, **span), days),
        "days": desk.rows(_DAYS, **span),
        "types": desk.rows(_TYPES, **span),
        "signatures": desk.rows(_SIGNATURES, **span),
        "exports": desk.rows(_EXPORTS, **span),
        "feeds": desk.rows(_FEEDS, feeds_since=last_day - timedelta(days=_FEED_DAYS)),
    }


def _heat(rows: list[Row], days: list[date]) -> list[dict[str, Any]]:
    """Arrivals by day and hour, each with a level from 0 to 4 by the busiest hour."""
    counts = {(row["day"], row["hour"]): row["count"] for row in rows}
    most = max(counts.values(), default=0)
    return [
        {
            "day": day,
            "total": sum(counts.get((day, hour), 0) for hour in range(24)),
            "hours": [
                (count := counts.get((day, hour), 0), -(-4 * count // most) if most else 0) for hour in range(24)
            ],
        }
        for day in reversed(days)
    ]
