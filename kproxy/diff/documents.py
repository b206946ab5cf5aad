"""Bodies as documents: decoded once each, because bodies are content-addressed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kproxy.model.exchange import Body, BodyState, Digest, Frame, Headers, header
from kproxy.model.jsontypes import JSON
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode
from kproxy.wire.storage import decode_value
from kproxy.wire.watch import WatchEvent, decode_event

_FIELDS = rb"resourceVersion|generateName|nodePort|healthCheckNodePort|continue|serverAddress|clusterIPs?"
_CHOSEN = re.compile(
    rb"[0-9a-f]{4}-[0-9a-f]{12}"  # a uid
    rb"|\d\d-\d\dT\d\d:"  # a time
    rb'|"(?:' + _FIELDS + rb')"\s*:\s*["\d\[]'
    rb"|^k8s\x00|^\xd9\xd9\xf7"  # protobuf has names by number, CBOR no quotes around them
)
"""Any trace of a value that kproxy.renaming.kinds knows to be the server's choice."""

_WHOLE = frozenset({BodyState.KEPT, BodyState.PARTIAL})


@dataclass(frozen=True, slots=True)
class Document:
    """A body: decoded, or its bytes where it cannot be, or the reason why there is nothing to compare."""

    value: JSON = None
    raw: bytes | None = None
    reason: str = ""
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A watch event, or the bytes of one that cannot be decoded."""

    event: WatchEvent | None
    raw: bytes = b""
    reason: str = ""


class Documents:
    """One recording's bodies."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._bodies: dict[tuple[str, Digest], Document] = {}
        self._inert: dict[Digest, bool] = {}
        self._events: dict[tuple[str, Digest], Event] = {}

    def body(self, headers: Headers, body: Body) -> Document:
        """A message's content by its Content-Type."""
        if body.state is BodyState.EMPTY:
            return Document(raw=b"")
        if body.state not in _WHOLE or body.digest is None:
            return Document(reason=f"a body is {body.state.value}{_because(body)}")
        media_type = header(headers, "content-type")
        known = self._bodies.get((media_type, body.digest))
        if known is None:
            known = self._decode(media_type, body.digest)
            self._bodies[media_type, body.digest] = known
        return known

    def log(self, body: Body, frames: Iterable[Frame]) -> Document:
        """A log, put together again from its lines."""
        parts: list[bytes] = []
        for frame in frames:
            if frame.body.digest is None:
                return Document(reason=f"a log's line is {frame.body.state.value}{_because(frame.body)}")
            parts.append(self._recording.body(frame.body.digest))
        if body.reason:
            return Document(reason=f"a log is not whole{_because(body)}")
        return Document(value=b"".join(parts).decode("utf-8", "replace"))

    def inert(self, digest: Digest) -> bool:
        """Whether a body certainly holds nothing that a server chooses: equal bytes of it say the same anywhere."""
        known = self._inert.get(digest)
        if known is None:
            known = _CHOSEN.search(self._recording.body(digest)) is None
            self._inert[digest] = known
        return known

    def event(self, media_type: str, body: Body) -> Event:
        """A watch event of a stream of `media_type`."""
        if body.digest is None or body.state not in _WHOLE:
            return Event(None, reason=f"a watch event is {body.state.value}{_because(body)}")
        known = self._events.get((media_type, body.digest))
        if known is None:
            data = self._recording.body(body.digest)
            try:
                known = Event(decode_event(media_type, data))
            except ContentError:
                known = Event(None, data)
            self._events[media_type, body.digest] = known
        return known

    def stored(self, body: Body | None) -> Document:
        """A value in etcd."""
        if body is None or body.state is BodyState.EMPTY:
            return Document(raw=b"")
        if body.digest is None or body.state not in _WHOLE:
            return Document(reason=f"a value is {body.state.value}{_because(body)}")
        known = self._bodies.get(("", body.digest))
        if known is None:
            data = self._recording.body(body.digest)
            try:
                known = Document(value=decode_value(data), digest=body.digest)
            except ContentError:
                known = Document(raw=data, digest=body.digest)
            self._bodies["", body.digest] = known
        return known

    def _decode(self, media_type: str, digest: Digest) -> Document:
        data = self._recording.body(digest)
        try:
            return Document(value=decode(media_type, data), digest=digest)
        except ContentError:
            return Document(raw=data, digest=digest)


def _because(body: Body) -> str:
    return f" ({body.reason})" if body.reason else ""
