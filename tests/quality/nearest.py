"""A pytest plugin for runs under mutmut: tests of the file that has the mutant run first, as they mostly notice it.

What the run without a mutant left in the package's caches is forgotten: a mutant is tried in a fork of that process.
And each mutant gets the time of the processor that its tests take, some times over: mutmut's own clock is the wall's,
and on a busy machine it ended mutants that were only slow.
"""

import json
import os
import resource
import sys
from functools import _lru_cache_wrapper
from itertools import repeat
from pathlib import Path
from time import process_time

import pytest

BOTH_WAYS = "_as_by_comparing_everything"
"""How tests are called that hold two ways against each other, for seconds: a mutant in both of them is one in both."""

LEAST, SLOWER = 5.0, 10.0
"""Seconds of the processor, and how many times the tests' own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them first; else the order stays, which is mutmut's: the quickest ones first."""
    own = file_of(os.environ.get("MUTANT_UNDER_TEST", ""))
    if own:
        _forget()
        items.sort(key=lambda item: item.path.name != own)
        others = [item for item in items if item.path.name == own or not _function(item).endswith(BOTH_WAYS)]
        items[:] = others or items
        _bound(LEAST + SLOWER * sum(map(_seconds().get, (item.nodeid for item in items), repeat(0.0))))


def _forget() -> None:
    """Empty the package's caches: what a function answered in the run without a mutant it need not be asked again."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "kproxy":
            for value in list(vars(module).values()):
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()


def _seconds() -> dict[str, float]:
    """How long each test took without a mutant, as mutmut has written it down."""
    stats = Path("mutmut-stats.json")
    return json.loads(stats.read_text())["duration_by_test"] if stats.exists() else {}


def _bound(seconds: float) -> None:
    """Let this process use so much of the processor from now on; the kernel ends it then."""
    limit = int(process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))


def file_of(mutant: str) -> str:
    """The test file of a mutant such as `kproxy.diff.bounds.xǁBoundsǁlearn__mutmut_3`: test_bounds.py; "" for none."""
    name, mark, _ = mutant.partition("__mutmut_")
    return f"test_{name.rpartition('.')[0].rpartition('.')[2]}.py" if mark else ""


def _function(item: pytest.Item) -> str:
    return item.name.partition("[")[0]
