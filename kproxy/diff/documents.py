"""Bodies as documents: decoded once each, because bodies are content-addressed."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from kproxy.diff.chosen import may_be_chosen
from kproxy.diff.events import CutEvent, KeptEvent, Shown
from kproxy.diff.items import Item, Items, text_of
from kproxy.diff.recent import Generations
from kproxy.diff.shapes import About
from kproxy.model.exchange import Body, BodyState, Digest, Frame, Headers, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.storage import decode_value, value_media_type
from kproxy.wire.watchevents import WatchEvent, decode_event

_ENCRYPTED = "encrypted at rest"
"""The reason why the recorder has no such value (kproxy.record.redact)."""

_MOST = 1 << 19
"""Bytes of bodies that are remembered of each kind; decoded they take some ten times that."""

_MOST_BRIEFS = 1 << 24
_BRIEF = 500
"""Bytes of what is remembered of events in brief, and of one of them, about: several clients watch the same objects."""

_FLAG = 200
"""Bytes that an answer of yes or no takes."""

_WHOLE = frozenset({BodyState.KEPT, BodyState.PARTIAL})


@frozen_by_type(frozen=True, slots=True)
class Document:
    """A body: decoded, or its bytes where it cannot be, or the reason why there is nothing to compare.

    `encoding`: what a value in etcd is written in, "" where that is not known.
    """

    value: JSON = None
    raw: bytes | None = None
    reason: str = ""
    digest: Digest | None = None
    encoding: str = ""


@frozen_by_type(frozen=True, slots=True)
class Event:
    """A watch event, or the bytes of one that cannot be decoded.

    `item`: its object, where that was cut out of it; `about`: what is asked of the object for itself, where it was.
    """

    event: Shown | None
    raw: bytes = b""
    reason: str = ""
    item: Item | None = None
    about: About | None = None


class _Brief(NamedTuple):
    """What is remembered of many more events than their objects."""

    type: str
    about: About


class Documents:
    """One recording's bodies, the ones used last in memory."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._read: Mapping[Digest, bytes] = {}
        self._read_events: Mapping[Digest, bytes] = {}
        self._bodies: _Recent[Document] = _Recent(_MOST)
        self._events: _Recent[Event] = _Recent(_MOST)
        self._briefs: Generations[tuple[str, Digest], _Brief] = Generations(_MOST_BRIEFS)
        self._inert: _Recent[bool] = _Recent(_MOST)
        self.items = Items()

    def expect(self, digests: Iterable[Digest]) -> None:
        """These will be asked for: they are read at once, which is quicker."""
        self._read = self._recording.bodies(each for each in digests if each not in self._bodies.digests)

    def expect_events(self, media_type: str, digests: Iterable[Digest]) -> None:
        """The same, of a stream's events."""
        known, briefs = self._events.digests, self._briefs
        self._read_events = self._recording.bodies(
            each for each in digests if each not in known and (media_type, each) not in briefs
        )

    def data(self, digest: Digest) -> bytes:
        """A body's bytes."""
        data = self._read.get(digest) or self._read_events.get(digest)
        return self._recording.body(digest) if data is None else data

    def body(self, headers: Headers, body: Body) -> Document:
        """A message's content by its Content-Type."""
        if body.state is BodyState.EMPTY:
            return Document(raw=b"")
        if body.state not in _WHOLE or body.digest is None:
            return Document(reason=f"a body is {body.state.value}{_because(body)}")
        media_type = header(headers, "content-type")
        known = self._bodies.get(media_type, body.digest)
        if known is None:
            data = self.data(body.digest)
            try:
                known = Document(value=decode(media_type, data), digest=body.digest)
            except ContentError:
                known = Document(raw=data, digest=body.digest)
            self._bodies.put(media_type, body.digest, known, len(data))
        return known

    def json(self, headers: Headers, body: Body) -> bytes | None:
        """A kept body that is JSON, or the JSON that says the same; None where there is none."""
        if body.digest is not None and is_json(header(headers, "content-type")):
            return self.data(body.digest)
        document = self.body(headers, body)
        return None if document.raw is not None or document.reason else text_of(document.value)

    def log(self, body: Body, frames: Iterable[Frame]) -> Document:
        """A log, put together again from its lines."""
        parts: list[bytes] = []
        for frame in frames:
            if frame.body.digest is None:
                return Document(reason=f"a log's line is {frame.body.state.value}{_because(frame.body)}")
            parts.append(self.data(frame.body.digest))
        if body.reason:
            return Document(reason=f"a log is not whole{_because(body)}")
        return Document(value=b"".join(parts).decode("utf-8", "replace"))

    def inert(self, digest: Digest) -> bool:
        """Whether a body certainly holds nothing that a server chooses: equal bytes of it say the same anywhere."""
        known = self._inert.get("", digest)
        if known is None:
            known = not may_be_chosen(self.data(digest))
            self._inert.put("", digest, known, _FLAG)
        return known

    def event(self, media_type: str, body: Body) -> Event:
        """A watch event of a stream of `media_type`."""
        if body.digest is None or body.state not in _WHOLE:
            return Event(None, reason=f"a watch event is {body.state.value}{_because(body)}")
        brief = self._briefs.get((media_type, body.digest))
        if brief is None:
            return self._whole_event(media_type, body.digest)
        return Event(self.kept(brief.type, media_type, body.digest), about=brief.about)

    def kept(self, kind: str, media_type: str, digest: Digest) -> KeptEvent:
        """An event of this type that was read, without its object: that is read again when it is asked for."""
        return KeptEvent(kind, partial(self._object, media_type, digest), partial(self._item, media_type, digest))

    def _whole_event(self, media_type: str, digest: Digest) -> Event:
        known = self._events.get(media_type, digest)
        if known is None:
            data = self.data(digest)
            known = self._cut_event(media_type, data)
            if known is None:
                try:
                    known = _event_of(decode_event(media_type, data), self.items)
                except ContentError:
                    known = Event(None, data)
            self._events.put(media_type, digest, known, len(data))
            if known.event is not None and known.about is not None:
                self._briefs.put((media_type, digest), _Brief(known.event.type, known.about), _BRIEF + known.about.size)
        return known

    def _object(self, media_type: str, digest: Digest) -> JSONObject:
        """What an event shows that was decoded before."""
        event = self._whole_event(media_type, digest).event
        return event.object if event is not None else {}

    def _item(self, media_type: str, digest: Digest) -> Item | None:
        return self._whole_event(media_type, digest).item

    def _cut_event(self, media_type: str, data: bytes) -> Event | None:
        cut = self.items.of_event(data) if is_json(media_type) else None
        return None if cut is None else Event(CutEvent(*cut), item=cut[1], about=cut[1].about)

    def stored(self, body: Body | None) -> Document:
        """A value in etcd."""
        if body is None or body.state is BodyState.EMPTY:
            return Document(raw=b"")
        if body.digest is None or body.state not in _WHOLE:
            encoding = _ENCRYPTED if body.reason == _ENCRYPTED else ""
            return Document(reason=f"a value is {body.state.value}{_because(body)}", encoding=encoding)
        known = self._bodies.get("", body.digest)
        if known is None:
            data = self.data(body.digest)
            try:
                known = Document(value=decode_value(data), digest=body.digest, encoding=value_media_type(data))
            except ContentError:
                known = Document(raw=data, digest=body.digest)
            self._bodies.put("", body.digest, known, len(data))
        return known


