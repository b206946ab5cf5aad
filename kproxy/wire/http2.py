"""Reads along on an HTTP/2 connection, both directions, from its first byte (RFC 9113, RFC 7541).

It only reads: no frame is made, none is refused, flow control and settings are left to the two that speak. What it
cannot read ends the reading (`Http2Error`), not the connection. Both directions must be fed with all of their bytes, in
order within each: HPACK's dynamic table is made of every header block that went by.
"""

import struct
from typing import NamedTuple, cast

from hpack import Decoder
from hpack.exceptions import HPACKError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_BLOCK = 256 * 1024
"""Bytes of a header block, encoded, and of its fields, decoded (RFC 7541's count of 32 for each included)."""
SHORT = 128
"""Bytes of an encoded block that is remembered, or whose entries of the table are looked up here: a byte may stand for
much."""
MAX_TABLE = 1024 * 1024
"""Bytes of an HPACK dynamic table that is followed; whoever announces more may send what cannot be read."""
MAX_CONTROL = 64 * 1024
"""Bytes of any other frame whose content is looked at."""

_HEAD = struct.Struct("!HBBBI")
_SETTING = struct.Struct("!HI")
_DATA, _HEADERS, _RST, _SETTINGS, _PROMISE, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 5, 7, 9
_READ = frozenset({_HEADERS, _RST, _SETTINGS, _PROMISE, _GOAWAY, _CONTINUATION})
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
_PLAIN = _END_HEADERS | _PADDED | _PRIORITY
_HEADER_TABLE_SIZE = 1

type Field = tuple[bytes, bytes]
type Fields = tuple[Field, ...]


class Http2Error(Exception):
    """The bytes cannot be read on; says why, as the end of a sentence. `before`: what they had completed."""

    before: tuple["Event", ...] = ()


class Headers(NamedTuple):
    """A whole header block: a request's or an answer's head, or trailers. `end`: it ends its side of the stream."""

    stream: int
    fields: Fields
    end: bool


class Data(NamedTuple):
    """A piece of a DATA frame's content, padding taken away; valid as long as the bytes that were fed."""

    stream: int
    content: memoryview
    end: bool


class Reset(NamedTuple):
    """RST_STREAM."""

    stream: int
    code: int


class Goaway(NamedTuple):
    """GOAWAY: streams of the other side above `last` were not dealt with."""

    last: int
    code: int


type Event = Headers | Data | Reset | Goaway


