"""The one file that touches mitmproxy's internals; tests/proxy/test_mitm.py holds a contract for each seam.

kproxy is a proxy mode of its own, `tap`, beside mitmproxy's `reverse` and `regular`. From mitmproxy come the listener's
life, the connections and their I/O, TLS on both legs and the Master; HttpLayer's place is taken by TapLayer, which only
translates between mitmproxy's events and commands and kproxy.proxy.tap.

Seams: ProxyMode's and ServerInstance's registries of subclasses; ProxyConnectionHandler's constructor, `layer`,
`transports` and `drain_writers`; Layer.handle_event; TLSLayer's `send_close`; the hooks tls_start_client and
tls_start_server; Proxyserver's `connections` and `servers`.
"""

# mypy: disable-error-code="no-untyped-call"
# mitmproxy annotates what it offers to addons, but little of what is called here.

import asyncio
import itertools
import logging
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import mitmproxy_rs
from mitmproxy import options, tls
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master
from mitmproxy.proxy import commands, context, events, layer, layers, mode_servers, mode_specs
from OpenSSL import SSL

from kproxy.model.exchange import End
from kproxy.proxy.actions import Act, Action, Unreached
from kproxy.proxy.outbox import Outbox
from kproxy.proxy.tap import Tap

logger = logging.getLogger(__name__)

NEVER = 10 * 365 * 24 * 3600
"""Seconds: mitmproxy's tcp_timeout would end watches in which nothing happens."""

LINGER_SECONDS = 1.0
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the engine needs: `make_tap` gets a connection's number and whether its client's leg is TLS."""

    listener: socket.socket
    server: tuple[str, int]
    make_tap: Callable[[int, bool], Tap]
    outbox: Outbox
    client_tls: SSL.Context | None
    server_tls: Callable[[], SSL.Connection] | None
    connect_timeout: float


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

    @property
    def _addon(self) -> "TapAddon":
        if not isinstance(self.manager, TapProxyserver):
            raise TypeError("mode tap is served by kproxy only")
        return self.manager.addon

    def make_top_layer(self, context: context.Context) -> layer.Layer:
        """Not asked: TapHandler makes its layers itself."""
        raise NotImplementedError

    async def listen(
        self,
        host: str,  # noqa: ARG002 - mitmproxy's signature
        port: int,  # noqa: ARG002 - the same
    ) -> list[asyncio.Server | mitmproxy_rs.udp.UdpServer | mitmproxy_rs.wireguard.WireGuardServer]:
        """On the socket that was bound already: its address was needed before."""
        addon = self._addon
        return [await asyncio.start_server(self.handle_stream, sock=addon.wiring.listener)]

    async def handle_stream(
        self,
        reader: asyncio.StreamReader | mitmproxy_rs.Stream,
        writer: asyncio.StreamWriter | mitmproxy_rs.Stream | None = None,
    ) -> None:
        """A client has connected."""
        addon = self._addon
        handler = TapHandler(addon, addon.master, reader, writer, addon.master.options, self.mode)
        with self.manager.register_connection(handler.client.id, handler), addon.counted():
            await handler.handle_client()


class TapHandler(mode_servers.ProxyConnectionHandler):
    """A client's connection, with the layers that kproxy wants, and its idea of who waits for whom."""

    def __init__(self, addon: "TapAddon", *connection: Any) -> None:
        super().__init__(*connection)
        self.wiring = addon.wiring
        self.tap = self.wiring.make_tap(next(addon.numbers), self.wiring.client_tls is not None)
        self._go_on = asyncio.Event()
        self.layer = _stack(self.layer.context, self.tap, self._go_on, self.wiring)

    def stop(self) -> None:
        """End what goes on, then the connection."""
        self.tap.stop()
        client = self.transports.get(self.client)
        if client is not None and client.handler is not None:
            client.handler.cancel("stopped")

    async def drain_writers(self) -> None:
        """After each read: wait until the other side has taken it, and until there is room to record more.

        mitmproxy waits for both sides here, so that a client that reads no output can send no input either.
        """
        me = asyncio.current_task()
        for transport in list(self.transports.values()):
            if transport.writer is None or transport.handler is me:
                continue
            try:
                await transport.writer.drain()
            except OSError as error:
                if transport.handler is not None:
                    transport.handler.cancel(f"Error sending data: {error}")
        if self.wiring.outbox.stuck:
            await self.wiring.outbox.room.wait()
        while self.tap.waiting and self.client in self.transports and self.transports[self.client].handler is me:
            self._go_on.clear()
            await self._go_on.wait()


