"""Which exchange of one recording stands beside which of another, when no replay tells it."""

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from kproxy.model.exchange import End, Exchange, Seq
from kproxy.renaming.target import DRAWN_ANEW, path_of, query_of

_AT_ONCE = 1 << 16
"""Exchanges that wait for a partner at the same time, about: keys are gone through in as many parts as that takes."""


def align_exchanges(baseline: Iterable[Exchange], replayed: Iterable[Exchange]) -> list[tuple[Seq, Seq]]:
    """Pairs by method and target, the first with the first; then, for names that differ, by what is asked for.

    What a rule of --fault answered stands beside nothing: the same request may have come again and been served.
    """
    return sorted((Seq(a), Seq(b)) for a, b in _aligned(_Keys(baseline), _Keys(replayed)))


class _Keys:
    """Exchanges as their numbers and hashes of what they are paired by; those that are paired are marked."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.seqs, self.exact, self.kind = array("q"), array("q"), array("q")
        for each in exchanges:
            if not _answered_by_a_fault(each):
                self.seqs.append(each.seq)
                self.exact.append(hash(_exact(each)))
                self.kind.append(hash(_kind(each)))
        self.paired = bytearray(len(self.seqs))


def _aligned(left: _Keys, right: _Keys) -> Iterator[tuple[int, int]]:
    for keys, others in ((left.exact, right.exact), (left.kind, right.kind)):
        parts = len(others) // _AT_ONCE + 1
        for part in range(parts):
            waiting: dict[int, deque[int]] = defaultdict(deque)
            for at, key in enumerate(others):
                if key % parts == part and not right.paired[at]:
                    waiting[key].append(at)
            for at, key in enumerate(keys):
                if key % parts == part and not left.paired[at] and (queue := waiting.get(key)):
                    other = queue.popleft()
                    left.paired[at] = right.paired[other] = 1
                    yield left.seqs[at], right.seqs[other]


def _answered_by_a_fault(exchange: Exchange) -> bool:
    return exchange.end is End.REFUSED and bool(exchange.fault)


def _exact(exchange: Exchange) -> tuple[object, ...]:
    target = exchange.request.target
    query = tuple(sorted(pair for pair in query_of(target) if pair[0] not in DRAWN_ANEW))
    return exchange.request.method, path_of(target), query


def _kind(exchange: Exchange) -> tuple[object, ...]:
    info = exchange.info
    return exchange.request.method, info.verb, info.group, info.version, info.resource, info.subresource, info.namespace
