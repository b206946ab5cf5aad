"""When each write took effect, as the calls to etcd tell that a relay read: before its answer, often well before.

Others see what a request wrote as soon as etcd has it: a controller may act on an event, and be answered, before the
request that caused the event is.
"""

from dataclasses import dataclass

from kproxy.model.etcd import EtcdCall, Operation
from kproxy.model.exchange import Exchange, Nanos
from kproxy.model.recording import Recording
from kproxy.replay.recent import Recent

_WRITERS = ("KV/Txn", "KV/Put", "KV/DeleteRange")
_MOST = 10_000
"""Requests whose writes were read, and that nobody asked for yet."""


@dataclass(frozen=True, slots=True)
class FirstWrite:
    """The first thing that a request wrote: at which revision, and when it was written at the latest."""

    revision: int
    at: Nanos


class FirstWrites:
    """Reads a recording's calls along with its exchanges: `of` is asked in the order of seq."""

    def __init__(self, recording: Recording) -> None:
        self._found: Recent[tuple[str, str], FirstWrite] = Recent(_MOST)
        self._calls = iter(recording.etcd_calls(_WRITERS))
        self._next = next(self._calls, None)

    def of(self, exchange: Exchange) -> FirstWrite | None:
        """None: nothing is known of it."""
        if not exchange.parent_id:
            return None
        until = exchange.ended or exchange.answered or exchange.started
        while self._next is not None and self._next.started <= until:
            self._note(self._next)
            self._next = next(self._calls, None)
        return self._found.get((exchange.trace_id, exchange.parent_id))

    def _note(self, call: EtcdCall) -> None:
        wrote = any(each.operation is not Operation.RANGE for each in call.operations)
        key = (call.trace_id, call.parent_id)
        if wrote and call.succeeded is not False and not call.status and call.revision and key not in self._found:
            self._found.put(key, FirstWrite(call.revision, call.ended or call.started))
