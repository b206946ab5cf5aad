"""The ground `object`: the change began or ended the life of the very object that the request wrote, or served it.

A deletion answers with an earlier revision than its last, or with none: the object's uid tells. A binding and an
eviction answer with a Status that names no object: what they asked for tells. What no request completed goes, at the
end, to the one that began it: a deletion that waited for finalizers or for a grace period.

Of two such requests the earlier one made the change if it had ended when the other one began. Of two that went on at
the same time either may have: an api-server answers both deletions of one object with success. Then neither is named.
"""

from collections.abc import Iterator
from itertools import batched, islice

from kproxy.correlate.allocations import Allocations
from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import Claims
from kproxy.correlate.ground import Ground
from kproxy.correlate.indirect import asked_service, bound, evicted
from kproxy.correlate.revision import Answers
from kproxy.correlate.values import Values
from kproxy.correlate.writes import ObjectWrite
from kproxy.model.attribution import Basis
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.model.exchange import Digest, Seq
from kproxy.model.recording import Recording

_AHEAD = 200
"""Deletions whose objects are read together."""
_LATE = 2_000_000_000
"""Nanoseconds after a failed request's end in which kproxy may still see what it took and gave back."""


class Objects(Ground):
    """Claims by identity, after those by revision were made."""

    def __init__(self, recording: Recording, changes: Changes, values: Values, claims: Claims) -> None:
        super().__init__(recording, changes, values, claims)
        self._allocations = Allocations(changes, values, self._prefix)
        self._proven: set[Place] = set()
        self._failed: frozenset[Seq] = frozenset()

    def read(self, answers: Answers) -> None:
        """Lay claim to what the answers' objects tell of, and what failed requests took and gave back."""
        services = list(answers.services)
        for write in answers.deletions:
            if write.lost:
                self._read_lost(write)
        for writes in batched(answers.deletions, _AHEAD):
            self._values.read_ahead(digest for write in writes for digest in self._likely(write))
            for write in writes:
                for place in self._deleted(write):
                    services += [(write, place)] if (write.ref.group, write.ref.resource) == ("", "services") else []
        self._values.read_ahead(())
        for write, place in services:
            if not self._is_sure(place, write.seq):
                continue
            for allocation, evidence in self._allocations.of(place):
                self._claim(allocation, write.seq, evidence)
        self._failed = frozenset(answers.failed_services)
        for seq in answers.failed_services:
            self._read_failed(seq)
        self._read_awaited()

    def _likely(self, write: ObjectWrite) -> Iterator[Digest | None]:
        """The values that a deletion will be told by: those around the first changes after it began."""
        for place in islice(self._since(write.keys(self._prefix), Revision(0), write), 2):
            yield self._changes.value(place)
            yield self._changes.previous(place)

    def _deleted(self, write: ObjectWrite) -> Iterator[Place]:
        """The changes that a deletion, a binding or an eviction made beside the one of its answer's revision."""
        keys = write.keys(self._prefix)
        if write.subresource in {"binding", "eviction"} and not write.uid:
            self._read_unnamed(write, keys)
            return
        began = self._beginning(write, keys) if write.begins else None
        if began is not None:
            evidence = f"it set the deletionTimestamp of the very object (uid {write.uid}) that the request deleted"
            if self._claim(began, write.seq, evidence):
                yield began
        if write.deletes and not write.lost and (began is None or not self._values.value_facts(began).held):
            found = self._deletion(write, keys)
            evidence = f"the deleted value's uid {write.uid} is the answer's, and the key is the object's"
            if found is not None and self._claim(found, write.seq, evidence):
                yield found

    def _read_lost(self, write: ObjectWrite) -> None:
        """A deletion that another one was ahead of at its last step had written the mark that its answer shows.

        That object is the one that it wrote, which has no revision; whoever found the mark there already is told that
        there is no object (k8s.io/apiserver/pkg/registry/generic/registry/store.go, ignoreNotFound).
        """
        place = self._beginning(write, write.keys(self._prefix))
        evidence = f"its answer is the very object (uid {write.uid}) with the deletionTimestamp that it set"
        if place is None:
            return
        self._proven.discard(place)  # two cannot have set it
        if self._claim(place, write.seq, evidence):
            self._proven.add(place)

    def _deletion(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> Place | None:
        """The first deletion of the object's key, at or after the answer's own revision, that took this very uid."""
        for place in self._since(keys, write.revision, write):
            if self._changes.is_delete(place) and (uid := self._values.uid(place)) and uid == write.uid:
                return place
        return None

    def _beginning(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> Place | None:
        """Graceful deletion writes the deletionTimestamp first; newer servers answer with the revision after it.

        Measured on 1.37.2: DELETE of an unscheduled pod puts at M, deletes at M + 1 and answers M + 1; 1.20 answered M.
        A collection's answer shows its objects as they were before.
        """
        if write.verb == "deletecollection":
            later = self._since(keys, Revision(write.revision + 1), write)
            return next((place for place in later if self._begins(place, write)), None)
        found = None
        for place in self._since(keys, Revision(0), write):
            if write.revision and self._changes.revision(place) > write.revision:
                break
            if self._changes.is_delete(place) and self._values.uid(place) == write.uid:
                break
            found = place if self._begins(place, write) else found
        return found

    def _begins(self, place: Place, write: ObjectWrite) -> bool:
        return (
            self._changes.is_put(place)
            and self._writes_deletion(place)
            and self._values.value_facts(place).uid == write.uid
        )

    def _since(self, keys: tuple[EtcdKey, ...], revision: Revision, write: ObjectWrite) -> Iterator[Place]:
        """An object's changes from a revision on, those left out that were seen before the request began."""
        for key in keys:
            yield from self._changes.of_key(key, revision, write.started)

    def _read_unnamed(self, write: ObjectWrite, keys: tuple[EtcdKey, ...]) -> None:
        """A binding and an eviction answer with a Status that names no object: the pod's next changes tell."""
        exchange = self._recording.exchange(write.seq)
        if exchange is None:
            return
        free = (place for place in self._since(keys, Revision(0), write) if self._is_open(place, write.seq))
        found = (
            bound(exchange, self._values, free)
            if write.subresource == "binding"
            else evicted(self._changes, self._values, free)
        )
        for place, evidence in found:
            self._claim(place, write.seq, evidence)

    def _read_failed(self, seq: Seq) -> None:
        """What a request took for a Service, and gave back when it failed."""
        exchange = self._recording.exchange(seq)
        if exchange is not None and (asked := asked_service(self._values, exchange)) is not None:
            for place, evidence in self._allocations.of_failed(*asked):
                until = self._changes.seen(place) if exchange.ended is None else exchange.ended + _LATE
                if exchange.started <= self._changes.seen(place) <= until:
                    self._claim(place, seq, evidence)

    def _read_awaited(self) -> None:
        """A deletion that no request of the session completed goes to the one that began it."""
        for place in self._changes.places():
            if not self._changes.is_delete(place) or not self._claims.is_free(place):
                continue
            if place in self._claims.contested:  # a request completed it, and nobody knows which
                continue
            previous = self._values.previous_facts(place)
            seq = self._begun_by(place) if previous.deletion else 0
            if seq:
                began = f"the request began the deletion of this object (uid {previous.uid})"
                self._claim(place, Seq(seq), f"{began}; no other request of the recording completed it")

    def _begun_by(self, deletion: Place) -> Seq:
        """Who wrote the deletionTimestamp that the deleted object had, 0: nobody that is known."""
        place = self._changes.before(deletion)
        while place is not None and self._changes.is_put(place):
            if self._writes_deletion(place):
                return self._claims.seq(place)
            place = self._changes.before(place)
        return Seq(0)

    def _writes_deletion(self, place: Place) -> bool:
        """Whether a change began a deletion, or shortened its time of grace."""
        now = self._values.value_facts(place)
        if not now.deletion:
            return False
        before = self._values.previous_facts(place)
        return (now.deletion, now.grace) != (before.deletion, before.grace)

    def _is_open(self, place: Place, seq: Seq) -> bool:
        """Whether no answer and no object tells whose the change is, or it is this request's, or may be."""
        if self._claims.answered(place) not in {0, seq}:
            return False
        other = self._claims.claimed(place, Basis.OBJECT)
        return other in {0, seq} or self._at_once(other, seq)

    def _is_sure(self, place: Place, seq: Seq) -> bool:
        """Whether nothing says that a change which a request has claimed may as well be another one's."""
        disputed = place in self._claims.disputed and self._claims.claimed(place, Basis.OBJECT) != seq
        return not disputed and place not in self._claims.contested

    def _claim(self, place: Place, seq: Seq, evidence: str) -> bool:
        """Whether the change was still to be claimed by its object."""
        if self._claims.answered(place):  # a deletion's own revision, or that of who ended it
            return False
        other = self._claims.claimed(place, Basis.OBJECT)
        contested = place in self._claims.contested or (other not in {0, seq} and self._at_once(other, seq))
        if contested and place not in self._proven:
            self._claims.contest(place, Basis.OBJECT, seq)
            return False
        return self._claims.claim(place, Basis.OBJECT, seq, evidence)

    def _at_once(self, one: Seq, other: Seq) -> bool:
        """Whether one of two requests went on when the other one began, or nobody knows, as of those that failed."""
        if {one, other} <= self._failed:
            return True
        first, second = self._recording.exchange(min(one, other)), self._recording.exchange(max(one, other))
        return first is None or second is None or first.ended is None or first.ended > second.started
