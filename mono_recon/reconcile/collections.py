"""Collection intents of a date: their facts.

Here belongs what is known of each intent. Which credit reports the same money is decided by the
matching of credits.
"""

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import (
    COLLECTIONS,
    EntityFacts,
    ExportFeed,
    attributes,
    divide,
    state_columns,
)

_ATTRIBUTES = (
    "link_id",
    "account_id",
    "currency",
    "amount_minor",
    "external_id",
    "reference",
    "payer_document_number",
    "payment_transaction_id",
)


def collection_facts(observations: pl.DataFrame, feed: ExportFeed, context: Context) -> EntityFacts:
    """What is known of each intent, and its state at the cut-off.

    Args:
        observations: ``core.collection_observations`` known by the as-of.
        feed: What the intent exports prove.
        context: Date, as-of and settings.
    """
    divided = divide(observations, COLLECTIONS, context)
    lines = attributes(divided.known, divided.stated, COLLECTIONS, _ATTRIBUTES).join(
        state_columns(divided.stated, divided.timeline, COLLECTIONS),
        on="intent_id",
        how="left",
        maintain_order="left",
    )
    return EntityFacts(COLLECTIONS, divided.known, divided.stated, divided.timeline, divided.history, lines, feed)
