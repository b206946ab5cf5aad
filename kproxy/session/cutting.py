"""A part of a session as a recording of its own: some of its exchanges, and what they changed."""

from collections.abc import Collection, Container, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from kproxy.model.attribution import Ledger, Standing
from kproxy.model.etcd import EtcdCall, EtcdKey, KeyChange
from kproxy.model.exchange import Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Mark, Session
from kproxy.model.trace import Span
from kproxy.replay.slices import Part
from kproxy.session.shortened import Shortened


@dataclass(frozen=True, slots=True)
class _Named(Container[Exchange]):
    """The exchanges of these numbers."""

    seqs: AbstractSet[Seq]

    def __contains__(self, exchange: object) -> bool:
        return isinstance(exchange, Exchange) and exchange.seq in self.seqs


class Cutting(Part):
    """The exchanges of `seqs`; of etcd's changes theirs, the background's and those from before the session.

    The time of what is left out is left out, too; `title` says in the header what that was.
    """

    def __init__(self, whole: Recording, ledger: Ledger, seqs: AbstractSet[Seq], title: str) -> None:
        super().__init__(whole, _Named(seqs))
        self._ledger = ledger
        self._title = title
        self._clock = Shortened(sorted((each.started, each.seq in seqs) for each in whole.exchanges()))

    @property
    def session(self) -> Session:
        """The header."""
        header = self.whole.session
        return replace(header, capture=self._title, ended=self._clock.maybe(header.ended))

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq."""
        return map(self._shortened, super().exchanges(verbs))

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        found = super().exchange(seq)
        return None if found is None else self._shortened(found)

    def _shortened(self, exchange: Exchange) -> Exchange:
        started, answered, ended = exchange.started, exchange.answered, exchange.ended
        at, maybe = self._clock.at, self._clock.maybe
        return replace(exchange, started=at(started), answered=maybe(answered), ended=maybe(ended))

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames."""
        frames = super().frames(seq) if seq in self.seqs else ()
        return (replace(frame, at=self._clock.at(frame.at)) for frame in frames)

    def key_changes(self) -> Iterator[KeyChange]:
        """What the exchanges changed, and what no request did."""
        for entry in self._ledger.entries:
            mine = entry.attribution is not None and entry.attribution.seq in self.seqs
            if mine or entry.standing in {Standing.BACKGROUND, Standing.BEFORE}:
                yield replace(entry.change, at=self._clock.at(entry.change.at))

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's."""
        return (change for change in self.key_changes() if change.key == key)

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """Those that carry the trace of one of the exchanges."""
        mine = {(trace, parent) for _, trace, parent in self.traces()}
        calls = (call for call in super().etcd_calls(methods) if (call.trace_id, call.parent_id) in mine)
        at, maybe = self._clock.at, self._clock.maybe
        return (replace(call, started=at(call.started), ended=maybe(call.ended)) for call in calls)

    def spans(self) -> Iterator[Span]:
        """Those of the exchanges' traces."""
        mine = {trace for _, trace, _ in self.traces()}
        return (span for span in super().spans() if span.trace_id in mine)

    def gaps(self) -> Iterator[Gap]:
        """What is missing."""
        return (replace(gap, at=self._clock.at(gap.at)) for gap in super().gaps())

    def marks(self) -> Iterator[Mark]:
        """Named points."""
        return (replace(mark, at=self._clock.at(mark.at)) for mark in super().marks())
