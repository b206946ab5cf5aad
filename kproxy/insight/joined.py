"""Exchanges together with the calls to etcd that they caused, as two streams that are merged along time.

A call names its exchange by (trace id, parent id). Both come in the order of their beginnings, so an exchange needs to
be held only until all calls of its time have been seen: what is in memory are the exchanges of a few seconds.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.model.etcd import EtcdCall
from kproxy.model.exchange import Exchange
from kproxy.model.recording import Recording

_SECOND = 1_000_000_000
_LEAD = _SECOND
"""Nanoseconds by which the relay's clock may be ahead of the proxy's."""
_SLACK = 5 * _SECOND
"""Nanoseconds after its end during which an exchange may still cause calls."""
_LONGEST = 60 * _SECOND
"""What an exchange that has no end is held for; the api-server's own limit for a request that is no stream."""
_MAX_HELD = 50_000


@dataclass(frozen=True, slots=True)
class Served:
    """An exchange and its calls, in their order; None: the api-server called by itself."""

    exchange: Exchange | None
    calls: tuple[EtcdCall, ...] = ()


@dataclass(slots=True)
class _Held:
    exchange: Exchange
    until: int
    calls: list[EtcdCall] = field(default_factory=list)


type _Id = tuple[str, str]


class _Merge:
    """What is held at the moment."""

    def __init__(self) -> None:
        self._queue: deque[_Held] = deque()
        self._named: dict[_Id, _Held] = {}

    def hold(self, exchange: Exchange) -> None:
        """Keep it until its calls have been seen."""
        held = _Held(exchange, _complete_at(exchange) + _SLACK)
        self._queue.append(held)
        if exchange.trace_id:
            self._named[exchange.trace_id, exchange.parent_id] = held

    def place(self, call: EtcdCall) -> Iterator[Served]:
        """Give a call to its exchange; nothing is yielded but what belongs to none."""
        held = self._named.get((call.trace_id, call.parent_id)) if call.trace_id else None
        if held is None or held.until < call.started:
            yield Served(None, (call,))
        else:
            held.calls.append(call)

    def release(self, now: int | None) -> Iterator[Served]:
        """Exchanges in their order, as far as they are complete at `now` (None: all)."""
        queue = self._queue
        while queue and (now is None or queue[0].until < now or len(queue) > _MAX_HELD):
            held = queue.popleft()
            self._named.pop((held.exchange.trace_id, held.exchange.parent_id), None)
            yield Served(held.exchange, tuple(held.calls))

    @property
    def empty(self) -> bool:
        return not self._queue


def served(recording: Recording) -> Iterator[Served]:
    """All exchanges in the order of seq, each with its calls; in between, the calls that belong to none of them."""
    merge = _Merge()
    calls = recording.etcd_calls()
    call = next(calls, None)
    for exchange in recording.exchanges():
        now = exchange.started - _LEAD
        while call is not None and call.started < now:
            yield from merge.place(call)
            call = next(calls, None)
        if call is None and merge.empty:
            yield Served(exchange)
            continue
        merge.hold(exchange)
        yield from merge.release(now)
    while call is not None:
        yield from merge.place(call)
        call = next(calls, None)
    yield from merge.release(None)


def is_stream(exchange: Exchange) -> bool:
    """Whether its answer goes on for as long as somebody listens: then its end says nothing of the server's work."""
    follows = exchange.info.is_log and "follow=" in exchange.request.target
    return exchange.info.verb == "watch" or bool(exchange.upgrade) or follows


def _complete_at(exchange: Exchange) -> int:
    end = exchange.answered if is_stream(exchange) else exchange.ended
    return end if end is not None else exchange.started + _LONGEST
