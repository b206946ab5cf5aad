"""A recording in memory, for the tests of what reads recordings."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from kproxy.errors import RecordingError
from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest, Exchange, Frame, Seq
from kproxy.model.session import Gap, Mark, Session, SessionEnd
from kproxy.model.start import StartEntry, StartKey, StartObject
from kproxy.model.trace import Span

HEADER = Session(id="0" * 32, started_at="2026-11-23T07:00:00.000000000Z", end=SessionEnd.COMPLETE)


@dataclass
class MemoryRecording:
    """Satisfies kproxy.model.recording.Recording; append to its lists, `keep` bodies."""

    session: Session = HEADER
    exchange_list: list[Exchange] = field(default_factory=list)
    frame_list: list[Frame] = field(default_factory=list)
    change_list: list[KeyChange] = field(default_factory=list)
    gap_list: list[Gap] = field(default_factory=list)
    mark_list: list[Mark] = field(default_factory=list)
    etcd_list: list[EtcdStore] = field(default_factory=list)
    call_list: list[EtcdCall] = field(default_factory=list)
    span_list: list[Span] = field(default_factory=list)
    start_list: list[StartEntry] = field(default_factory=list)
    body_bytes: dict[Digest, bytes] = field(default_factory=dict)

    def keep(self, data: bytes) -> Body:
        """A Body whose bytes this recording has."""
        if not data:
            return EMPTY_BODY
        digest = Digest(sha256(data).hexdigest())
        self.body_bytes[digest] = data
        return Body(state=BodyState.KEPT, size=len(data), digest=digest)

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq."""
        wanted = (each for each in self.exchange_list if not verbs or each.info.verb in verbs)
        return iter(sorted(wanted, key=lambda exchange: exchange.seq))

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Trace and parent ids."""
        return ((each.seq, each.trace_id, each.parent_id) for each in self.exchanges() if each.trace_id)

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        return next((exchange for exchange in self.exchange_list if exchange.seq == seq), None)

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames in their order."""
        return iter(sorted((f for f in self.frame_list if f.seq == seq), key=lambda frame: frame.index))

    def key_changes(self) -> Iterator[KeyChange]:
        """In the order of (cluster, revision, key)."""
        return iter(sorted(self.change_list, key=lambda change: (change.cluster, change.revision, change.key)))

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's."""
        return (change for change in self.key_changes() if change.key == key)

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed."""
        return iter(self.etcd_list)

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The api-server's calls to etcd."""
        wanted = (call for call in self.call_list if not methods or call.method in methods)
        return iter(sorted(wanted, key=lambda call: call.number))

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """Those that carry the trace and the parent that the exchange went on with."""
        ids = (exchange.trace_id, exchange.parent_id)
        return (call for call in self.etcd_calls() if exchange.parent_id and (call.trace_id, call.parent_id) == ids)

    def spans(self) -> Iterator[Span]:
        """The api-server's own spans."""
        return iter(self.span_list)

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began: keys, then objects."""
        found = self.start_list if self.session.start_state else []
        yield from sorted((e for e in found if isinstance(e, StartKey)), key=lambda e: (e.cluster, e.key))
        yield from sorted((e for e in found if isinstance(e, StartObject)), key=lambda e: e.ref)

    def gaps(self) -> Iterator[Gap]:
        """What is missing."""
        return iter(self.gap_list)

    def marks(self) -> Iterator[Mark]:
        """Named points."""
        return iter(self.mark_list)

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body."""
        try:
            return self.body_bytes[digest]
        except KeyError:
            raise RecordingError(f"There is no body {digest}.") from None

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """The stored bytes of several."""
        return {digest: self.body_bytes[digest] for digest in digests if digest in self.body_bytes}

    def copy(self) -> "MemoryRecording":
        """Another with lists of its own."""
        return replace(
            self,
            exchange_list=list(self.exchange_list),
            frame_list=list(self.frame_list),
            change_list=list(self.change_list),
            gap_list=list(self.gap_list),
            mark_list=list(self.mark_list),
            etcd_list=list(self.etcd_list),
            call_list=list(self.call_list),
            span_list=list(self.span_list),
            start_list=list(self.start_list),
            body_bytes=dict(self.body_bytes),
        )