class _Root(layer.Layer):
    """The bottom of mitmproxy's list of layers, which ClientTLSLayer looks at."""

    def _handle_event(self, event: events.Event) -> Iterator[commands.Command]:  # type: ignore[override]  # noqa: ARG002 - Layer's signature
        yield from ()


class _ClosesProperly(layers.tls.TLSLayer):
    """TLS that says close_notify before it closes: without it Go takes the end of a body for a truncation."""

    def send_close(self, command: commands.CloseConnection) -> layer.CommandGenerator[None]:
        """See the class."""
        if self.tls is not None:
            try:
                self.tls.shutdown()
            except SSL.Error:
                logger.debug("TLS was over before it could be closed")
            yield from self.tls_interact()
        yield from super().send_close(command)


class _ServerTls(_ClosesProperly, layers.ServerTLSLayer):
    """The api-server's leg."""


class _ClientTls(_ClosesProperly, layers.ClientTLSLayer):
    """The client's leg."""


class TapLayer(layer.Layer):
    """Events in, commands out: mitmproxy's side of a Tap."""

    def __init__(self, context: context.Context, tap: Tap, go_on: asyncio.Event, connect_timeout: float) -> None:
        super().__init__(context)
        self.tap = tap
        self._go_on = go_on
        self._connect_timeout = connect_timeout
        self._connecting: commands.RequestWakeup | None = None

    def _handle_event(self, event: events.Event) -> Iterator[commands.Command]:  # type: ignore[override]
        yield from self.handle_event(event)

    def handle_event(self, event: events.Event) -> list[commands.Command]:  # type: ignore[override]
        """Layer's own one knows how to pause; a tap never does."""
        try:
            actions = self._actions(event)
        except Exception as error:
            # Whatever went wrong here, both connections would hang for ever: mitmproxy only logs it.
            logger.exception("kproxy failed on a connection")
            actions = self.tap.stop(End.UNKNOWN, f"kproxy failed: {error!r}")
        found: list[commands.Command] = []
        for act, data in actions:
            self._command(act, data, found)
        if not self.tap.waiting:
            self._go_on.set()  # whatever has happened may be what a waiting reader waits for
        return found

    def _actions(self, event: events.Event) -> list[Action]:
        if isinstance(event, events.DataReceived):
            if event.connection is self.context.client:
                return self.tap.client_data(event.data)
            return self.tap.server_data(event.data)
        if isinstance(event, events.ConnectionClosed):
            if event.connection is not self.context.client:
                return self.tap.server_closed()
            return self.tap.client_closed() or ([(Act.CLOSE_CLIENT, b"")] if self.tap.done else [])
        return self._rare_actions(event)

    def _rare_actions(self, event: events.Event) -> list[Action]:
        if isinstance(event, events.OpenConnectionCompleted):
            self._connecting = None
            return self.tap.connected(self._problem(event.reply))
        if isinstance(event, events.Wakeup) and event.command is self._connecting:
            return self.tap.connected(Unreached("timeout", f"no answer within {self._connect_timeout:g} seconds"))
        if isinstance(event, events.Wakeup) and self.tap.done:
            return [(Act.CLOSE_CLIENT, b"")]
        return []

    def _command(self, act: Act, data: bytes, found: list[commands.Command]) -> None:
        client, server = self.context.client, self.context.server
        if act is Act.TO_CLIENT:
            found.append(commands.SendData(client, data))
        elif act is Act.TO_SERVER:
            found.append(commands.SendData(server, data))
        elif act is Act.CONNECT:
            self._connecting = commands.RequestWakeup(self._connect_timeout)
            connect = commands.OpenConnection(server)
            connect.blocking = self  # type: ignore[assignment]  # as Layer does it: nobody else has to wait
            found += [self._connecting, connect]
        elif act is Act.END_TO_SERVER:
            found.append(commands.CloseTcpConnection(server, half_close=True))
        elif act is Act.END_TO_CLIENT:
            found.append(commands.CloseTcpConnection(client, half_close=True))
        elif act is Act.CLOSE_SERVER:
            found.append(commands.CloseConnection(server))
        elif act is Act.CLOSE_CLIENT:
            found.append(commands.CloseConnection(client))
        else:
            found += [
                commands.CloseTcpConnection(client, half_close=True),
                commands.RequestWakeup(LINGER_SECONDS),
            ]

    def _problem(self, reply: str | None) -> Unreached | None:
        if not reply:
            return None
        if self.context.server.timestamp_tcp_setup is not None:
            return Unreached("tls", reply)
        numbers = re.findall(r"\[Errno (\d+)\]", reply)
        reasons = dict.fromkeys(os.strerror(int(number)) for number in numbers if 0 < int(number) < 1000)
        return Unreached("connect", ", ".join(reasons) or reply)


