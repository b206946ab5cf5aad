"""What holds for every test."""

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# Machines are slow at times, and a property does not fail for that. CI draws the same examples each time.
settings.register_profile(
    "kproxy", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
# A mutant is caught by the first example that fails, whatever its size, and most are within a few.
settings.register_profile(
    "mutants", settings.get_profile("kproxy"), phases=(Phase.explicit, Phase.generate), max_examples=25
)
# make test-unit is done in a minute; make test draws all examples that there are.
settings.register_profile("quick", settings.get_profile("kproxy"), max_examples=25)
settings.load_profile("kproxy")

RESULTS = os.environ.get("KPROXY_COMPAT_RESULTS", "")
"""A file that is told which cells of docs/compatibility.md have passed (tools/compatibility.py)."""

STARTED = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"})
"""What Python's own audit calls the ways of starting a process."""

UNIT: list[str] = []
"""The unit test that runs, if one does: none of these marks is on it."""

NO_UNIT = ("process", "controlplane", "netns", "memory")


def _audit(event: str, _: object) -> None:
    if event in STARTED and UNIT:
        raise PermissionError(f"{UNIT[0]} starts a process: mark it with pytest.mark.process")


sys.addaudithook(_audit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A unit test starts no process, so that all of them are done in seconds: make test-unit holds them to it."""
    wanted = str(item.config.getoption("-m"))
    if "not process" in wanted and not any(item.get_closest_marker(name) for name in NO_UNIT):
        UNIT.append(item.nodeid)
    try:
        return (yield)
    finally:
        UNIT.clear()


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
