"""A part of a recording: some of its exchanges, and what they changed. A recording itself."""

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from kproxy.model.attribution import Ledger, Standing
from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Digest, Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Mark, Session
from kproxy.model.start import StartEntry
from kproxy.model.trace import Span
from kproxy.session.shortened import Shortened


@dataclass(frozen=True, slots=True)
class Part:
    """The exchanges of `seqs`; of etcd's changes theirs, the background's and those from before the session.

    `title` says in the header what was left out.
    """

    whole: Recording
    ledger: Ledger
    seqs: AbstractSet[Seq]
    title: str
    clock: Shortened = field(init=False)

    def __post_init__(self) -> None:
        starts = sorted((each.started, each.seq in self.seqs) for each in self.whole.exchanges())
        object.__setattr__(self, "clock", Shortened(starts))

    @property
    def session(self) -> Session:
        """The header."""
        header = self.whole.session
        return replace(header, capture=self.title, ended=self.clock.maybe(header.ended))

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq."""
        return (self._shortened(each) for each in self.whole.exchanges(verbs) if each.seq in self.seqs)

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        found = self.whole.exchange(seq) if seq in self.seqs else None
        return None if found is None else self._shortened(found)

    def _shortened(self, exchange: Exchange) -> Exchange:
        started, answered, ended = exchange.started, exchange.answered, exchange.ended
        clock = self.clock
        return replace(exchange, started=clock.at(started), answered=clock.maybe(answered), ended=clock.maybe(ended))

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Each exchange's trace id and parent id."""
        return (each for each in self.whole.traces() if each[0] in self.seqs)

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames."""
        frames = self.whole.frames(seq) if seq in self.seqs else ()
        return (replace(frame, at=self.clock.at(frame.at)) for frame in frames)

    def key_changes(self) -> Iterator[KeyChange]:
        """What the exchanges changed, and what no request did."""
        for entry in self.ledger.entries:
            mine = entry.attribution is not None and entry.attribution.seq in self.seqs
            if mine or entry.standing in {Standing.BACKGROUND, Standing.BEFORE}:
                yield replace(entry.change, at=self.clock.at(entry.change.at))

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's."""
        return (change for change in self.key_changes() if change.key == key)

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed."""
        return self.whole.etcds()

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """Those that carry the trace of one of the exchanges."""
        mine = {(trace, parent) for _, trace, parent in self.traces()}
        calls = (call for call in self.whole.etcd_calls(methods) if (call.trace_id, call.parent_id) in mine)
        return (
            replace(call, started=self.clock.at(call.started), ended=self.clock.maybe(call.ended)) for call in calls
        )

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """One exchange's."""
        return self.whole.calls_of(exchange)

    def spans(self) -> Iterator[Span]:
        """Those of the exchanges' traces."""
        mine = {trace for _, trace, _ in self.traces()}
        return (span for span in self.whole.spans() if span.trace_id in mine)

    def gaps(self) -> Iterator[Gap]:
        """What is missing."""
        return (replace(gap, at=self.clock.at(gap.at)) for gap in self.whole.gaps())

    def marks(self) -> Iterator[Mark]:
        """Named points."""
        return (replace(mark, at=self.clock.at(mark.at)) for mark in self.whole.marks())

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began."""
        return self.whole.start_state()

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body."""
        return self.whole.body(digest)

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """The stored bytes of several."""
        return self.whole.bodies(digests)
