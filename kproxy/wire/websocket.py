"""WebSocket frames (RFC 6455), sans-I/O: one direction of a connection, cut at any byte.

Payload is never copied here: a Part is the stretch of the fed bytes that belongs to a message. Extensions are not
known: whoever compresses (RFC 7692) sets a reserved bit, and that ends the reading.
"""

from collections.abc import Iterator
from typing import NamedTuple

from kproxy.wire.stretch import StreamError, Stretch

CONTINUATION = 0
TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10

MAX_CONTROL = 125
"""Bytes of a control frame's payload (RFC 6455, 5.5)."""

GOING_AWAY = bytes([0x80 | CLOSE, 2]) + (1001).to_bytes(2)
"""A server's close frame (servers do not mask): it goes away (RFC 6455, 7.4.1)."""

_LONGEST_HEAD = 14
_KNOWN = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})


class Part(NamedTuple):
    """A piece of a message, or of a control frame between a message's frames; `opcode` is the message's.

    An empty message is one Part with both `first` and `last`.
    """

    opcode: int
    stretch: Stretch
    first: bool
    last: bool


class WebSocketReader:
    """Feed it one direction's bytes behind the handshake. StreamError ends it."""

    def __init__(self) -> None:
        self._held = b""  # of a frame's head
        self._inside = False  # a frame's payload
        self._left = 0
        self._key = b""
        self._phase = 0
        self._opcode = 0  # of the frame
        self._last = False  # frame of its message
        self._message: int | None = None  # opcode of the message that goes on over several frames
        self._begun = False  # some of the frame's message has been told

    @property
    def between(self) -> bool:
        """Whether it stands between two frames."""
        return not self._inside and not self._held

    def feed(self, data: bytes | Stretch) -> Iterator[Part]:
        """The pieces of messages in these bytes. StreamError."""
        stretch = data if isinstance(data, Stretch) else Stretch(data, 0, len(data))
        position, size = 0, len(stretch)
        while position < size:
            if not self._inside:
                position = self._take_head(stretch, position)
                if not self._inside:
                    return
            end = min(position + self._left, size)
            if end > position or not self._left:
                yield self._part(stretch.data, stretch.start + position, stretch.start + end)
            position = end

    def _part(self, data: bytes, start: int, end: int) -> Part:
        count = end - start
        self._left -= count
        stretch = Stretch(data, start, end, self._key, self._phase)
        self._phase = (self._phase + count) % 4
        over = not self._left
        control = self._opcode >= CLOSE
        first = not self._begun if control or self._message is None else False
        opcode = self._opcode if control or self._message is None else self._message
        last = over and self._last
        self._begun = True
        if over:
            self._inside = False
            if not control:
                self._message = None if self._last else opcode
        return Part(opcode, stretch, first, last)

    def _take_head(self, stretch: Stretch, position: int) -> int:
        """The position behind a frame's head; without `_inside` all was taken and more is needed."""
        held = self._held
        head = held + stretch.read(position, position + _LONGEST_HEAD - len(held))
        needed = _head_size(head)
        if len(head) < needed:
            self._held = head
            return len(stretch)
        self._held = b""
        self._begin(head[:needed])
        return position + needed - len(held)

    def _begin(self, head: bytes) -> None:
        opcode, length = head[0] & 15, head[1] & 127
        if head[0] & 0x70:
            raise StreamError("a WebSocket frame uses an extension (compression?) that kproxy does not read")
        if opcode not in _KNOWN:
            raise StreamError(f"a WebSocket frame has the unknown opcode {opcode}")
        if length == 126:
            length = int.from_bytes(head[2:4])
        elif length == 127:
            length = int.from_bytes(head[2:10])
        self._last = bool(head[0] & 0x80)
        if opcode >= CLOSE and (length > MAX_CONTROL or not self._last):
            raise StreamError("a WebSocket control frame is too long or fragmented")
        if opcode < CLOSE and (opcode == CONTINUATION) != (self._message is not None):
            raise StreamError("a WebSocket message's frames do not follow each other")
        self._key = head[-4:] if head[1] & 0x80 else b""
        self._opcode, self._left, self._phase = opcode, length, 0
        self._inside, self._begun = True, False


def _head_size(head: bytes) -> int:
    """How many bytes a frame's head has, as far as its first two tell."""
    if len(head) < 2:
        return 2
    length = head[1] & 127
    return 2 + {126: 2, 127: 8}.get(length, 0) + (4 if head[1] & 0x80 else 0)
