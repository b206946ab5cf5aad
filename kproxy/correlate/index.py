"""The changes of keys, findable by revision and by key."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Digest
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.storage import decode_value


class ChangeIndex:
    """All changes of a recording in the order of revisions; values are decoded when a ground asks for them."""

    def __init__(self, recording: Recording, changes: Iterable[KeyChange]) -> None:
        self.changes = tuple(changes)
        self._recording = recording
        self._by_revision: dict[Revision, list[KeyChange]] = {}
        self._by_key: dict[EtcdKey, list[KeyChange]] = {}
        for change in self.changes:
            self._by_revision.setdefault(change.revision, []).append(change)
            self._by_key.setdefault(change.key, []).append(change)

    def at(self, revision: Revision, keys: Iterable[EtcdKey]) -> KeyChange | None:
        """The change of one of these keys at this revision."""
        wanted = set(keys)
        return next((change for change in self._by_revision.get(revision, ()) if change.key in wanted), None)

    def deletes_after(self, revision: Revision, keys: Iterable[EtcdKey]) -> Iterator[KeyChange]:
        """The changes of type DELETE of these keys at this revision or later, in order."""
        for key in keys:
            changes = self._by_key.get(key, [])
            start = bisect_left(changes, revision, key=lambda change: change.revision)
            yield from (change for change in changes[start:] if change.type is ChangeType.DELETE)

    def puts(self, keys: Iterable[EtcdKey]) -> Iterator[KeyChange]:
        """The changes of type PUT of these keys, in order."""
        for key in keys:
            yield from (change for change in self._by_key.get(key, ()) if change.type is ChangeType.PUT)

    def of_key(self, key: EtcdKey) -> Iterator[KeyChange]:
        """The changes of one key, in order."""
        yield from self._by_key.get(key, ())

    def value(self, change: KeyChange) -> JSONObject:
        """What the key held after the change; {} when it is gone or cannot be decoded."""
        return self._decoded(change.value.digest if change.value else None)

    def previous(self, change: KeyChange) -> JSONObject:
        """What the key held before the change; {} when it was not there or cannot be decoded."""
        return self._decoded(change.previous.digest if change.previous else None)

    def _decoded(self, digest: Digest | None) -> JSONObject:
        if digest is None:
            return {}
        try:
            return decode_value(self._recording.body(digest))
        except ContentError:
            return {}
