"""WebSocket messages whose first byte is the channel: v5.channel.k8s.io, its elders, and their base64 forms."""

import base64
import binascii
from collections.abc import Callable, Iterator

from kproxy.wire.channelframe import ChannelFrame, Coming
from kproxy.wire.stretch import Stretch
from kproxy.wire.websocket import BINARY, CLOSE, GOING_AWAY, TEXT, Part, WebSocketReader

_CLOSE_SIGNAL = 255  # v5: the next byte says which channel ends

type Name = Callable[[int], str]
"""What a channel of this number is called."""


class _Messages:
    """One direction of a WebSocket with channels."""

    def __init__(self, name: Name, keep: int, *, answer: bool, coded: bool, closes: bool) -> None:
        self._reader = WebSocketReader()
        self._name = name
        self._keep = keep
        self._answer = answer
        self._coded = coded
        self._closes = closes
        self._frame: Coming | None = None
        self._close: Coming | None = None
        self._signal = False  # the message is v5's close signal, its channel byte is to come
        self._tail = b""  # of a base64 message: its padding

    def feed(self, data: bytes) -> Iterator[ChannelFrame]:
        for part in self._reader.feed(data):
            if part.opcode in {TEXT, BINARY}:
                yield from self._message(part)
            elif part.opcode == CLOSE:
                yield from self._closing(part)

    @property
    def between(self) -> bool:
        return self._reader.between

    def rest(self) -> Iterator[ChannelFrame]:
        if self._frame is not None:
            yield self._whole(self._frame)

    def _message(self, part: Part) -> Iterator[ChannelFrame]:
        if part.first:
            self._frame, self._signal, self._tail = None, False, b""
        stretch = part.stretch
        if self._frame is None and stretch:
            stretch = self._begin(stretch)
        if self._frame is not None and stretch:
            self._frame.add(stretch)
            if self._coded:
                self._tail = (self._tail + stretch.read(max(0, len(stretch) - 2), len(stretch)))[-2:]
        if part.last and self._frame is not None:
            frame, self._frame = self._frame, None
            yield self._whole(frame)

    def _begin(self, stretch: Stretch) -> Stretch:
        """The message's first byte, or its second one behind a close signal; what follows it."""
        code = stretch.read(0, 1)[0]
        rest = stretch.part(1, len(stretch))
        if self._signal:
            self._frame = Coming(self._keep, f"close:{self._name(code)}")
        elif self._closes and code == _CLOSE_SIGNAL:
            self._signal = True
            return self._begin(rest) if rest else rest
        else:
            self._frame = Coming(self._keep, self._name(code - ord("0") if self._coded else code))
        return rest

    def _closing(self, part: Part) -> Iterator[ChannelFrame]:
        if self._close is None or part.first:
            self._close = Coming(self._keep, "close")
        self._close.add(part.stretch)
        if part.last:
            yield self._close.done(answer=self._answer)

    def _whole(self, frame: Coming) -> ChannelFrame:
        made = frame.done(answer=self._answer)
        if not self._coded:
            return made
        size = frame.size // 4 * 3 - self._tail.count(b"=")
        content = None if made.content is None else _decoded(made.content)
        return ChannelFrame(made.answer, made.channel, max(0, size), content)


class WebSocketChannels:
    """v5.channel.k8s.io and the protocols before it."""

    def __init__(self, name: Name, keep: int, *, coded: bool, closes: bool) -> None:
        self._sides = [_Messages(name, keep, answer=side, coded=coded, closes=closes) for side in (False, True)]

    def feed(self, data: bytes, *, answer: bool) -> Iterator[ChannelFrame]:
        """See Channels."""
        return self._sides[answer].feed(data)

    def rest(self) -> Iterator[ChannelFrame]:
        """See Channels."""
        for side in self._sides:
            yield from side.rest()

    def farewell(self) -> bytes:
        """See Channels."""
        return GOING_AWAY if self._sides[True].between else b""


def _decoded(raw: bytes) -> bytes:
    try:
        return base64.b64decode(raw[: len(raw) // 4 * 4], validate=True)
    except binascii.Error:
        return raw
