"""Opening a tunnel through a proxy on a connected socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kproxy.config.outway import OutwardProxy
from kproxy.wire.outward import Tunnel


async def tunnelled(sock: socket.socket, proxy: OutwardProxy, server: tuple[str, int], seconds: float) -> socket.socket:
    """The same socket, at whose other end is the server now. OSError, OutwardError: then it is closed."""
    loop = asyncio.get_running_loop()
    async with or_closed(sock, seconds):
        tunnel = Tunnel(proxy, *server)
        while not tunnel.open:
            if tunnel.outgoing:
                await loop.sock_sendall(sock, tunnel.outgoing)
            tunnel.feed(await loop.sock_recv(sock, tunnel.wanted))
    return sock


@asynccontextmanager
async def or_closed(sock: socket.socket, seconds: float) -> AsyncIterator[None]:
    """Do something with a socket in that time; it is closed if that fails. OSError when time is up."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        sock.close()
        raise OSError(f"no answer within {seconds:g} seconds") from error
    except BaseException:
        sock.close()
        raise
