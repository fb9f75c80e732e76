"""Breaks of incoming credits, and of own transfers that should have become one.

Here belongs what is left to say of a credit once the passes have run. On one credit the first type
of ``_PRECEDENCE`` that applies is its break.
"""

import polars as pl

from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.candidates import INTERNAL_TYPE, digits, same_document
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.credits import CreditFacts
from mono_recon.reconcile.lines import last_digits
from mono_recon.reconcile.matching import RETURN_RULE


def _verdicts(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Each credit with the one type that applies to it, in order of precedence; null where it is matched."""
    own = [
        same_document(pl.col("payer_document_number"), pl.lit(document))
        for document in context.settings.business.own_documents
    ]
    is_own = pl.any_horizontal(own) if own else pl.lit(value=False)
    return facts.lines.with_columns(
        pl.when("is_conflicting")
        .then(pl.lit("conflicting_credit"))
        .when("is_duplicate")
        .then(pl.lit("duplicate_credit"))
        .when("is_ambiguous")
        .then(pl.lit("ambiguous_match"))
        .when(pl.col("differs_from").is_not_null())
        .then(pl.lit("credit_amount_mismatch"))
        .when(pl.col("match_rule") == RETURN_RULE)
        .then(pl.lit("suspected_return"))
        .when(pl.col("match_rule").is_not_null())
        .then(None)
        .when((pl.col("type") == INTERNAL_TYPE) & is_own)
        .then(pl.lit("orphan_internal_credit"))
        .otherwise(pl.lit("unidentified_credit"))
        .alias("verdict")
    )


def _of_type(facts: CreditFacts, context: Context, name: str) -> pl.DataFrame:
    return (
        _verdicts(facts, context)
        .filter(pl.col("verdict") == name)
        .with_columns(
            pl.col("credit_id").alias("subject_id"),
            pl.col("business_date").alias("break_date"),
            pl.lit("credit").alias("left_source"),
            pl.col("amount_minor").cast(pl.String).alias("left_value"),
        )
    )


_COLUMNS = ("subject_id", "break_date", "left_source", "left_value")


def find_conflicting_credit(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """One credit id was stated with two amounts, currencies or accounts."""
    return _of_type(facts, context, "conflicting_credit").select(
        *_COLUMNS,
        (pl.col("amount_minor") - pl.col("other_minor")).alias("difference_minor"),
        pl.lit("credit").alias("right_source"),
        pl.col("other_minor").cast(pl.String).alias("right_value"),
        pl.col("all_refs").alias("source_refs"),
    )


def find_duplicate_credit(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Another credit id reports what looks like the same money."""
    return _of_type(facts, context, "duplicate_credit").select(_COLUMNS)


def find_ambiguous_match(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Several counterparts are possible and nothing tells them apart."""
    return _of_type(facts, context, "ambiguous_match").select(_COLUMNS)


def find_credit_amount_mismatch(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """A credit is an own transfer in everything but the amount."""
    own = facts.transfers.lines.select("transfer_id", pl.col("amount_minor").alias("sent_minor"))
    return (
        _of_type(facts, context, "credit_amount_mismatch")
        .join(own, left_on="differs_from", right_on="transfer_id", maintain_order="left")
        .select(
            *_COLUMNS,
            (pl.col("amount_minor") - pl.col("sent_minor")).alias("difference_minor"),
            pl.col("differs_from").alias("right_source"),
            pl.col("sent_minor").cast(pl.String).alias("right_value"),
        )
    )


def find_suspected_return(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """A credit looks like the money of a declined transfer coming back."""
    return _of_type(facts, context, "suspected_return").select(
        *_COLUMNS,
        pl.lit("transfer").alias("right_source"),
        pl.col("matched_to").alias("right_value"),
        pl.concat_list("credit_id", "matched_to").alias("line_ids"),
    )


def find_orphan_internal_credit(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Money came from ourselves inside Mono and no own transfer sent it."""
    return _of_type(facts, context, "orphan_internal_credit").select(_COLUMNS)


def find_unidentified_credit(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Nobody knows who paid; settings may say that this is no finding."""
    found = _of_type(facts, context, "unidentified_credit").select(_COLUMNS)
    chosen = context.settings.credits.unidentified
    return found.clear() if chosen == "matched" else found.with_columns(pl.lit(chosen).alias("class"))


def _uncredited(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """Approved transfers to own accounts that no credit was matched to, nor could be but for doubt."""
    credited = facts.lines.filter(pl.col("match_rule").is_not_null())["matched_to"].implode()
    to_own = digits(pl.col("payee_account_number")).is_in(sorted(facts.own_numbers)) & pl.col("payee_bank_code").is_in(
        list(context.settings.business.own_bank_codes)
    )
    history = facts.transfers.history
    undone = history.filter(pl.col("state") == "declined", pl.col("started_at") >= context.end)["transfer_id"].implode()
    return facts.transfers.lines.filter(
        pl.col("state_at_cutoff") == "approved",
        ~pl.col("transfer_id").is_in(undone),
        to_own,
        ~pl.col("transfer_id").is_in(credited),
        ~pl.col("transfer_id").is_in(sorted(facts.matches.contested)),
    )


def _uncredited_findings(facts: CreditFacts, context: Context, *, overdue: bool) -> pl.DataFrame:
    is_overdue = pl.lit(context.as_of) > pl.col("final_at") + context.settings.webhooks.horizon
    return (
        _uncredited(facts, context)
        .filter(is_overdue == overdue)
        .select(
            pl.col("transfer_id").alias("subject_id"),
            context.calendar.business_date_expr(pl.col("final_at")).alias("break_date"),
            pl.lit("transfer").alias("left_source"),
            pl.col("amount_minor").cast(pl.String).alias("left_value"),
            pl.lit("account").alias("right_source"),
            last_digits("payee_account_number").alias("right_value"),
        )
    )


def find_internal_transfer_not_credited(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """An approved transfer to an own account never arrived as a credit."""
    return _uncredited_findings(facts, context, overdue=True)


def find_awaiting_credit(facts: CreditFacts, context: Context) -> pl.DataFrame:
    """The same while the credit's webhook may still arrive."""
    return _uncredited_findings(facts, context, overdue=False)


TYPES: tuple[BreakType[CreditFacts], ...] = (
    BreakType(
        "conflicting_credit", "break", "credit", find_conflicting_credit,
        es="{subject}: el mismo abono llegó con montos, monedas o cuentas distintas",
        en="{subject}: the same credit came with different amounts, currencies or accounts",
    ),
    BreakType(
        "duplicate_credit", "break", "credit", find_duplicate_credit,
        es="{subject}: repite otro abono de igual cuenta, monto, pagador y segundo",
        en="{subject}: repeats another credit of equal account, amount, payer and second",
    ),
    BreakType(
        "credit_amount_mismatch", "break", "credit", find_credit_amount_mismatch,
        es="{subject}: entraron {left_money}, {right_source} envió {right_money}; diferencia {difference}",
        en="{subject}: {left_money} came in, {right_source} sent {right_money}; difference {difference}",
    ),
    BreakType(
        "ambiguous_match", "review", "credit", find_ambiguous_match,
        es="{subject}: varias contrapartidas posibles y nada que las distinga",
        en="{subject}: several counterparts are possible and nothing tells them apart",
    ),
    BreakType(
        "suspected_return", "review", "credit", find_suspected_return,
        es="{subject}: parece la devolución de {right}, rechazada antes",
        en="{subject}: looks like {right}, declined before, coming back",
    ),
    BreakType(
        "orphan_internal_credit", "break", "credit", find_orphan_internal_credit,
        es="{subject}: abono desde una cuenta propia en Mono sin transferencia propia que lo explique",
        en="{subject}: a credit from an own account inside Mono that no own transfer explains",
    ),
    BreakType(
        "unidentified_credit", "review", "credit", find_unidentified_credit,
        es="{subject}: abono que ninguna regla identifica",
        en="{subject}: a credit that no rule identifies",
    ),
    BreakType(
        "internal_transfer_not_credited", "break", "transfer", find_internal_transfer_not_credited,
        clears_by=("credit",),
        es="{subject}: aprobada hacia la cuenta propia terminada en {right} y sin abono dentro del plazo",
        en="{subject}: approved to the own account ending in {right} and not credited in time",
    ),
    BreakType(
        "awaiting_credit", "timing", "transfer", find_awaiting_credit,
        becomes="internal_transfer_not_credited", clears_by=("credit",),
        es="{subject}: aprobada hacia la cuenta propia terminada en {right}, a la espera del abono",
        en="{subject}: approved to the own account ending in {right}, its credit still to come",
    ),
)  # fmt: skip
