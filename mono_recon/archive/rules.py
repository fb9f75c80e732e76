"""What the reading of an archive depends on besides its bytes.

Limits and signature secrets, ready for use. Where they come from (a settings file, the environment)
is not this module's business.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Secret:
    """A webhook secret and the moments for which it counts, ``[valid_from, valid_until)``.

    Attributes:
        name: Shown in reports in place of the key.
        key: The whole secret as Mono shows it, prefix included.
        valid_from: First moment, UTC; open if None.
        valid_until: First moment after it, UTC; open if None.
    """

    name: str
    key: bytes = field(repr=False)
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether the secret counts for a delivery that could be known at ``moment``."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_until is None or moment < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in bytes, secrets, and whether a delivery must be signed."""

    secrets: tuple[Secret, ...] = ()
    require_signature: bool = False
    max_record_bytes: int = 8 * 1024 * 1024
    max_file_bytes: int = 2 * 1024 * 1024 * 1024
