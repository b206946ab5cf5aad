"""What holds for every test."""

import os

from hypothesis import HealthCheck, settings

# Machines are slow at times, and a property does not fail for that. CI draws the same examples each time.
settings.register_profile(
    "kproxy", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("kproxy")
