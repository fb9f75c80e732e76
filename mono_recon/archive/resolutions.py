"""Resolutions: what people decided about breaks.

Here belongs what their rows look like. How such rows are read is in ``handwritten``; whether a decision
counts is decided where reports are made.
"""

from pathlib import Path

from mono_recon.archive.handwritten import Form, Written, read_written
from mono_recon.schemas.core import Resolutions

CODES = ("accepted", "corrected_at_provider", "written_off", "false_alarm", "withdrawn")
"""What can be decided; ``withdrawn`` takes the earlier decisions about the break back."""

FORM = Form(
    table=Resolutions,
    columns=("break_id", "resolution_code", "reason", "actor", "decided_at", "approved_by"),
    patterns={"break_id": r"^[0-9a-f]{16}$", "resolution_code": "|".join(CODES)},
    instants=("decided_at",),
    optional=("approved_by",),
)


def read_resolutions(folder: Path) -> Written:
    """Read the resolutions of a folder.

    Args:
        folder: The folder.
    """
    return read_written(folder, FORM)