def _event_of(decoded: WatchEvent, items: Items) -> Event:
    """With its object told apart as JSON's are."""
    item = items.of_value(decoded.object)
    return Event(decoded) if item is None else Event(CutEvent(decoded.type, item), item=item, about=item.about)


@lru_cache(maxsize=256)
def is_json(media_type: str) -> bool:
    """Whether that is what a content is written in."""
    return parse_media_type(media_type).is_json


class _Recent[T]:
    """What was made of the bodies used last, by media type and digest, of about as many bytes as `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._known: OrderedDict[tuple[str, Digest], tuple[T, int]] = OrderedDict()
        self.digests: Counter[Digest] = Counter()

    def get(self, media_type: str, digest: Digest) -> T | None:
        found = self._known.get((media_type, digest))
        if found is None:
            return None
        self._known.move_to_end((media_type, digest))
        return found[0]

    def put(self, media_type: str, digest: Digest, value: T, size: int) -> None:
        self._known[media_type, digest] = value, size
        self.digests[digest] += 1
        self._size += size
        while self._size > self._most and len(self._known) > 1:
            (_, oldest), (_, freed) = self._known.popitem(last=False)
            self._size -= freed
            self.digests[oldest] -= 1
            if not self.digests[oldest]:
                del self.digests[oldest]


def _because(body: Body) -> str:
    return f" ({body.reason})" if body.reason else ""
