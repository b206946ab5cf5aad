"""A client's frames of exec, attach and port-forward, written: the other way round of `channels`, sans-I/O.

WebSocket framing and masking is wsproto's; SPDY/3.1 frames are written as `spdy` reads them.
"""

import base64
import struct
import zlib
from typing import Protocol

from wsproto.frame_protocol import FrameProtocol

from kproxy.wire.channelframe import COMMAND
from kproxy.wire.spdy import DICTIONARY
from kproxy.wire.stretch import StreamError

_CLOSE_SIGNAL = 255
_CANCEL = 5
_FIN = 1
_SYN_STREAM, _RST_STREAM, _GOAWAY = 1, 3, 7


class ChannelWriter(Protocol):
    """Writes one client's frames."""

    def frame(self, channel: str, content: bytes) -> bytes:
        """The bytes that say it. StreamError for a channel that cannot be said in this protocol."""

    def pong(self, payload: bytes) -> bytes:
        """The answer to a server's ping, b"" where there are none."""


def channel_writer(upgrade: str, protocol: str) -> ChannelWriter:
    """For what an answer's Upgrade and Sec-WebSocket-Protocol say. StreamError for protocols that are not known."""
    if upgrade.lower() == "spdy/3.1":
        return _SpdyWriter()
    if upgrade.lower() != "websocket":
        raise StreamError("kproxy writes WebSocket and SPDY/3.1, not what this connection was upgraded to")
    if protocol.startswith("SPDY/3.1+"):
        return _TunnelledWriter()
    return _WebSocketWriter(coded="base64." in protocol, closes=protocol.startswith("v5."))


class _WebSocketWriter:
    """Messages whose first byte is the channel. `coded`: in base64; `closes`: a channel's end can be said (v5)."""

    def __init__(self, *, coded: bool, closes: bool) -> None:
        self._frames = FrameProtocol(client=True, extensions=[])
        self._coded = coded
        self._closes = closes

    def frame(self, channel: str, content: bytes) -> bytes:
        """See ChannelWriter."""
        if channel == "close":
            return closing(self._frames, content)
        kind, _, name = channel.rpartition(":") if channel.startswith("close:") else ("", "", channel)
        number = _number(name)
        if kind:
            if not self._closes:
                raise StreamError("only v5.channel.k8s.io can say that a channel ends")
            return bytes(self._frames.send_data(bytes([_CLOSE_SIGNAL, number])))
        if self._coded:
            return bytes(self._frames.send_data(f"{number}{base64.b64encode(content).decode('ascii')}"))
        return bytes(self._frames.send_data(bytes([number]) + content))

    def pong(self, payload: bytes) -> bytes:
        """See ChannelWriter."""
        return bytes(self._frames.pong(payload))


class _SpdyWriter:
    """SPDY/3.1: streams are numbered as they are opened, by a client oddly."""

    def __init__(self) -> None:
        self._pack = zlib.compressobj(zdict=DICTIONARY)
        self._streams: dict[str, int] = {}
        self._next = 1

    def frame(self, channel: str, content: bytes) -> bytes:
        """See ChannelWriter."""
        if channel == "close":
            return _control(_GOAWAY, struct.pack("!II", 0, 0))
        kind, _, name = channel.partition(":")
        if kind == "open":
            return self._open(name)
        if kind in {"close", "reset"}:
            stream = self._of(name)
            if kind == "reset":
                return _control(_RST_STREAM, struct.pack("!II", stream, _CANCEL))
            return _data(stream, b"", fin=True)
        return _data(self._of(channel), content, fin=False)

    def pong(self, payload: bytes) -> bytes:
        """See ChannelWriter: SPDY's pings are answered by nobody here; api-servers do not ask."""
        del payload
        return b""

    def _open(self, name: str) -> bytes:
        stream, self._next = self._next, self._next + 2
        self._streams[name] = stream
        return _control(_SYN_STREAM, struct.pack("!IIH", stream, 0, 0) + self._block(_headers(name)))

    def _of(self, name: str) -> int:
        if name not in self._streams:
            raise StreamError(f"the stream {name!r} was never opened")
        return self._streams[name]

    def _block(self, headers: dict[str, str]) -> bytes:
        plain = struct.pack("!I", len(headers))
        for text in (text for pair in headers.items() for text in pair):
            plain += struct.pack("!I", len(text)) + text.encode()
        return self._pack.compress(plain) + self._pack.flush(zlib.Z_SYNC_FLUSH)


class _TunnelledWriter:
    """SPDY in the binary messages of a WebSocket."""

    def __init__(self) -> None:
        self._frames = FrameProtocol(client=True, extensions=[])
        self._spdy = _SpdyWriter()

    def frame(self, channel: str, content: bytes) -> bytes:
        """See ChannelWriter. The connection's end is the WebSocket's."""
        if channel == "close":
            return closing(self._frames, content)
        return bytes(self._frames.send_data(self._spdy.frame(channel, content)))

    def pong(self, payload: bytes) -> bytes:
        """See ChannelWriter."""
        return bytes(self._frames.pong(payload))


def closing(frames: FrameProtocol, content: bytes) -> bytes:
    """A close frame with what was said in it: a code and its reason."""
    if len(content) < 2:
        return bytes(frames.close(1000))
    return bytes(frames.close(int.from_bytes(content[:2]), content[2:].decode("utf-8", "replace")))


def _number(channel: str) -> int:
    """A channel's number: stdin and the like, `channel-7`, and two for each forwarded port, data and errors."""
    if channel in COMMAND:
        return COMMAND.index(channel)
    kind, _, rest = channel.partition(":")
    place = rest.partition("/")[2]
    if kind in {"data", "error"} and place.isdecimal() and int(place) < 128:
        return 2 * int(place) + (kind == "error")
    number = channel.removeprefix("channel-")
    if number.isdecimal() and int(number) < 256:
        return int(number)
    raise StreamError(f"the channel {channel!r} has no number")


def _headers(name: str) -> dict[str, str]:
    """Those that open a stream of this name."""
    kind, _, rest = name.partition(":")
    if name in COMMAND:
        return {"streamtype": name}
    port, _, request = rest.partition("/")
    if kind in {"data", "error"} and port.isdigit() and request.isdigit():
        return {"streamtype": kind, "port": port, "requestid": request}
    raise StreamError(f"nobody knows how the stream {name!r} was opened")


def _data(stream: int, payload: bytes, *, fin: bool) -> bytes:
    return struct.pack("!II", stream, (_FIN if fin else 0) << 24 | len(payload)) + payload


def _control(kind: int, payload: bytes) -> bytes:
    return struct.pack("!II", 0x80030000 | kind, len(payload)) + payload
