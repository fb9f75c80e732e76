"""How long a test looks: briefly and at the same examples in the suite, at length and at others in a soak."""

import os

from hypothesis import HealthCheck, Phase, settings

SOAKING = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


def examples(quick: int, soak: int, *, shrink: bool = True) -> settings:
    """The number of examples of a property.

    Args:
        quick: In the suite.
        soak: In a soak.
        shrink: Look for a smaller example of a failure; where one takes a second, that takes minutes.
    """
    return settings(
        max_examples=soak if SOAKING else quick,
        derandomize=not SOAKING,
        deadline=None,
        phases=[phase for phase in Phase if shrink or phase not in {Phase.shrink, Phase.explain}],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        print_blob=SOAKING,
    )
