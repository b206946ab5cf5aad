"""Which exchange of one recording stands beside which of another, when no replay tells it."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator

from kproxy.model.exchange import End, Exchange, Seq
from kproxy.renaming.target import path_of, query_of

_VOLATILE = frozenset({"resourceVersion", "continue", "timeoutSeconds", "timeout"})
"""Query parameters that the server chose, or that a client draws anew each time."""


def align_exchanges(baseline: Iterable[Exchange], replayed: Iterable[Exchange]) -> list[tuple[Seq, Seq]]:
    """Pairs by method and target, the first with the first; then, for names that differ, by what is asked for.

    What a rule of --fault answered stands beside nothing: the same request may have come again and been served.
    """
    left, right = ([each for each in side if not _answered_by_a_fault(each)] for side in (baseline, replayed))
    pairs: list[tuple[Seq, Seq]] = []
    for key in (_exact, _kind):
        pairs += list(_pair(left, right, key))
        first, second = {a for a, _ in pairs}, {b for _, b in pairs}
        left = [each for each in left if each.seq not in first]
        right = [each for each in right if each.seq not in second]
    return sorted(pairs)


def _pair(
    left: list[Exchange], right: list[Exchange], key: Callable[[Exchange], tuple[object, ...]]
) -> Iterator[tuple[Seq, Seq]]:
    waiting: dict[tuple[object, ...], deque[Seq]] = defaultdict(deque)
    for each in right:
        waiting[key(each)].append(each.seq)
    for each in left:
        if queue := waiting.get(key(each)):
            yield each.seq, queue.popleft()


def _answered_by_a_fault(exchange: Exchange) -> bool:
    return exchange.end is End.REFUSED and bool(exchange.fault)


def _exact(exchange: Exchange) -> tuple[object, ...]:
    target = exchange.request.target
    query = tuple(sorted(pair for pair in query_of(target) if pair[0] not in _VOLATILE))
    return exchange.request.method, path_of(target), query


def _kind(exchange: Exchange) -> tuple[object, ...]:
    info = exchange.info
    return exchange.request.method, info.verb, info.group, info.version, info.resource, info.subresource, info.namespace
