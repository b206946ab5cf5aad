"""The verdict as Markdown, for a pull request's or a merge request's comment: bounded, hostile text escaped.

What comes from a recording stands in prose with every mark of Markdown and HTML escaped and no mention, reference or
address left whole, or in a fenced block, whose fence is longer than any in it.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape

from kproxy.model.verdict import Finding, NoiseCount, Outcome, Tally, Verdict
from kproxy.report.evidence import NO_EVIDENCE, Evidence, Side
from kproxy.report.printing import count, cut, printable
from kproxy.report.rows import unified
from kproxy.report.shown import shown_rows

MAX_CHARACTERS = 60_000
"""Of the whole: GitHub takes 65,536 for a comment."""

MAX_TABLE = 50
"""Findings in the table."""

_RESERVED = 300
_MAX_CAUSE = 300
_MAX_BLOCK = 6_000
_SIGNS = {Outcome.IDENTICAL: "✅", Outcome.EQUIVALENT: "✅", Outcome.DIFFERENT: "❌", Outcome.INCONCLUSIVE: "❔"}

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|~&$^])")
_AT_THE_START = re.compile(r"^(\s*\d{0,9})([-+=.):])")
_REFERENCE = re.compile(r"([@#!~%$]|GH-|www(?=\.)|:(?=//))")
_JOINER = "\u2060"
"""WORD JOINER: nothing is seen of it, and no mention, reference or address is recognised across it."""


def markdown_report(verdict: Verdict, evidence: Evidence = NO_EVIDENCE) -> str:
    """At most MAX_CHARACTERS; what had no room is counted at the end."""
    left = MAX_CHARACTERS - _RESERVED
    parts: list[str] = []
    dropped = 0
    for part in _parts(verdict, evidence):
        if len(part) + 2 > left:
            dropped += 1
            continue
        left -= len(part) + 2
        parts.append(part)
    if dropped:
        parts.append(f"{count(dropped, 'more part')} had no room here: the JSON report has all.")
    return "\n\n".join(parts)


def escaped(text: str, limit: int = _MAX_CAUSE) -> str:
    """Text from a recording as prose, in a table's cell too."""
    plain = _MARKUP.sub(r"\\\1", _REFERENCE.sub(rf"\1{_JOINER}", cut(printable(text), limit)))
    return _AT_THE_START.sub(r"\1\\\2", plain)


def fenced(lines: Iterable[str], language: str = "diff") -> str:
    """Lines as a block of code, cut to _MAX_BLOCK characters."""
    body = cut("\n".join(printable(line) for line in lines), _MAX_BLOCK)
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _parts(verdict: Verdict, evidence: Evidence) -> Iterator[str]:
    """The most important first: what does not fit is left out from the end."""
    yield f"## {_SIGNS[verdict.outcome]} kproxy: {verdict.outcome.value}"
    yield "\n".join(_compared(verdict, evidence))
    if verdict.reasons:
        yield "\n".join(_listed("Why nothing more can be told", verdict.reasons))
    if verdict.findings:
        yield "\n".join(_table(verdict))
    if verdict.noise:
        yield "\n".join(_noise(verdict.noise))
    if verdict.notes:
        yield "\n".join(_listed("Notes", verdict.notes))
    for number, finding in enumerate(verdict.findings, 1):
        yield _details(number, finding, evidence)


def _compared(verdict: Verdict, evidence: Evidence) -> Iterator[str]:
    if evidence.baseline.name:
        yield f"- recorded: {_side(evidence.baseline)}"
        yield f"- replayed: {_side(evidence.replayed)}"
    yield f"- exchanges: {_tally(verdict.exchanges)}"
    if verdict.scope == "HTTP only":
        yield "- etcd: not compared (HTTP only)"
    else:
        yield f"- etcd keys: {_tally(verdict.etcd)}"
    if verdict.same_server:
        yield "- both recordings are of one server"


def _side(side: Side) -> str:
    etcd = f", etcd {side.etcd}" if side.etcd else ""
    return escaped(f"{side.name} ({side.server}{etcd})")


def _tally(tally: Tally) -> str:
    parts = [
        f"{number} {word}"
        for number, word in (
            (tally.identical, "identical"),
            (tally.equivalent, "equivalent"),
            (tally.different, "different"),
        )
        if number
    ]
    return f"{tally.compared} compared" + (f" ({', '.join(parts)})" if parts else "")


def _table(verdict: Verdict) -> Iterator[str]:
    yield f"**{count(len(verdict.differences), 'difference')} of {count(len(verdict.findings), 'cause')}**:"
    yield ""
    yield "| | cause | exchange | where | differences |"
    yield "| --: | --- | --: | --- | --: |"
    for number, finding in enumerate(verdict.findings[:MAX_TABLE], 1):
        first = finding.first
        where = escaped(f"{first.where} {first.path}", 120)
        yield f"| {number} | {escaped(finding.cause)} | {first.seq or ''} | {where} | {len(finding.differences)} |"
    if len(verdict.findings) > MAX_TABLE:
        yield f"| | … and {count(len(verdict.findings) - MAX_TABLE, 'more cause')} | | | |"


def _details(number: int, finding: Finding, evidence: Evidence) -> str:
    chain = "\n".join(f"{at}. {escaped(sentence)}" for at, sentence in enumerate(finding.chain, 1))
    lines = unified(shown_rows(finding, evidence))
    head = f"<details><summary>{number}: {_in_html(finding.cause)}</summary>"
    return "\n\n".join([head, fenced(lines), chain, "</details>"])


def _in_html(text: str) -> str:
    """Text in an element of HTML, in which no mark of Markdown counts."""
    return escape(_REFERENCE.sub(rf"\1{_JOINER}", cut(printable(text), _MAX_CAUSE)))


def _noise(noise: Iterable[NoiseCount]) -> Iterator[str]:
    yield "| noise that was hidden | times | from | why |"
    yield "| --- | --: | --- | --- |"
    for each in noise:
        yield f"| {escaped(each.rule)} | {each.count} | {escaped(each.source)} | {escaped(each.ground)} |"


def _listed(title: str, sentences: Iterable[str], most: int = 20) -> Iterator[str]:
    listed = list(sentences)
    yield f"**{title}:**"
    yield ""
    yield from (f"- {escaped(each)}" for each in listed[:most])
    if len(listed) > most:
        yield f"- … and {len(listed) - most} more"
