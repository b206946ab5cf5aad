"""SPDY streams as channels, named by the headers that open them; plain, or in the binary messages of a WebSocket."""

from collections.abc import Iterator

from kproxy.wire.channelframe import COMMAND, ChannelFrame, Coming, digits
from kproxy.wire.spdy import Data, GoAway, Reset, SpdyEvent, SpdyReader, SynReply, SynStream
from kproxy.wire.stretch import Stretch
from kproxy.wire.websocket import BINARY, CLOSE, GOING_AWAY, WebSocketReader

MAX_STREAMS = 10_000
"""Streams of one connection whose names are remembered."""

_STREAM_TYPES = {name.encode(): name for name in (*COMMAND, "data")}


class SpdyChannels:
    """SPDY/3.1: both directions speak of the same streams."""

    def __init__(self, keep: int) -> None:
        self._readers = (SpdyReader(), SpdyReader())
        self._frames: list[Coming | None] = [None, None]
        self._names: dict[int, str] = {}
        self._half_closed: set[int] = set()
        self._keep = keep

    def feed(self, data: bytes | Stretch, *, answer: bool) -> Iterator[ChannelFrame]:
        """See Channels."""
        for event in self._readers[answer].feed(data):
            yield from self._data(event, answer=answer) if isinstance(event, Data) else self._said(event, answer=answer)

    def rest(self) -> Iterator[ChannelFrame]:
        """See Channels."""
        for answer, frame in enumerate(self._frames):
            if frame is not None:
                yield frame.done(answer=bool(answer))

    def farewell(self) -> bytes:
        """See Channels: SPDY's GOAWAY would let the streams go on; it is the connection's end that ends them."""
        return b""

    def _data(self, event: Data, *, answer: bool) -> Iterator[ChannelFrame]:
        frame = self._frames[answer]
        if frame is None:
            frame = self._frames[answer] = Coming(self._keep, self._of(event.stream))
        frame.add(event.stretch)
        if not event.last:
            return
        self._frames[answer] = None
        if frame.size or not event.fin:
            yield frame.done(answer=answer)
        if event.fin:
            yield self._fin(event.stream, answer=answer)

    def _said(self, event: SpdyEvent, *, answer: bool) -> Iterator[ChannelFrame]:
        if isinstance(event, SynStream):
            self._remember(event)
            yield self._about("open", event.stream, answer=answer)
        elif isinstance(event, Reset):
            yield self._about("reset", event.stream, answer=answer)
            self._half_closed.add(event.stream)  # the other side may still have sent some
        elif isinstance(event, GoAway):
            yield ChannelFrame(answer, "close", 0, None)
        if isinstance(event, SynStream | SynReply) and event.fin:
            yield self._fin(event.stream, answer=answer)

    def _fin(self, stream: int, *, answer: bool) -> ChannelFrame:
        frame = self._about("close", stream, answer=answer)
        if stream in self._half_closed:
            self._forget(stream)
        else:
            self._half_closed.add(stream)
        return frame

    def _about(self, what: str, stream: int, *, answer: bool) -> ChannelFrame:
        return ChannelFrame(answer, f"{what}:{self._of(stream)}", 0, None)

    def _of(self, stream: int) -> str:
        return self._names.get(stream, f"stream-{stream}")

    def _remember(self, event: SynStream) -> None:
        if len(self._names) >= MAX_STREAMS:  # whoever opens so many has not closed the oldest
            self._forget(next(iter(self._names)))
        self._names[event.stream] = _stream_name(event)

    def _forget(self, stream: int) -> None:
        self._names.pop(stream, None)
        self._half_closed.discard(stream)


class TunnelledChannels:
    """SPDY in the binary messages of a WebSocket, cut anywhere."""

    def __init__(self, keep: int) -> None:
        self._sockets = (WebSocketReader(), WebSocketReader())
        self._spdy = SpdyChannels(keep)

    def feed(self, data: bytes, *, answer: bool) -> Iterator[ChannelFrame]:
        """See Channels."""
        for part in self._sockets[answer].feed(data):
            if part.opcode == BINARY:
                yield from self._spdy.feed(part.stretch, answer=answer)
            elif part.opcode == CLOSE and part.first:
                yield ChannelFrame(answer, "close", 0, None)

    def rest(self) -> Iterator[ChannelFrame]:
        """See Channels."""
        return self._spdy.rest()

    def farewell(self) -> bytes:
        """See Channels."""
        return GOING_AWAY if self._sockets[True].between else b""


def _stream_name(event: SynStream) -> str:
    kind = _STREAM_TYPES.get(event.headers.get(b"streamtype", b""), "")
    if not kind:
        return f"stream-{event.stream}"
    port = digits(event.headers.get(b"port", b""))
    if not port:
        return kind
    return f"{kind}:{port}/{digits(event.headers.get(b'requestid', b'')) or event.stream}"
