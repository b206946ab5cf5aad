"""The ground `window`, a guess: of all exchanges only one can have made the change by its time and by what it named.

It is asked only where nothing better names anybody, and so contradicts nobody.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import Claims
from kproxy.model.api import WRITE_VERBS, ObjectRef, RequestInfo
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.wire.storage import key_object

LAG = 100_000_000
"""Nanoseconds after an exchange's end in which kproxy may still see what it wrote."""

_MANY = 64
"""Exchanges looked back at; who has so many going on at once is told nothing by time."""


class Windows:
    """The intervals of exchanges that asked for a change, by resource.

    `silent`: the numbers, in order, of those whose answers do not tell what they wrote; only these are looked at.
    """

    def __init__(self, recording: Recording, silent: Sequence[int]) -> None:
        self._by_resource: dict[tuple[str, str], _Intervals] = defaultdict(_Intervals)
        for exchange in recording.exchanges(WRITE_VERBS) if silent else ():
            info = exchange.info
            index = bisect_left(silent, exchange.seq)
            failed = exchange.answer is not None and exchange.answer.status >= 400
            if index < len(silent) and silent[index] == exchange.seq and not failed:
                self._by_resource[info.group, info.resource].add(exchange)

    def around(self, ref: ObjectRef, seen: Nanos) -> list[Seq]:
        """The exchanges that may have written an object's key by what they named, when it was seen to change then."""
        intervals = self._by_resource.get((ref.group, ref.resource))
        return list(intervals.around(ref, seen)) if intervals else []


class _Intervals:
    """Of one resource, in the order of their beginnings."""

    def __init__(self) -> None:
        self._started, self._ended, self._seqs = array("q"), array("q"), array("q")
        self._named: list[tuple[str, str]] = []  # namespace and name, "" where the request names none

    def add(self, exchange: Exchange) -> None:
        """One that begins later than those before."""
        self._started.append(exchange.started)
        self._ended.append((exchange.ended if exchange.ended is not None else exchange.started) + LAG)
        self._seqs.append(exchange.seq)
        self._named.append(_named(exchange.info))

    def around(self, ref: ObjectRef, seen: Nanos) -> Iterator[Seq]:
        """Those that had begun, and not ended long before."""
        last = bisect_right(self._started, seen)
        for index in range(max(0, last - _MANY), last):
            namespace, name = self._named[index]
            if self._ended[index] >= seen and namespace in {"", ref.namespace} and name in {"", ref.name}:
                yield Seq(self._seqs[index])


def _named(info: RequestInfo) -> tuple[str, str]:
    if (info.group, info.resource) == ("", "namespaces"):
        return "", info.name or info.namespace
    return info.namespace, info.name


def claim_windows(
    recording: Recording, changes: Changes, claims: Claims, silent: Sequence[int], wanted: list[Place]
) -> Windows:
    """Lay claim to changes that nothing else explains, where just one exchange fits."""
    windows = Windows(recording, silent if wanted else ())
    for place in wanted:
        ref = key_object(changes.keys[place], recording.session.etcd_prefix)
        found = windows.around(ref, changes.seen(place)) if ref is not None else []
        if len(found) == 1:
            evidence = "a guess: the only request for this resource that was going on when the change was seen"
            claims.claim(place, Basis.WINDOW, found[0], evidence)
    return windows
