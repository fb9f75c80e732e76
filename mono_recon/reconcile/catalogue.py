"""The break catalogue: every type there is, collected from its family.

Here belongs the list alone. A new type is written in its family's module and appears here by itself.
"""

from typing import Any

from mono_recon.reconcile import balance, batch_breaks, collections, credit_breaks, feeds, progress
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.channels import channel_types
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.figures import PAYEE_MISMATCH, figure_types

TRANSFER_TYPES: tuple[BreakType[EntityFacts], ...] = (
    *channel_types("transfer"),
    *figure_types("transfer"),
    PAYEE_MISMATCH,
    *progress.TYPES,
)
"""Types that one transfer's statements decide; ``remarkable`` says which transfers they can be about."""


def _by_name(*types: BreakType[Any]) -> dict[str, BreakType[Any]]:
    return {kind.name: kind for kind in types}


CATALOGUE = _by_name(
    *TRANSFER_TYPES,
    progress.DUPLICATE_PAYMENT,
    *batch_breaks.TYPES,
    *credit_breaks.TYPES,
    *collections.OWN_TYPES,
    *balance.TYPES,
    *feeds.TYPES,
)
"""Every type by its name."""
