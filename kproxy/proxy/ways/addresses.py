"""The addresses of a server's name, asked for again when an unknown one turns up."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable

from kproxy.proxy.ways.forward import Destination
from kproxy.proxy.ways.redirected import address_of

ASK_SECONDS = 10.0
"""Between two questions: strangers must not make many."""

type Resolve = Callable[[str, int], Awaitable[Iterable[tuple[object, ...]]]]


class Addresses:
    """Whether a destination is one of the server's."""

    def __init__(
        self, host: str, port: int, resolve: Resolve | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._host = host
        self._port = port
        self._resolve = resolve or _getaddrinfo
        self._clock = clock
        self._asked = float("-inf")
        self._known: frozenset[str] = frozenset()

    async def __call__(self, where: Destination) -> bool:
        """True for each address that the name has, or had when it was last asked for."""
        if where.port != self._port:
            return False
        if where.host not in self._known and self._clock() - self._asked >= ASK_SECONDS:
            self._asked = self._clock()
            try:
                names = await self._resolve(self._host, self._port)
            except OSError:
                return False
            self._known = frozenset(address_of(name).host for name in names)
        return where.host in self._known


async def _getaddrinfo(host: str, port: int) -> Iterable[tuple[object, ...]]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [info[4] for info in found]
