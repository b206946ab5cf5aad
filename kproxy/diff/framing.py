"""How an answer's end is marked: Content-Length must be what it was, chunked beside it is noise."""

from collections.abc import Iterator, Mapping

from kproxy.diff.findings import Findings
from kproxy.diff.noise import FRAMING
from kproxy.model.exchange import Exchange

FRAMING_HEADERS = frozenset({"transfer-encoding", "content-length", "connection", "keep-alive"})

type Fields = Mapping[str, list[str]]


def framing_differences(
    baseline: Exchange, first: Fields, replayed: Exchange, second: Fields, findings: Findings
) -> Iterator[str]:
    """The names of the framing headers that differ and that no rule hides."""
    way, other = _way(first), _way(second)
    if way != other and not ({way, other} <= {"content-length", "transfer-encoding"} and findings.hide(FRAMING)):
        yield way or other
    elif other == "content-length" and not _right_length(baseline, first, replayed, second):
        yield "content-length"
    elif way == other == "transfer-encoding" and first[way] != second[other]:
        yield way
    for name in ("connection", "keep-alive"):
        if first.get(name) != second.get(name) and not findings.hide(FRAMING):
            yield name


def _way(fields: Fields) -> str:
    return next((name for name in ("content-length", "transfer-encoding") if name in fields), "")


def _right_length(baseline: Exchange, first: Fields, replayed: Exchange, second: Fields) -> bool:
    """Whether the replay's Content-Length is the content's, as far as the baseline's is (HEAD: it has none)."""
    if baseline.answer is None or replayed.answer is None or baseline.request.method == "HEAD":
        return True
    if first.get("content-length", [str(baseline.answer.body.size)]) == [str(baseline.answer.body.size)]:
        return second["content-length"] == [str(replayed.answer.body.size)]
    return first["content-length"] == second["content-length"]
