"""Accepts clients on a bound socket, and knows the connections that live."""

import asyncio
import errno
import itertools
import logging
import socket
from collections.abc import Callable
from typing import Protocol

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
_BREATH_SECONDS = 0.1
"""When no file descriptor is left, before the next try."""


class Inside(Protocol):
    """What serves a client."""

    async def run(self) -> None:
        """To its end."""
        ...

    def drain(self) -> None:
        """Let what goes on come to its end, and nothing new begin."""
        ...

    def stop(self) -> None:
        """End what goes on, then the connection."""
        ...


type Admit = Callable[[socket.socket, int], Inside]
"""Gets an accepted socket, which is its own from then on, and the connection's number."""


class Connections:
    """Those that live."""

    def __init__(self) -> None:
        self._live: dict[asyncio.Task[None], Inside] = {}

    def begin(self, connection: Inside) -> None:
        """Serve one to its end."""
        task = asyncio.create_task(connection.run())
        self._live[task] = connection
        task.add_done_callback(self._ended)

    async def stop(self, drain: float) -> None:
        """End them: what goes on may finish for `drain` seconds, then it is recorded as stopped.

        A watch would never finish: it is ended at once, where an event ends.
        """
        for connection in list(self._live.values()):
            connection.drain()
        if self._live:
            await asyncio.wait(list(self._live), timeout=drain)
        for connection in list(self._live.values()):
            connection.stop()
        tasks = list(self._live)
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in list(self._live):  # a client that takes nothing does not hold up the end
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._live[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("kproxy failed on a connection", exc_info=error)


class Listener:
    """mitmproxy's idea of a server: `sockets` and `close`. `numbers`: of the first connection, and the step."""

    def __init__(self, sock: socket.socket, admit: Admit, numbers: tuple[int, int] = (1, 1)) -> None:
        self._sock = sock
        self._admit = admit
        self._numbers = itertools.count(*numbers)
        self._connections = Connections()
        sock.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The one that it listens on."""
        return (self._sock,)

    def close(self) -> None:
        """Take nobody any more; who is connected stays."""
        self._accepting.cancel()
        self._sock.close()

    async def stop(self, drain: float) -> None:
        """End the connections, see there."""
        await self._connections.stop(drain)
        await asyncio.gather(self._accepting, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(self._sock)
            except OSError as error:
                if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                    logger.warning("kproxy can take no more connections for now: %s", error.strerror)
                    await asyncio.sleep(_BREATH_SECONDS)
                    continue
                if error.errno == errno.ECONNABORTED:
                    continue
                raise
            self._serve(sock)

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.begin(self._admit(sock, next(self._numbers)))
