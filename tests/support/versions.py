"""Findings between two versions that are explained, and the page that is made of them.

`python -m tests.support.versions` writes docs/versions.md again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
EXPLAINED = ROOT / "tests/controlplane/versions/1.34.4-1.37.2.yaml"
PAGE = ROOT / "docs/versions.md"
_TABLE = "| finding | why | source, of 1.37.2 |\n| --- | --- | --- |\n"
_AFTER = "\n## A control plane"


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a finding's cause begins (in the one direction, and in the other), why it is so, and where that stands."""

    begins: tuple[str, ...]
    why: str
    source: str


def explanations() -> list[Explanation]:
    """Those of the repository."""
    listed = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))
    return [Explanation(tuple(each["begins"]), each["why"], each["source"]) for each in listed]


def unexplained(causes: Iterable[str]) -> tuple[list[str], list[str]]:
    """The causes that nothing explains, or that something else is explained by already; explanations of nothing."""
    left = explanations()
    strange = []
    for cause in causes:
        found = next((each for each in left if any(map(partial(_begins, cause), each.begins))), None)
        if found is None:
            strange.append(cause)
        else:
            left.remove(found)
    return strange, [each.begins[0] for each in left]


def _begins(cause: str, words: str) -> bool:
    return cause.startswith((f"{words} of ", f"{words} is "))


def page_with(page: str) -> str:
    """The page with the table as it is to be."""
    rows = "".join(
        f"| {' or '.join(f'`{words}`' for words in each.begins)} | {each.why} | {each.source} |\n"
        for each in explanations()
    )
    before, _, after = page.partition(_TABLE)
    return before + _TABLE + rows + _AFTER + after.partition(_AFTER)[2]


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
