"""The lines of a report: the date's population, each with its one status.

Here belongs the step from facts and breaks to the columns of the report's tables.
"""

import polars as pl

from mono_recon.reconcile.candidates import digits
from mono_recon.schemas import report
from mono_recon.schemas.report import ReportTable
from mono_recon.schemas.table import polars_schema

_KEYS = ("business_date", "version")


def body_columns(model: type[ReportTable]) -> list[str]:
    """The columns of a report table after date and version."""
    return [name for name in polars_schema(model) if name not in _KEYS]


def with_status(lines: pl.DataFrame, key: str, statuses: pl.DataFrame) -> pl.DataFrame:
    """Lines with ``recon_status`` and ``break_types``; a line that carries no break is matched."""
    carried = _beside(lines, key, statuses.rename({"line_id": key}))
    return carried.with_columns(pl.col("recon_status").fill_null("matched"), pl.col("break_types").fill_null([]))


def _beside(lines: pl.DataFrame, key: str, told: pl.DataFrame) -> pl.DataFrame:
    """Lines with what is told of some of them: a left join that copies no column of the lines."""
    found = lines.select(key).join(told, on=key, how="left", maintain_order="left")
    return lines.hstack(found.drop(key))


def last_digits(number: str) -> pl.Expr:
    """The last four digits of a column's account numbers, whatever is written between digits."""
    return digits(pl.col(number)).str.tail(4)


def transfer_lines(population: pl.DataFrame, statuses: pl.DataFrame, matched: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.outgoing_transfers``.

    Args:
        population: Transfers of the date with ``inclusion``.
        statuses: Result of ``lifecycle.line_statuses``.
        matched: ``transfer_id`` and ``matched_credit_id``.
    """
    return (
        _beside(with_status(population, "transfer_id", statuses), "transfer_id", matched)
        .with_columns(last_digits("payee_account_number").alias("payee_account_last4"))
        .select(body_columns(report.OutgoingTransfers))
    )


def batch_lines(population: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.batches``."""
    return with_status(population, "batch_id", statuses).select(body_columns(report.Batches)).sort("batch_id")


def credit_lines(population: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.incoming_credits``."""
    return with_status(population, "credit_id", statuses).select(body_columns(report.IncomingCredits)).sort("credit_id")


def collection_lines(population: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.collections``."""
    return with_status(population, "intent_id", statuses).select(body_columns(report.Collections)).sort("intent_id")


def proof_lines(proof: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Body of ``report.balance_proof``.

    Args:
        proof: Result of ``balance.prove``.
        accounts: ``core.accounts``; the last known statement names an account.
    """
    names = (
        accounts.sort("known_at", "source_ref")
        .group_by("account_id")
        .agg(
            pl.col("name").last(ignore_nulls=True).alias("account_name"),
            last_digits("number").last(ignore_nulls=True).alias("account_last4"),
        )
    )
    return (
        proof.join(names, on="account_id", how="left", maintain_order="left")
        .select(body_columns(report.BalanceProof))
        .sort("account_id", "currency")
    )
