"""Framing of HTTP/1 connections, sans-I/O: bytes in, events out, aware of method and status.

A framer takes one side of one connection. `feed` returns the events that the bytes complete; `consumed` is then the
wire bytes that belong to them: everything but a head, chunk size or trailer section that is still incomplete, which is
held until it is complete. Whoever relays sends `consumed` on, whoever records takes the events.

A FramingError ends a framer: nothing after such bytes can be trusted. `before` then holds the events of the same `feed`
that came before them, and `consumed` stops there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, auto

from kproxy.wire.http1_chunked import Chunked
from kproxy.wire.http1_head import (
    CHUNKED,
    MAX_HEAD,
    UNTIL_EOF,
    AnswerHead,
    FramingError,
    HeadParts,
    RequestHead,
    check_beginning,
    parse_answer_head,
    parse_head,
    parse_request_head,
)

__all__ = [
    "CHUNKED",
    "END",
    "MAX_HEAD",
    "UNTIL_EOF",
    "AnswerEvent",
    "AnswerFramer",
    "AnswerHead",
    "Body",
    "End",
    "FramingError",
    "HeadParts",
    "Informational",
    "RequestEvent",
    "RequestFramer",
    "RequestHead",
    "Trailers",
    "Tunnel",
    "Upgraded",
    "parse_head",
]

MAX_AHEAD = 1024 * 1024
"""Bytes after a request for an upgrade that are held until the answer says what they are."""


@dataclass(slots=True)
class Body:
    """A piece of a message's content, the transfer coding taken away."""

    content: bytes


@dataclass(slots=True)
class Trailers:
    """A trailer section that is not empty, its blank line included."""

    raw: bytes


@dataclass(slots=True)
class End:
    """A message is complete."""


@dataclass(slots=True)
class Informational:
    """A 1xx answer (but 101): its whole head."""

    raw: bytes
    status: int


@dataclass(slots=True)
class Upgraded:
    """A 101: from here on the connection's bytes belong to `protocol`."""

    raw: bytes
    protocol: bytes


@dataclass(slots=True)
class Tunnel:
    """Bytes after an upgrade."""

    data: bytes


type RequestEvent = RequestHead | Body | Trailers | End | Tunnel
type AnswerEvent = AnswerHead | Informational | Upgraded | Body | Trailers | End | Tunnel

END = End()


class _State(IntEnum):
    HEAD = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_EOF = auto()
    AHEAD = auto()  # a request for an upgrade is unanswered: what follows has no meaning yet
    TUNNEL = auto()
    BROKEN = auto()


