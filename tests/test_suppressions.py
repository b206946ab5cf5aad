"""Who goes past a rule of ruff's or mypy's says why: behind the mark, on its line."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("kproxy", "tests", "tools", "pytest-kproxy", "controlplane")
MARK = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]*[0-9])?|type: ignore(?:\[[a-z, -]*\])?)(?P<why>.*)$")


def unexplained(text: str) -> Iterator[int]:
    """The numbers of lines that go past a rule without a word."""
    for number, line in enumerate(text.splitlines(), 1):
        if (mark := MARK.search(line)) and not re.search(r"\w\w", mark["why"]):
            yield number


def test_each_exception_from_a_rule_says_why() -> None:
    files = [file for place in PLACES for file in sorted((ROOT / place).rglob("*.py"))]
    assert len(files) > 1000
    found = [f"{file.relative_to(ROOT)}:{number}" for file in files for number in unexplained(file.read_text("utf-8"))]
    assert not found


def test_a_mark_without_a_word_is_found() -> None:
    text = "a = 1  # noqa: S105, S106\nb = 2  # type: ignore[arg-type]\nc = 3  # noqa: S105 - a name\nd = 4\n"
    assert list(unexplained(text)) == [1, 2]
