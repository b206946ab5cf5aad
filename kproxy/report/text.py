"""The verdict for people: what was compared, each difference at its place, the verdict as the last line."""

import json

from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference, Tally, Verdict

MAX_DIFFERENCES = 100
"""Differences that are written out; the JSON report has all."""

_MAX_VALUE = 160


def text_report(verdict: Verdict) -> str:
    """Lines of printable text; whatever comes from a recording is escaped."""
    lines = [
        *_compared(verdict),
        *_differences(verdict.differences),
        *(f"cannot tell: {printable(reason)}" for reason in verdict.reasons),
        *(f"noise hidden: {each.rule} x{each.count} ({each.ground})" for each in verdict.noise),
    ]
    lines += [f"note: {printable(note)}" for note in verdict.notes]
    if verdict.same_server:
        lines.append("same server: both recordings are of one server")
    lines.append(f"verdict: {verdict.outcome.value}")
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


def _differences(differences: tuple[Difference, ...]) -> list[str]:
    lines = [_difference(each) for each in differences[:MAX_DIFFERENCES]]
    if len(differences) > MAX_DIFFERENCES:
        lines.append(f"… and {len(differences) - MAX_DIFFERENCES} more differences (--format json has all)")
    return lines


def _difference(difference: Difference) -> str:
    place = f"exchange {difference.seq}" if difference.seq is not None else "no exchange"
    return (
        f"{place}: {difference.where} {printable(difference.path)} {difference.kind}: "
        f"{_value(difference.baseline, there=difference.kind == 'removed')} → "
        f"{_value(difference.replayed, there=difference.kind == 'added')}"
    )


def _value(value: JSON, *, there: bool) -> str:
    """`there`: the side surely has a value, so that None is JSON's null."""
    if value is None and not there:
        return "nothing"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"


def printable(text: str) -> str:
    """`text` without anything that steers a terminal: control characters and what changes the direction of writing."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
