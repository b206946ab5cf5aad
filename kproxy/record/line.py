"""The recorder's socket to the proxy.

Not asyncio's streams: those forget what they have read when the other end is reset, and a proxy that dies with an
acknowledgement unread resets it. What it had sent before is all there is of its last moments.
"""

import asyncio
import socket

CHUNK = 1 << 18


class Line:
    """Reads exactly so many bytes, and writes without waiting."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._read = bytearray()
        self._unsent = bytearray()
        self._gone = False

    async def exactly(self, count: int) -> bytes:
        """The next `count` bytes; fewer if the other end is gone."""
        while len(self._read) < count and not self._gone:
            try:
                data = await self._loop.sock_recv(self._socket, CHUNK)
            except ConnectionError:
                data = b""
            self._gone = not data
            self._read += data
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken

    def write(self, data: bytes) -> None:
        """Now, or as soon as there is room; one that is gone is not told."""
        self._unsent += data
        self._send()

    def close(self) -> None:
        """Lets go of it."""
        self._loop.remove_writer(self._socket)
        self._socket.close()

    def _send(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._send)
            return
        except OSError:  # it is gone: the end of what it sent says so
            self._unsent.clear()
        self._loop.remove_writer(self._socket)
