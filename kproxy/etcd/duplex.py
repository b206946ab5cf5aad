"""One gRPC stream over an HTTP/2 connection of its own, the client's side, sans-I/O.

A watch has a message for each revision, and gRPC's Python library takes some 150 µs of CPU for each of them; here it is
a frame's nine bytes and gRPC's five before the message (RFC 9113; grpc/doc/PROTOCOL-HTTP2.md). Header blocks are
hpack's, which mitmproxy brings. One stream a connection, so everything that ends one ends the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from urllib.parse import unquote

from grpc import StatusCode
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError

WINDOW = 4 << 20
"""Bytes that the server may send ahead."""
MAX_MESSAGE = 256 << 20
"""Bytes of a message: etcd cuts what is more than its --max-request-bytes (1.5 MiB) into fragments."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 1, 1, 4, 8, 32
_INITIAL_WINDOW_SIZE, _ENABLE_PUSH = 4, 2
_FRAME = 16_384  # bytes of a frame's payload, unless SETTINGS say more; ours do not
_DEFAULT_WINDOW = 65_535
_LOWER = 0x7FFF_FFFF  # the uppermost bit is reserved
_HEADER_BLOCK = 64 << 10
_STREAM = 1

_codes = {code.value[0]: code for code in StatusCode}
_RESETS = {7: StatusCode.UNAVAILABLE, 8: StatusCode.CANCELLED, 11: StatusCode.RESOURCE_EXHAUSTED}
_setting = Struct(">HI")
_word = Struct(">I")
_prefix = Struct(">BI")


@dataclass(frozen=True, slots=True)
class _StreamEnd:
    """How a stream ended, in gRPC's words."""

    code: StatusCode
    details: str


