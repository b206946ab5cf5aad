"""The ground `revision`: the answer's resourceVersion is the change's mod_revision, on the object's own key.

etcd gives each revision once, so a request that answers one either made it or came after: what was there before it, or
changed nothing, answers the same. Of two that answer one revision, the earlier wins if it had ended when the other
began; two that went on at the same time are told apart by what they asked for, or not at all.
"""

from array import array
from collections.abc import Iterator
from itertools import batched, chain

from kproxy.correlate.actors import Actors
from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import Claims
from kproxy.correlate.ground import Ground
from kproxy.correlate.values import Values
from kproxy.correlate.writes import ObjectWrite, object_writes
from kproxy.model.api import WRITE_VERBS
from kproxy.model.attribution import Basis
from kproxy.model.exchange import Digest, Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.wire.objectfacts import Facts
from kproxy.wire.requestinfo import is_write

_DELETES = frozenset({"delete", "deletecollection"})
_AHEAD = 200
"""Exchanges whose answers are read together."""


class Answers(Ground):
    """The ground's claims, in one pass over the exchanges that asked for a change; keeps what other grounds need."""

    def __init__(self, recording: Recording, changes: Changes, values: Values, claims: Claims) -> None:
        super().__init__(recording, changes, values, claims)
        self._with_calls = False
        self.deletions: list[ObjectWrite] = []  # and bindings, evictions: what the ground `object` tells
        self.services: list[tuple[ObjectWrite, Place]] = []
        self.failed_services: list[Seq] = []
        self.actors = Actors()
        self.silent = array("q")  # exchanges of which no answer tells what they wrote, in order
        self.idle: list[ObjectWrite] = []  # those whose revision is not theirs

    def read(self) -> None:
        """Lay claim to what the answers name."""
        self._with_calls = any(self._claims.calls)  # whose traces tell more than what was asked for
        for exchanges in batched(self._recording.exchanges(WRITE_VERBS), _AHEAD):
            self._values.read_ahead(chain.from_iterable(map(self._needed, exchanges)))
            for exchange in exchanges:
                self._read(exchange)
        self._values.read_ahead(())

    def _needed(self, exchange: Exchange) -> Iterator[Digest | None]:
        if exchange.answer is not None:
            yield exchange.answer.body.digest
            verb = exchange.info.verb
            if verb in _DELETES or (verb == "update" and not self._with_calls):
                yield exchange.request.body.digest

    def _read(self, exchange: Exchange) -> None:
        self.actors.add(exchange)
        if self._is_dry(exchange):
            return
        writes = object_writes(self._values, exchange)
        if not writes and exchange.info.resource == "services" and is_write(exchange):
            self.failed_services.append(exchange.seq)
        told = self._claims.counts(Basis.REVISION) and any(write.uid or write.revision for write in writes)
        if not told and is_write(exchange):
            self.silent.append(exchange.seq)
        for write in writes:
            place = self._place(write)
            mine = place is not None and self._is_its(exchange, write, place)
            if write.begins or write.deletes or write.subresource in {"binding", "eviction"}:
                self.deletions.append(write)
            if mine and place is not None and (write.ref.group, write.ref.resource) == ("", "services"):
                self.services.append((write, place))
            if not mine and write.revision:
                self.idle.append(write)

    def _is_dry(self, exchange: Exchange) -> bool:
        """Whether a delete says in its options, the body, that it is for show: `kubectl delete --dry-run=server`."""
        request = exchange.request
        if exchange.info.verb not in _DELETES or request.body.digest is None:
            return False
        options = self._values.message(request.headers, request.body)
        return isinstance(options, dict) and bool(options.get("dryRun"))

    def _place(self, write: ObjectWrite) -> Place | None:
        if not write.revision:
            return None
        found = (self._changes.at(write.revision, key) for key in write.keys(self._prefix))
        return next((place for place in found if place is not None), None)

    def _is_its(self, exchange: Exchange, write: ObjectWrite, place: Place) -> bool:
        """Whether the change is the request's; if so, it has it."""
        if self._changes.seen(place) < write.started or not self._same_object(write, place):
            return False
        earlier = self._claims.answered(place)
        if earlier == write.seq:
            return True
        if place in self._claims.disputed or (earlier and self._came_after(earlier, write)):
            return False
        if self._claims.seq(place) != write.seq and self._asked_for_nothing(exchange, write):
            return False  # however late the change was seen: it was made before
        if earlier:
            self._claims.answer(place, Seq(0))
            self._claims.disputed[place] = (earlier, write.seq)
            return False
        self._claims.answer(place, write.seq)
        return True

    def _same_object(self, write: ObjectWrite, place: Place) -> bool:
        """One etcd gives a revision once, to one key; of several another may have the same, and the uid must tell."""
        if len(self._changes.clusters()) == 1:
            return True
        uid = self._values.uid(place)
        return not uid or not write.uid or uid == write.uid

    def _came_after(self, earlier: Seq, write: ObjectWrite) -> bool:
        """Whether an earlier request that answers the same revision made it for sure: it had ended, or is a create."""
        first = self._recording.exchange(earlier)
        return (
            first is None or first.info.verb == "create" or (first.ended is not None and first.ended <= write.started)
        )

    def _asked_for_nothing(self, exchange: Exchange, write: ObjectWrite) -> bool:
        """An update of this very revision that answers it: had it written, the answer had another."""
        if exchange.info.verb != "update":
            return False
        asked = self._values.message_facts(exchange.request.headers, exchange.request.body)
        return isinstance(asked, Facts) and asked.revision == write.revision
