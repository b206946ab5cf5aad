"""What holds for every test."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Machines are slow at times, and a property does not fail for that. CI draws the same examples each time.
settings.register_profile(
    "kproxy", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("kproxy")

RESULTS = os.environ.get("KPROXY_COMPAT_RESULTS", "")
"""A file that is told which cells of docs/compatibility.md have passed (tools/compatibility.py)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A cell travels with its test's report, through xdist too."""
    for item in items:
        for mark in item.iter_markers("compat"):
            item.user_properties.append(("compat", [mark.kwargs["client"], mark.kwargs["feature"]]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write a line for each cell; xdist's workers leave it to the process that they report to."""
    if not RESULTS or "PYTEST_XDIST_WORKER" in os.environ or (report.when != "call" and report.passed):
        return
    for name, cell in report.user_properties:
        if name == "compat" and isinstance(cell, list):
            Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
            told = {"client": cell[0], "feature": cell[1], "passed": report.passed}
            with Path(RESULTS).open("a") as file:
                file.write(json.dumps(told) + "\n")
