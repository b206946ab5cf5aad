"""Findings between two versions that are explained, and the page that is made of them.

`python -m tests.support.versions` writes docs/versions.md again; with SAID.json, the report of a control
plane's replay (`--format json`), it prints the findings that nothing explains.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
EXPLAINED = ROOT / "tests/controlplane/versions/1.34.4-1.37.2.yaml"
PLANE = ROOT / "tests/controlplane/versions/control-plane-1.34.4-1.37.2.yaml"
PAGE = ROOT / "docs/versions.md"
_TABLE = "| finding | why | source, of 1.37.2 |\n| --- | --- | --- |\n"
_EXCHANGE = re.compile(r"^exchange \d+ \(")
_TABLES = ((EXPLAINED, "\n## A control plane"), (PLANE, "\n## On a busy machine"))
"""Each table's file, and the heading behind it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a finding's cause begins (in the one direction, and in the other), why it is so, and where that stands."""

    begins: tuple[str, ...]
    why: str
    source: str


def explanations(of: Path = EXPLAINED) -> list[Explanation]:
    """Those of a session."""
    listed = yaml.safe_load(of.read_text(encoding="utf-8"))
    return [Explanation(tuple(each["begins"]), each["why"], each["source"]) for each in listed]


def unexplained(causes: Iterable[str], *of: Path) -> tuple[list[str], list[str]]:
    """The causes that nothing explains, or that something else is explained by already; explanations of nothing.

    `of`: the files of explanations, the first one first; kubectl's, if none is named.
    """
    left = [each for path in of or (EXPLAINED,) for each in explanations(path)]
    strange = []
    for cause in causes:
        found = next((each for each in left if any(map(partial(_begins, cause), each.begins))), None)
        if found is None:
            strange.append(cause)
        else:
            left.remove(found)
    return strange, [each.begins[0] for each in left]


def _begins(cause: str, words: str) -> bool:
    """Whether a cause begins with these words, behind the exchange where it names one first."""
    following = (" of ", " is ", " in ", ") was ", " did not come", " came ")
    return _EXCHANGE.sub("", cause, count=1).startswith(tuple(words + each for each in following))


def page_with(page: str) -> str:
    """The page with the tables as they are to be."""
    done = ""
    for of, following in _TABLES:
        before, _, rest = page.partition(_TABLE)
        done, page = f"{done}{before}{_TABLE}{_rows(of)}", following + rest.partition(following)[2]
    return done + page


def _rows(of: Path) -> str:
    return "".join(
        f"| {' or '.join(f'`{words}`' for words in each.begins)} | {each.why} | {each.source} |\n"
        for each in explanations(of)
    )


def main() -> None:
    """Write the page, or check a control plane's replay."""
    for said in sys.argv[1:]:
        found = json.loads(Path(said).read_bytes())["findings"]
        strange, idle = unexplained([each["cause"] for each in found], PLANE, EXPLAINED)
        print(f"{said}: {len(found)} findings, not explained: {strange or 'none'}, explained in vain: {idle or 'none'}")  # noqa: T201 - a program's output
    if not sys.argv[1:]:
        PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
