"""A pytest plugin for runs under mutmut: tests of the file that has the mutant run first, as they mostly notice it."""

import os

import pytest

BOTH_WAYS = frozenset(
    {
        "test_edits_are_found_as_by_comparing_everything",
        "test_edits_of_a_real_session_are_found_as_by_comparing_everything",
    }
)
"""Tests that hold two ways against each other, for seconds: a mutant that is in both of them is the same in both."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them first; else the order stays, which is mutmut's: the quickest ones first."""
    own = file_of(os.environ.get("MUTANT_UNDER_TEST", ""))
    if own:
        items.sort(key=lambda item: item.path.name != own)
        others = [item for item in items if item.path.name == own or _function(item) not in BOTH_WAYS]
        items[:] = others or items


def file_of(mutant: str) -> str:
    """The test file of a mutant such as `kproxy.diff.order.xǁBoundsǁsee__mutmut_3`: test_order.py; "" for none."""
    name, mark, _ = mutant.partition("__mutmut_")
    return f"test_{name.rpartition('.')[0].rpartition('.')[2]}.py" if mark else ""


def _function(item: pytest.Item) -> str:
    return item.name.partition("[")[0]
