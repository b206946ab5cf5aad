"""`consequence`: a controller's follow-up, linked to the request whose object it reconciles. A link, never a cause.

A change follows up the last write before it of what it reconciles, if somebody else wrote that: of its owner's spec (a
ReplicaSet's pods), of its own object's spec (a status, a binding, the end of a deletion), of its namespace's life. What
was written there may be a follow-up itself; the chain ends at the request that is none.
"""

from array import array
from collections.abc import Iterator
from itertools import batched, islice

from kproxy.correlate.actors import Actor, Actors
from kproxy.correlate.background import background_rule
from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import Claims
from kproxy.correlate.owners import Life, Owners
from kproxy.correlate.values import Values
from kproxy.model.attribution import Consequence
from kproxy.model.etcd import EtcdKey, key_text
from kproxy.model.exchange import Digest, Seq
from kproxy.wire.storage import key_object

_AHEAD = 500
_NAMED = 20
"""Links of a chain that a sentence names."""
_MADE_FOR_A_NAMESPACE = ((b"/serviceaccounts/", b"/default"), (b"/configmaps/", b"/kube-root-ca.crt"))
"""Keys that controllers write into each new namespace, without an ownerReference."""


class Consequences:
    """Goes through all changes in order and links those that follow up another."""

    def __init__(self, changes: Changes, values: Values, claims: Claims, actors: Actors, prefix: str) -> None:
        self._changes = changes
        self._values = values
        self._claims = claims
        self._actors = actors
        self._prefix = prefix
        self._folder = EtcdKey(f"{prefix.rstrip('/')}/namespaces/".encode())
        self._pods = EtcdKey(f"{prefix.rstrip('/')}/pods/".encode())
        self._owners = Owners(changes, values)
        self._namespaces: dict[str, Place] = {}  # where each was made, or began to end
        self._via = array("i", [-1]) * len(changes)  # the change that it follows up
        self._roots = array("q", bytes(8 * len(changes)))  # the exchange at the end of that chain
        self.count = 0

    def read(self) -> None:
        """Link what is to be linked."""
        for places in batched(self._changes.places(), _AHEAD):
            self._values.read_ahead(digest for place in places for digest in self._needed(place))
            for place in places:
                self._read(place)
        self._values.read_ahead(())

    def of(self, place: Place) -> Consequence | None:
        """A change's link."""
        seq = self.root(place)
        if not seq:
            return None
        chain = list(islice(self._chain(place), _NAMED))
        names: list[str] = []
        for link in chain:
            name = self._name(link)
            if name != (names[-1] if names else ""):
                names.append(name)
        own = self._name(place)
        if names == [own]:
            return Consequence(seq=seq, evidence=f"it follows up what #{seq} wrote into {own}")
        names = names[1:] if names[0] == own else names
        if self._via[chain[-1]] >= 0:
            names.append("…")
        return Consequence(
            seq=seq, evidence=f"{own} belongs to {', which belongs to '.join(names)}, which #{seq} wrote"
        )

    def root(self, place: Place) -> Seq:
        """The exchange that a change is a follow-up to, 0: none."""
        return Seq(self._roots[place])

    def _chain(self, place: Place) -> Iterator[Place]:
        while self._via[place] >= 0:
            place = Place(self._via[place])
            yield place

    def _name(self, place: Place) -> str:
        key = self._changes.keys[place]
        ref = key_object(key, self._prefix)
        return str(ref) if ref is not None else key_text(key)

    def _needed(self, place: Place) -> tuple[Digest | None, ...]:
        if self._changes.is_delete(place):
            return (self._changes.previous(place),)
        return (self._changes.value(place),) if self._owners.needs(place) else ()

    def _read(self, place: Place) -> None:
        if self._changes.is_past(place) or background_rule(self._changes.keys[place], self._prefix) is not None:
            return
        life = self._owners.see(place)
        actor = self._actors.get(self._claims.seq(place))
        if not self._follow(place, self._of_owner(place, life, actor), actor) and not self._follow(
            place, self._of_itself(place, actor), actor
        ):
            self._follow(place, self._of_namespace(place, actor), actor)
        self._note_namespace(place)
        self._owners.done(place)

    def _follow(self, place: Place, written: Place | None, actor: Actor | None) -> bool:
        """Link a change to what it follows up, unless nobody is known who wrote that, or it was the same client."""
        if written is None or not (seq := self.root(written) or self._claims.seq(written)):
            return False
        writer = self._actors.get(seq)
        if seq == self._claims.seq(place) or (actor is not None and writer is not None and actor.is_same(writer)):
            return False
        self._via[place], self._roots[place] = written, seq
        self.count += 1
        return True

    def _of_owner(self, place: Place, life: Life | None, actor: Actor | None) -> Place | None:
        for uid in life.owners if life is not None else ():
            key = self._owners.of_uid(uid)
            written = self._owners.spec_write(key, place) if key is not None else None
            if life is not None and written is not None and self._reconciles(place, life, actor, written):
                return written
        return None

    def _reconciles(self, place: Place, life: Life, actor: Actor | None, written: Place) -> bool:
        """Whether the owner's controller acts: who made the object, or who tidies up after an owner that is gone."""
        if actor is None or place == life.born:
            return True
        maker = self._actors.get(self._claims.seq(life.born)) if life.born is not None else None
        if actor.manager == (maker.manager if maker is not None else life.manager):
            return True
        return self._changes.is_delete(place) and self._is_ending(written)

    def _is_ending(self, place: Place) -> bool:
        return self._changes.is_delete(place) or bool(self._values.value_facts(place).deletion)

    def _of_itself(self, place: Place, actor: Actor | None) -> Place | None:
        """A status, a binding, the end of a deletion: they follow up what the object is to be."""
        reports = actor.subresource in {"status", "binding"} if actor is not None else self._changes.is_put(place)
        ends = self._changes.is_delete(place) and bool(self._values.previous_facts(place).deletion)
        written = self._owners.spec_write(self._changes.keys[place], place) if reports or ends else None
        if written is None or actor is not None or ends or self._reports(place):
            return written
        return None

    def _reports(self, place: Place) -> bool:
        """Whether a change of which no request is known leaves the spec as it was, or only binds a pod to its node."""
        if not self._owners.writes_spec(place):
            return True
        bound = self._changes.keys[place].startswith(self._pods) and self._values.text(place, "spec", "nodeName")
        return bool(bound) and not self._values.text_before(place, "spec", "nodeName")

    def _of_namespace(self, place: Place, actor: Actor | None) -> Place | None:
        """What is made for a new namespace, and what is taken away with one that ends."""
        if not self._namespaces:
            return None
        key = bytes(self._changes.keys[place])
        made = self._changes.is_create(place) and any(
            key.endswith(name) and folder in key for folder, name in _MADE_FOR_A_NAMESPACE
        )
        taken = self._changes.is_delete(place) and (actor is None or actor.verb in {"delete", "deletecollection"})
        ref = key_object(EtcdKey(key), self._prefix) if made or taken else None
        written = self._namespaces.get(ref.namespace) if ref is not None else None
        if written is None or self._is_ending(written) == made:
            return None
        return written

    def _note_namespace(self, place: Place) -> None:
        key = self._changes.keys[place]
        if not key.startswith(self._folder):
            return
        name = key[len(self._folder) :].decode("utf-8", "replace")
        if self._changes.is_create(place) or (
            self._changes.is_put(place)
            and self._values.value_facts(place).deletion
            and not self._values.previous_facts(place).deletion
        ):
            self._namespaces[name] = place
        elif self._changes.is_delete(place):
            self._namespaces.pop(name, None)
