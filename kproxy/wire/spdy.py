"""SPDY/3.1 frames (draft-mbelshe-httpbis-spdy-00, section 2.6), sans-I/O: one direction, cut at any byte.

Header blocks of a direction share one zlib stream: it has to be read from its first byte on. Data frames are passed by
length, their bytes are not touched. What Kubernetes never looks at (SETTINGS, PING, WINDOW_UPDATE) is skipped.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.wire.stretch import StreamError, Stretch

MAX_CONTROL = 64 * 1024
"""Bytes of a control frame that is read: Kubernetes' header blocks have some hundred."""

_MAX_HEADERS = 64 * 1024
"""Bytes of an unpacked header block."""

_HEAD = 8
_FIN = 1
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _GOAWAY, _HEADERS = 1, 2, 3, 7, 8
_READ = frozenset({_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _GOAWAY, _HEADERS})
_ID = 0x7FFFFFFF

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200~OK version HTTP/1.1 url public set-cookie "
    "keep-alive origin"
)
_REST = (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    b"203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    b"404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    b"Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    b"chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    b"publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(struct.pack("!I", len(word)) + word.replace("~", " ").encode() for word in _WORDS.split()) + _REST
"""What every header block's compression begins with (2.6.10.1)."""


@dataclass(frozen=True, slots=True)
class SynStream:
    """A stream is opened. Header names are in lower case."""

    stream: int
    headers: dict[bytes, bytes]
    fin: bool


@dataclass(frozen=True, slots=True)
class SynReply:
    """The other side takes it."""

    stream: int
    headers: dict[bytes, bytes]
    fin: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """A stream is given up, with a status (1 protocol error, 5 cancel, 6 internal error, …)."""

    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """Whoever sends it opens and takes no more streams."""

    last: int


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a data frame; `last`: the frame is whole; `fin`: then nothing more comes on this stream."""

    stream: int
    stretch: Stretch
    last: bool
    fin: bool


type SpdyEvent = SynStream | SynReply | Reset | GoAway | Data


class SpdyReader:
    """Feed it one direction's bytes. StreamError ends it."""

    def __init__(self) -> None:
        self._held = b""  # of a head, or of a control frame that is read
        self._left = 0  # bytes of the frame's payload to come
        self._inside = False
        self._control: int | None = None  # its type; None: data
        self._flags = 0
        self._stream = 0
        self._unpack = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes | Stretch) -> Iterator[SpdyEvent]:
        """What these bytes say. StreamError."""
        stretch = data if isinstance(data, Stretch) else Stretch(data, 0, len(data))
        position, size = 0, len(stretch)
        while position < size:
            if not self._inside:
                position = self._take_head(stretch, position)
                if not self._inside:
                    return
            end = min(position + self._left, size)
            event = self._payload(stretch, position, end)
            position = end
            if event is not None:
                yield event

    def _take_head(self, stretch: Stretch, position: int) -> int:
        held = self._held
        head = held + stretch.read(position, position + _HEAD - len(held))
        if len(head) < _HEAD:
            self._held = head
            return len(stretch)
        self._held = b""
        first, second = struct.unpack("!II", head)
        self._flags, self._left = second >> 24, second & 0xFFFFFF
        if first >> 31:
            self._begin_control(first)
        else:
            self._control, self._stream = None, first
        self._inside = True
        return position + _HEAD - len(held)

    def _begin_control(self, first: int) -> None:
        version = first >> 16 & 0x7FFF
        if version != 3:
            raise StreamError(f"a SPDY frame is of version {version}, not 3")
        self._control = first & 0xFFFF
        if self._control in _READ and self._left > MAX_CONTROL:
            raise StreamError(f"a SPDY control frame has {self._left} bytes")

    def _payload(self, stretch: Stretch, start: int, end: int) -> SpdyEvent | None:
        self._left -= end - start
        last = not self._left
        self._inside = not last
        if self._control is None:
            if last or end > start:
                return Data(self._stream, stretch.part(start, end), last, bool(last and self._flags & _FIN))
            return None
        if self._control not in _READ:
            return None
        self._held += stretch.read(start, end)
        if not last:
            return None
        payload, self._held = self._held, b""
        return self._read(self._control, payload)

    def _read(self, control: int, payload: bytes) -> SpdyEvent | None:
        if len(payload) < (10 if control == _SYN_STREAM else 8 if control in {_RST_STREAM, _GOAWAY} else 4):
            raise StreamError("a SPDY control frame is too short for its type")
        number = int.from_bytes(payload[:4]) & _ID
        if control == _RST_STREAM:
            return Reset(number, int.from_bytes(payload[4:8]))
        if control == _GOAWAY:
            return GoAway(number)
        headers = self._headers(payload[10:] if control == _SYN_STREAM else payload[4:])
        fin = bool(self._flags & _FIN)
        if control == _SYN_STREAM:
            return SynStream(number, headers, fin)
        return SynReply(number, headers, fin) if control == _SYN_REPLY else None

    def _headers(self, block: bytes) -> dict[bytes, bytes]:
        try:
            plain = self._unpack.decompress(block, _MAX_HEADERS)
        except zlib.error:
            raise StreamError("a SPDY header block cannot be unpacked") from None
        if self._unpack.unconsumed_tail:
            raise StreamError(f"a SPDY header block has more than {_MAX_HEADERS} bytes")
        return _pairs(plain)


def _pairs(plain: bytes) -> dict[bytes, bytes]:
    """Names and values of a header block: a count, then each with its length before it."""
    found: dict[bytes, bytes] = {}
    position = 4
    for _ in range(int.from_bytes(plain[:4])):
        name, position = _text(plain, position)
        value, position = _text(plain, position)
        found[name.lower()] = value
    return found


def _text(plain: bytes, position: int) -> tuple[bytes, int]:
    start = position + 4
    end = start + int.from_bytes(plain[position:start])
    if end > len(plain) or len(plain) < start:
        raise StreamError("a SPDY header block is cut")
    return plain[start:end], end
