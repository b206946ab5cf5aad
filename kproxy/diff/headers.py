"""Headers of answers and requests."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from kproxy.diff.clock import SLACK as CLOCK_SLACK
from kproxy.diff.clock import Clock, after_date
from kproxy.diff.findings import Findings
from kproxy.diff.framing import FRAMING_HEADERS, Fields, by_size, framing_differences
from kproxy.diff.moments import Moments, moments_of
from kproxy.diff.noise import CERTIFICATES, COMPRESSED
from kproxy.diff.sides import Side
from kproxy.diff.trees import same_words
from kproxy.model.exchange import EMPTY_BODY, BodyState, Exchange, Headers
from kproxy.renaming.kinds import UUID, Kind
from kproxy.renaming.pseudonyms import has_pseudonym
from kproxy.renaming.renaming import Renaming

_CHOSEN = {
    "audit-id": Kind.AUDIT_ID,
    "x-kubernetes-pf-flowschema-uid": Kind.UID,
    "x-kubernetes-pf-prioritylevel-uid": Kind.UID,
}
"""Headers whose values the server chooses: a closed list (staging/src/k8s.io/api/flowcontrol, audit)."""

_DRAWN_BY_CLIENTS = {
    "kubectl-session": Kind.SESSION,
    "sec-websocket-key": Kind.SESSION,
    "sec-websocket-accept": Kind.SESSION,  # which the server makes of the key (RFC 6455, 4.2.2)
}
"""Headers of a request that a client draws for each of its runs: equal in a replay, consistent between two runs."""

KINDS = _CHOSEN | _DRAWN_BY_CLIENTS
"""By a field's name in lower case."""

_OF_THE_DOCUMENT = frozenset({"last-modified", "expires", "etag", "cache-control", "content-type", "vary"})
_OF_COMPRESSION = frozenset({"content-encoding", "vary"})
_TIMES = frozenset({"date", "last-modified", "expires"})

OF_THE_CLIENT = frozenset(
    {
        "host",
        "authorization",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "traceparent",
        "if-modified-since",
    }
)
"""Headers of a request that a replay sets anew: a request's other headers must be equal up to renaming."""

_WRITES = frozenset({"create", "update", "patch"})
"""What is warned of is what was written (WarningsOnCreate, WarningsOnUpdate)."""

_SPECIAL = frozenset({*KINDS, *_TIMES, *FRAMING_HEADERS})
"""Fields that are compared even where both sides say the same."""


def by_name(headers: Headers) -> dict[str, list[str]]:
    """The fields' values, by their names in lower case."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        found[name.lower()].append(value)
    return found


@lru_cache(maxsize=4096)
def is_plain(pair: tuple[str, str]) -> bool:
    """Whether a field that is the same on both sides says the same, whatever else is known."""
    name, value = pair[0].lower(), pair[1]
    return name not in _SPECIAL and not UUID.search(value) and not has_pseudonym(value)


def _to_compare(baseline: Headers, replayed: Headers) -> tuple[Fields, Fields]:
    """The fields by name, without those that say the same at the same place."""
    if len(baseline) != len(replayed):
        return by_name(baseline), by_name(replayed)
    left = [(a, b) for a, b in zip(baseline, replayed, strict=True) if a != b or not is_plain(a)]
    return by_name(tuple(a for a, _ in left)), by_name(tuple(b for _, b in left))


def _size(side: Side, exchange: Exchange) -> int | None:
    """How many bytes an answer's content has without a coding, where all of it was kept."""
    body = exchange.answer.body if exchange.answer is not None else EMPTY_BODY
    if body.digest is None or body.state is not BodyState.KEPT:
        return None
    return len(side.documents.data(body.digest))


def same_dates(clock: Clock, other: Clock, moments: Moments) -> bool:
    """Whether an answer's Date is what its server's clock showed, if the recorded one's is."""
    return not clock.explains_at(moments.baseline) or other.explains_at(moments.replayed)


