"""What of a long history one report needs, so that its cost follows its date and not the history.

A report says something of an entity only if it happened or rested open on its date, if something new is
known of it, if it had a break on the date before, or if it hangs together with such an entity: by a batch,
a client id, or a credit. Here belongs finding those. Whatever is left out would change nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from mono_recon.reconcile.candidates import COLLECTION_SKEW
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import INSTANT
from mono_recon.reconcile.touched import without_repetitions
from mono_recon.schemas import core
from mono_recon.schemas.table import table_name
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.links import links
from mono_recon.warehouse.news import ABSENT, News, Watermark

KEYS = {"transfers": "transfer_id", "batches": "batch_id", "collections": "intent_id", "credits": "credit_id"}
_TABLES = {
    "transfers": core.TransferObservations,
    "batches": core.BatchObservations,
    "collections": core.CollectionObservations,
    "credits": core.AccountCredits,
}
CLOCKS = {
    "transfers": ("occurred_at", "inserted_at"),
    "batches": ("occurred_at", "inserted_at"),
    "collections": ("occurred_at", "inserted_at"),
    "credits": ("transaction_at",),
}
_DAY = timedelta(days=1)
_DIGITS = "regexp_replace({}, '[^0-9]', '', 'g')"
_BATCHES = """
    SELECT DISTINCT 'batches', batch_id FROM {sent}
    WHERE transfer_id IN (SELECT id FROM these_transfers) AND batch_id IS NOT NULL
"""
_MEMBERS = """
    SELECT 'transfers', transfer_id FROM {sent} WHERE batch_id IN (SELECT id FROM these_batches)
    UNION SELECT 'transfers', transfer_id FROM {listed} WHERE batch_id IN (SELECT id FROM these_batches)
"""
_PAYMENTS = """
    SELECT 'transfers', transfer_id FROM {sent} SEMI JOIN (
        SELECT DISTINCT external_id FROM {sent}
        WHERE transfer_id IN (SELECT id FROM these_transfers) AND external_id IS NOT NULL
    ) USING (external_id)
"""
_PAIRS = f"""
    named AS MATERIALIZED (
        SELECT credit_id, transfer_id, account_number, payee_account_number
        FROM mono.core.account_credits AS credit JOIN mono.core.transfer_observations AS sent
        USING (currency, external_id)
        UNION ALL
        SELECT credit_id, transfer_id, account_number, payee_account_number
        FROM mono.core.account_credits AS credit JOIN mono.core.transfer_observations AS sent
        USING (currency, reference) WHERE credit.external_id IS NULL
    ), inside AS (
        SELECT credit_id, transfer_id FROM named
        WHERE {_DIGITS.format("account_number")} = {_DIGITS.format("payee_account_number")}
    ), back AS (
        SELECT credit_id, transfer_id
        FROM mono.core.account_credits AS credit JOIN {{declined}} AS sent
        ON credit.account_id = sent.account_id AND credit.currency = sent.currency
            AND credit.amount_minor = sent.amount_minor
            AND transaction_at >= occurred_at - $skew AND transaction_at <= occurred_at + $returned_within
    ), collected AS (
        SELECT credit_id, intent_id
        FROM mono.core.account_credits AS credit JOIN mono.core.collection_observations AS intent
        ON credit.account_id = intent.account_id AND credit.currency = intent.currency
            AND credit.amount_minor = intent.amount_minor AND intent.state = 'account_credited'
            AND transaction_at >= occurred_at - $skew AND transaction_at <= occurred_at + $skew
    ), twins AS (
        SELECT one.credit_id, other.credit_id AS other_id
        FROM mono.core.account_credits AS one JOIN mono.core.account_credits AS other
        ON one.account_id = other.account_id AND one.amount_minor = other.amount_minor
            AND one.currency = other.currency
            AND date_trunc('second', one.transaction_at) = date_trunc('second', other.transaction_at)
    )
"""  # noqa: S608  constants of this module
_COUNTERPARTS = f"""
    WITH {_PAIRS}
    SELECT 'transfers', transfer_id FROM inside WHERE credit_id IN (SELECT id FROM these_credits)
    UNION SELECT 'transfers', transfer_id FROM back WHERE credit_id IN (SELECT id FROM these_credits)
    UNION SELECT 'collections', intent_id FROM collected WHERE credit_id IN (SELECT id FROM these_credits)
    UNION SELECT 'credits', other_id FROM twins WHERE credit_id IN (SELECT id FROM these_credits)
    UNION SELECT 'credits', credit_id FROM inside WHERE transfer_id IN (SELECT id FROM these_transfers)
    UNION SELECT 'credits', credit_id FROM back WHERE transfer_id IN (SELECT id FROM these_transfers)
    UNION SELECT 'credits', credit_id FROM collected WHERE intent_id IN (SELECT id FROM these_collections)
