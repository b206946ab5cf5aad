"""Opening a tunnel through a proxy on a connected socket."""

import asyncio
import socket

from kproxy.config.outway import OutwardProxy
from kproxy.wire.outward import Tunnel


async def tunnelled(sock: socket.socket, proxy: OutwardProxy, server: tuple[str, int], seconds: float) -> socket.socket:
    """The same socket, at whose other end is the server now. OSError, OutwardError: then it is closed."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            tunnel = Tunnel(proxy, *server)
            while not tunnel.open:
                if tunnel.outgoing:
                    await loop.sock_sendall(sock, tunnel.outgoing)
                tunnel.feed(await loop.sock_recv(sock, tunnel.wanted))
    except TimeoutError as error:
        sock.close()
        raise OSError(f"no answer within {seconds:g} seconds") from error
    except BaseException:
        sock.close()
        raise
    return sock
