"""One end of a relayed connection: a socket, plain or TLS, whose bytes go to the other end as they come.

No transports of asyncio's: between an api-server and its etcd each call waits for the bytes, and a read and a send of
our own cost a third of theirs. What comes is sent on at once, and noted to be read when there is time.
"""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from kproxy.etcd.relay.sockets import abort

READ_BYTES = 64 * 1024
HIGH_WATER = 1024 * 1024
"""Bytes that wait to be sent, from which on nothing more is read for them."""
_TLS_TURN = 16
"""TLS records that are taken at once, before others get their turn."""

_LATER = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

type Note = Callable[[bytes, int], None]


class Leg:
    """One end. `note` gets what came and when (CLOCK_MONOTONIC); `over` is called once, when both ends are closed."""

    __slots__ = (
        "_ending",
        "_fd",
        "_loop",
        "_note",
        "_out",
        "_over",
        "_reading",
        "_recv",
        "_send",
        "_tls",
        "_waiting",
        "closed",
        "ended",
        "other",
        "sock",
    )

    def __init__(self, sock: socket.socket, note: Note, over: Callable[[], None]) -> None:
        self.sock = sock
        self.other: Leg = self
        self.ended = False  # nothing more comes
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._fd = sock.fileno()
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._recv = sock.recv
        self._send = sock.send
        self._note = note
        self._over = over
        self._out: deque[memoryview] = deque()
        self._waiting = 0  # bytes in it
        self._reading = False
        self._ending = False  # nothing more is to be sent than what waits

    def resume(self) -> None:
        """Read from now on."""
        if not (self._reading or self.ended or self.closed):
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)
            if self._tls is not None and self._tls.pending():
                self._loop.call_soon(self._read_on)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def _readable(self) -> None:
        try:
            data = self._recv(READ_BYTES)
        except _LATER:
            return
        except OSError:
            self.reset()
            return
        at = time.monotonic_ns()
        if data:
            self.other.send(data)
            self._note(data, at)
            if self._tls is not None and self._tls.pending():
                self._take_records(self._tls)
        else:
            self._end()

    def _take_records(self, tls: ssl.SSLSocket) -> None:
        """What OpenSSL holds already: the socket does not tell of it."""
        for _ in range(_TLS_TURN):
            if not (self._reading and tls.pending()):
                return
            try:
                data = self._recv(READ_BYTES)
            except OSError:  # whatever it is, the next read says it again
                break
            if not data:
                break
            self.other.send(data)
            self._note(data, time.monotonic_ns())
        self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._reading and not self.closed:
            self._readable()

    def _end(self) -> None:
        """The peer is done: so is the other end, towards its own."""
        self._pause()
        self.ended = True
        self.other.say_end()
        if self.other.ended:
            self._close_both()

    def _close_both(self) -> None:
        """Both peers are done; what waits to be sent goes first."""
        for leg in (self, self.other):
            if not leg._out:  # noqa: SLF001 - the other end is one of us
                leg.close()

    def send(self, data: bytes) -> None:
        """Send it now, as far as the socket takes it; the rest waits, and where that is much, reading does too."""
        if self.closed or self._ending:
            return
        if self._out:
            self._wait(memoryview(data))
            return
        sent = self._send_some(data)
        if sent < len(data) and not self.closed:
            self._wait(memoryview(data)[sent:])
            self._loop.add_writer(self._fd, self._writable)

    def say_end(self) -> None:
        """Nothing more is sent; what waits goes first."""
        self._ending = True
        if self._out or self.closed:
            return
        # TLS's close_notify, then TCP's FIN. The peer's own may not be there yet: ours is sent all the same.
        with suppress(OSError, ValueError):
            if self._tls is not None:
                self._tls.unwrap()
        with suppress(OSError):
            # Not SSLSocket's own, which takes TLS off.
            socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Close it now; `reset`: so that the peer sees a reset."""
        if self.closed:
            return
        self._pause()
        if self._out:
            self._loop.remove_writer(self._fd)
            self._out.clear()
        self.closed = self.ended = True
        if reset:
            abort(self.sock)
        else:
            self.sock.close()
        if self.other.closed:
            self._over()

    def reset(self) -> None:
        """The connection is broken: each peer sees of the other what it would see without us."""
        self.close(reset=True)
        self.other.close(reset=True)

    def _wait(self, data: memoryview) -> None:
        self._out.append(data)
        self._waiting += len(data)
        if self._waiting > HIGH_WATER:
            self.other._pause()  # noqa: SLF001 - the other end is one of us

    def _writable(self) -> None:
        while self._out:
            data = self._out[0]
            sent = self._send_some(data)
            if self.closed:
                return
            self._waiting -= sent
            if sent < len(data):
                self._out[0] = data[sent:]
                return
            self._out.popleft()
        self._loop.remove_writer(self._fd)
        if self._ending:
            self.say_end()
        if self.ended and self.other.ended:
            self.close()
        else:
            self.other.resume()

    def _send_some(self, data: bytes | memoryview) -> int:
        """How much of it the socket took; nothing of it if that broke the connection."""
        sent, size = 0, len(data)
        try:
            while sent < size:  # TLS takes a record at a time
                sent += self._send(memoryview(data)[sent:] if sent else data)
        except _LATER:
            pass
        except OSError:
            self.reset()
        return sent
