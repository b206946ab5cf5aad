"""What went over the wire: exchanges and, within streams, their frames."""

from dataclasses import field
from enum import IntFlag, StrEnum
from typing import NewType

from kproxy.model.api import RequestInfo
from kproxy.model.many import frozen_by_type

Seq = NewType("Seq", int)
"""The order of request heads at the proxy, from 1, given once and kept by every export."""

Nanos = NewType("Nanos", int)
"""Nanoseconds since the session's start."""

Digest = NewType("Digest", str)
"""Lower-case hex SHA-256 of a body's redacted bytes."""

type Headers = tuple[tuple[str, str], ...]
"""Header fields in their order and spelling; values are the wire's bytes read as Latin-1."""


def header(headers: Headers, name: str) -> str:
    """The first value of a header, "" where there is none; `name` in lower case."""
    length = len(name)  # told apart by it first: each of a recording's heads is asked for a few fields
    for found, value in headers:
        if len(found) == length and found.lower() == name:
            return value
    return ""


class BodyState(StrEnum):
    """Whether a body's bytes are in the recording, and why not."""

    KEPT = "kept"
    EMPTY = "empty"
    PARTIAL = "partial"  # kept up to the point where the stream was cut
    TOO_LARGE = "too-large"
    OPAQUE = "opaque"  # cannot be decoded and may hold a secret: only its length is kept
    FRAMES = "frames"  # a watch: its content is in the exchange's frames
    LOST = "lost"  # the recorder died before it had the whole
    COUNTED = "counted"  # only its length is kept: content was not asked for


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Body:
    """A message's content, without transfer or content coding, redacted.

    `size` counts the bytes that went over the wire as content (before redaction, after the transfer coding is taken
    away, in the content coding they had); `digest` names the stored bytes; `reason` says why there are none.
    """

    state: BodyState
    size: int
    digest: Digest | None = None
    reason: str = ""

    @property
    def ends_amid(self) -> bool:
        """Whether a stream was kept as far as it came, and that was amid an event."""
        return self.state is BodyState.FRAMES and self.reason.endswith(NO_WHOLE_EVENT)


NO_WHOLE_EVENT = "are no whole event"
"""How the reason ends of a stream that ended amid an event."""

EMPTY_BODY = Body(state=BodyState.EMPTY, size=0)


class End(StrEnum):
    """How an exchange ended."""

    COMPLETE = "complete"
    CLIENT_GONE = "client-gone"
    SERVER_GONE = "server-gone"
    TIMEOUT = "timeout"
    REFUSED = "refused"  # by kproxy, before it went on to the server
    UNREACHABLE = "unreachable"  # no server, or its TLS was not to be trusted
    STOPPED = "stopped"  # the recording was ended while it went on
    UNKNOWN = "unknown"  # the recorder was killed; what it had is here


class Altered(IntFlag):
    """What kproxy changed in a request head on its way (promise 1: the list is in the recording)."""

    NOTHING = 0
    AUTHORIZATION = 1  # the client's was taken off, the kubeconfig's set
    HOST = 2  # names the api-server instead of kproxy
    HOP_BY_HOP = 4
    TRACEPARENT = 8
    IMPERSONATION = 16  # Impersonate-* fields were set
    REMOTE_USER = 32  # X-Remote-* fields were set, and the client's own taken off
    PATH = 64  # a prefix was taken off or put before it
    FAULT = 128  # a rule of --fault changed it, or answered in the server's place


class IdentityMode(StrEnum):
    """How kproxy deals with who calls."""

    NONE = "none"  # not judged: refused before it was
    ONE = "one"  # everyone goes on as the kubeconfig's user
    PASS = "pass"  # the client's own credentials go through  # noqa: S105 - a mode's name
    FRONT_PROXY = "front-proxy"  # the client is authenticated and forwarded by X-Remote-*
    IMPERSONATE = "impersonate"  # the client is authenticated and forwarded by Impersonate-*


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the client sent it, credentials and secrets replaced by pseudonyms."""

    method: str
    target: str  # path and query, as on the wire
    http_version: str
    headers: Headers
    body: Body = EMPTY_BODY
    trailers: Headers = ()


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Answer:
    """A final answer as the server sent it, secrets replaced by pseudonyms. `informational`: statuses of 1xx before."""

    status: int
    reason: str
    http_version: str
    headers: Headers
    body: Body = EMPTY_BODY
    trailers: Headers = ()
    informational: tuple[int, ...] = ()


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it.

    Times are nanoseconds since the session's start: request head complete, answer head complete, end.
    """

    seq: Seq
    connection: int
    started: Nanos
    answered: Nanos | None = None
    ended: Nanos | None = None
    request: Request
    info: RequestInfo
    answer: Answer | None = None
    end: End = End.UNKNOWN
    end_detail: str = ""
    altered: Altered = Altered.NOTHING
    upgrade: str = ""  # the protocol that a 101 switched to
    caller: str = ""  # who called: the user that kproxy knows, or "client" where only the server can tell
    identity: IdentityMode = IdentityMode.ONE
    forwarded: str = ""  # as whom it went on, where that is said beside the credentials: "ada [dev, ops]"
    fault: str = ""  # the rule of --fault that touched it
    trace_id: str = ""  # of the traceparent that it went on with, 32 hex digits; "": kproxy set none
    parent_id: str = ""  # kproxy's own in it, 16 hex digits; a client's own is in the request's headers


class Direction(StrEnum):
    """Which way bytes went."""

    REQUEST = "request"
    ANSWER = "answer"


WATCH_EVENT = "watch-event"
LOG_LINE = "log-line"
CHANNEL = "channel"


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Frame:
    """A part of a stream with a time of its own; `index` counts from 0 in its exchange.

    Of a watch an event, in its media type without the stream's framing; of a log a line with its line end (of a flood
    several lines together; of a line beyond 64 KiB a piece: put together, frames are the log); of an upgraded
    connection what one frame carried on `channel`: stdin, stdout, stderr, error, resize, close, data:PORT/REQUEST,
    error:PORT/REQUEST.
    """

    seq: Seq
    index: int
    at: Nanos
    direction: Direction = Direction.ANSWER
    kind: str = WATCH_EVENT  # | LOG_LINE | CHANNEL
    body: Body = field(default=EMPTY_BODY)
    channel: str = ""
