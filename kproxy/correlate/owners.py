"""Which object a changed key holds and whose it is, and who wrote the owner's spec last before a change."""

from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.values import Values
from kproxy.model.api import metadata_of
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSONObject, text


@dataclass(frozen=True, slots=True)
class Life:
    """One object's life under a key, of an object that others own: the uids of these, the controller's first."""

    owners: tuple[str, ...]
    born: Place | None  # where it was made, None: before the session
    manager: str = ""  # who owns its ownerReferences, where it was made before the session


class Owners:
    """Is shown all changes in order, and asked about each."""

    def __init__(self, changes: Changes, values: Values) -> None:
        self._changes = changes
        self._values = values
        self._by_uid: dict[str, Place] = {}  # a change of the object's key
        self._lives: dict[EtcdKey, Life] = {}
        self._specs: dict[EtcdKey, tuple[Place, Place | None]] = {}  # looked at up to, the last write of the spec

    def needs(self, place: Place) -> bool:
        """Whether the change's value must be read: of an owner, and where a life begins."""
        is_owner = self._changes.keys[place] in self._specs
        return is_owner or self.begins(place)

    def begins(self, place: Place) -> bool:
        """Whether a life begins with it, for us or at all."""
        return self._changes.is_create(place) or self._changes.before(place) is None

    def see(self, place: Place) -> Life | None:
        """Take note of a change; whose the object is, None: nobody's."""
        key = self._changes.keys[place]
        if self.begins(place):
            self._begin(place, key)
        return self._lives.get(key)

    def done(self, place: Place) -> None:
        """All has been asked about the change: an owner's spec is looked at while its value is at hand."""
        key = self._changes.keys[place]
        if key in self._specs:
            self.spec_write(key, Place(place + 1))

    def of_uid(self, uid: str) -> EtcdKey | None:
        """The key of an object that changed in the session before now."""
        place = self._by_uid.get(uid)
        return None if place is None else self._changes.keys[place]

    def spec_write(self, key: EtcdKey, before: Place) -> Place | None:
        """The last change before a place that wrote the object's spec, made it, or began or ended its deletion."""
        reached, found = self._specs.get(key, (Place(-1), None))
        for place in self._later(key, reached, before):
            reached = place
            if self.writes_spec(place):
                found = place
        self._specs[key] = reached, found
        return found

    def writes_spec(self, place: Place) -> bool:
        """Whether a change wrote the object's spec, made it, or began or ended its deletion.

        Kubernetes counts a spec's writes in metadata.generation; of what has none the content is compared.
        """
        if not self._changes.is_put(place) or self._changes.is_create(place):
            return True
        now, before = self._values.value_facts(place), self._values.previous_facts(place)
        if now.generation or before.generation or now.deletion != before.deletion:
            return now.generation != before.generation or now.deletion != before.deletion
        return _content(self._values.value(place)) != _content(self._values.previous(place))

    def _later(self, key: EtcdKey, reached: Place, before: Place) -> Iterator[Place]:
        since = self._changes.revision(reached) if reached >= 0 else None
        for place in self._changes.of_key(key) if since is None else self._changes.of_key(key, since):
            if place >= before:
                return
            if place > reached:
                yield place

    def _begin(self, place: Place, key: EtcdKey) -> None:
        facts = self._values.value_facts(place) if self._changes.is_put(place) else self._values.previous_facts(place)
        if facts.uid:
            self._by_uid[facts.uid] = place
        if not facts.owners:
            self._lives.pop(key, None)
            return
        born = place if self._changes.is_create(place) else None
        owners = tuple(each.uid for each in sorted(facts.owners, key=lambda owner: not owner.controller))
        manager = "" if born is not None else owning_manager(self._values.value(place) or self._values.previous(place))
        self._lives[key] = Life(owners, born, manager)


def owning_manager(obj: JSONObject) -> str:
    """The field manager that owns an object's ownerReferences: the controller that made it."""
    managed = metadata_of(obj).get("managedFields")
    for entry in managed if isinstance(managed, list) else []:
        fields = entry.get("fieldsV1") if isinstance(entry, dict) else None
        metadata = fields.get("f:metadata") if isinstance(fields, dict) else None
        if isinstance(entry, dict) and isinstance(metadata, dict) and "f:ownerReferences" in metadata:
            return text(entry.get("manager"))
    return ""


def _content(obj: JSONObject) -> JSONObject:
    return {name: value for name, value in obj.items() if name not in {"metadata", "status"}}
