"""Who lays claim to a change, on which ground; the best ground wins, the others may contradict it."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from kproxy.correlate.changes import Changes, Place
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Seq

_BASES = tuple(Basis)
_BETTER = _BASES[1 : _BASES.index(Basis.REVISION)]
"""Between `traced`, which is best, and `revision`. Of those two there are columns, of all others dictionaries."""
_WORSE = _BASES[_BASES.index(Basis.REVISION) + 1 :]


class CallNote(IntEnum):
    """What the call that wrote a change tells of who asked for it."""

    NONE = 0  # no such call was read
    TRACED = 1
    NO_TRACE = 2
    STRANGER = 3  # its trace is of no exchange
    AMBIGUOUS = 4  # its trace is of several


@dataclass(frozen=True, slots=True)
class Claim:
    """A ground, the exchange that it names, and the evidence as one sentence."""

    basis: Basis
    seq: Seq
    evidence: str


class Claims:
    """All claims, by the change's place: a column where many are expected, else a dictionary."""

    def __init__(self, changes: Changes, without: frozenset[Basis] = frozenset()) -> None:
        self._changes = changes
        self._without = without  # grounds that count for nothing
        self._settled: array[int] | None = None
        self.calls = array("q", bytes(8 * len(changes)))  # the number of the call that wrote it
        self.notes = bytearray(len(changes))
        self._traced = array("q", bytes(8 * len(changes)))
        self._answered = array("q", bytes(8 * len(changes)))
        self._others: dict[Basis, dict[Place, tuple[Seq, str]]] = {basis: {} for basis in (*_BETTER, *_WORSE)}
        self._better = tuple(self._others[basis] for basis in _BETTER)
        self._worse = tuple(self._others[basis] for basis in _WORSE)
        self.disputed: dict[Place, tuple[Seq, Seq]] = {}  # two requests answered its revision, and neither is sure
        self.contested: dict[Place, tuple[Seq, ...]] = {}  # several went on at once, and the object tells none of them

    def counts(self, basis: Basis) -> bool:
        """Whether a ground counts for anything here."""
        return basis not in self._without

    def trace(self, place: Place, seq: Seq, call: int) -> None:
        """The call that wrote it carried an exchange's trace."""
        self._traced[place], self.calls[place], self.notes[place] = seq, call, CallNote.TRACED

    def note_call(self, place: Place, call: int, note: CallNote) -> None:
        """The call that wrote it names no exchange."""
        self.calls[place], self.notes[place] = call, note

    def answer(self, place: Place, seq: Seq) -> None:
        """An answer's resourceVersion is its revision (0: it is nobody's after all)."""
        if Basis.REVISION not in self._without:
            self._answered[place] = seq

    def answered(self, place: Place) -> Seq:
        """Whose answer's resourceVersion is its revision, 0: nobody's."""
        return Seq(self._answered[place])

    def claim(self, place: Place, basis: Basis, seq: Seq, evidence: str) -> bool:
        """Any other ground; False if that ground names an exchange already."""
        claims = self._others[basis]
        if place in claims or basis in self._without:
            return False
        claims[place] = (seq, evidence)
        return True

    def contest(self, place: Place, basis: Basis, seq: Seq) -> None:
        """One more may have made a change by such a ground: from now on that names nobody."""
        found = self._others[basis].pop(place, None)
        earlier = self.contested.get(place, ()) if found is None else (found[0],)
        self.contested[place] = (*earlier, seq)

    def claimed(self, place: Place, basis: Basis) -> Seq:
        """Whom one of the other grounds names, 0: nobody."""
        return self._others[basis].get(place, (Seq(0), ""))[0]

    def best(self, place: Place) -> Claim | None:
        """The best ground's."""
        return next(self.all(place), None)

    def seq(self, place: Place) -> Seq:
        """The exchange that the best ground names, 0: none does."""
        if self._settled is not None:
            return Seq(self._settled[place])
        if self._traced[place]:
            return Seq(self._traced[place])
        for claims in self._better:
            if place in claims:
                return claims[place][0]
        if self._answered[place]:
            return Seq(self._answered[place])
        for claims in self._worse:
            if place in claims:
                return claims[place][0]
        return Seq(0)

    def settle(self) -> None:
        """All claims are made: from now on the best is known at once."""
        self._settled = array("q", [self.seq(place) for place in self._changes.places()])

    def is_free(self, place: Place) -> bool:
        """Whether no ground names anybody yet."""
        return not self.seq(place)

    def all(self, place: Place) -> Iterator[Claim]:
        """Every ground's, best first."""
        if self._traced[place]:
            evidence = f"call {self.calls[place]} to etcd, which wrote it, carried this exchange's trace context"
            yield Claim(Basis.TRACED, Seq(self._traced[place]), evidence)
        for basis in _BETTER:
            yield from self._other(place, basis)
        if self._answered[place]:
            revision = self._changes.revision(place)
            evidence = f"the answer's resourceVersion {revision} is this revision"
            yield Claim(Basis.REVISION, Seq(self._answered[place]), evidence)
        for basis in _WORSE:
            yield from self._other(place, basis)

    def contradictions(self, place: Place) -> tuple[str, ...]:
        """What other grounds say that name another exchange than the best one does."""
        claims = list(self.all(place))
        return tuple(
            f"by its {claim.basis.value} it would be #{claim.seq}'s: {claim.evidence}"
            for claim in claims[1:]
            if claim.seq != claims[0].seq
        )

    def _other(self, place: Place, basis: Basis) -> Iterator[Claim]:
        found = self._others[basis].get(place)
        if found is not None:
            yield Claim(basis, *found)
