"""The ledger: every change of every key in the session, each with its ground or without one.

Grounds, best first (docs/correlation.md): `traced`, `otlp`, `revision`, `object`, `lease`, `window`. Of several claims
to a change the best one wins (claims.py), and one that names another exchange is reported as a contradiction. The
grounds are asked in another order, as some look at what others claimed: `__init__` asks for `traced`, `_claim` for the
others.
What is kept in memory of a change are numbers and the names of its bodies: entries are made when they are asked for.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from itertools import chain

from kproxy.correlate.background import background_rule
from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import Claims
from kproxy.correlate.consequence import Consequences
from kproxy.correlate.lease import claim_leases
from kproxy.correlate.object import Objects
from kproxy.correlate.otlp import claim_spanned
from kproxy.correlate.reasons import Reasons
from kproxy.correlate.revision import Answers
from kproxy.correlate.traced import claim_traced
from kproxy.correlate.values import Values
from kproxy.correlate.window import claim_windows
from kproxy.correlate.writes import ObjectWrite
from kproxy.model.attribution import Attribution, Basis, Ledger, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import ChangeType, ClusterId, KeyChange, Revision
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording


def correlate(recording: Recording, without: frozenset[Basis] = frozenset()) -> Ledger:
    """Tie the recording's key changes to its exchanges; `without`: as if these grounds were not there."""
    correlation = _Correlation(recording, without)
    return Ledger(
        entries=_Entries(recording, correlation),
        no_op_writes=tuple(correlation.no_ops()),
        by_seq=correlation.by_seq,
        find=correlation.find,
    )


class _Correlation:
    """All claims of a recording, and what follows from them."""

    def __init__(self, recording: Recording, without: frozenset[Basis]) -> None:
        self._recording = recording
        self._prefix = recording.session.etcd_prefix
        self.changes = Changes(recording.key_changes(), _start_of(recording))
        self._values = Values(recording, self.changes)
        self.claims = Claims(self.changes, without)
        self._answers = Answers(recording, self.changes, self._values, self.claims)
        self._with_calls = Basis.TRACED not in without and claim_traced(recording, self.changes, self.claims)
        if len(self.changes):
            self._claim()
        self.claims.settle()
        self.by_seq = _BySeq(self.changes, self.claims)

    def _claim(self) -> None:
        # In the order in which they need each other's claims; which one wins is Basis's say (claims.py).
        self._answers.read()
        claim_spanned(self._recording, self.changes, self.claims)
        Objects(self._recording, self.changes, self._values, self.claims).read(self._answers)
        claim_leases(self.changes, self.claims, with_calls=self._with_calls)
        wanted = [place for place in self.changes.places() if self._is_unexplained(place)]
        self._windows = claim_windows(self._recording, self.changes, self.claims, self._answers.silent, wanted)

    def _is_unexplained(self, place: Place) -> bool:
        return (
            not self.changes.is_past(place)
            and self.claims.is_free(place)
            and place not in self.claims.disputed
            and place not in self.claims.contested
            and not self.claims.calls[place]
            and background_rule(self.changes.keys[place], self._prefix) is None
        )

    @cached_property
    def _consequences(self) -> Consequences:
        """Links, and no grounds: read when the first entry is asked for. Who asks what a request caused needs none."""
        found = Consequences(self.changes, self._values, self.claims, self._answers.actors, self._prefix)
        found.read()
        return found

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons(
            self._recording,
            self.changes,
            self._values,
            self.claims,
            self._windows,
            self._answers.actors.managers(),
            with_calls=self._with_calls,
        )

    def entry(self, place: Place, change: KeyChange) -> LedgerEntry:
        """A change's entry."""
        claim = self.claims.best(place)
        rule = background_rule(change.key, self._prefix)
        standing = Standing.ATTRIBUTED if claim is not None else Standing.UNATTRIBUTED
        if rule is not None or self.changes.is_past(place):
            standing = Standing.BEFORE if self.changes.is_past(place) else Standing.BACKGROUND
        return LedgerEntry(
            change=change,
            standing=standing,
            attribution=None if claim is None else self.by_seq.attribution(place),
            background=rule.name if rule is not None else "",
            consequence=self._consequences.of(place),
            contradictions=self.claims.contradictions(place) if claim is not None else (),
            reason=self._reasons.of(place) if standing is Standing.UNATTRIBUTED else "",
        )

    def find(self, change: KeyChange) -> LedgerEntry | None:
        """The entry of a change; None of one that a growing recording has got since."""
        places = self.changes.in_revision(change.cluster, change.revision)
        place = next((Place(place) for place in places if self.changes.keys[place] == change.key), None)
        return None if place is None else self.entry(place, change)

    def no_ops(self) -> Iterator[NoOpWrite]:
        """Successes that answer with a revision which was there before: nothing was written."""
        start = self._recording.session.etcd_start
        contested = self._contested
        for write in self._answers.idle:
            found = self._there(write, start) if write.seq not in contested else None
            if found is not None:
                yield found

    def _there(self, write: ObjectWrite, start: Revision | None) -> NoOpWrite | None:
        keys = write.keys(self._prefix)
        places = [place for key in keys if (place := self.changes.at(write.revision, key)) is not None]
        if any(self._is_disputed(place) for place in places):
            return None
        mine = {self.changes.keys[place] for place in self.by_seq.places(write.seq)}
        if (places or (start is not None and write.revision <= start)) and not mine.intersection(keys) and keys:
            return NoOpWrite(seq=write.seq, key=keys[0], revision=write.revision)
        return None

    @property
    def _contested(self) -> frozenset[Seq]:
        """The requests that may have made a change, or none, as no better ground tells which of several did."""
        claims = self.claims
        return frozenset(chain.from_iterable(pair for place, pair in claims.contested.items() if claims.is_free(place)))

    def _is_disputed(self, place: Place) -> bool:
        """Whether two answered its revision, and no better ground tells which of them wrote nothing."""
        pair = self.claims.disputed.get(place)
        return pair is not None and self.claims.seq(place) not in pair


