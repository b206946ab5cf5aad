"""A slice of a session: which of its exchanges are sent and compared. What is outside is out of scope. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Digest, Exchange, Frame, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Mark, Session
from kproxy.model.start import StartEntry
from kproxy.model.trace import Span
from kproxy.replay.people import People, is_client


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What of a session: all that is named must hold; of `clients`, `namespaces` and `verbs` one of each.

    `begins`, `ends`: when a request's head came, the first included, the last not; `first`, `last`: the same for its
    number. A client is named by its caller, or by a part of its User-Agent. `people`: the controllers' are left out.
    """

    begins: Nanos | None = None
    ends: Nanos | None = None
    first: Seq | None = None
    last: Seq | None = None
    clients: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    people: People | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Slice()

    def keeps(self, exchange: Exchange) -> bool:
        """Whether an exchange is in it."""
        driven = self.people is None or self.people.keeps(exchange)
        return driven and self._in_time(exchange) and self._named(exchange)

    def _in_time(self, exchange: Exchange) -> bool:
        return (
            (self.begins is None or exchange.started >= self.begins)
            and (self.ends is None or exchange.started < self.ends)
            and (self.first is None or exchange.seq >= self.first)
            and (self.last is None or exchange.seq < self.last)
        )

    def _named(self, exchange: Exchange) -> bool:
        info = exchange.info
        return (
            (not self.verbs or info.verb in self.verbs)
            and (not self.namespaces or info.namespace in self.namespaces)
            and (not self.clients or is_client(exchange, self.clients))
        )


class Part:
    """A recording that has only some of another one's exchanges; satisfies kproxy.model.recording.Recording."""

    def __init__(self, whole: Recording, keeps: Container[Exchange]) -> None:
        self.whole = whole
        self._keeps = keeps

    def __contains__(self, exchange: Exchange) -> bool:
        """Whether an exchange of the whole is in it."""
        return exchange in self._keeps

    @property
    def session(self) -> Session:
        """The whole's header."""
        return self.whole.session

    @cached_property
    def seqs(self) -> "Seqs":
        """The numbers of the exchanges that it has."""
        return Seqs(each.seq for each in self.exchanges())

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """Those that it has, in the order of seq."""
        return (each for each in self.whole.exchanges(verbs) if each in self._keeps)

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        found = self.whole.exchange(seq)
        return found if found is not None and found in self._keeps else None

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Their traces."""
        return (each for each in self.whole.traces() if each[0] in self.seqs)

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames."""
        return self.whole.frames(seq)

    def key_changes(self) -> Iterator[KeyChange]:
        """The whole's."""
        return self.whole.key_changes()

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """The whole's."""
        return self.whole.changes_of(key)

    def etcds(self) -> Iterator[EtcdStore]:
        """The whole's."""
        return self.whole.etcds()

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The whole's."""
        return self.whole.etcd_calls(methods)

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """An exchange's."""
        return self.whole.calls_of(exchange)

    def spans(self) -> Iterator[Span]:
        """The whole's."""
        return self.whole.spans()

    def start_state(self) -> Iterator[StartEntry]:
        """The whole's."""
        return self.whole.start_state()

    def gaps(self) -> Iterator[Gap]:
        """The whole's."""
        return self.whole.gaps()

    def marks(self) -> Iterator[Mark]:
        """The whole's."""
        return self.whole.marks()

    def body(self, digest: Digest) -> bytes:
        """A body's bytes."""
        return self.whole.body(digest)

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """Several bodies' bytes."""
        return self.whole.bodies(digests)


class Seqs(Container[int]):
    """Numbers of exchanges, in eight bytes each."""

    def __init__(self, seqs: Iterable[int]) -> None:
        self._seqs = array("Q", sorted(seqs))

    def __contains__(self, seq: object) -> bool:
        if not isinstance(seq, int):
            return False
        place = bisect_left(self._seqs, seq)
        return place < len(self._seqs) and self._seqs[place] == seq

    def __len__(self) -> int:
        return len(self._seqs)


@dataclass(frozen=True, slots=True)
class Kept(Container[Exchange]):
    """The exchanges of a slice."""

    of: Slice

    def __contains__(self, exchange: object) -> bool:
        return isinstance(exchange, Exchange) and self.of.keeps(exchange)


def part_of(whole: Recording, of: Slice) -> Part:
    """The part of a recording that a slice names."""
    return Part(whole, Kept(of))
