"""The changes of keys of a recording of any size, findable by revision and by key.

A change is its place in the order of (cluster, revision, key), from 0: all else is kept in columns, about 130 bytes a
change, and values as the names of their bodies only.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NewType

from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Body, Digest, Nanos

Place = NewType("Place", int)
"""A change's place in the order of (cluster, revision, key), from 0."""

_PUT, _DELETE, _VALUE, _CREATED, _PAST = 1, 2, 4, 8, 16
_DIGEST = 32
_NONE = bytes(_DIGEST)


def _never(_: ClusterId) -> Revision:
    return Revision(0)


class Changes:
    """All changes of keys, in columns.

    `start`: an etcd's revision when the session began. What is up to there came from its history: seen, for us, before
    all exchanges.
    """

    def __init__(self, changes: Iterable[KeyChange], start: Callable[[ClusterId], Revision] = _never) -> None:
        self._start = start
        self.keys: list[EtcdKey] = []
        self._revisions = array("q")
        self._seen = array("q")
        self._flags = bytearray()
        self._values = bytearray()
        self._previous: dict[int, Digest] = {}  # where it is not the value of the key's change before
        self._leases: dict[int, int] = {}
        self._clusters: list[tuple[ClusterId, int]] = []  # each with the place of its first change
        self._by_key: list[dict[EtcdKey, int | array[int]]] = []
        self._first = Revision(0)
        for change in changes:
            self._add(change)

    def __len__(self) -> int:
        return len(self.keys)

    def places(self) -> Iterator[Place]:
        """All of them, in order."""
        return (Place(place) for place in range(len(self.keys)))

    def revision(self, place: Place) -> Revision:
        """Its revision."""
        return Revision(self._revisions[place])

    def seen(self, place: Place) -> Nanos:
        """When kproxy saw it: never before it happened."""
        return Nanos(self._seen[place])

    def is_put(self, place: Place) -> bool:
        """Whether it wrote a value."""
        return bool(self._flags[place] & _PUT)

    def is_delete(self, place: Place) -> bool:
        """Whether it took the key away."""
        return bool(self._flags[place] & _DELETE)

    def is_create(self, place: Place) -> bool:
        """Whether the key was not there before."""
        return bool(self._flags[place] & _CREATED)

    def is_past(self, place: Place) -> bool:
        """Whether it is from before the session."""
        return bool(self._flags[place] & _PAST)

    def lease(self, place: Place) -> int:
        """The lease that it put the key under, 0: none."""
        return self._leases.get(place, 0)

    def cluster(self, place: Place) -> ClusterId:
        """The etcd whose change it is."""
        return self._clusters[self._cluster_index(place)][0]

    def stretch(self, cluster: ClusterId) -> range:
        """The places of one etcd's changes."""
        for index, (name, first) in enumerate(self._clusters):
            if name == cluster:
                last = self._clusters[index + 1][1] if index + 1 < len(self._clusters) else len(self.keys)
                return range(first, last)
        return range(0)

    def clusters(self) -> tuple[ClusterId, ...]:
        """The etcds that have changes, in order."""
        return tuple(name for name, _ in self._clusters)

    def in_revision(self, cluster: ClusterId, revision: Revision) -> range:
        """What one revision of an etcd changed."""
        where = self.stretch(cluster)
        first = bisect_left(self._revisions, revision, where.start, where.stop)
        last = first
        while last < where.stop and self._revisions[last] == revision:
            last += 1
        return range(first, last)

    def at(self, revision: Revision, key: EtcdKey) -> Place | None:
        """The change of this key at this revision."""
        for places in self._histories(key):
            index = bisect_left(places, int(revision), key=self._revisions.__getitem__)
            if index < len(places) and self._revisions[places[index]] == revision:
                return Place(places[index])
        return None

    def of_key(self, key: EtcdKey, since: Revision = Revision(0), seen: Nanos = Nanos(0)) -> Iterator[Place]:
        """The changes of one key in order, from this revision on, and of those from this moment on."""
        for places in self._histories(key):
            first = bisect_left(places, int(since), key=self._revisions.__getitem__) if since else 0
            if seen:
                first = bisect_left(places, int(seen), first, key=self._seen.__getitem__)
            for index in range(first, len(places)):
                yield Place(places[index])

    def before(self, place: Place) -> Place | None:
        """The same key's change before."""
        places = self._history(place)
        index = bisect_left(places, place)
        return Place(places[index - 1]) if index else None

    def value(self, place: Place) -> Digest | None:
        """The body that the key held after it."""
        if not self._flags[place] & _VALUE:
            return None
        return Digest(self._values[_DIGEST * place : _DIGEST * (place + 1)].hex())

    def previous(self, place: Place) -> Digest | None:
        """The body that the key held before it."""
        if (named := self._previous.get(place)) is not None:
            return named or None
        before = self.before(place)
        return self.value(before) if before is not None else None

    def _cluster_index(self, place: Place) -> int:
        return 0 if len(self._clusters) == 1 else bisect_right(self._clusters, int(place), key=lambda each: each[1]) - 1

    def _history(self, place: Place) -> Sequence[int]:
        found = self._by_key[self._cluster_index(place)][self.keys[place]]
        return (found,) if isinstance(found, int) else found

    def _histories(self, key: EtcdKey) -> Iterator[Sequence[int]]:
        for by_key in self._by_key:
            found = by_key.get(key)
            if found is not None:
                yield (found,) if isinstance(found, int) else found

    def _add(self, change: KeyChange) -> None:
        place = len(self.keys)
        if not self._clusters or self._clusters[-1][0] != change.cluster:
            self._clusters.append((change.cluster, place))
            self._first = self._start(change.cluster)
            self._by_key.append({})
        before = self._enter(change.key, place)
        self._revisions.append(change.revision)
        past = change.revision <= self._first
        self._seen.append(0 if past else change.at)
        value, digest = _named(change.value)
        flags = _PUT if change.type is ChangeType.PUT else _DELETE
        if flags == _PUT and (change.version == 1 or change.create_revision == change.revision):
            flags |= _CREATED
        self._flags.append(flags | (_VALUE if value else 0) | (_PAST if past else 0))
        self._values += digest
        previous, _ = _named(change.previous)
        expected = (self.value(Place(before)) if before is not None else None) or ""
        if previous != expected:
            self._previous[place] = previous
        if change.lease:
            self._leases[place] = change.lease

    def _enter(self, key: EtcdKey, place: int) -> int | None:
        """Into the index of keys; the place of the key's change before."""
        index = self._by_key[-1]
        found = index.get(key)
        if found is None:
            index[key] = place
            self.keys.append(key)
            return None
        if isinstance(found, int):
            index[key] = array("i", (found, place))
            self.keys.append(self.keys[found])
            return found
        before = found[-1]
        found.append(place)
        self.keys.append(self.keys[before])
        return before


def _named(body: Body | None) -> tuple[Digest, bytes]:
    """The name of a body's bytes, as text and as bytes; "" where none were kept."""
    if body is not None and body.digest is not None:
        try:
            digest = bytes.fromhex(body.digest)
        except ValueError:
            digest = b""
        if len(digest) == _DIGEST:
            return body.digest, digest
    return Digest(""), _NONE
