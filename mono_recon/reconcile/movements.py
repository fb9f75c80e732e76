"""Money that left an account or reached it, item by item, whenever it did.

Here belongs what counts as a movement of an account and at which instant; when a transfer is debited is
a setting, since Mono does not say it. Which movements a balance needs is decided in ``balance``.
"""

from collections.abc import Mapping

import polars as pl

from mono_recon.reconcile import charges
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.credits import CreditFacts
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.matching import RETURN_RULE

TERMS: Mapping[str, int] = {
    "credits_minor": 1,
    "collections_minor": 1,
    "reversals_in_minor": 1,
    "adjustments_minor": 1,
    "transfers_minor": -1,
    "fees_minor": -1,
    "gmf_minor": -1,
}
"""Terms of the balance proof, with the sign in which they change the balance."""

_GIVEN_BACK = ("declined", "cancelled")
_AMOUNT = ("account_id", "currency", "amount_minor")


def movements(
    transfers: EntityFacts, collections: EntityFacts, received: CreditFacts, adjustments: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """Everything known by the as-of to have moved an account, whenever it happened.

    Args:
        transfers: Own transfers.
        collections: Own collection intents, with ``counted``.
        received: Incoming credits.
        adjustments: ``core.adjustments`` decided by the as-of.
        context: Date, as-of and settings.

    Returns:
        ``term`` (a key of ``TERMS``), ``account_id``, ``currency``, ``amount_minor`` and ``moved_at`` (UTC).
    """
    balance = context.settings.balance
    debit_at = balance.debit_at
    returned = received.lines.filter(pl.col("match_rule") == RETURN_RULE)["matched_to"]
    sent = _with_amounts(transfers)
    approved = sent.filter(pl.col("state") == "approved")
    moved = {
        "credits_minor": _moved(received.lines, "transaction_at"),
        "collections_minor": _collected(collections),
        "reversals_in_minor": _reversals(sent, debit_at, returned),
        "adjustments_minor": _adjusted(adjustments),
        "transfers_minor": _debits(sent, transfers, debit_at),
        "fees_minor": _charged(approved if balance.fees else approved.clear(), charges.fee(context), context),
        "gmf_minor": _charged(approved if balance.gmf else approved.clear(), charges.gmf(context), context),
    }
    return pl.concat(frame.select(pl.lit(term).alias("term"), pl.all()) for term, frame in moved.items())


def moved_accounts(moved: pl.DataFrame, context: Context) -> pl.DataFrame:
    """``account_id`` and ``currency`` of each account that something moved on the date.

    Args:
        moved: Result of ``movements``.
        context: Date, as-of and settings.
    """
    on_date = moved.filter(pl.col("moved_at").is_between(context.start, context.end, "left"))
    return on_date.select("account_id", "currency").drop_nulls().unique().sort(pl.all())


def open_at(transfers: EntityFacts) -> pl.DataFrame:
    """Stretches in which each transfer was open: account, currency, amount, ``opens_at`` and ``closes_at``."""
    final = sorted(transfers.kind.machine.final)
    runs = _with_amounts(transfers).with_columns(
        pl.when(~pl.col("is_last")).then(pl.col("started_at").shift(-1)).alias("closes_at"),
        pl.col("state").is_in(final).alias("is_final"),
    )
    later = runs.filter(~pl.col("is_final")).select(*_AMOUNT, pl.col("started_at").alias("opens_at"), "closes_at")
    first = runs.filter(pl.col("transfer_id").ne_missing(pl.col("transfer_id").shift())).select(
        *_AMOUNT, pl.col("created_at").alias("opens_at"), pl.col("started_at").alias("closes_at")
    )
    return pl.concat([first, later])


def _with_amounts(facts: EntityFacts) -> pl.DataFrame:
    """Every run known by the as-of, with what is known of its entity by then."""
    runs = facts.history.drop("run", "by_export", "by_webhook")
    return runs.join(facts.latest, on=facts.kind.id_column, maintain_order="left")


def _moved(rows: pl.DataFrame, clock: str = "started_at") -> pl.DataFrame:
    return rows.select(*_AMOUNT, pl.col(clock).alias("moved_at"))


def _collected(collections: EntityFacts) -> pl.DataFrame:
    counted = collections.lines.filter("counted").select("intent_id")
    credited = _with_amounts(collections).filter(pl.col("state") == "account_credited")
    return _moved(credited.join(counted, on="intent_id", how="semi"))


def _adjusted(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Adjustments; of an id used twice the row decided first counts."""
    first = adjustments.sort("decided_at", "path", "line").unique("adjustment_id", keep="first", maintain_order=True)
    return _moved(first, "effective_at")


def _charged(approved: pl.DataFrame, charge: pl.Expr, context: Context) -> pl.DataFrame:
    """Each charge on a transfer; where the settings name none, nothing moves."""
    day = context.calendar.business_date_expr(pl.col("started_at"))
    charged = approved.with_columns(day.alias("day")).with_columns(charge.alias("amount_minor"))
    return _moved(charged.filter(pl.col("amount_minor") != 0))


def _debits(sent: pl.DataFrame, transfers: EntityFacts, debit_at: str) -> pl.DataFrame:
    """Each time a transfer was debited."""
    runs = _moved(sent.filter(_is_debit(debit_at)))
    return pl.concat([runs, _created(transfers)]) if debit_at == "created" else runs


def _reversals(sent: pl.DataFrame, debit_at: str, returned: pl.Series) -> pl.DataFrame:
    """Each time a debited transfer was given back by its state, but for money that came back as a credit."""
    is_back = pl.col("state").is_in(_GIVEN_BACK)
    runs = sent.join(sent.filter(is_back), on="transfer_id", how="semi", maintain_order="left")
    mark = pl.when(_is_debit(debit_at)).then(1).when(is_back).then(0)
    is_duplicated = (pl.col("state") == "duplicated").any().over("transfer_id")
    starts_debited = pl.when(~is_duplicated).then(1).otherwise(0) if debit_at == "created" else pl.lit(0)
    stands = mark.forward_fill().shift().over("transfer_id").fill_null(starts_debited)
    return _moved(runs.filter(is_back & (stands == 1), ~pl.col("transfer_id").is_in(returned.implode())))


def _created(transfers: EntityFacts) -> pl.DataFrame:
    duplicated = transfers.history.filter(pl.col("state") == "duplicated")["transfer_id"].implode()
    return _moved(transfers.latest.filter(~pl.col("transfer_id").is_in(duplicated)), "created_at")


def _is_debit(debit_at: str) -> pl.Expr:
    approved = pl.col("state") == "approved"
    after_decline = approved & (pl.col("previous_state") == "declined").fill_null(value=False)
    if debit_at == "approved":
        return approved
    if debit_at == "created":
        return after_decline
    working = pl.col("state") == "in_progress"
    first_working = working & (working.cast(pl.Int64).cum_sum().over("transfer_id") == 1)
    never_working = ~working.any().over("transfer_id")
    first_approved = approved & (approved.cast(pl.Int64).cum_sum().over("transfer_id") == 1)
    return first_working | (never_working & first_approved) | after_decline
