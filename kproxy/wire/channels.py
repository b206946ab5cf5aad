"""What an upgraded connection's frames mean: exec, attach and port-forward as frames of named channels, sans-I/O.

Three ways to say the same: WebSocket messages whose first byte is the channel (v5.channel.k8s.io and its elders, with
base64 forms), SPDY streams named by their headers, and SPDY in WebSocket messages (SPDY/3.1+portforward.k8s.io).

A channel is stdin, stdout, stderr, error or resize, or data:PORT/ID and error:PORT/ID of a forwarded connection. What
is said about one is a frame of its own: open:…, close:… (nothing more comes this way), reset:…; plain `close` is the
whole connection's. Pings are no frames.

k8s.io/streaming/pkg/httpstream/wsstream, k8s.io/cri-streaming/pkg/streaming/{remotecommand,portforward}.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from kproxy.wire.requestinfo import request_info
from kproxy.wire.spdy import Data, GoAway, Reset, SpdyEvent, SpdyReader, SynReply, SynStream
from kproxy.wire.stretch import StreamError, Stretch
from kproxy.wire.websocket import BINARY, CLOSE, GOING_AWAY, TEXT, Part, WebSocketReader

MAX_STREAMS = 10_000
"""SPDY streams of one connection whose names are remembered."""

MAX_PORTS = 256
"""Fields of a port-forward's query: a channel's number is one byte."""

_COMMAND = ("stdin", "stdout", "stderr", "error", "resize")
_STREAM_TYPES = {name.encode(): name for name in (*_COMMAND, "data")}
_CLOSE_SIGNAL = 255  # v5: the next byte says which channel ends
_TUNNELLED = "SPDY/3.1+"
_BASE64 = "base64.channel.k8s.io"
_PLAIN = frozenset({"", "channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io"})
_CODED = frozenset({_BASE64, f"v4.{_BASE64}"})

type Name = Callable[[int], str]


class ChannelFrame(NamedTuple):
    """One frame. `size`: its payload's bytes; `content`: as much of them as was asked for, None if nothing was."""

    answer: bool  # it comes from the server
    channel: str
    size: int
    content: bytes | None


class Channels(Protocol):
    """Reads both directions of one upgraded connection."""

    def feed(self, data: bytes, *, answer: bool) -> Iterator[ChannelFrame]:
        """The frames that these bytes complete. StreamError: nothing more can be read."""

    def rest(self) -> Iterator[ChannelFrame]:
        """What there is of frames that broke off."""

    def farewell(self) -> bytes:
        """What tells the client that its server goes away, b"" where that cannot be said here."""


def channels_of(target: str, upgrade: str, protocol: str, keep: int = 0) -> Channels | None:
    """The reader for an upgraded connection; None where it is no exec, attach or port-forward.

    `target`: of the request; `upgrade`, `protocol`: what the answer's Upgrade and Sec-WebSocket-Protocol say; `keep`:
    bytes of each frame's content to be kept. StreamError for protocols that kproxy does not read.
    """
    info = request_info("GET", target)
    if info.resource != "pods" or info.subresource not in {"exec", "attach", "portforward"}:
        return None
    if upgrade.lower() == "spdy/3.1":
        return SpdyChannels(keep)
    if upgrade.lower() != "websocket":
        raise StreamError("kproxy reads WebSocket and SPDY/3.1, not what this connection was upgraded to")
    if protocol.startswith(_TUNNELLED):
        return TunnelledChannels(keep)
    if protocol not in _PLAIN | _CODED:
        raise StreamError("kproxy does not know this WebSocket subprotocol")
    name = _forwarded(target) if info.subresource == "portforward" else _commanded
    return WebSocketChannels(name, keep, coded=protocol in _CODED, closes=protocol.startswith("v5."))


@dataclass(slots=True)
class _Frame:
    """A frame while it comes."""

    keep: int
    channel: str = ""
    size: int = 0
    kept: list[bytes] = field(default_factory=list)

    def add(self, stretch: Stretch) -> None:
        if self.size < self.keep:
            self.kept.append(stretch.read(0, self.keep - self.size))
        self.size += len(stretch)

    def done(self, *, answer: bool) -> ChannelFrame:
        return ChannelFrame(answer, self.channel, self.size, b"".join(self.kept) if self.keep else None)


class _Messages:
    """One direction of a WebSocket with channels."""

    def __init__(self, name: Name, keep: int, *, answer: bool, coded: bool, closes: bool) -> None:
        self._reader = WebSocketReader()
        self._name = name
        self._keep = keep
        self._answer = answer
        self._coded = coded
        self._closes = closes
        self._frame: _Frame | None = None
        self._close: _Frame | None = None
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
            self._frame = _Frame(self._keep, f"close:{self._name(code)}")
        elif self._closes and code == _CLOSE_SIGNAL:
            self._signal = True
            return self._begin(rest) if rest else rest
        else:
            self._frame = _Frame(self._keep, self._name(code - ord("0") if self._coded else code))
        return rest

    def _closing(self, part: Part) -> Iterator[ChannelFrame]:
        if self._close is None or part.first:
            self._close = _Frame(self._keep, "close")
        self._close.add(part.stretch)
        if part.last:
            yield self._close.done(answer=self._answer)

    def _whole(self, frame: _Frame) -> ChannelFrame:
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


class SpdyChannels:
    """SPDY/3.1: both directions speak of the same streams."""

    def __init__(self, keep: int) -> None:
        self._readers = (SpdyReader(), SpdyReader())
        self._frames: list[_Frame | None] = [None, None]
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
            frame = self._frames[answer] = _Frame(self._keep, self._of(event.stream))
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


def _commanded(code: int) -> str:
    return _COMMAND[code] if 0 <= code < len(_COMMAND) else f"channel-{code}"


def _forwarded(target: str) -> Name:
    """Channels 2n and 2n+1 are data and errors of the query's nth port."""
    try:
        values = parse_qs(urlsplit(target).query, max_num_fields=MAX_PORTS).get("ports", [])
    except ValueError:
        raise StreamError(f"the query has more than {MAX_PORTS} fields") from None
    ports = [_number(port.encode()) or "?" for value in values for port in value.split(",")]

    def name(code: int) -> str:
        at = code // 2
        return f"{'error' if code % 2 else 'data'}:{ports[at]}/{at}" if 0 <= at < len(ports) else f"channel-{code}"

    return name


def _stream_name(event: SynStream) -> str:
    kind = _STREAM_TYPES.get(event.headers.get(b"streamtype", b""), "")
    if not kind:
        return f"stream-{event.stream}"
    port = _number(event.headers.get(b"port", b""))
    if not port:
        return kind
    return f"{kind}:{port}/{_number(event.headers.get(b'requestid', b'')) or event.stream}"


def _number(raw: bytes) -> str:
    """Digits only: a name is made of what the client says, and nothing else of it may come into a recording."""
    return raw.decode() if raw.isdigit() and len(raw) <= 10 else ""


def _decoded(raw: bytes) -> bytes:
    try:
        return base64.b64decode(raw[: len(raw) // 4 * 4], validate=True)
    except binascii.Error:
        return raw