"""  # noqa: S608  constants of this module


@dataclass(frozen=True, slots=True)
class Base:
    """The issue of the date before, on which a report may build: its version, as-of (UTC) and last ingest."""

    business_date: date
    version: int
    since: Watermark


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a report reads.

    Attributes:
        ids: Per kind (transfers, batches, collections, credits) a frame of the ids to read, under ``KEYS``.
        accounts: ``reconcile.inputs.ACCOUNT`` of the accounts that were known on the date before.
        proof_dates: Dates whose movements are all among it.
    """

    ids: Mapping[str, pl.DataFrame]
    accounts: pl.DataFrame
    proof_dates: frozenset[date]


def narrow(warehouse: Warehouse, context: Context, base: Base, news: News) -> Narrowed:
    """Find what a report needs.

    Args:
        warehouse: The warehouse.
        context: Date, as-of and settings.
        base: The issue of the date before; all that had a break then is kept with it.
        news: What has become known since that issue and by the as-of.
    """
    fresh = _fresh(news, context)
    watched = _watched(warehouse, base)
    days = frozenset(
        {context.business_date, *_watched_days(watched), *_unproved_days(warehouse), *_news_days(news, fresh, context)}
    )
    seeds = {kind: set(rows[KEYS[kind]]) for kind, rows in fresh.items()}
    named = {*watched["subject_id"], *watched["line_ids"].explode(empty_as_null=True).drop_nulls()}
    for ids in seeds.values():
        ids.update(named)  # an id of another kind names nothing
    _add(seeds, _around(warehouse, days, context))
    _add(seeds, _left_open(warehouse, base))
    _add(seeds, _unlisted(news))
    seeds["transfers"] |= set(news.paid_to_new_accounts()["transfer_id"])
    _hang_together(warehouse, seeds, context)
    return Narrowed(
        {kind: pl.DataFrame({KEYS[kind]: sorted(ids)}, schema={KEYS[kind]: pl.String}) for kind, ids in seeds.items()},
        _known_accounts(warehouse, base),
        days,
    )


def _add(seeds: dict[str, set[str]], found: pl.DataFrame) -> bool:
    """Add ``kind`` and ``id`` rows; whether any is new."""
    before = sum(map(len, seeds.values()))
    for kind, name in found.drop_nulls().iter_rows():
        seeds[kind].add(name)
    return sum(map(len, seeds.values())) > before


def _fresh(news: News, context: Context) -> dict[str, pl.DataFrame]:
    """Per kind all that is known of the entities that something new is known of."""
    lag = context.settings.transfers.export_lag
    read = {kind: news.read(table, lag=None if kind == "credits" else lag) for kind, table in _TABLES.items()}
    return {
        kind: without_repetitions(rows, KEYS[kind], lag) if kind in {"transfers", "collections"} else rows
        for kind, rows in read.items()
    }


def _watched(warehouse: Warehouse, base: Base) -> pl.DataFrame:
    return warehouse.query(
        "SELECT subject_type, subject_id, line_ids FROM mono.report.open_items"
        " WHERE business_date = $day AND version = $version",
        {"day": base.business_date, "version": base.version},
    )


def _watched_days(watched: pl.DataFrame) -> Iterable[date]:
    """Dates of the balances that had a break: their subjects are ``account:date``."""
    for subject in watched.filter(subject_type="account")["subject_id"]:
        yield date.fromisoformat(subject.rpartition(":")[2])


def _unproved_days(warehouse: Warehouse) -> Iterable[date]:
    """Dates whose latest version left a balance unexplained: news of another date can have done that."""
    return warehouse.query(
        "SELECT DISTINCT business_date FROM mono.report.latest_balance_proof WHERE unexplained_minor <> 0"
    )["business_date"]


