"""One end of a connection: a non-blocking socket, plain or TLS, on the event loop.

asyncio's own transports would do for plain sockets; its TLS ones hold half a megabyte for each connection and cost more
than the rest of the way of a request (docs/decisions/0007). Here OpenSSL reads and writes the socket itself, so that
one call gives what one record holds, and nothing is kept in between.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Protocol

READ_BYTES = 128 * 1024
"""Asked of a plain socket at once. A TLS record gives 16 KiB at most."""

_TLS_READ_BYTES = 32 * 1024
_GATHER_BYTES = 128 * 1024
"""What is taken out of TLS records before others get their turn."""

HIGH_WATER = 256 * 1024
"""Bytes that wait to be written, from which on the other side is not read."""

_LATER = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Finish(Enum):
    """What happens once nothing waits to be written any more."""

    NOT = auto()
    HALF = auto()
    CLOSE = auto()
    CUT = auto()


class ClientLeg(Protocol):
    """What a Connection does with its client's end: a Leg, or what stands for one inside the process."""

    buffered: int
    broken: bool
    closed: bool

    def resume(self) -> None:
        """Read from now on."""

    def pause(self) -> None:
        """Read nothing until `resume`."""

    def write(self, data: bytes) -> None:
        """For the client."""

    def half_close(self) -> None:
        """Nothing more is written; what waits goes first."""

    def close(self, *, cut: bool = False) -> None:
        """Close it when what waits is written."""

    def abort(self) -> None:
        """Close it now."""


