"""Chance.

Here belong the two draws that daily life is made of; every other draw is ``random.Random``'s own.
"""

from datetime import timedelta
from random import Random


def happens(rng: Random, percent: float) -> bool:
    """Whether something comes about that does so in so many of a hundred cases."""
    return 100 * rng.random() < percent


def seconds(rng: Random, low: float, high: float) -> timedelta:
    """A span between two numbers of seconds."""
    return timedelta(seconds=rng.uniform(low, high))