def _news_days(news: News, fresh: Mapping[str, pl.DataFrame], context: Context) -> Iterable[date]:
    """Dates whose balance proof the news may change, and those of which it lets the channels be compared."""
    balances = news.read(core.Balances)
    moments = [
        rows.filter("is_news").select(pl.col(clock).alias("at"))
        for kind, rows in fresh.items()
        for clock in CLOCKS[kind]
        if kind != "batches"
    ]
    moments.append(balances.filter("is_news").select(pl.col("balance_at").alias("at")))
    tolerance, calendar = context.settings.balance.snapshot_tolerance, context.calendar
    near = [calendar.business_date_expr(pl.col("at") + shift) for shift in (-tolerance, tolerance, tolerance + _DAY)]
    for moved in near:
        yield from pl.concat(moments).select(moved)["at"].unique()
    yield from news.readjusted_dates()
    yield from news.newly_compared_dates(context.settings)


def _around(warehouse: Warehouse, days: Iterable[date], context: Context) -> pl.DataFrame:
    """Entities with a moment on some dates, or as near to them as a balance figure may be."""
    tolerance = context.settings.balance.snapshot_tolerance
    known = [day for day in days if day <= context.business_date]
    windows = pl.DataFrame(
        {
            "opens": [context.calendar.start_of(day) - tolerance for day in known],
            "closes": [context.calendar.end_of(day) + tolerance for day in known],
        },
        schema={"opens": INSTANT, "closes": INSTANT},
    )
    selects = [
        f"SELECT '{kind}' AS kind, {KEYS[kind]} AS id FROM mono.core.{table_name(table)} JOIN windows"  # noqa: S608  constants
        f" ON {clock} >= opens AND {clock} <= closes WHERE known_at <= $k"
        for kind, table in _TABLES.items()
        for clock in CLOCKS[kind]
    ]
    return warehouse.query(" UNION ".join(selects), {"k": context.as_of}, windows=windows)


def _left_open(warehouse: Warehouse, base: Base) -> pl.DataFrame:
    """Transfers and collections that rested open when the date before ended."""
    return warehouse.query(
        """
        SELECT 'transfers', transfer_id FROM mono.report.outgoing_transfers
        WHERE business_date = $day AND version = $version
            AND state_at_cutoff NOT IN ('approved', 'declined', 'cancelled', 'duplicated')
        UNION ALL
        SELECT 'collections', intent_id FROM mono.report.collections
        WHERE business_date = $day AND version = $version AND state_at_cutoff NOT IN ('account_credited', 'failed')
        """,
        {"day": base.business_date, "version": base.version},
    )


def _unlisted(news: News) -> pl.DataFrame:
    """Entities that a new export covers and does not hold."""
    absent = [
        news.absent(export).select("kind", "id")
        for export in news.exports().iter_rows(named=True)
        if export["resource"] in ABSENT
    ]
    return pl.concat([pl.DataFrame(schema={"kind": pl.String, "id": pl.String}), *absent])


def _hang_together(warehouse: Warehouse, seeds: dict[str, set[str]], context: Context) -> None:
    """Add whatever some figure or match of those found depends on."""
    _add(seeds, _asked(warehouse, _BATCHES, seeds, context))
    _add(seeds, _asked(warehouse, _MEMBERS, seeds, context))
    _add(seeds, _asked(warehouse, _PAYMENTS, seeds, context))
    while _add(seeds, _asked(warehouse, _COUNTERPARTS, seeds, context)):
        pass


def _asked(warehouse: Warehouse, sql: str, seeds: Mapping[str, set[str]], context: Context) -> pl.DataFrame:
    window = context.settings.credits.return_window
    # Business days are told to be as long as they can become: holidays and week-ends between them.
    longest = window.span or timedelta(days=3 * window.business_days + 7)
    frames = {kind: pl.DataFrame({"id": list(ids)}, schema={"id": pl.String}) for kind, ids in seeds.items()}
    needed = {f"these_{kind}": frame for kind, frame in frames.items() if f"these_{kind}" in sql}
    values = {"skew": COLLECTION_SKEW, "returned_within": longest} if "$skew" in sql else {}
    return warehouse.query(sql.format(**links(warehouse)), values, **needed)


def _known_accounts(warehouse: Warehouse, base: Base) -> pl.DataFrame:
    return warehouse.query(
        "SELECT account_id, currency, stated_at FROM mono.report.known_accounts"
        " WHERE business_date = $day AND version = $version",
        {"day": base.business_date, "version": base.version},
    )
