"""Hypothesis, the same on every machine: a fixed set of examples, unless a deeper search is asked.

``HYPOTHESIS_PROFILE=search EXAMPLES=20`` draws new worlds, twenty times as many.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    # A world takes some milliseconds to draw, and some tests keep only worlds that are small.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("search", settings.get_profile("ci"), derandomize=False, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
