"""An exchange while it goes on: what was said of it so far."""

from dataclasses import dataclass, field

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Altered, End, Headers, IdentityMode, Nanos, Seq
from kproxy.model.session import Gap
from kproxy.record.redact import Secrecy
from kproxy.record.stream import Stream


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a raw request head says, redacted."""

    method: str
    target: str
    http_version: str
    headers: Headers
    info: RequestInfo
    media_type: str
    coding: str
    content_length: int | None
    chunked: bool
    client_trace: str = ""  # the trace id of the client's own traceparent


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What a raw answer head says, redacted."""

    status: int
    reason: str
    http_version: str
    headers: Headers
    media_type: str
    coding: str
    content_length: int | None
    upgrade: str


@dataclass(slots=True)
class Pieces:
    """A body as it comes, held up to a limit."""

    limit: int
    size: int = 0
    parts: list[bytes] = field(default_factory=list)
    lost: str = ""  # why some of it never came

    def add(self, data: bytes) -> None:
        """The next piece; beyond the limit nothing is held any more."""
        self.size += len(data)
        if self.size <= self.limit:
            self.parts.append(data)
        else:
            self.parts.clear()

    @property
    def too_large(self) -> bool:
        """Whether it went beyond the limit."""
        return self.size > self.limit

    def joined(self) -> bytes:
        """All of it."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


@dataclass(slots=True)
class OpenExchange:
    """One exchange without an end."""

    seq: Seq
    connection: int
    started: Nanos
    altered: Altered
    caller: str
    identity: IdentityMode
    forwarded: str
    request: RequestFacts
    secrecy: Secrecy
    request_body: Pieces
    answer_body: Pieces
    request_trailers: Headers = ()
    answer_trailers: Headers = ()
    informational: tuple[int, ...] = ()
    answer: AnswerFacts | None = None
    answered: Nanos | None = None
    stream: Stream | None = None
    upgrade: str = ""
    missing: list[Gap] = field(default_factory=list)
    frames: int = 0  # of an upgraded connection, so far
    tunnel: list[int] = field(default_factory=lambda: [0, 0])  # bytes to the server, to the client
    end: End = End.UNKNOWN
    end_detail: str = ""
    fault: str = ""
    trace_id: str = ""
    parent_id: str = ""
    ended: Nanos | None = None
    news: bool = True  # something in it that the recording does not have yet

    @property
    def request_is_whole(self) -> bool:
        """Whether all of the request's body has come, as far as its head tells."""
        length = self.request.content_length
        return not self.request.chunked and self.request_body.size >= (length or 0)

    def interrupt(self, gap: Gap) -> None:
        """So many bytes of its bodies never came: what is there of them cannot be read."""
        self.missing.append(gap)
        if self.upgrade:
            return
        if self.stream is not None:
            self.stream.interrupt(gap.count, gap.reason)
            return
        if not self.request_is_whole:
            self.request_body.lost = gap.reason
        if self.answer is not None:
            self.answer_body.lost = gap.reason