class Duplex:
    """Bytes in and messages out, messages in and bytes out. Once `end` is there, nothing more comes."""

    def __init__(self) -> None:
        self.end: _StreamEnd | None = None
        self._out = bytearray()
        self._rest = b""  # of a frame that has not come whole
        self._message = bytearray()  # gRPC's bytes that are no whole message yet
        self._block: bytearray | None = None  # a header block whose continuation is to come
        self._block_ends = False  # and whether its stream ends with it
        self._decoder = Decoder()
        self._received = 0  # bytes that the server has not been told of
        self._initial = _DEFAULT_WINDOW
        self._stream_window = self._connection_window = _DEFAULT_WINDOW
        self._handlers: dict[int, Callable[[int, int, bytes], None]] = {
            _HEADERS: self._headers,
            _CONTINUATION: self._continued,
            _SETTINGS: self._settings,
            _PING: self._pinged,
            _RST: self._reset,
            _GOAWAY: self._go_away,
            _WINDOW_UPDATE: self._more,
            _PUSH: self._pushed,
        }

    def open(self, path: str, authority: str, *, tls: bool, metadata: Sequence[tuple[str, str]] = ()) -> None:
        """The connection's beginning and the call's."""
        settings = (_ENABLE_PUSH, 0), (_INITIAL_WINDOW_SIZE, WINDOW)
        self._out += _PREFACE
        self._frame(_SETTINGS, 0, 0, b"".join(_setting.pack(*one) for one in settings))
        self._frame(_WINDOW_UPDATE, 0, 0, _word.pack(WINDOW - _DEFAULT_WINDOW))
        head = [
            (":method", "POST"),
            (":scheme", "https" if tls else "http"),
            (":path", path),
            (":authority", authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "kproxy"),
            *metadata,
        ]
        block = Encoder().encode(head)
        self._frame(_HEADERS, _END_HEADERS, _STREAM, block[:_FRAME])

    def send(self, message: bytes) -> bool:
        """A message of ours; False, and nothing is sent, where the server does not take more now."""
        size = len(message) + _prefix.size
        if size > min(self._stream_window, self._connection_window, _FRAME):
            return False
        self._stream_window -= size
        self._connection_window -= size
        self._frame(_DATA, 0, _STREAM, _prefix.pack(0, len(message)) + message)
        return True

    def ping(self) -> None:
        """Ask whether the other side is there."""
        self._frame(_PING, 0, 0, bytes(8))

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        out, self._out = bytes(self._out), bytearray()
        return out

    def receive(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes."""
        if self._rest:
            data = self._rest + data
        messages: list[bytes] = []
        place, size = 0, len(data)
        while size - place >= 9 and self.end is None:
            length = int.from_bytes(data[place : place + 3])
            if length > _FRAME:
                self._fail(StatusCode.INTERNAL, "a frame is larger than it may be")
                break
            last = place + 9 + length
            if last > size:
                break
            payload = data[place + 9 : last]
            if data[place + 3] == _DATA and self._block is None:
                self._data(data[place + 4], payload, messages)
            else:
                self._other(data[place + 3], data[place + 4], _word.unpack_from(data, place + 5)[0], payload)
            place = last
        self._rest = data[place:]
        if self._received > WINDOW // 4:
            self._give_back()
        return messages

    def _data(self, flags: int, payload: bytes, messages: list[bytes]) -> None:
        self._received += len(payload)
        if flags & _PADDED:
            payload = payload[1 : len(payload) - payload[0]] if payload and payload[0] < len(payload) else b""
        if not self._message and len(payload) > 5 and payload[0] == 0 and _length(payload) == len(payload) - 5:
            messages.append(payload[5:])  # nearly always: a frame holds one message
        else:
            self._message += payload
            self._cut(messages)
        if flags & _END_STREAM:  # etcd stops so
            self._fail(StatusCode.UNAVAILABLE, "the stream ended without a status")

    def _cut(self, messages: list[bytes]) -> None:
        held, place = self._message, 0
        while len(held) - place >= 5:
            compressed, length = _prefix.unpack_from(held, place)
            if compressed or length > MAX_MESSAGE:
                self._fail(StatusCode.INTERNAL, "a message is compressed" if compressed else "a message is too large")
                break
            if len(held) - place - 5 < length:
                break
            messages.append(bytes(held[place + 5 : place + 5 + length]))
            place += 5 + length
        del held[:place]

    def _give_back(self) -> None:
        for stream in (0, _STREAM):
            self._frame(_WINDOW_UPDATE, 0, stream, _word.pack(self._received))
        self._received = 0

    def _other(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._block is not None and kind != _CONTINUATION:
            self._fail(StatusCode.INTERNAL, "a header block is interrupted")
        elif (handler := self._handlers.get(kind)) is not None:  # what nobody knows is left alone (RFC 9113, 5.5)
            handler(flags, stream, payload)

    def _pinged(self, flags: int, _stream: int, payload: bytes) -> None:
        if not flags & _ACK:
            self._frame(_PING, _ACK, 0, payload[:8])

    def _reset(self, _flags: int, _stream: int, payload: bytes) -> None:
        number = int.from_bytes(payload[:4])
        self._fail(_RESETS.get(number, StatusCode.INTERNAL), f"the stream was reset ({number})")

    def _go_away(self, _flags: int, _stream: int, payload: bytes) -> None:
        if not int.from_bytes(payload[:4]) & _LOWER:  # our stream is not served; else it goes on to its end
            self._fail(StatusCode.UNAVAILABLE, "the server goes away")

    def _pushed(self, _flags: int, _stream: int, _payload: bytes) -> None:
        self._fail(StatusCode.INTERNAL, "the server pushes")

    def _more(self, _flags: int, stream: int, payload: bytes) -> None:
        count = int.from_bytes(payload[:4]) & _LOWER
        if stream:
            self._stream_window += count
        else:
            self._connection_window += count

    def _settings(self, flags: int, _stream: int, payload: bytes) -> None:
        if flags & _ACK:
            return
        for number, value in _setting.iter_unpack(payload[: len(payload) // 6 * 6]):
            if number == _INITIAL_WINDOW_SIZE:
                self._stream_window += value - self._initial
                self._initial = value
        self._frame(_SETTINGS, _ACK, 0, b"")

    def _headers(self, flags: int, _stream: int, payload: bytes) -> None:
        padding = 0
        if flags & _PADDED and payload:
            padding, payload = payload[0], payload[1:]
        if flags & _PRIORITY:
            payload = payload[5:]
        self._block = bytearray(payload[: max(0, len(payload) - padding)])
        self._block_ends = bool(flags & _END_STREAM)
        if flags & _END_HEADERS:
            self._head()

    def _continued(self, flags: int, _stream: int, payload: bytes) -> None:
        if self._block is None or len(self._block) + len(payload) > _HEADER_BLOCK:
            self._fail(StatusCode.INTERNAL, "a header block has no beginning or no end")
            return
        self._block += payload
        if flags & _END_HEADERS:
            self._head()

    def _head(self) -> None:
        """The answer's head, or its trailers: in the first case the stream goes on."""
        block, self._block = self._block or b"", None
        try:
            fields = {str(name): str(value) for name, value in self._decoder.decode(bytes(block))}
        except (HPACKError, UnicodeDecodeError):
            self._fail(StatusCode.INTERNAL, "a header block cannot be read")
            return
        status = fields.get("grpc-status", "")
        if status or self._block_ends:
            code = _codes.get(int(status), StatusCode.UNKNOWN) if status.isdecimal() else StatusCode.UNKNOWN
            self._fail(code, unquote(fields.get("grpc-message", "")))
        elif fields.get(":status", "200") != "200":
            self._fail(StatusCode.UNKNOWN, f"it answers with the HTTP status {fields[':status'][:3]}")

    def _fail(self, code: StatusCode, details: str) -> None:
        self.end = self.end or _StreamEnd(code, details)

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self._out += len(payload).to_bytes(3) + bytes((kind, flags)) + _word.pack(stream) + payload


def _length(payload: bytes) -> int:
    return int.from_bytes(payload[1:5])
