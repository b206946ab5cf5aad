"""From a message's pieces to what is stored of them: content coding away, secrets away, hashed, counted."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest
from kproxy.record.coding import CodingError, decode
from kproxy.record.redact import Opaque, Redactor, Secrecy
from kproxy.record.secrets import Subject

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

    def body(
        self, message: Message, data: bytes, bodies: dict[Digest, bytes], *, cut: str = "", size: int | None = None
    ) -> Body:
        """A body; `cut` says why it is not whole, `size` is what went over the wire if not len(data)."""
        if not data:
            return EMPTY_BODY if not cut else Body(state=BodyState.PARTIAL, size=0, reason=cut)
        key = (message.secrecy.subject, message.media_type, message.coding, data)
        cacheable = len(data) <= CACHED_BYTES and not cut and message.secrecy.subject is not Subject.SECRET
        if cacheable and (known := self._cache.get(key)) is not None:
            body, stored = known
            if body.digest is not None:
                bodies[body.digest] = stored
            return body
        body, stored = self._make(message, data, cut, len(data) if size is None else size)
        if body.digest is not None:
            bodies[body.digest] = stored
        if cacheable:
            self._cache[key] = body, stored
            if len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return body

    def _make(self, message: Message, data: bytes, cut: str, size: int) -> tuple[Body, bytes]:
        try:
            plain = decode(message.coding, data, self._max_body, whole=not cut)
        except CodingError as error:
            message.secrecy.unread = True
            return Body(state=BodyState.OPAQUE, size=size, reason=str(error)), b""
        redacted = self._redactor.content(message.secrecy, message.media_type, plain, whole=not cut)
        if isinstance(redacted, Opaque):
            return Body(state=BodyState.OPAQUE, size=size, reason=redacted.reason), b""
        state = BodyState.PARTIAL if cut else BodyState.KEPT
        return Body(state=state, size=size, digest=Digest(sha256(redacted).hexdigest()), reason=cut), redacted
