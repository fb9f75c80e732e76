"""Instants as text.

Here belongs only how Mono writes a moment: ISO 8601 in UTC, six decimals and ``Z``.
"""

from datetime import datetime


def instant_text(instant: datetime) -> str:
    """A UTC instant as Mono writes it."""
    return instant.isoformat(timespec="microseconds")[:-6] + "Z"
