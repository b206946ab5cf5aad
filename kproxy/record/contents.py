"""From a message's pieces to what is stored of them: content coding away, secrets away, hashed, counted."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest
from kproxy.record.redact import Opaque, Redacted, Redactor, Secrecy
from kproxy.record.secrets import Subject
from kproxy.store.bodies import digest_of
from kproxy.wire.coding import CodingError, decode

_HARMLESS = frozenset({Subject.RESOURCE, Subject.OTHER})
"""Whose bodies say nothing about how the next ones are to be redacted."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a body that are kept at most, unless settings say otherwise."""

CACHED = 2048
CACHED_BYTES = 16 * 1024
"""Bodies up to this size are looked up among the last CACHED ones before anything is done to them."""


@dataclass(frozen=True, slots=True)
class Message:
    """Which message a body is of."""

    secrecy: Secrecy
    media_type: str
    coding: str


class Contents:
    """Makes Body values; the bytes to store are put into `bodies`."""

    def __init__(self, redactor: Redactor, max_body: int) -> None:
        self._redactor = redactor
        self._max_body = max_body
        self._cache: OrderedDict[tuple[Subject, str, str, bytes], tuple[Body, bytes]] = OrderedDict()

    def body(self, message: Message, data: bytes, bodies: dict[Digest, bytes], *, cut: str = "") -> Body:
        """A body; `cut` says why it is not whole."""
        if not data:
            return Body(state=BodyState.PARTIAL, size=0, reason=cut) if cut else EMPTY_BODY
        if cut or len(data) > CACHED_BYTES or message.secrecy.subject not in _HARMLESS:
            return self._make(message, data, cut, bodies)
        return self._remembered(message, data, bodies)

    def event(self, message: Message, data: bytes, bodies: dict[Digest, bytes]) -> Body:
        """An event of a watch."""
        redacted = self._redactor.content(message.secrecy, message.media_type, data, event=True)
        return stored(redacted, len(data), bodies)

    def channel(self, secrecy: Secrecy, size: int, content: bytes | None, bodies: dict[Digest, bytes]) -> Body:
        """What a frame of an upgraded connection carried: nobody knows what it is, so only known secrets are hidden."""
        if not size:
            return EMPTY_BODY
        if content is None:
            return Body(state=BodyState.COUNTED, size=size)
        body = self.event(Message(secrecy, "application/octet-stream", ""), content, bodies)
        if len(content) == size or body.digest is None:
            return replace(body, size=size)
        return replace(body, state=BodyState.PARTIAL, size=size, reason=f"only its first {len(content)} bytes are kept")

    def _remembered(self, message: Message, data: bytes, bodies: dict[Digest, bytes]) -> Body:
        key = (message.secrecy.subject, message.media_type, message.coding, data)
        known = self._cache.get(key)
        if known is None:
            body = self._make(message, data, "", bodies)
            self._cache[key] = body, b"" if body.digest is None else bodies[body.digest]
            if len(self._cache) > CACHED:
                self._cache.popitem(last=False)
            return body
        body, content = known
        if body.digest is not None:
            bodies[body.digest] = content
        return body

    def _make(self, message: Message, data: bytes, cut: str, bodies: dict[Digest, bytes]) -> Body:
        try:
            plain = decode(message.coding, data, self._max_body, whole=not cut)
        except CodingError as error:
            message.secrecy.unread = True
            return Body(state=BodyState.OPAQUE, size=len(data), reason=str(error))
        redacted = self._redactor.content(message.secrecy, message.media_type, plain, whole=not cut)
        return stored(redacted, len(data), bodies, cut)


def stored(redacted: Redacted, size: int, bodies: dict[Digest, bytes], cut: str = "") -> Body:
    """What is stored of content of so many bytes, once redaction has seen it; its bytes, if any, are put into `bodies`.

    `cut` says why it is not whole.
    """
    if isinstance(redacted, Opaque):
        return Body(state=BodyState.OPAQUE, size=size, reason=redacted.reason)
    digest = digest_of(redacted)
    bodies[digest] = redacted
    return Body(state=BodyState.PARTIAL if cut else BodyState.KEPT, size=size, digest=digest, reason=cut)
