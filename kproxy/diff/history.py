"""What etcd says that an object was at a revision: a key's own history, asked for one key at a time."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from kproxy.diff.defined import Definitions
from kproxy.diff.documents import Documents
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, KeyChange
from kproxy.model.recording import Recording
from kproxy.wire.storage import key_object, object_keys

_KEYS = 512
"""Keys whose histories are remembered."""


@lru_cache(maxsize=256)
def kept_as(group: str, resource: str, prefix: str) -> tuple[str, str]:
    """The group and resource that a resource's keys have: events.k8s.io's events are kept as those of ""."""
    keys = object_keys(ObjectRef(group=group, resource=resource, namespace="", name="x"), prefix)
    ref = key_object(keys[0], prefix) if keys else None
    return (group, resource) if ref is None else (ref.group, ref.resource)


class KeyHistory:
    """The changes of the keys that hold an object, oldest first."""

    def __init__(self, recording: Recording, documents: Documents) -> None:
        self._recording = recording
        self._documents = documents
        self.changes = lru_cache(maxsize=_KEYS)(self._changes)

    def _changes(self, ref: ObjectRef) -> tuple[KeyChange, ...]:
        """All that etcd's watch saw of an object's keys."""
        return tuple(self._read(ref))

    def _read(self, ref: ObjectRef) -> Iterator[KeyChange]:
        for key in object_keys(ref, self._recording.session.etcd_prefix):
            yield from self._recording.changes_of(EtcdKey(key))

    def at(self, ref: ObjectRef, revision: int) -> KeyChange | None:
        """The change that a revision is; None if etcd's watch saw none of that object there."""
        changes = self.changes(ref)
        at = bisect_right(changes, revision, key=lambda change: change.revision)
        return changes[at - 1] if at and changes[at - 1].revision == revision else None

    def there(self, group: str, resource: str, revision: int) -> Iterator[ObjectRef]:
        """The objects of a resource that etcd's watch knows to have been there at a revision.

        One that was there from before the session to its end, without a change, is not known.
        """
        for ref, life in self._lives.get(self._kept(group, resource), {}).items():
            if life.is_there(revision):
                yield ref

    def is_there(self, ref: ObjectRef, revision: int) -> bool:
        """Whether etcd's watch knows one object to have been there at a revision."""
        group, resource = self._kept(ref.group, ref.resource)
        life = self._lives.get((group, resource), {}).get(replace(ref, group=group, resource=resource))
        return life is not None and life.is_there(revision)

    def _kept(self, group: str, resource: str) -> tuple[str, str]:
        """What `key_object` calls a resource: groups that share their storage have one name there."""
        return kept_as(group, resource, self._recording.session.etcd_prefix)

    def between(self, group: str, resource: str, namespace: str, revisions: tuple[int, int]) -> Iterator[int]:
        """The revisions beyond the first one and below the second one that changed objects of a resource.

        `namespace` "": of all namespaces. What etcd's watch saw before the session began is among them, too.
        """
        after, before = revisions
        for place, turns in self._turns.get(self._kept(group, resource), {}).items():
            if namespace in {"", place}:
                yield from turns[bisect_right(turns, after) : bisect_left(turns, before)]

    @cached_property
    def definitions(self) -> Definitions:
        """When API groups were defined in the session. Read once, when it is asked for."""
        return Definitions.of(self._recording)

    @cached_property
    def _turns(self) -> dict[tuple[str, str], dict[str, "array[int]"]]:
        """By resource and namespace: the revisions that changed something. Read once, when it is asked for."""
        found: dict[tuple[str, str], dict[str, array[int]]] = {}
        for change in self._recording.key_changes():
            ref = key_object(change.key, self._recording.session.etcd_prefix)
            if ref is not None:
                places = found.setdefault((ref.group, ref.resource), {})
                places.setdefault(ref.namespace, array("q")).append(change.revision)
        return found

    @cached_property
    def _lives(self) -> dict[tuple[str, str], dict[ObjectRef, "_Life"]]:
        """By resource: when each object was made and deleted. Read once, when it is asked for."""
        found: dict[tuple[str, str], dict[ObjectRef, _Life]] = {}
        for change in self._recording.key_changes():
            ref = key_object(change.key, self._recording.session.etcd_prefix)
            if ref is not None:
                lives = found.setdefault((ref.group, ref.resource), {})
                if ref not in lives:
                    lives[ref] = _Life(before=change.previous is not None)
                lives[ref].see(change)
        return found


@dataclass(slots=True)
class _Life:
    """When an object came and went: the revisions at which that changed. `before`: it was there at first."""

    before: bool
    turns: "array[int]" = field(default_factory=lambda: array("q"))

    def see(self, change: KeyChange) -> None:
        """One more change."""
        if (change.value is not None) != (self.before ^ bool(len(self.turns) % 2)):
            self.turns.append(change.revision)

    def is_there(self, revision: int) -> bool:
        """Whether it was there at a revision."""
        return self.before ^ bool(bisect_right(self.turns, revision) % 2)
