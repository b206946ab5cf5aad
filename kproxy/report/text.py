"""The verdict for people: what was compared, each finding with its cause and lines, the verdict at the end."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference, Finding, NoiseCount, Tally, Verdict
from kproxy.report.evidence import NO_EVIDENCE, Evidence
from kproxy.report.printing import count, printable
from kproxy.report.rows import unified
from kproxy.report.shown import shown_rows

__all__ = ["MAX_DIFFERENCES", "MAX_FINDINGS", "Paint", "Style", "printable", "text_report"]

MAX_FINDINGS = 30
"""Findings that are written out; the others are counted."""

MAX_DIFFERENCES = 100
"""Differences that are written out where they are in no finding; the JSON report has all."""

_MAX_VALUE = 160

type Style = Literal["plain", "title", "removed", "added", "quiet", "good", "bad"]
type Paint = Callable[[str, Style], str]
"""Gives a line its colour."""


def _plain(text: str, style: Style) -> str:  # noqa: ARG001 - a Paint
    return text


def text_report(verdict: Verdict, evidence: Evidence = NO_EVIDENCE, paint: Paint = _plain) -> str:
    """Lines of printable text; whatever comes from a recording is escaped."""
    lines = [
        *_compared(verdict),
        *_findings(verdict, evidence, paint),
        *(f"cannot tell: {printable(reason)}" for reason in verdict.reasons),
        *(paint(_noise(each), "quiet") for each in verdict.noise),
        *(f"note: {printable(note)}" for note in verdict.notes),
    ]
    if verdict.same_server:
        lines.append("same server: both recordings are of one server")
    good = verdict.outcome.exit_code == 0
    lines.append(paint(f"verdict: {verdict.outcome.value}", "good" if good else "bad"))
    return "\n".join(lines)


def _compared(verdict: Verdict) -> list[str]:
    lines = [f"compared: {verdict.scope}", f"exchanges: {_tally(verdict.exchanges)}"]
    if verdict.scope != "HTTP only":
        lines.append(f"etcd keys: {_tally(verdict.etcd)}")
    if verdict.renamed:
        lines.append("renamed: " + ", ".join(f"{count} x {name}" for name, count in verdict.renamed))
    return lines


def _tally(tally: Tally) -> str:
    parts = [
        f"{count} {word}"
        for count, word in (
            (tally.identical, "identical"),
            (tally.equivalent, "equivalent"),
            (tally.different, "different"),
        )
        if count
    ]
    return f"{tally.compared} compared" + (f": {', '.join(parts)}" if parts else "")


def _noise(each: NoiseCount) -> str:
    source = "" if each.source == "built-in" else f", {each.source}"
    return f"noise hidden: {printable(each.rule)} x{each.count} ({printable(each.ground)}{source})"


def _findings(verdict: Verdict, evidence: Evidence, paint: Paint) -> Iterator[str]:
    if not verdict.findings:
        yield from _differences(verdict.differences)
        return
    total = len(verdict.findings)
    yield f"differences: {len(verdict.differences)}, of {count(total, 'cause')}"
    for number, finding in enumerate(verdict.findings[:MAX_FINDINGS], 1):
        yield ""
        yield paint(f"{number}. {printable(finding.cause)}", "title")
        yield from _finding(finding, evidence, paint)
    yield ""
    if total > MAX_FINDINGS:
        yield f"… and {count(total - MAX_FINDINGS, 'more cause')} (--format json has all)"


def _finding(finding: Finding, evidence: Evidence, paint: Paint) -> Iterator[str]:
    for line in unified(shown_rows(finding, evidence)):
        yield "     " + paint(line, _style_of(line))
    for sentence in finding.chain[1:]:
        yield f"   {printable(sentence)}"
    if len(finding.differences) > 1:
        yield paint(f"   {len(finding.differences)} differences, the first: {_place(finding.first)}", "quiet")
    else:
        yield paint(f"   {_place(finding.first)}", "quiet")


def _style_of(line: str) -> Style:
    styles: dict[str, Style] = {"-": "removed", "+": "added", "!": "removed"}
    return styles.get(line[:1], "quiet")


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    yield from (_difference(each) for each in differences[:MAX_DIFFERENCES])
    if len(differences) > MAX_DIFFERENCES:
        yield f"… and {len(differences) - MAX_DIFFERENCES} more differences (--format json has all)"


def _difference(difference: Difference) -> str:
    return (
        f"{_place(difference)}: "
        f"{_value(difference.baseline, there=difference.kind == 'removed')} → "
        f"{_value(difference.replayed, there=difference.kind == 'added')}"
    )


def _place(difference: Difference) -> str:
    place = f"exchange {difference.seq}" if difference.seq is not None else "no exchange"
    return f"{place}: {difference.where} {printable(difference.path)} {difference.kind}"


def _value(value: JSON, *, there: bool) -> str:
    """`there`: the side surely has a value, so that None is JSON's null."""
    if value is None and not there:
        return "nothing"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
