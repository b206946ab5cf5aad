"""How an answer's end is marked, and whether it is compressed.

Content-Length must be what it was, chunked beside it is noise. So is gzip beside none, of two answers of which one is
longer than what an api-server compresses from, and the other one is not.
"""

from collections.abc import Iterator, Mapping

from kproxy.diff.findings import Findings
from kproxy.diff.noise import FRAMING
from kproxy.model.exchange import Exchange, header

FRAMING_HEADERS = frozenset({"transfer-encoding", "content-length", "connection", "keep-alive"})

_COMPRESSED_ABOVE = 128 * 1024
"""Bytes (defaultGzipThresholdBytes: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go)."""

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


def by_size(baseline: Exchange, first: Fields, replayed: Exchange, second: Fields, sizes: tuple[int, int]) -> bool:
    """Whether one of two answers is in gzip and says so, and the other one is not, as their sizes have it.

    `sizes`: bytes of both contents, without a coding.
    """
    if not all(_takes_gzip(each) and each.info.resource for each in (baseline, replayed)):
        return False
    if not min(sizes) <= _COMPRESSED_ABOVE < max(sizes):
        return False
    long, short = (first, second) if sizes[0] > sizes[1] else (second, first)
    return (
        long.get("content-encoding") == ["gzip"]
        and "content-encoding" not in short
        and long.get("vary") == [*short.get("vary", []), "Accept-Encoding"]
    )


def _takes_gzip(exchange: Exchange) -> bool:
    accepted = header(exchange.request.headers, "accept-encoding").split(",")
    return any(each.partition(";")[0].strip() == "gzip" for each in accepted)
