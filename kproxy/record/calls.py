"""Calls to etcd out of a relay's feed: sans-I/O, the feed's records in, rows for the recording out.

A relay counts its calls from its start and says in its HELLO how far it was when this reader came, so that a call's
number in the recording is known at once, and is the same however often the call is told.
"""

from kproxy.model.etcd import ClusterId, EtcdCall
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from kproxy.record.redact import Redactor
from kproxy.record.sessiontime import SessionTime
from kproxy.store.writer import Batch, RelayProgress, Writer
from kproxy.wire.relayfeed import FeedRecord, Hello, Lost, Unread

KIND = "calls"
"""A gap's, of calls to etcd."""


class CallBook:
    """One relay's calls. `place`, `places`: which of the recording's relays it is; `epoch`: the session's start."""

    def __init__(self, redactor: Redactor, writer: Writer, *, epoch: int, place: int = 0, places: int = 1) -> None:
        self._redactor = redactor
        self._writer = writer
        self._time = SessionTime(epoch)
        self._place = place
        self._places = places
        self._relay = ""
        self._base = 0
        self._before = 0  # the relay's last call from before this recording heard it
        self._heard = Nanos(0)
        self._last = 0  # the highest number of a call
        self._cluster = ClusterId("")
        self._several = False  # members, which may be of as many etcds
        self._batch = Batch()

    @property
    def waiting(self) -> int:
        """Calls that no batch has taken yet."""
        return len(self._batch.calls)

    def take(self, record: FeedRecord) -> None:
        """What the feed says."""
        if isinstance(record, EtcdCall):
            self._call(record)
        elif isinstance(record, Hello):
            self._hello(record)
        elif isinstance(record, Lost):
            self.gap("the recorder was too slow for the relay's feed", record.first, record.count)
        elif isinstance(record, Unread):
            self.gap(f"a connection to etcd at {record.etcd} is relayed unread: {record.reason}", record.at)

    def gap(self, reason: str, at: int, count: int = 0) -> None:
        """Calls are missing from `at` on (CLOCK_MONOTONIC); `count` 0: nobody knows how many."""
        self._gap(reason, self._time.at(at), count)

    def take_batch(self) -> Batch:
        """As a Source of what is gathered."""
        batch, self._batch = self._batch, Batch()
        if batch.calls:
            batch.relays[self._relay] = RelayProgress(self._base, self._heard)
        return batch

    def give_back(self, batch: Batch) -> None:
        """As a Source."""
        batch.extend(self._batch)
        self._batch = batch

    def _hello(self, hello: Hello) -> None:
        self._several = len(hello.relayed) > 1
        if self._several:
            self._cluster = ClusterId("")
        if hello.relay != self._relay:
            self._relay = hello.relay
            known = self._writer.relay_progress(hello.relay)
            self._before = 0 if known is not None else hello.calls
            if known is not None:
                self._base = known.base
                self._gap("there was no recorder to hear the etcd relay", known.heard)
            else:
                before = max(self._writer.last_call(), self._last)
                self._base = -(-before // self._places) * self._places - hello.calls * self._places
        self._heard = self._time.at(hello.at)
        self._batch.relays[self._relay] = RelayProgress(self._base, self._heard)

    def _call(self, call: EtcdCall) -> None:
        if not self._several:  # else a call is of the etcd that its connection's others name, and a gap of any
            self._cluster = call.cluster or self._cluster
        number = self._base + (call.number - 1) * self._places + self._place + 1
        if call.number <= self._before or number <= 0:  # it began before: the number is another call's, or none
            return
        ended = None if call.ended is None else self._time.at(call.ended)
        self._last = max(self._last, number)
        self._heard = ended or self._heard
        self._batch.calls.append(
            EtcdCall(  # by name: replace() takes as long as all else that is done with a call here
                number=number,
                cluster=call.cluster or self._cluster,
                connection=call.connection,
                stream=call.stream,
                started=self._time.at(call.started),
                ended=ended,
                method=call.method,
                trace_id=call.trace_id,
                parent_id=call.parent_id,
                compares=call.compares,
                operations=call.operations,
                succeeded=call.succeeded,
                revision=call.revision,
                status=call.status,
                request_size=call.request_size,
                answer_size=call.answer_size,
                lease=call.lease,
                partial=self._redactor.text(call.partial) if call.partial else "",
            )
        )

    def _gap(self, reason: str, at: Nanos, count: int = 0) -> None:
        reason = self._redactor.text(reason)
        self._batch.gaps.append(Gap(kind=KIND, reason=reason, at=at, count=count, cluster=self._cluster))