class _Framer[E: (RequestEvent, AnswerEvent)]:
    """What both sides share: heads are cut at the blank line, bodies by length, by chunks, or by the end."""

    what = "message"

    def __init__(self) -> None:
        self.consumed = b""
        self.before: list[E] = []
        self._held = b""
        self._searched = 0
        self._state = _State.HEAD
        self._left = 0
        self._chunked = Chunked("")

    @property
    def held(self) -> bytes:
        """Bytes that wait for their continuation; after a FramingError, the bytes that it is about."""
        return self._held

    @property
    def idle(self) -> bool:
        """Whether it stands between two messages."""
        return self._state is _State.HEAD and not self._held

    @property
    def holds(self) -> bool:
        """Whether it has bytes that are no event yet."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[E]:
        """The events that these bytes complete. FramingError."""
        buffer = self._held + data if self._held else data
        events: list[E] = []
        position, size = 0, len(buffer)
        try:
            while position < size:
                after = self._step(buffer, position, events)
                if after < 0:
                    break
                position = after
        except FramingError:
            self.before = events
            self._state = _State.BROKEN
            self._held, self.consumed = buffer[position:], buffer[:position]
            raise
        self._held = buffer[position:]
        self.consumed = buffer[:position]
        return events

    def _step(self, buffer: bytes, position: int, events: list[E]) -> int:
        """One part of a message; the position after it, or -1 where more bytes are needed."""
        state = self._state
        if state is _State.HEAD:
            return self._cut_head(buffer, position, events)
        if state is _State.LENGTH:
            return self._content(buffer, position, events)
        if state is _State.CHUNKED:
            return self._chunks(buffer, position, events)
        if state is _State.AHEAD:
            if len(buffer) - position > MAX_AHEAD:
                raise FramingError(f"The {self.what} asks for an upgrade and more follows before the answer.")
            return -1
        if state is _State.BROKEN:
            raise FramingError(f"The {self.what} follows bytes that were ambiguous.")
        rest = buffer[position:]
        self._add(events, Tunnel(rest) if state is _State.TUNNEL else Body(rest))
        return len(buffer)

    def _cut_head(self, buffer: bytes, position: int, events: list[E]) -> int:
        end = buffer.find(b"\r\n\r\n", max(position, self._searched - 3))
        if end < 0 or end - position > MAX_HEAD:
            check_beginning(buffer[position:], self.what)
            self._searched = len(buffer) - position
            return -1
        self._searched = 0
        self._head(buffer[position : end + 4], position, events)
        return end + 4

    def _head(self, raw: bytes, offset: int, events: list[E]) -> None:
        raise NotImplementedError

    def _finish(self, events: list[E]) -> None:
        self._state = _State.HEAD
        self._add(events, END)

    @staticmethod
    def _add(events: list[E], event: Body | Trailers | End | Tunnel) -> None:
        events.append(event)

    def _begin_body(self, length: int, events: list[E]) -> None:
        if length > 0:
            self._left = length
            self._state = _State.LENGTH
        elif length == 0:
            self._finish(events)
        elif length == CHUNKED:
            self._chunked = Chunked(self.what)
            self._state = _State.CHUNKED
        else:
            self._state = _State.UNTIL_EOF

    def _content(self, buffer: bytes, position: int, events: list[E]) -> int:
        end = min(position + self._left, len(buffer))
        self._left -= end - position
        self._add(events, Body(buffer[position:end]))
        if not self._left:
            self._finish(events)
        return end

    def _chunks(self, buffer: bytes, position: int, events: list[E]) -> int:
        chunked = self._chunked
        after = chunked.feed(buffer, position)
        if content := chunked.take():
            self._add(events, Body(content))
        if chunked.done:
            if chunked.trailers != b"\r\n":
                self._add(events, Trailers(chunked.trailers))
            self._finish(events)
        return after if after > position else -1


class RequestFramer(_Framer[RequestEvent]):
    """The client's side of a connection.

    After a request that asks for an upgrade it holds what follows until `answered` tells whether it was granted.
    """

    what = "request"

    def __init__(self) -> None:
        super().__init__()
        self._asked = False
        self._last: RequestHead | None = None

    def _head(self, raw: bytes, offset: int, events: list[RequestEvent]) -> None:
        self._last = head = parse_request_head(raw, self._last)
        head.offset = offset
        self._asked = bool(head.upgrade)
        events.append(head)
        self._begin_body(head.length, events)

    def _finish(self, events: list[RequestEvent]) -> None:
        super()._finish(events)
        if self._asked:
            self._state = _State.AHEAD

    def answered(self, *, upgraded: bool) -> list[RequestEvent]:
        """The server's word on a request for an upgrade: the events of what was held. FramingError."""
        self._asked = False
        if upgraded:
            self._state = _State.TUNNEL
        elif self._state is _State.AHEAD:
            self._state = _State.HEAD
        return self.feed(b"")


class AnswerFramer(_Framer[AnswerEvent]):
    """The server's side: `expect` says for each request, in order, what its answer's framing depends on.

    `known`: the last head that another framer of the same answers read, which need not be read again.
    """

    what = "answer"

    def __init__(self, known: Callable[[], AnswerHead | None] | None = None) -> None:
        super().__init__()
        self._expected: deque[tuple[bytes, bool]] = deque()
        self._known = known
        self.last: AnswerHead | None = None

    def expect(self, method: bytes, *, upgrade: bool = False) -> None:
        """A request went out: its method, and whether it asked for an upgrade."""
        self._expected.append((method, upgrade))

    def _head(self, raw: bytes, offset: int, events: list[AnswerEvent]) -> None:  # noqa: ARG002 - the other side's
        if not self._expected:
            raise FramingError("The server sent an answer that no request asked for.")
        method, upgrade = self._expected[0]
        known = self._known() if self._known is not None else None
        self.last = head = known if known is not None and known.raw == raw else parse_answer_head(raw, method)
        if head.status == 101:
            if not upgrade:
                raise FramingError("The server switched protocols (101) though nobody asked.")
            self._state = _State.TUNNEL
            events.append(Upgraded(raw, head.upgrade))
        elif head.status < 200:
            events.append(Informational(raw, head.status))
        else:
            self._expected.popleft()
            events.append(head)
            self._begin_body(head.length, events)

    def eof(self) -> list[AnswerEvent]:
        """The server closed its side: END where that ends a body, nothing where it cuts one or comes between two."""
        if self._state is not _State.UNTIL_EOF:
            return []
        events: list[AnswerEvent] = []
        self._finish(events)
        self._state = _State.BROKEN
        return events

    @property
    def may_end(self) -> bool:
        """Whether the answer that is being read could end here: it has no length, and stands between two chunks."""
        if self._state is _State.UNTIL_EOF:
            return True
        return self._state is _State.CHUNKED and self._chunked.between and not self._held

    @property
    def chunked(self) -> bool:
        """Whether the answer that is being read comes in chunks."""
        return self._state is _State.CHUNKED

    @property
    def cut(self) -> bool:
        """Whether an end of the connection now would cut an answer in two."""
        return bool(self._held) or self._state not in {_State.HEAD, _State.UNTIL_EOF, _State.TUNNEL}