class HeaderComparer:
    """Compares the heads' fields of one pair of exchanges."""

    def __init__(self, renaming: Renaming, findings: Findings, baseline: Exchange, replayed: Exchange) -> None:
        self._renaming = renaming
        self._findings = findings
        self._baseline = baseline
        self._replayed = replayed

    def answers(self, one: Side, other: Side) -> None:
        """Compare two answers' headers."""
        if self._baseline.answer is None or self._replayed.answer is None:
            return
        first, second = _to_compare(self._baseline.answer.headers, self._replayed.answer.headers)
        for name in framing_differences(self._baseline, first, self._replayed, second, self._findings):
            self._differ("header", name, "changed", first.get(name, []), second.get(name, []))
        names = (first.keys() | second.keys()) - FRAMING_HEADERS
        if "content-encoding" in names and self._compressed_by_size(one, first, other, second):
            names -= _OF_COMPRESSION
        self._each(first, second, names, one.clock, other.clock)

    def _compressed_by_size(self, one: Side, first: Fields, other: Side, second: Fields) -> bool:
        """Whether two answers are compressed, and not, by nothing but how long they are."""
        sizes = _size(one, self._baseline), _size(other, self._replayed)
        if sizes[0] is None or sizes[1] is None:
            return False
        size = (sizes[0], sizes[1])
        return by_size(self._baseline, first, self._replayed, second, size) and self._findings.hide(COMPRESSED)

    def common(self, clock: Clock, other: Clock) -> None:
        """Compare what a 200 and a 304 both have to say; a document's own headers are of that document."""
        if self._baseline.answer is None or self._replayed.answer is None:
            return
        first, second = by_name(self._baseline.answer.headers), by_name(self._replayed.answer.headers)
        self._each(first, second, (first.keys() & second.keys()) - FRAMING_HEADERS - _OF_THE_DOCUMENT, clock, other)

    def _each(self, first: Fields, second: Fields, names: Iterable[str], clock: Clock, other: Clock) -> None:
        for name in sorted(names):
            values, others = first.get(name, []), second.get(name, [])
            if name in _TIMES and len(values) == len(others) == 1:
                if not self._same_time(name, values[0] == others[0], clock, other):
                    self._differ("header", name, "renamed", values, others)
            elif not self._same(name, values, others) and not self._hidden(name, values, others):
                self._differ("header", name, _kind(name, values, others), values, others)

    def _hidden(self, name: str, values: list[str], others: list[str]) -> bool:
        """Whether only the warnings differ that a pair of pseudonyms brings."""
        info = self._baseline.info
        if name != "warning" or info.resource != "secrets" or info.verb not in _WRITES:
            return False
        rest, other = ([each for each in said if not each.startswith('299 - "tls: ')] for said in (values, others))
        return self._same("warning", rest, other) and self._findings.hide(CERTIFICATES)

    def _same_time(self, name: str, equal: bool, clock: Clock, other: Clock) -> bool:  # noqa: FBT001 - what was read
        """Date by the server's clock; Last-Modified not after it; Expires as long after it as there.

        What is no time (Expires: 0) has to be `equal`.
        """
        if name == "date":
            return same_dates(clock, other, moments_of(self._baseline, self._replayed))
        first, second = after_date(self._baseline, name), after_date(self._replayed, name)
        if first is None or second is None:
            return equal
        return second <= CLOCK_SLACK if name == "last-modified" else abs(first - second) <= CLOCK_SLACK

    def requests(self) -> None:
        """Compare two requests' headers."""
        first, second = _to_compare(self._baseline.request.headers, self._replayed.request.headers)
        for name in sorted((first.keys() | second.keys()) - OF_THE_CLIENT):
            values, others = first.get(name, []), second.get(name, [])
            if not values and name.startswith("impersonate-") and self._baseline.forwarded:
                continue  # a replay says itself as whom the recorded proxy sent it on
            if not self._same(name, values, others):
                self._differ("request", f"header {name}", _kind(name, values, others), values, others)

    def _same(self, name: str, values: list[str], others: list[str]) -> bool:
        kind = KINDS.get(name)
        if kind is None:
            return self._same_texts(values, others)
        return len(values) == len(others) and all(
            self._renaming.image(kind, a) == b for a, b in zip(values, others, strict=True)
        )

    def _same_texts(self, values: list[str], others: list[str]) -> bool:
        return len(values) == len(others) and all(
            same_words(self._renaming, a, b) for a, b in zip(values, others, strict=True)
        )

    def _differ(self, where: str, path: str, kind: str, values: list[str], others: list[str]) -> None:
        self._findings.differ(
            self._baseline.seq, where, path, kind, ", ".join(values) or None, ", ".join(others) or None
        )


def _kind(name: str, values: list[str], others: list[str]) -> str:
    if not values:
        return "added"
    if not others:
        return "removed"
    return "renamed" if name in _CHOSEN else "changed"
