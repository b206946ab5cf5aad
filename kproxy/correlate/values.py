"""What bodies say, decoded when a ground asks for it and forgotten soon: memory stays bounded."""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from kproxy.correlate.changes import Changes, Place
from kproxy.model.exchange import Body, Digest, Headers, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode
from kproxy.wire.objectfacts import NO_FACTS, Facts, read_facts, read_managers, read_text, read_value_facts
from kproxy.wire.storage import decode_value

_KEPT = 2000
"""Bodies' facts that are remembered; of whole documents a twentieth of that."""


class _Lately[T]:
    """The last few of something, by the body that they are made of."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: OrderedDict[Digest, T] = OrderedDict()

    def get(self, digest: Digest, make: Callable[[Digest], T]) -> T:
        """That of a body, made now unless it is known."""
        found = self._made.get(digest)
        if found is None:
            self._made[digest] = found = make(digest)
            if len(self._made) > self._size:
                self._made.popitem(last=False)
        return found


class Values:
    """The bodies of a recording: etcd's values by their change, messages by their headers."""

    def __init__(self, recording: Recording, changes: Changes) -> None:
        self._recording = recording
        self._changes = changes
        self._read: dict[Digest, bytes] = {}
        self._documents: _Lately[JSONObject] = _Lately(_KEPT // 20)
        self._facts: _Lately[Facts] = _Lately(_KEPT)

    def read_ahead(self, digests: Iterable[Digest | None]) -> None:
        """Bodies that will be asked for next, read together; those of before are let go."""
        self._read = self._recording.bodies(digest for digest in digests if digest)

    def value(self, place: Place) -> JSONObject:
        """What the key held after a change; {} when it is gone or cannot be decoded."""
        return self._document(self._changes.value(place))

    def previous(self, place: Place) -> JSONObject:
        """What the key held before a change; {} when it was not there or cannot be decoded."""
        return self._document(self._changes.previous(place))

    def value_facts(self, place: Place) -> Facts:
        """What the value says of itself."""
        return self._facts_of(self._changes.value(place))

    def previous_facts(self, place: Place) -> Facts:
        """What the value before says of itself."""
        return self._facts_of(self._changes.previous(place))

    def uid(self, place: Place) -> str:
        """The uid of the object that was changed, or taken away."""
        return (self.value_facts(place) if self._changes.is_put(place) else self.previous_facts(place)).uid

    def text(self, place: Place, *path: str) -> str:
        """A text within the value, "" where it is not."""
        return self._text(self._changes.value(place), path)

    def text_before(self, place: Place, *path: str) -> str:
        """A text within the value before."""
        return self._text(self._changes.previous(place), path)

    def managers(self, place: Place) -> frozenset[str]:
        """The field managers whose entries a change made or renewed; none for a deletion."""
        now, before = (self._managed(of(place)) for of in (self._changes.value, self._changes.previous))
        return frozenset(manager for manager, _ in now - before)

    def message(self, headers: Headers, body: Body) -> JSON:
        """A message's content as JSON, None when there is none or nobody can decode it."""
        if body.digest is None:
            return None
        try:
            return decode(header(headers, "content-type"), self._body(body.digest))
        except ContentError:
            return None

    def message_facts(self, headers: Headers, body: Body) -> Facts | JSON:
        """A message's object by its facts, or its content where it is no object; None as with `message`."""
        if body.digest is None:
            return None
        try:
            return read_facts(header(headers, "content-type"), self._body(body.digest))
        except ContentError:
            return None

    def _text(self, digest: Digest | None, path: tuple[str, ...]) -> str:
        try:
            return read_text(self._body(digest), *path) if digest is not None else ""
        except ContentError:
            return ""

    def _managed(self, digest: Digest | None) -> frozenset[tuple[str, bytes]]:
        try:
            return read_managers(self._body(digest)) if digest is not None else frozenset()
        except ContentError:
            return frozenset()

    def _document(self, digest: Digest | None) -> JSONObject:
        return self._documents.get(digest, self._decoded) if digest is not None else {}

    def _facts_of(self, digest: Digest | None) -> Facts:
        return self._facts.get(digest, self._skimmed) if digest is not None else NO_FACTS

    def _decoded(self, digest: Digest) -> JSONObject:
        try:
            return decode_value(self._body(digest))
        except ContentError:
            return {}

    def _skimmed(self, digest: Digest) -> Facts:
        try:
            return read_value_facts(self._body(digest))
        except ContentError:
            return NO_FACTS

    def _body(self, digest: Digest) -> bytes:
        found = self._read.get(digest)
        return self._recording.body(digest) if found is None else found
