"""What a transfer costs by the settings, since Mono states no fee and no tax.

Here belongs the charge on one approved transfer. When it counts is the business of ``movements``.
"""

from datetime import date

import polars as pl

from mono_recon.reconcile.context import Context


def fee(context: Context) -> pl.Expr:
    """The fee in centavos of a transfer by ``routing``, approved on ``day``."""
    fees = context.settings.balance.fees
    return _in_force([(each.from_date, pl.col("routing") == each.routing, pl.lit(each.amount_minor)) for each in fees])


def gmf(context: Context) -> pl.Expr:
    """The tax in centavos on ``amount_minor`` of ``account_id``, approved on ``day``: half up per transfer."""
    entries = []
    for each in context.settings.balance.gmf:
        taxed = pl.col("account_id").is_in(list(each.accounts)) if each.accounts else pl.lit(value=True)
        entries.append((each.from_date, taxed, (pl.col("amount_minor") * each.per_thousand + 500) // 1000))
    return _in_force(entries)


def _in_force(entries: list[tuple[date, pl.Expr, pl.Expr]]) -> pl.Expr:
    """The value of the entry that began last among those that apply."""
    chosen = pl.lit(0, pl.Int64)
    for begins, applies, value in sorted(entries, key=lambda entry: entry[0]):
        chosen = pl.when(applies & (pl.col("day") >= begins)).then(value).otherwise(chosen)
    return chosen.cast(pl.Int64)
