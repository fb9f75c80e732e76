"""Dates with their figures: the table that overview and calendar are made from.

Here belong the totals of dates as their control tables state them. Nothing is worked out anew.
"""

from datetime import date

from mono_recon.site.desk import Desk, Row

_DATES = """
    SELECT business_date, version, as_of, verdict,
        coalesce(breaks, 0) AS breaks, coalesce(breaks_minor, 0) AS breaks_minor,
        coalesce(carried, 0) AS carried, coalesce(carried_minor, 0) AS carried_minor, coalesce(review, 0) AS review,
        coalesce(timing, 0) AS timing, coalesce(unexplained_minor, 0) AS unexplained_minor,
        coalesce(out_minor, 0) AS out_minor, coalesce(in_minor, 0) AS in_minor
    FROM mono.report.latest_issues LEFT JOIN (
        SELECT business_date, version,
            sum(count) FILTER (metric = 'open.break') AS breaks,
            sum(amount_minor) FILTER (metric = 'open.break' AND currency = $currency) AS breaks_minor,
            sum(count) FILTER (metric = 'carried.break') AS carried,
            sum(amount_minor) FILTER (metric = 'carried.break' AND currency = $currency) AS carried_minor,
            sum(count) FILTER (metric IN ('open.review', 'carried.review')) AS review,
            sum(count) FILTER (metric IN ('open.timing', 'carried.timing')) AS timing,
            sum(abs(amount_minor)) FILTER (metric = 'unexplained' AND currency = $currency) AS unexplained_minor,
            sum(amount_minor) FILTER (metric = 'money.out' AND currency = $currency) AS out_minor,
            sum(amount_minor) FILTER (metric = 'money.in' AND currency = $currency) AS in_minor
        FROM mono.report.latest_control WHERE business_date BETWEEN $first AND $last GROUP BY ALL
    ) USING (business_date, version)
    WHERE business_date BETWEEN $first AND $last ORDER BY business_date
"""


def dates_between(desk: Desk, first: date, last: date) -> list[Row]:
    """Latest version, verdict and figures of each issued date of a range, oldest first; money in the main currency."""
    return desk.rows(_DATES, currency=desk.currency, first=first, last=last)
