"""The reports on one fixed pair: a real recording, and its replay as a server with three faults would have given it.

`python -m tests.report.examples` writes the golden files of the tests and the examples in docs/reports.md again.
"""

import re
from pathlib import Path

from kproxy.cli.formats import FORMATS
from kproxy.diff.compare import compare
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Verdict
from kproxy.report.evidence import Evidence
from kproxy.session.evidence import evidence_of
from kproxy.session.opened import Opened
from tests.diff.conftest import PAIR, in_memory
from tests.support.memory import MemoryRecording
from tests.support.misbehaving import misbehaving

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs" / "reports.md"
NAMES = ("before.kproxy", "after.kproxy")

_SEQS = frozenset({5, 7, 9, 17, 18})
"""A pod is made, read and watched, a deployment made and read."""

_KEYS = (b"/registry/pods/", b"/registry/deployments/")
_LAST_REVISION = 218
_EXAMPLE = re.compile(r"(<!-- example: (\w+) -->\n+(`{3,})\w*\n)(.*?)(\n\3\n)", re.DOTALL)


def _offset(recorded: MemoryRecording) -> int:
    """How much further the replay's etcd was."""
    return in_memory(PAIR / "replayed").change_list[0].revision - recorded.change_list[0].revision


def excerpt(recording: MemoryRecording, offset: int) -> MemoryRecording:
    """A few exchanges, and what they wrote."""
    last = _LAST_REVISION + offset
    made = recording.copy()
    made.exchange_list = [each for each in made.exchange_list if each.seq in _SEQS]
    made.change_list = [each for each in made.change_list if each.key.startswith(_KEYS) and each.revision <= last]
    return made


def example() -> tuple[Verdict, Evidence]:
    """The verdict on the pair, and what reports show beside it."""
    recorded = in_memory(PAIR / "recorded")
    replayed = misbehaving(in_memory(PAIR / "replayed"))
    first, second = Opened(excerpt(recorded, 0)), Opened(excerpt(replayed, _offset(recorded)))
    pairs = [(Seq(each), Seq(each)) for each in sorted(_SEQS)]
    verdict = compare(first.recording, first.ledger, second.recording, second.ledger, pairs)
    return verdict, evidence_of(first, second, verdict, NAMES)


def reports() -> dict[str, str]:
    """All reports by format."""
    verdict, evidence = example()
    return {name: form.write(verdict, evidence) + "\n" for name, form in FORMATS.items()}


def in_the_page(name: str, report: str) -> str:
    """A report as the page shows it: of JSON the findings, of JUnit's XML the beginning."""
    if name == "json":
        start = report.index('  "findings": [')
        return report[start : report.index("    },\n", start)] + "    },\n    …"
    if name == "junit":
        lines = report.splitlines()
        return "\n".join([*lines[:8], "      …", *lines[lines.index("    </properties>") : -2][:14], "    …"])
    return report.rstrip("\n")


def page_with(page: str, found: dict[str, str]) -> str:
    """The page, with its examples as they are now."""

    def fill(match: re.Match[str]) -> str:
        return match[1] + in_the_page(match[2], found[match[2]]) + match[5]

    return _EXAMPLE.sub(fill, page)


if __name__ == "__main__":
    made = reports()
    GOLDEN.mkdir(exist_ok=True)
    for format_name, text in made.items():
        (GOLDEN / f"report.{FORMATS[format_name].suffix}").write_text(text, encoding="utf-8")
    PAGE.write_text(page_with(PAGE.read_text(), made))
