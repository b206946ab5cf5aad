"""The ground `traced`: the call to etcd that wrote a change carried the trace context of exactly one exchange.

kproxy gives each exchange a parent id of its own (docs/tracing.md), and the api-server passes it on to etcd. An
api-server with tracing of its own on writes another parent id: then the trace id alone names the exchange, if it is one
of kproxy's own making, whose last half is the exchange's number (kproxy/wire/tracecontext.py). A client's own trace may
be that of requests that went around kproxy, or were left out of the recording.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import CallNote, Claims
from kproxy.model.etcd import EtcdCall, EtcdKey, KeyOperation, Operation
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.wire.etcdcalls import COUNTS_UNREAD

WRITING = frozenset({"KV/Txn", "KV/Put", "KV/DeleteRange", "Lease/LeaseRevoke"})
"""The calls that can change keys."""

_REVOKE = "Lease/LeaseRevoke"
_HALF = 1 << 64
_HEX = frozenset("0123456789abcdef")


class Traces:
    """The trace contexts of a recording's exchanges, 40 bytes each."""

    def __init__(self, traces: Iterable[tuple[Seq, str, str]]) -> None:
        self._parents, self._seqs = array("Q"), array("q")
        self._high, self._low = array("Q"), array("Q")
        for seq, trace_id, parent_id in traces:
            trace, parent = _number(trace_id, 32), _number(parent_id, 16)
            if trace:
                self._parents.append(parent)
                self._seqs.append(seq)
                self._high.append(trace // _HALF)
                self._low.append(trace % _HALF)
        self._by_parent = array("q", sorted(range(len(self._seqs)), key=self._parents.__getitem__))
        self._by_trace: array[int] | None = None

    def exchanges(self, trace_id: str, parent_id: str) -> tuple[Seq, ...]:
        """Whose trace context it is: by both ids, or by the trace alone where kproxy made it for one of them."""
        trace, parent = _number(trace_id, 32), _number(parent_id, 16)
        return self._of_parent(trace, parent) or tuple(seq for seq in self._of_trace(trace) if seq == trace % _HALF)

    def knows(self, trace_id: str) -> bool:
        """Whether any exchange is of this trace."""
        return bool(self._of_trace(_number(trace_id, 32)))

    def _of_parent(self, trace: int, parent: int) -> tuple[Seq, ...]:
        index = bisect_left(self._by_parent, parent, key=self._parents.__getitem__)
        found = []
        while index < len(self._by_parent) and self._parents[at := self._by_parent[index]] == parent:
            if (self._high[at], self._low[at]) == divmod(trace, _HALF):
                found.append(Seq(self._seqs[at]))
            index += 1
        return tuple(found)

    def _of_trace(self, trace: int) -> tuple[Seq, ...]:
        """Two of them at most, which is enough to know that there are several."""
        if self._by_trace is None:
            self._by_trace = array("q", sorted(range(len(self._seqs)), key=self._trace))
        first = bisect_left(self._by_trace, divmod(trace, _HALF), key=self._trace)
        some = self._by_trace[first : first + 2]
        return tuple(Seq(self._seqs[at]) for at in some if self._trace(at) == divmod(trace, _HALF))

    def _trace(self, at: int) -> tuple[int, int]:
        return self._high[at], self._low[at]


def claim_traced(recording: Recording, changes: Changes, claims: Claims) -> bool:
    """Lay claim to all changes whose call names an exchange; whether there were calls at all."""
    traces: Traces | None = None
    for call in recording.etcd_calls(WRITING):
        traces = traces or Traces(recording.traces())
        if call.revision <= 0 or call.status not in {0, None}:
            continue
        places = [Place(place) for place in changes.in_revision(call.cluster, call.revision)]
        mine = [place for place in places if _wrote(call, changes, place)]
        if mine:
            _claim(call, mine, traces, claims)
    return traces is not None


def _claim(call: EtcdCall, mine: list[Place], traces: Traces, claims: Claims) -> None:
    named = traces.exchanges(call.trace_id, call.parent_id) if call.trace_id else ()
    if len(named) == 1:
        for place in mine:
            claims.trace(place, named[0], call.number)
        return
    known = bool(named) or traces.knows(call.trace_id)
    note = CallNote.AMBIGUOUS if known else CallNote.STRANGER if call.trace_id else CallNote.NO_TRACE
    for place in mine:
        claims.note_call(place, call.number, note)


def _wrote(call: EtcdCall, changes: Changes, place: Place) -> bool:
    """Whether a call whose answer has the change's revision is what wrote it: one that only read may answer it, too."""
    key = changes.keys[place]
    if call.method == _REVOKE:
        return changes.is_delete(place) and _lease_before(changes, place) in {0, call.lease}
    wanted = Operation.PUT if changes.is_put(place) else Operation.DELETE
    return any(
        each.operation is wanted and _covers(each, key) and (wanted is Operation.PUT or _took(call, each, key))
        for each in call.operations
    )


def _covers(operation: KeyOperation, key: EtcdKey) -> bool:
    keys = operation.keys
    if not keys.end:
        return key == keys.key
    return keys.key <= key and (keys.end == b"\0" or key < keys.end)


def _took(call: EtcdCall, operation: KeyOperation, key: EtcdKey) -> bool:
    """A delete that found nothing answers the store's revision and wrote nothing."""
    if call.partial == COUNTS_UNREAD:  # nobody knows whether it did, and its revision is the change's
        return True
    return operation.count > 0 or any(each.key == key and each.expected > 0 for each in call.compares)


def _lease_before(changes: Changes, place: Place) -> int:
    before = changes.before(place)
    return changes.lease(before) if before is not None else 0


def _number(digits: str, length: int) -> int:
    """Hex digits as a number, 0 for what is no id."""
    return int(digits, 16) if len(digits) == length and _HEX.issuperset(digits) else 0