class Leg:
    """Reads while it may, writes at once what the socket takes and keeps the rest.

    `on_data` gets what came; `on_end` that nothing more comes, and whether that is certain (False: cut); `on_room`
    that what waited was written.
    """

    __slots__ = (
        "_fd",
        "_finish",
        "_high",
        "_loop",
        "_on_data",
        "_on_end",
        "_on_room",
        "_out",
        "_reading",
        "_recv",
        "_said_end",
        "_send",
        "_tls",
        "_writing",
        "broken",
        "buffered",
        "closed",
        "ended",
        "sock",
    )

    def __init__(
        self,
        sock: socket.socket,
        on_data: Callable[[bytes], None],
        on_end: Callable[[bool], None],
        on_room: Callable[[], None],
    ) -> None:
        self.sock = sock
        self.buffered = 0  # bytes that wait to be written
        self.ended = False  # nothing more comes
        self.broken = False  # nothing more can be written
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._fd = sock.fileno()
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._recv = sock.recv
        self._send = sock.send
        self._on_data = on_data
        self._on_end = on_end
        self._on_room = on_room
        self._out: deque[bytes | memoryview] = deque()
        self._high = False  # so much waited that others were told to wait
        self._reading = False  # the loop tells when it can
        self._writing = False
        self._finish = _Finish.NOT
        self._said_end = False

    def resume(self) -> None:
        """Read from now on."""
        if self._reading or self.ended or self.closed:
            return
        self._reading = True
        self._loop.add_reader(self._fd, self._readable)
        if self._tls is not None and self._tls.pending():
            self._loop.call_soon(self._read_on)

    def pause(self) -> None:
        """Read nothing until `resume`."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def write(self, data: bytes) -> None:
        """Send it when everyone who has something to be read was read, or when there is room.

        Each send wakes whoever waits for it; sent together, a server's answers cost it less (docs/decisions/0007). What
        cannot be sent any more is dropped: `on_end` tells of that.
        """
        if self.broken or self._finish is not _Finish.NOT:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)
        self.buffered += len(data)
        if self.buffered > HIGH_WATER:
            self._high = True

    def half_close(self) -> None:
        """Nothing more is written; what waits goes first."""
        if self._finish is _Finish.NOT:
            self._finish = _Finish.HALF
            self._finish_written()

    def close(self, *, cut: bool = False) -> None:
        """Close it when what waits is written. `cut`: without TLS's close_notify, as the other side was cut."""
        if self.closed:
            return
        self.pause()
        self.ended = True
        self._finish = _Finish.CUT if cut else _Finish.CLOSE
        self._finish_written()

    def abort(self) -> None:
        """Close it now."""
        if self.closed:
            return
        self.pause()
        self.closed = self.ended = True
        self._drop()
        self.sock.close()

    def _finish_written(self) -> None:
        """Take the last steps, once nothing waits any more."""
        if self._out or self._finish is _Finish.NOT:
            return
        if self._finish is not _Finish.CUT and not self._said_end and not self.broken:
            self._say_end()
        if self._finish is not _Finish.HALF:
            self.abort()

    def _say_end(self) -> None:
        """TLS's close_notify, then TCP's FIN: without the first, Go takes the end of a body for a truncation."""
        self._said_end = True
        with suppress(OSError, ValueError):  # the other side has not said its own yet, or never will: ours is sent
            # OpenSSL reads nothing any more once it met data behind its own close_notify, so a server that is still
            # to answer gets the FIN alone.
            if self._tls is not None and (self._tls.server_side or self.ended):
                self._tls.unwrap()
        with suppress(OSError):
            # Not SSLSocket's own: that one takes TLS off, and what still comes would be read as it is on the wire.
            socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def _readable(self) -> None:
        try:
            data = self._recv(READ_BYTES if self._tls is None else _TLS_READ_BYTES)
        except _LATER:
            return
        except OSError:
            self._end(clean=False)
            return
        if not data:
            self._end(clean=True)
            return
        if self._tls is not None and self._tls.pending():
            data = self._gather(self._tls, data)
        self._on_data(data)

    def _read_on(self) -> None:
        """What OpenSSL still holds: the socket does not tell of it."""
        if self._reading and not self.closed:
            self._readable()

    def _gather(self, tls: ssl.SSLSocket, first: bytes) -> bytes:
        parts, size = [first], len(first)
        while size < _GATHER_BYTES and tls.pending():
            try:
                data = self._recv(_TLS_READ_BYTES)
            except OSError:  # whatever it is, the next read says it again
                break
            parts.append(data)
            size += len(data)
        if tls.pending():
            self._loop.call_soon(self._read_on)
        return b"".join(parts)

    def _end(self, *, clean: bool) -> None:
        self.pause()
        self.ended = True
        self._on_end(clean)

    def _send_some(self, data: bytes | memoryview) -> int:
        """How much of it the socket took."""
        sent, size = 0, len(data)
        try:
            while sent < size:  # TLS takes a record at a time
                sent += self._send(data if not sent else memoryview(data)[sent:])
        except _LATER:
            pass
        except OSError:
            self._break()
        return sent

    def _await_room(self) -> None:
        if not self._writing:
            self._writing = True
            self._loop.add_writer(self._fd, self._writable)

    def _flush(self) -> None:
        """What was written since the loop came round."""
        if self._out and not self._writing:
            self._write_out()

    def _writable(self) -> None:
        self._write_out()
        if self._writing and not self._out:
            self._writing = False
            self._loop.remove_writer(self._fd)

    def _write_out(self) -> None:
        while self._out:
            data = self._out[0]
            sent = self._send_some(data)
            if self.broken:
                self._on_room()
                return
            self.buffered -= sent
            if sent < len(data):
                self._out[0] = memoryview(data)[sent:]
                self._await_room()
                return
            self._out.popleft()
        if self._finish is not _Finish.NOT or self._high:
            self._high = False
            self._finish_written()
            self._on_room()

    def _break(self) -> None:
        """Nothing can be written any more; what the other side had sent before may still be read."""
        self._drop()
        if self._finish in {_Finish.CLOSE, _Finish.CUT}:
            self.abort()
        elif self.ended:  # no read will tell
            self._loop.call_soon(self._on_end, False)

    def _drop(self) -> None:
        self.broken = True
        self._out.clear()
        self.buffered = 0
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._fd)
