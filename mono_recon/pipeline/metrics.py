"""The state of the reconciliation as Prometheus metrics.

Here belongs which figures there are and how they are named. Amounts are centavos; instants are seconds since
1970. Everything but the clock of a delay comes from what was issued and read.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time

import polars as pl
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from mono_recon.pipeline.journal import last_outcomes
from mono_recon.schemas.report import VERDICTS
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse, open_warehouse

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Content type of the text."""

_PREFIX = "mono_recon_"
_LATEST = """
    SELECT business_date, version, as_of, verdict FROM mono.report.latest_issues
    ORDER BY business_date DESC LIMIT 1
"""
_OF_ISSUE = "WHERE business_date = $business_date AND version = $version"
_UNEXPLAINED = f"""
    SELECT account_id, currency, amount_minor FROM mono.report.control {_OF_ISSUE} AND metric = 'unexplained'
    ORDER BY ALL
"""  # noqa: S608  constants
_OPEN = f"""
    SELECT break_type, class, ageing_bucket, coalesce(currency, '') AS currency,
        CAST(sum("count") AS BIGINT) AS "count", CAST(sum(amount_minor) AS BIGINT) AS amount_minor
    FROM mono.report.break_ageing {_OF_ISSUE} GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  constants
_MISSING = f"""
    SELECT split_part(subject_id, ':', 1) AS feed, count(*) AS "count" FROM mono.report.breaks {_OF_ISSUE}
    AND break_type = 'feed_missing' GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  constants
_ARRIVED = """
    SELECT 'webhooks' AS feed, max(known_at) AS known_at FROM mono.raw.deliveries
    UNION ALL SELECT 'exports', max(fetched_at) FROM mono.raw.export_pages
    UNION ALL SELECT 'balance', max(known_at) FROM mono.core.balances
"""
_FEEDS = ("webhooks", "exports", "balance")

_Values = Iterable[tuple[Mapping[str, str], float]]
_Metric = tuple[str, str, tuple[str, ...], _Values]
"""Its name, what it means, its labels, and its values."""


def exposition(settings: Settings, now: datetime) -> bytes:
    """All metrics in Prometheus' text format.

    Args:
        settings: Where the warehouse is; where there is none yet, there are metrics of runs alone.
        now: The clock, for delays.

    Raises:
        WarehouseError: There is a warehouse and it cannot be opened.
    """
    registry = CollectorRegistry()
    for name, meaning, labels, values in _metrics(settings, now):
        gauge = Gauge(_PREFIX + name, meaning, labels, registry=registry)
        for given, value in values:
            (gauge.labels(**given) if labels else gauge).set(value)
    return generate_latest(registry)


def _metrics(settings: Settings, now: datetime) -> Iterator[_Metric]:
    yield from _of_runs(settings)
    if not settings.warehouse.catalog.exists():
        return
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        yield from _of_feeds(warehouse, now)
        issued = warehouse.query("SELECT count(*) AS n FROM mono.report.issues").item()
        yield "versions", "Versions issued so far", (), [({}, issued)]
        if issued:
            yield from _of_issue(warehouse, settings)


def _of_runs(settings: Settings) -> Iterator[_Metric]:
    outcomes = last_outcomes(settings)
    for name, meaning, values in (
        ("seconds", "How long the last run of a step took", {step: each.seconds for step, each in outcomes.items()}),
        (
            "ended_timestamp_seconds",
            "When the last run of a step ended",
            {step: each.ended_at.timestamp() for step, each in outcomes.items()},
        ),
        (
            "succeeded",
            "1 if the last run of a step came to its end, else 0",
            {step: float(each.is_done) for step, each in outcomes.items()},
        ),
    ):
        yield f"last_run_{name}", meaning, ("step",), [({"step": step}, value) for step, value in values.items()]


def _of_feeds(warehouse: Warehouse, now: datetime) -> Iterator[_Metric]:
    arrived = {
        feed: moment.timestamp() for feed, moment in warehouse.query(_ARRIVED).drop_nulls("known_at").iter_rows()
    }
    yield (
        "feed_last_known_timestamp_seconds",
        "When the last record of a feed was known",
        ("feed",),
        [({"feed": feed}, moment) for feed, moment in arrived.items()],
    )
    yield (
        "feed_delay_seconds",
        "Seconds since the last record of a feed",
        ("feed",),
        [({"feed": feed}, max(0.0, now.timestamp() - moment)) for feed, moment in arrived.items()],
    )


def _of_issue(warehouse: Warehouse, settings: Settings) -> Iterator[_Metric]:
    latest = warehouse.query(_LATEST).row(0, named=True)
    key = {name: latest[name] for name in ("business_date", "version")}
    yield (
        "last_business_date_timestamp_seconds",
        "Midnight in UTC of the last date issued",
        (),
        [({}, _midnight(latest["business_date"]))],
    )
    yield "last_version", "Version of the last date issued", (), [({}, latest["version"])]
    yield "last_as_of_timestamp_seconds", "As-of of that version", (), [({}, latest["as_of"].timestamp())]
    end = settings.business.calendar.end_of(latest["business_date"])
    yield (
        "last_issue_delay_seconds",
        "From the end of the last date issued to the as-of of its version",
        (),
        [({}, (latest["as_of"] - end).total_seconds())],
    )
    yield (
        "last_verdict",
        "1 for the verdict of the last date issued, 0 for the others",
        ("verdict",),
        [({"verdict": verdict}, float(verdict == latest["verdict"])) for verdict in VERDICTS],
    )
    unexplained = warehouse.query(_UNEXPLAINED, key)
    yield "unexplained_minor", "Centavos that no balance proof explains", *_columns(unexplained, "amount_minor")
    still_open = warehouse.query(_OPEN, key)
    yield "open_breaks", "Open breaks of the last date issued, carried ones too", *_columns(still_open, "count")
    yield "open_breaks_minor", "Centavos at stake in them", *_columns(still_open, "amount_minor")
    missing = dict(warehouse.query(_MISSING, key).iter_rows())
    yield (
        "feed_missing",
        "Feeds that brought nothing for the last date issued; balances by account",
        ("feed",),
        [({"feed": feed}, missing.get(feed, 0)) for feed in _FEEDS],
    )


def _columns(rows: pl.DataFrame, value: str) -> tuple[tuple[str, ...], _Values]:
    """A column of values, and the columns of text beside it as their labels."""
    labels = tuple(name for name, dtype in rows.schema.items() if dtype == pl.String)
    given = rows.select(pl.col(labels).fill_null("")).iter_rows(named=True)
    return labels, list(zip(given, rows[value], strict=True))


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
