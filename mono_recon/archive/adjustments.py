"""Adjustments: movements of money that people record because Mono does not report them.

Here belongs what their rows look like. How such rows are read is in ``handwritten``.
"""

from pathlib import Path

from mono_recon.archive.handwritten import Form, Written, read_written
from mono_recon.schemas.core import Adjustments
from mono_recon.schemas.table import CURRENCY_PATTERN, ID_PATTERN

FORM = Form(
    table=Adjustments,
    columns=(
        "adjustment_id",
        "account_id",
        "currency",
        "effective_at",
        "amount_minor",
        "kind",
        "reason",
        "actor",
        "decided_at",
    ),
    patterns={"account_id": ID_PATTERN, "currency": CURRENCY_PATTERN, "amount_minor": r"^-?[0-9]{1,18}$"},
    instants=("effective_at", "decided_at"),
    integers=("amount_minor",),
)


def read_adjustments(folder: Path) -> Written:
    """Read the adjustments of a folder.

    Args:
        folder: The folder.
    """
    return read_written(folder, FORM)
