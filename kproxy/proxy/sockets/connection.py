"""A client's connection and the one to the api-server that belongs to it: sockets on both sides of a Tap.

Who waits for whom, each direction by itself: the client is not read while the server does not take what it sent, nor
the server while the client does not read; so a client that stops reading stdout can still send its stdin.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from kproxy.model.exchange import End
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.sockets.dial import Dialer, DialError
from kproxy.proxy.sockets.handshake import HandshakeError, shake_hands
from kproxy.proxy.sockets.legs import HIGH_WATER, ClientLeg, Leg
from kproxy.proxy.tap.actions import Act, Action, Unreached, Wait
from kproxy.proxy.tap.tap import Tap

logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0
_HANDSHAKE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What every connection needs. `make_tap` gets its number and whether its client's leg is TLS."""

    dialer: Dialer
    make_tap: Callable[[int, bool], Tap]
    outbox: Outbox
    client_tls: Callable[[], ssl.SSLContext | None]


class Connection:
    """Serves one client: `run` it; `drain` lets it come to its end, `stop` ends what goes on."""

    def __init__(self, wiring: Wiring, sock: socket.socket | None, number: int) -> None:
        self._dialer = wiring.dialer
        self._outbox = wiring.outbox
        self._client_tls = wiring.client_tls()
        self._tap = wiring.make_tap(number, self._client_tls is not None)
        self._tap.wake = self._wake
        self._sock = sock
        self._client: ClientLeg | None = None
        self._server: Leg | None = None
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._awaits_room = False
        self._cut = False  # the server was cut off, so the client is

    async def run(self) -> None:
        """Until both sides are closed."""
        try:
            if self._sock is not None:
                await self._come_in(self._sock)
            await self._over
        except (HandshakeError, TimeoutError) as error:
            logger.debug("a client's TLS handshake failed: %s", error)
        finally:
            self._close()

    async def _come_in(self, sock: socket.socket) -> None:
        if self._client_tls is not None:
            sock = self._sock = await shake_hands(self._client_tls, sock, _HANDSHAKE_SECONDS, server_side=True)
            self._greet(sock)
        self._client = Leg(sock, self._client_data, self._client_ended, self._balance)
        self._client.resume()

    def _greet(self, sock: socket.socket) -> None:
        """Tell the tap who the client has shown itself to be, if it was asked to and did."""
        certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
        if certificate is not None:
            self._tap.client_certificate(certificate)

    def _wake(self) -> None:
        """A verdict is there for which the client had to wait."""
        try:
            actions = self._tap.resumed()
        except Exception as error:  # noqa: BLE001 - see _failed
            actions = self._failed(error)
        self._do(actions)

    def drain(self) -> None:
        """Take no more requests; end watches as a server would; what else goes on may finish."""
        if self._client is None:
            self._finish()
        else:
            self._do(self._tap.drain())

    def stop(self) -> None:
        """End what goes on, then the connection."""
        self._do(self._tap.stop())
        if self._client is None:
            self._finish()

    def _close(self) -> None:
        self._tap.stop()
        for task in self._tasks:
            task.cancel()
        for leg in (self._client, self._server):
            if leg is not None:
                leg.abort()
        if self._sock is not None:
            self._sock.close()

    def _finish(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _client_data(self, data: bytes) -> None:
        try:
            actions = self._tap.client_data(data)
        except Exception as error:  # noqa: BLE001 - see _failed
            actions = self._failed(error)
        self._do(actions)

    def _server_data(self, data: bytes) -> None:
        try:
            actions = self._tap.server_data(data)
        except Exception as error:  # noqa: BLE001 - see _failed
            actions = self._failed(error)
        self._do(actions)

    def _failed(self, error: Exception) -> list[Action]:
        """A mistake of kproxy's own: the connection ends with it, instead of hanging for ever, and it is recorded."""
        logger.error("kproxy failed on a connection", exc_info=error)
        return self._tap.stop(End.UNKNOWN, f"kproxy failed: {error!r}")

    def _client_ended(self, clean: bool) -> None:  # noqa: FBT001 - Leg's callback
        """The client sends nothing more; said a second time, it also takes nothing more."""
        if self._tap.done:
            self._finish()
        elif clean or self._client is None or not self._client.broken:
            self._do(self._tap.client_closed())
        else:
            self._do(self._tap.stop(End.CLIENT_GONE, ""))

    def _server_ended(self, clean: bool) -> None:  # noqa: FBT001 - Leg's callback
        self._cut = not clean
        self._do(self._tap.server_closed(clean=clean))

    def _do(self, actions: list[Action]) -> None:
        client, server = self._client, self._server
        for act, data in actions:
            if act is Act.TO_CLIENT:
                if client is not None:
                    client.write(data)
            elif act is Act.TO_SERVER:
                if server is not None:
                    server.write(data)
            else:
                self._do_rare(act)
        self._balance()

    def _do_rare(self, act: Act) -> None:
        client, server = self._client, self._server
        if act is Act.CONNECT:
            self._begin(self._connect())
        elif act is Act.END_TO_SERVER and server is not None:
            server.half_close()
        elif act is Act.CLOSE_SERVER and server is not None:
            self._dialer.remember(server.sock)
            server.close()
            self._loop.call_later(LINGER_SECONDS, server.abort)
        elif act is Act.END_TO_CLIENT and client is not None:
            client.half_close()
        elif act is Act.CLOSE_CLIENT and client is not None:
            client.close(cut=self._cut)
        elif act is Act.WAIT:
            self._begin(self._await(self._tap.waits.popleft()))
        elif act is Act.LINGER and client is not None:
            client.half_close()
            self._loop.call_later(LINGER_SECONDS, self._end_lingering, client)

    def _end_lingering(self, client: ClientLeg) -> None:
        """A client that has sent its end meanwhile has ended the connection; one that has not does not keep it."""
        client.close()
        self._balance()

    def _balance(self) -> None:
        """Who is read from."""
        client, server = self._client, self._server
        if client is None:
            return
        if client.closed:
            self._finish()
            return
        stuck = self._outbox.stuck
        if stuck:
            self._await_room()
        if stuck or self._tap.waiting or (server is not None and server.buffered > HIGH_WATER):
            client.pause()
        else:
            client.resume()
        if server is not None:
            if stuck or client.buffered > HIGH_WATER:
                server.pause()
            else:
                server.resume()

    async def _await(self, wait: Wait) -> None:
        await wait.until()
        self._do(self._tap.resume(wait))

    def _await_room(self) -> None:
        if not self._awaits_room:
            self._awaits_room = True
            self._begin(self._go_on_with_room())

    async def _go_on_with_room(self) -> None:
        await self._outbox.room.wait()
        self._awaits_room = False
        self._balance()

    def _begin(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        try:
            sock = await self._dialer.connect()
        except DialError as error:
            self._no_server(error.unreached)
            return
        self._server = Leg(sock, self._server_data, self._server_ended, self._balance)
        self._do(self._tap.connected(None))

    def _no_server(self, problem: Unreached) -> None:
        self._do(self._tap.connected(problem))
