"""Breaks of the feeds: a channel that was silent, an export that is not whole, records refused.

Here belongs class ``data``: what is said about the data rather than about money. The verdict of a
date rests on it.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from mono_recon.reconcile.balance import nearest_balances
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import uncovered, window
from mono_recon.reconcile.credits import CreditFacts, credit_population
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.inputs import DayInputs

_SUBJECT = pl.Schema(
    {
        "subject_id": pl.String(),
        "account_id": pl.String(),
        "break_date": pl.Date(),
        "amount_minor": pl.Int64(),
        "left_source": pl.String(),
        "left_value": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What the feeds brought, beside what the entities say happened.

    Attributes:
        inputs: Everything known by the as-of.
        transfers: Own transfers.
        collections: Own collection intents.
        credits: Incoming credits.
        accounts: Known accounts: ``account_id`` and ``currency``.
        moved: ``account_id`` and ``currency`` of accounts with movements on the date.
    """

    inputs: DayInputs
    transfers: EntityFacts
    collections: EntityFacts
    credits: CreditFacts
    accounts: pl.DataFrame
    moved: pl.DataFrame


def _findings(rows: list[dict[str, str | None]], context: Context) -> pl.DataFrame:
    fixed = {"break_date": context.business_date, "amount_minor": 0}
    return pl.DataFrame([{**row, **fixed} for row in rows], schema=_SUBJECT)


def find_feed_missing(facts: FeedFacts, context: Context) -> pl.DataFrame:
    """A feed that the date needs brought nothing."""
    day = context.business_date.isoformat()
    rows: list[dict[str, str | None]] = []
    if _webhooks_silent(facts, context):
        rows.append({"subject_id": f"webhooks:{day}", "left_source": "webhooks", "left_value": "0"})
    blind = _accounts_without_export(facts, context)
    if blind is not None:
        rows.append({"subject_id": f"exports:{day}", "left_source": "exports", "left_value": str(blind)})
    rows.extend(
        {
            "subject_id": f"balance:{account}:{day}",
            "account_id": account,
            "left_source": "balance",
            "left_value": "0",
        }
        for account in _moved_without_closing(facts, context)
    )
    return _findings(rows, context)


def _webhooks_silent(facts: FeedFacts, context: Context) -> bool:
    if not facts.inputs.arrivals.is_empty() or context.end <= context.since:
        return False
    exported = _announced_runs(facts.transfers, context).filter("by_export")
    collected = _announced_runs(facts.collections, context)
    credited = credit_population(facts.credits, context)
    return any(not frame.is_empty() for frame in (exported, collected, credited))


def _announced_runs(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Runs with a webhook of their own that start on the date."""
    return facts.timeline.filter(
        pl.col("state").is_in(list(facts.kind.announced)),
        pl.col("started_at").is_between(context.start, context.end, "left"),
    )


def _accounts_without_export(facts: FeedFacts, context: Context) -> int | None:
    """How many known accounts the transfer exports leave uncovered; None where the date is covered.

    Where no account is known, nothing can be covered.
    """
    exports = facts.inputs.exports.filter(pl.col("resource") == "transfers")
    blind = sum(uncovered(context.start, context.end, account, exports) for account in facts.accounts["account_id"])
    return blind if blind or facts.accounts.is_empty() else None


def _moved_without_closing(facts: FeedFacts, context: Context) -> list[str]:
    closed = nearest_balances(facts.inputs.balances, [context.end], context)
    return sorted(set(facts.moved["account_id"]) - set(closed["account_id"]))


def find_incomplete_export(facts: FeedFacts, context: Context) -> pl.DataFrame:
    """An export of these hours is not whole, and no other makes up for it."""
    due = context.calendar.at(_next_day(context), context.settings.business.issue_at)
    suspects = facts.inputs.exports.filter(
        ~pl.col("is_complete"), pl.col("last_fetched_at") >= context.start, pl.col("first_fetched_at") <= due
    )
    rows: list[dict[str, str | None]] = []
    for export in suspects.sort("export_id").iter_rows(named=True):
        opens, closes = window(export)
        opens, closes = max(context.start, opens), min(context.end, closes)
        rivals = facts.inputs.exports.filter(pl.col("resource") == export["resource"])
        if opens < closes and any(
            uncovered(opens, closes, account, rivals) for account in _reach(export["account_id"], facts)
        ):
            rows.append(
                {
                    "subject_id": export["export_id"],
                    "account_id": export["account_id"],
                    "left_source": export["resource"],
                    "left_value": export["incomplete_reason"],
                }
            )
    return _findings(rows, context)


def _reach(account_id: str | None, facts: FeedFacts) -> list[str | None]:
    if account_id is not None:
        return [account_id]
    return facts.accounts["account_id"].to_list() or [None]


def _next_day(context: Context) -> date:
    return context.business_date + (date.resolution)


def _counted(rows: pl.DataFrame, column: str, context: Context) -> pl.DataFrame:
    day = context.business_date.isoformat()
    return _findings(
        [
            {"subject_id": f"{name}:{day}", "left_source": name, "left_value": str(count)}
            for name, count in rows.group_by(column).agg(pl.sum("count")).sort(column).iter_rows()
        ],
        context,
    )


def find_signature_failed(facts: FeedFacts, context: Context) -> pl.DataFrame:
    """Deliveries whose signature no secret of theirs explains."""
    return _counted(facts.inputs.refusals.filter(pl.col("reason") == "signature_failed"), "reason", context)


def find_invalid_record(facts: FeedFacts, context: Context) -> pl.DataFrame:
    """Records and rows that were refused for any other reason."""
    return _counted(facts.inputs.refusals.filter(pl.col("reason") != "signature_failed"), "reason", context)


def find_unknown_event_type(facts: FeedFacts, context: Context) -> pl.DataFrame:
    """Events of a type that is not used."""
    return _counted(facts.inputs.arrivals.filter(pl.col("status") == "unused"), "event_type", context)


TYPES: tuple[BreakType[FeedFacts], ...] = (
    BreakType(
        "feed_missing", "data", "feed", find_feed_missing,
        es="{subject}: {left_source} no trae lo que la fecha necesita ({left})",
        en="{subject}: {left_source} does not bring what the date needs ({left})",
    ),
    BreakType(
        "incomplete_export", "data", "feed", find_incomplete_export,
        es="{subject}: la exportación de {left_source} está incompleta ({left}) y ninguna otra cubre ese tramo",
        en="{subject}: the export of {left_source} is incomplete ({left}) and no other covers that stretch",
    ),
    BreakType(
        "signature_failed", "data", "feed", find_signature_failed, always_high=True,
        es="{subject}: {left} entregas con una firma que ningún secreto explica",
        en="{subject}: {left} deliveries with a signature that no secret explains",
    ),
    BreakType(
        "invalid_record", "data", "feed", find_invalid_record,
        es="{subject}: {left} registros rechazados ({left_source})",
        en="{subject}: {left} records refused ({left_source})",
    ),
    BreakType(
        "unknown_event_type", "data", "feed", find_unknown_event_type,
        es="{subject}: {left} eventos de un tipo que no se usa",
        en="{subject}: {left} events of a type that is not used",
    ),
)  # fmt: skip
