"""Everything that one report is made from, as frames.

Here belongs the list of a report's inputs. Who reads them, and from where, is no business of the
reconciliation.
"""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from mono_recon.reconcile.parts import Parts
from mono_recon.schemas.core import Resolutions
from mono_recon.schemas.table import polars_schema

OPENING = pl.Schema(
    {
        "break_id": pl.String(),
        "break_type": pl.String(),
        "class": pl.String(),
        "subject_type": pl.String(),
        "subject_id": pl.String(),
        "account_id": pl.String(),
        "currency": pl.String(),
        "amount_minor": pl.Int64(),
    }
)
"""Columns of a break as an earlier issue stated it."""

ACCOUNT = pl.Schema({"account_id": pl.String(), "currency": pl.String(), "stated_at": pl.Datetime("us", "UTC")})
"""An account, its currency, and when that was last stated."""


@dataclass(frozen=True, slots=True)
class DayInputs:
    """What was known at the as-of; nothing later may be among it.

    Attributes:
        transfers: ``core.transfer_observations``, in parts of whole transfers.
        batches: ``core.batch_observations``, in parts of whole batches.
        credits: ``core.account_credits``.
        collections: ``core.collection_observations``.
        accounts: ``core.accounts``.
        balances: ``core.balances``.
        adjustments: ``core.adjustments`` decided by then.
        exports: ``raw.exports``, described from the pages fetched by then, with ``first_fetched_at``
            and ``last_fetched_at`` (UTC).
        appearances: ``resource``, ``subject_id`` and ``started_at`` (UTC): the exports that each
            entity appears in, refused rows included.
        arrivals: ``event_type``, ``status`` and ``count`` of the deliveries known on the date.
        refusals: ``reason`` and ``count`` of distinct records and rows refused that were known on it.
        intake: ``metric`` (read, accepted, duplicates, unused, quarantined) and ``count`` of the
            records known on the date.
        resolutions: ``core.resolutions`` decided by then.
        opening: Rows of ``OPENING``: the breaks of class break and timing that were open in the latest
            issue of the date before.
        earlier_accounts: Rows of ``ACCOUNT``: those known on the date before, where less than the whole
            history is given.
        proof_dates: The dates of which all movements are given; None if all are.
    """

    transfers: Parts
    batches: Parts
    credits: pl.DataFrame
    collections: pl.DataFrame
    accounts: pl.DataFrame
    balances: pl.DataFrame
    adjustments: pl.DataFrame
    exports: pl.DataFrame
    appearances: pl.DataFrame
    arrivals: pl.DataFrame
    refusals: pl.DataFrame
    intake: pl.DataFrame
    resolutions: pl.DataFrame = field(default_factory=polars_schema(Resolutions).to_frame)
    opening: pl.DataFrame = field(default_factory=OPENING.to_frame)
    earlier_accounts: pl.DataFrame = field(default_factory=ACCOUNT.to_frame)
    proof_dates: frozenset[date] | None = None