class Http2Side:
    """One direction of a connection: its bytes in, events out. Feed the client's side with the preface."""

    __slots__ = (
        "_block",
        "_body",
        "_decoder",
        "_end",
        "_flags",
        "_left",
        "_memo",
        "_open",
        "_padding",
        "_preface",
        "_promised",
        "_rest",
        "_stream",
        "_type",
        "peer",
    )

    def __init__(self, preface: bytes = b"") -> None:
        self.peer: Http2Side | None = None  # whose header blocks this side's settings bound
        self._preface = preface  # what must still come of it
        self._decoder = Decoder(max_header_list_size=MAX_BLOCK)
        self._memo: dict[bytes, Fields] = {}  # blocks of table indices alone, while the table is what it was
        self._rest = b""  # the beginning of a frame's head
        self._type = self._flags = self._stream = 0  # of the frame that is open
        self._left = 0  # bytes of it that have not come
        self._padding = -1  # of a DATA frame's last bytes; -1: not known yet
        self._body: bytearray | None = None  # of a frame that is read as a whole
        self._block: bytearray | None = None  # a header block that is not complete
        self._open = 0  # its stream
        self._promised = self._end = False

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete. Http2Error, and after it nothing more may be fed."""
        events: list[Event] = []
        try:
            self._feed(data, events)
        except Http2Error as error:
            error.before = tuple(events)
            raise
        return events

    def _feed(self, data: bytes, events: list[Event]) -> None:
        if self._preface:
            data = self._take_preface(data)
        if self._rest:
            data, self._rest = self._rest + data, b""
        view = memoryview(data)
        at, size = 0, len(data)
        while at < size:
            if self._left:
                at = self._go_on(view, at, events)
                continue
            if size - at < 9:
                self._rest = data[at:]
                break
            high, low, kind, flags, stream = _HEAD.unpack_from(data, at)
            length = (high << 8) | low
            at += 9
            if length <= size - at and self._block is None and 0 < stream <= 0x7FFFFFFF:
                # Whole, as nearly all are: what is most of a connection is read without being looked at twice.
                if kind == _HEADERS and flags & _PLAIN == _END_HEADERS:
                    events.append(Headers(stream, self._fields(data[at : at + length]), bool(flags & _END_STREAM)))
                    at += length
                    continue
                if kind not in _READ and not flags & _PADDED:
                    if kind == _DATA:
                        events.append(Data(stream, view[at : at + length], bool(flags & _END_STREAM)))
                    at += length
                    continue
            self._begin(length, kind, flags, stream & 0x7FFFFFFF, events)

    def _take_preface(self, data: bytes) -> bytes:
        wanted = self._preface[: len(data)]
        if data[: len(wanted)] != wanted:
            raise Http2Error("it does not begin as HTTP/2")
        self._preface = self._preface[len(wanted) :]
        return data[len(wanted) :]

    def _begin(self, length: int, kind: int, flags: int, stream: int, events: list[Event]) -> None:
        if self._block is not None and (kind != _CONTINUATION or stream != self._open):
            raise Http2Error("a header block is interrupted")
        self._type, self._flags, self._stream, self._left = kind, flags, stream, length
        if kind == _DATA:
            self._begin_data(length, events)
        elif kind in _READ:
            if length > (MAX_BLOCK if kind in {_HEADERS, _PROMISE, _CONTINUATION} else MAX_CONTROL):
                raise Http2Error(f"a frame of type {kind} has {length} bytes")
            self._body = bytearray()
            if not length:
                self._complete(b"", events)

    def _begin_data(self, length: int, events: list[Event]) -> None:
        if not self._stream:
            raise Http2Error("data belongs to no stream")
        self._padding = -1 if self._flags & _PADDED else 0
        if not length:
            if self._padding:
                raise Http2Error("a frame is shorter than its padding")
            events.append(Data(self._stream, memoryview(b""), bool(self._flags & _END_STREAM)))

    def _go_on(self, view: memoryview, at: int, events: list[Event]) -> int:
        """More of the open frame; where the next one begins, or the bytes end."""
        stop = min(at + self._left, len(view))
        if self._type == _DATA:
            self._more_data(view, at, stop, events)
            return stop
        self._left -= stop - at
        if self._body is None:  # a frame that says nothing to us
            return stop
        if self._left:
            self._body += view[at:stop]
        elif self._body:
            self._complete(bytes(self._body + view[at:stop]), events)
        else:
            self._complete(bytes(view[at:stop]), events)
        return stop

    def _more_data(self, view: memoryview, at: int, stop: int, events: list[Event]) -> None:
        if self._padding < 0:
            self._padding = view[at]
            self._left -= 1
            at += 1
            if self._padding > self._left:
                raise Http2Error("a frame is shorter than its padding")
            if self._left == self._padding:  # padding is all there is: the end must be told by itself
                events.append(Data(self._stream, view[:0], bool(self._flags & _END_STREAM)))
        content = self._left - self._padding  # what is still to come of it
        self._left -= stop - at
        if content > 0:
            piece = view[at : min(stop, at + content)]
            if piece:
                whole = len(piece) == content
                events.append(Data(self._stream, piece, bool(self._flags & _END_STREAM) and whole))

    def _complete(self, body: bytes, events: list[Event]) -> None:
        """A frame other than DATA is there."""
        self._body = None
        kind = self._type
        if kind in {_HEADERS, _PROMISE}:
            if not self._stream:
                raise Http2Error("headers belong to no stream")
            self._open, self._end = self._stream, bool(self._flags & _END_STREAM)
            self._promised = kind == _PROMISE
            self._add_block(self._fragment(body), events)
        elif kind == _CONTINUATION:
            if self._block is None:
                raise Http2Error("a header block goes on that never began")
            self._add_block(body, events)
        elif kind == _RST:
            if len(body) != 4:
                raise Http2Error("a reset has no code")
            events.append(Reset(self._stream, int.from_bytes(body)))
        elif kind == _GOAWAY:
            if len(body) < 8:
                raise Http2Error("a farewell has no code")
            events.append(Goaway(int.from_bytes(body[:4]) & 0x7FFFFFFF, int.from_bytes(body[4:8])))
        else:
            self._settings(body)

    def _fragment(self, body: bytes) -> bytes:
        """The part of a header block in a HEADERS or PUSH_PROMISE frame."""
        flags, start, padding = self._flags, 0, 0
        if flags & _PADDED:
            padding, start = (body[0] if body else 0), 1
        if self._type == _PROMISE:
            start += 4
        elif flags & _PRIORITY:
            start += 5
        if start + padding > len(body):
            raise Http2Error("a frame is shorter than its padding")
        return body[start : len(body) - padding] if start or padding else body

    def _add_block(self, fragment: bytes, events: list[Event]) -> None:
        if self._block is not None:
            self._block += fragment
            if len(self._block) > MAX_BLOCK:
                raise Http2Error(f"a header block has more than {MAX_BLOCK} bytes")
        if not self._flags & _END_HEADERS:
            if self._block is None:
                self._block = bytearray(fragment)
            return
        block = fragment if self._block is None else bytes(self._block)
        self._block = None
        fields = self._fields(block)
        if not self._promised:  # what a server promises is no answer
            events.append(Headers(self._stream, fields, self._end))

    def _fields(self, block: bytes) -> Fields:
        """A whole header block's."""
        return self._memo.get(block) or self._decode(block)

    def _decode(self, block: bytes) -> Fields:
        try:
            fields = self._unpacked(block)
        except HPACKError as error:
            raise Http2Error(f"a header block cannot be decoded ({type(error).__name__})") from None
        except (IndexError, ValueError, UnicodeDecodeError):
            raise Http2Error("a header block cannot be decoded") from None
        if 0 < len(block) <= SHORT and min(block) >= 0x80 and 0xFF not in block and len(self._memo) < 1000:
            self._memo[block] = fields  # each byte an entry of the table
        else:
            self._memo.clear()
        return fields

    def _unpacked(self, block: bytes) -> Fields:
        """The fields. Those at the block's beginning that are one byte, an entry of the table, are most of a request's.

        They change nothing in the table; to look them up here takes a quarter of the library's time. A long block is
        the library's, which bounds what comes of it.
        """
        if len(block) > SHORT:
            return tuple(cast("list[Field]", self._decoder.decode(block, raw=True)))  # raw: both are bytes
        entry = self._decoder.header_table.get_by_index
        fields: list[Field] = []
        for byte in block:
            if not 0x80 < byte < 0xFF:
                break
            fields.append(entry(byte & 0x7F))
        if len(fields) < len(block):
            fields += cast("list[Field]", self._decoder.decode(block[len(fields) :], raw=True))  # as above
        return tuple(fields)

    def _settings(self, body: bytes) -> None:
        if self._flags & _ACK:
            return
        if len(body) % 6:
            raise Http2Error("settings are cut off")
        for number, value in _SETTING.iter_unpack(body):
            if number == _HEADER_TABLE_SIZE and self.peer is not None:
                self.peer.allow_table(value)

    def allow_table(self, size: int) -> None:
        """The other side announced how large this side's dynamic table may be.

        What the table is, this side says in its blocks (RFC 7541, 6.3), and does so when it has to shrink. When it has
        seen the announcement cannot be known here, so only a bound that rises counts.
        """
        self._decoder.max_allowed_table_size = max(self._decoder.max_allowed_table_size, min(size, MAX_TABLE))


class Http2Connection:
    """Both directions of a connection."""

    __slots__ = ("client", "server")

    def __init__(self) -> None:
        self.client = Http2Side(PREFACE)
        self.server = Http2Side()
        self.client.peer, self.server.peer = self.server, self.client