class TapAddon:
    """The hooks: TLS from kproxy's own contexts, and the moment when the listener is up."""

    def __init__(self, master: Master, wiring: Wiring) -> None:
        self.master = master
        self.wiring = wiring
        self.numbers = itertools.count(1)
        self.up = asyncio.Event()
        self.alone = asyncio.Event()
        self.alone.set()
        self._connections = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """A connection lives; `alone` is set when none does."""
        self._connections += 1
        self.alone.clear()
        try:
            yield
        finally:
            self._connections -= 1
            if not self._connections:
                self.alone.set()

    def running(self) -> None:
        """Listeners were started, whether or not they could be."""
        self.up.set()

    def tls_start_client(self, start: tls.TlsData) -> None:
        """A client says hello."""
        if self.wiring.client_tls is not None:
            start.ssl_conn = SSL.Connection(self.wiring.client_tls)
            start.ssl_conn.set_accept_state()

    def tls_start_server(self, start: tls.TlsData) -> None:
        """The api-server is connected."""
        if self.wiring.server_tls is not None:
            start.ssl_conn = self.wiring.server_tls()


def _stack(base: context.Context, tap: Tap, go_on: asyncio.Event, wiring: Wiring) -> layer.Layer:
    """Server TLS around client TLS around the tap, as mitmproxy's NextLayer stacks them."""
    base.server.address = wiring.server
    _Root(base)
    outer: list[layers.tls.TLSLayer] = []
    if wiring.server_tls is not None:
        outer.append(_ServerTls(base))
    if wiring.client_tls is not None:
        outer.append(_ClientTls(base))
    innermost = TapLayer(base, tap, go_on, wiring.connect_timeout)
    for parent, child in itertools.pairwise([*outer, innermost]):
        parent.child_layer = child  # type: ignore[attr-defined]
    return outer[0] if outer else innermost


class TapProxyserver(Proxyserver):
    """Proxyserver that its listeners can ask for what is kproxy's."""

    name = "proxyserver"  # under which Master looks for it

    def __init__(self, addon: TapAddon) -> None:
        super().__init__()
        self.addon = addon


class Engine:
    """A running Master with one listener."""

    def __init__(self, wiring: Wiring) -> None:
        self._master = Master(options.Options())
        self._addon = TapAddon(self._master, wiring)
        self._proxyserver = TapProxyserver(self._addon)
        self._master.addons.add(self._proxyserver, NextLayer(), self._addon)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen on the wiring's socket. RuntimeError if mitmproxy does not."""
        host, port = self._addon.wiring.listener.getsockname()[:2]
        self._master.options.update(mode=[f"tap@{host}:{port}"], connection_strategy="lazy", tcp_timeout=NEVER)
        self._task = asyncio.create_task(self._master.run())
        up = asyncio.create_task(self._addon.up.wait())
        await asyncio.wait([self._task, up], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if not self._proxyserver.listen_addrs():
            await self.stop()
            raise RuntimeError(f"mitmproxy did not start its listener: {list(self._proxyserver.servers)}")

    async def stop(self) -> None:
        """Listeners first, then the connections: each exchange that goes on is recorded as stopped."""
        await self._proxyserver.servers.update([])
        for handler in list(self._proxyserver.connections.values()):
            if isinstance(handler, TapHandler):
                handler.stop()
        with suppress(TimeoutError):  # a connection that does not end in time ends with the event loop
            async with asyncio.timeout(STOP_SECONDS):
                await self._addon.alone.wait()
        self._master.shutdown()
        if self._task is not None:
            await asyncio.wait([self._task])