class _BySeq(Mapping[Seq, tuple[Attribution, ...]]):
    """The attributed changes of each exchange, in the order of revisions."""

    def __init__(self, changes: Changes, claims: Claims) -> None:
        self._changes = changes
        self._claims = claims
        attributed = (place for place in changes.places() if claims.seq(place))
        self._places = array("i", sorted(attributed, key=self._seq))

    def __getitem__(self, seq: Seq) -> tuple[Attribution, ...]:
        found = tuple(self.attribution(place) for place in self.places(seq))
        if not found:
            raise KeyError(seq)
        return found

    def __iter__(self) -> Iterator[Seq]:
        last = Seq(0)
        for place in self._places:
            seq = self._claims.seq(Place(place))
            if seq != last:
                yield seq
            last = seq

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def places(self, seq: Seq) -> list[Place]:
        """An exchange's changes."""
        first = bisect_left(self._places, seq, key=self._seq)
        last = bisect_right(self._places, seq, first, key=self._seq)
        return [Place(place) for place in self._places[first:last]]

    def attribution(self, place: Place) -> Attribution:
        """The best claim to a change that somebody lays claim to."""
        claim = self._claims.best(place)
        if claim is None:
            raise KeyError(place)
        return Attribution(
            cluster=self._changes.cluster(place),
            revision=self._changes.revision(place),
            key=self._changes.keys[place],
            type=ChangeType.PUT if self._changes.is_put(place) else ChangeType.DELETE,
            seq=claim.seq,
            basis=claim.basis,
            evidence=claim.evidence,
        )

    def _seq(self, place: int) -> Seq:
        return self._claims.seq(Place(place))


class _Entries(Collection[LedgerEntry]):
    """The ledger's entries, made from the recording's changes each time they are gone through."""

    def __init__(self, recording: Recording, correlation: _Correlation) -> None:
        self._recording = recording
        self._correlation = correlation

    def __len__(self) -> int:
        return len(self._correlation.changes)

    def __iter__(self) -> Iterator[LedgerEntry]:
        changes, place = self._correlation.changes, Place(0)
        for change in self._recording.key_changes():
            if place == len(changes):
                return
            if (changes.revision(place), changes.keys[place]) == (change.revision, change.key):
                yield self._correlation.entry(place, change)  # else a growing recording has got it since
                place = Place(place + 1)

    def __contains__(self, entry: object) -> bool:
        return any(each == entry for each in self)


def _start_of(recording: Recording) -> Callable[[ClusterId], Revision]:
    """An etcd's revision when the session began; one that the recording does not name is the main one."""
    starts = {store.cluster: store.start for store in recording.etcds() if store.start is not None}
    main = recording.session.etcd_start or Revision(0)
    return lambda cluster: starts.get(cluster, Revision(0) if starts else main)
