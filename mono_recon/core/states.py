"""The state machines of Mono's entities, as data.

Here belongs which states exist, how they rank when two statements bear the same instant, and which
steps are legal. What a wrong step means for a report belongs to ``reconcile``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateMachine:
    """States of one kind of entity.

    Attributes:
        ranks: Order of states that bear the same instant; a state not named ranks last.
        known: Every documented state.
        final: States after which nothing more is expected.
        steps: Legal steps from one state to another.
    """

    ranks: dict[str, int]
    known: frozenset[str]
    final: frozenset[str]
    steps: frozenset[tuple[str, str]]

    @property
    def last_rank(self) -> int:
        """Rank of every state that is not named in ``ranks``."""
        return max(self.ranks.values()) + 1


TRANSFER = StateMachine(
    ranks={"created": 0, "in_progress": 1},
    known=frozenset({"created", "in_progress", "approved", "declined", "cancelled", "duplicated"}),
    final=frozenset({"approved", "declined", "cancelled", "duplicated"}),
    steps=frozenset(
        {
            ("created", "in_progress"),
            ("created", "approved"),
            ("created", "declined"),
            ("created", "cancelled"),
            ("created", "duplicated"),
            ("in_progress", "approved"),
            ("in_progress", "declined"),
            ("in_progress", "cancelled"),
            ("approved", "declined"),
            ("declined", "approved"),
        }
    ),
)

BATCH = StateMachine(
    ranks={"created": 0, "pending_otp": 1, "verified_otp": 2, "processing_transactions": 3},
    known=frozenset(
        {
            "created",
            "pending_otp",
            "verified_otp",
            "processing_transactions",
            "cancelled",
            "duplicated",
            "declined",
        }
    ),
    # Mono documents no end of a batch's life: its states are an open set and none is judged.
    final=frozenset(),
    steps=frozenset(),
)

COLLECTION = StateMachine(
    ranks={"created": 0, "in_progress": 1, "approved_in_provider": 2},
    known=frozenset({"created", "in_progress", "approved_in_provider", "account_credited", "failed"}),
    final=frozenset({"account_credited", "failed"}),
    steps=frozenset(),
)
