"""The one file that touches mitmproxy's internals; tests/proxy/test_mitm.py holds a contract for each seam.

kproxy is a proxy mode of its own, `tap`, beside mitmproxy's `reverse` and `regular`. From mitmproxy come Master,
its addons and options, and the life of the listeners; a connection is kproxy's own from the accepted socket on
(kproxy.proxy.sockets.connection, docs/decisions/0007).

Seams: ProxyMode's and ServerInstance's registries of subclasses, AsyncioServerInstance's `listen`, Proxyserver's
`servers`.
"""

# mypy: disable-error-code="no-untyped-call"
# mitmproxy annotates what it offers to addons, but little of what is called here.

import asyncio
import socket
from typing import Any, Literal

from mitmproxy import options
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master
from mitmproxy.proxy import context, layer, mode_servers, mode_specs

from kproxy.proxy.sockets.listener import Admit, Listener


class TapMode(mode_specs.ProxyMode):
    """`tap@HOST:PORT`: where the requests go is not the mode's, but the wiring's business."""

    @property
    def description(self) -> str:
        """For mitmproxy's logs."""
        return "kproxy's tap"

    @property
    def transport_protocol(self) -> Literal["tcp", "udp", "both"]:
        """TCP only: a UDP listener beside it can crash the process at its end."""
        return "tcp"

    def __post_init__(self) -> None:
        """There is nothing to check."""


class TapInstance(mode_servers.AsyncioServerInstance[TapMode]):
    """The listener of mode `tap`. What mitmproxy keeps in its global `ctx` comes from the manager: two may live."""

    def make_top_layer(self, context: context.Context) -> layer.Layer:
        """Not asked: a connection is kproxy's own."""
        raise NotImplementedError

    async def listen(
        self,
        host: str,  # noqa: ARG002 - mitmproxy's signature
        port: int,  # noqa: ARG002 - the same
    ) -> list[Any]:  # mitmproxy's signature
        """On the socket that was bound already: its address was needed before."""
        if not isinstance(self.manager, _TapProxyserver):
            raise TypeError("mode tap is served by kproxy only")
        return [self.manager.open_listener()]


class _TapProxyserver(Proxyserver):
    """Proxyserver that knows on which socket the tap listens."""

    name = "proxyserver"  # under which Master looks for it

    def __init__(self, sock: socket.socket, admit: Admit, numbers: tuple[int, int]) -> None:
        super().__init__()
        self._sock = sock
        self._admit = admit
        self._numbers = numbers
        self.listener: Listener | None = None

    def open_listener(self) -> Listener:
        """Begin to serve."""
        self.listener = Listener(self._sock, self._admit, self._numbers)
        return self.listener


class _Up:
    """The hook that says when listeners were started, whether or not they could be."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        """See the class."""
        self.event.set()


class Engine:
    """A running Master with one listener, on a socket that is bound. `numbers`: of the connections, see Listener."""

    def __init__(self, sock: socket.socket, admit: Admit, numbers: tuple[int, int] = (1, 1)) -> None:
        self._sock = sock
        self._master = Master(options.Options())
        self._up = _Up()
        self._proxyserver = _TapProxyserver(sock, admit, numbers)
        self._master.addons.add(self._proxyserver, NextLayer(), self._up)  # without NextLayer the first one warns
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. RuntimeError if mitmproxy does not."""
        host, port = self._sock.getsockname()[:2]
        self._master.options.update(mode=[f"tap@{host}:{port}"])
        self._task = asyncio.create_task(self._master.run())
        up = asyncio.create_task(self._up.event.wait())
        await asyncio.wait([self._task, up], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if not self._proxyserver.listen_addrs():
            await self.stop()
            raise RuntimeError(f"mitmproxy did not start its listener: {list(self._proxyserver.servers)}")

    async def stop(self, drain: float = 0.0) -> None:
        """The listener first, then the connections: `drain` seconds for what may still come to its end."""
        await self._proxyserver.servers.update([])
        if self._proxyserver.listener is not None:
            await self._proxyserver.listener.stop(drain)
        self._master.shutdown()
        if self._task is not None:
            await asyncio.wait([self._task])
