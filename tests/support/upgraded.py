"""What two sides of an upgraded connection say, made by hand: WebSocket and SPDY/3.1 frames."""

import struct
import zlib
from collections.abc import Iterator

from kproxy.wire.spdy import DICTIONARY
from kproxy.wire.stretch import unmask


def websocket(opcode: int, payload: bytes, *, key: bytes = b"", last: bool = True) -> bytes:
    """One frame, masked where there is a key."""
    size, mask = len(payload), 0x80 if key else 0
    head = bytes([opcode | (0x80 if last else 0)])
    if size < 126:
        head += bytes([size | mask])
    elif size < 1 << 16:
        head += bytes([126 | mask]) + struct.pack("!H", size)
    else:
        head += bytes([127 | mask]) + struct.pack("!Q", size)
    return head + key + (unmask(payload, key) if key else payload)


class Spdy:
    """One side's frames; its header blocks are packed with one state, as Go's are."""

    def __init__(self) -> None:
        self._pack = zlib.compressobj(zdict=DICTIONARY)

    def opened(self, stream: int, *, fin: bool = False, **headers: str) -> bytes:
        """SYN_STREAM."""
        return _control(1, struct.pack("!IIH", stream, 0, 0) + self._block(headers), fin)

    def replied(self, stream: int, *, fin: bool = False, **headers: str) -> bytes:
        """SYN_REPLY."""
        return _control(2, struct.pack("!I", stream) + self._block(headers), fin)

    def _block(self, headers: dict[str, str]) -> bytes:
        plain = struct.pack("!I", len(headers))
        for text in (text for pair in headers.items() for text in pair):
            plain += struct.pack("!I", len(text)) + text.encode()
        return self._pack.compress(plain) + self._pack.flush(zlib.Z_SYNC_FLUSH)


def spdy_data(stream: int, payload: bytes, *, fin: bool = False) -> bytes:
    """A data frame."""
    return struct.pack("!II", stream, fin << 24 | len(payload)) + payload


def spdy_reset(stream: int, status: int = 5) -> bytes:
    """RST_STREAM."""
    return _control(3, struct.pack("!II", stream, status), fin=False)


def spdy_goaway(last: int = 0) -> bytes:
    """GOAWAY."""
    return _control(7, struct.pack("!II", last, 0), fin=False)


def spdy_ping(number: int) -> bytes:
    """PING."""
    return _control(6, struct.pack("!I", number), fin=False)


def cut(data: bytes, places: set[int]) -> Iterator[bytes]:
    """`data` in pieces, cut at these places."""
    before = 0
    for place in [*sorted(place for place in places if place < len(data)), len(data)]:
        yield data[before:place]
        before = place


def _control(kind: int, payload: bytes, fin: bool) -> bytes:
    return struct.pack("!II", 0x80030000 | kind, fin << 24 | len(payload)) + payload
