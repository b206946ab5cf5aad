"""What etcd says that an object was at a revision: a key's own history, asked for one key at a time."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from kproxy.diff.documents import Documents
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, KeyChange
from kproxy.model.recording import Recording
from kproxy.wire.storage import key_object, object_keys

_COLLECTIONS = 4
"""Resources whose objects' lives are remembered."""

_KEYS = 512
"""Keys whose histories are remembered."""


class KeyHistory:
    """The changes of the keys that hold an object, oldest first."""

    def __init__(self, recording: Recording, documents: Documents) -> None:
        self._recording = recording
        self._documents = documents
        self.changes = lru_cache(maxsize=_KEYS)(self._changes)
        self._collection = lru_cache(maxsize=_COLLECTIONS)(self._read_collection)

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
        for ref, changes in self._collection(group, resource).items():
            at = bisect_right(changes, revision, key=lambda change: change[0])
            if changes[at - 1][1] if at else changes[0][2]:
                yield ref

    def _read_collection(self, group: str, resource: str) -> dict[ObjectRef, list[tuple[int, bool, bool]]]:
        """By object: revisions, whether it was there then, whether it was before."""
        found: dict[ObjectRef, list[tuple[int, bool, bool]]] = {}
        for change in self._recording.key_changes():
            ref = key_object(change.key, self._recording.session.etcd_prefix)
            if ref is not None and (ref.group, ref.resource) == (group, resource):
                seen = (change.revision, change.value is not None, change.previous is not None)
                found.setdefault(ref, []).append(seen)
        return found
