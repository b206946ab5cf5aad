"""The relay: a listener for each etcd member, a connection to the member for each one that comes."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from kproxy.errors import EtcdError
from kproxy.etcd.relay.feed import Feed
from kproxy.etcd.relay.legs import Leg
from kproxy.etcd.relay.readings import Readings
from kproxy.etcd.relay.settings import RelaySettings
from kproxy.etcd.relay.sockets import abort, dial, handshake, listener_at, prepare, reason_of
from kproxy.etcd.settings import Endpoint
from kproxy.model.etcd import EtcdCall
from kproxy.wire.etcdtraffic import EtcdTraffic
from kproxy.wire.relayfeed import Hello, Relayed, Unread

_HANDSHAKE = 20.0
"""Seconds that a TLS handshake may take."""
_PAUSE = 0.1
"""Seconds until the next try where this process may open nothing more."""


class Relay:
    """Relays from `async with` on until its end; `say` gets a sentence when it changes whether a member is reached.

    EtcdError if it cannot listen.
    """

    def __init__(self, settings: RelaySettings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._endpoints = settings.endpoints()
        self._server_tls = settings.server_context()
        self._client_tls = settings.client_context() if any(each.tls for each in self._endpoints) else None
        self._id = secrets.token_hex(8)
        self._number = self._connections = 0
        self._open: dict[int, tuple[Leg, Leg]] = {}
        self._traffic: dict[int, EtcdTraffic] = {}
        self._members: dict[int, str] = {}  # of which etcd each connection is
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[socket.socket] = []
        self._wanted = False
        self._troubles: dict[str, str] = {}  # why a member cannot be reached
        self.relayed: tuple[Relayed, ...] = ()

    async def __aenter__(self) -> Self:
        self._readings = Readings(self)
        self._feed = Feed(self.hello, self._readings.read_all, self._want)
        await self._feed.open(self._settings.feed)
        try:
            self.relayed = tuple(self._listen(place, each) for place, each in enumerate(self._endpoints))
        except EtcdError:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def hello(self) -> Hello:
        """What the feed begins with."""
        return Hello(self._id, os.getpid(), self.relayed, time.monotonic_ns(), self._number)

    def calls(self, calls: list[EtcdCall]) -> None:
        """Calls were read."""
        self._feed.calls(calls)

    def unread(self, traffic: EtcdTraffic, at: int) -> None:
        """From here on nothing of a connection is read."""
        member = self._members.get(traffic.connection, "")
        self._feed.unread(Unread(traffic.connection, member, at, traffic.unreadable))

    def gone(self, traffic: EtcdTraffic) -> None:
        """A connection is at its end, and read."""
        del self._traffic[traffic.connection], self._members[traffic.connection]
        self._feed.gone(traffic.connection)

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            loop.remove_reader(listener.fileno())
            listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for leg, other in list(self._open.values()):
            leg.say_end()
            other.say_end()
            leg.close()
            other.close()
        self._readings.read_all()
        await self._feed.close()

    def _want(self, wanted: bool) -> None:  # noqa: FBT001 - the one thing it is told
        """Somebody wants calls, or nobody does any more."""
        if wanted == self._wanted:
            return
        self._readings.read_all()  # what passed before is told to nobody
        self._wanted = wanted
        for traffic in self._traffic.values():
            traffic.wanted = wanted

    def _listen(self, place: int, member: Endpoint) -> Relayed:
        where = self._settings.listener(place)
        listener = listener_at(where)
        self._listeners.append(listener)
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener, member)
        host = f"[{where.host}]" if ":" in where.host else where.host
        scheme = "http" if self._server_tls is None else "https"
        return Relayed(member.url, f"{scheme}://{host}:{listener.getsockname()[1]}")

    def _accept(self, listener: socket.socket, member: Endpoint) -> None:
        try:
            sock, _ = listener.accept()
            sock.setblocking(False)
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        except OSError:  # no descriptors are left: what waits, waits
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener.fileno())
            loop.call_later(_PAUSE, self._accept_again, listener, member)
            return
        task = asyncio.get_running_loop().create_task(self._serve(sock, member))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept_again(self, listener: socket.socket, member: Endpoint) -> None:
        if listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener, member)

    async def _serve(self, sock: socket.socket, member: Endpoint) -> None:
        """Reaches the member, and lets the two talk. A member that is away is a reset for the client."""
        try:
            async with asyncio.timeout(self._settings.dial_timeout):
                away = await dial(member, self._client_tls if member.tls else None)
        except (OSError, TimeoutError) as error:
            self._trouble(member, reason_of(error))
            abort(sock)
            return
        except asyncio.CancelledError:
            abort(sock)
            raise
        self._trouble(member, "")
        try:
            if self._server_tls is not None:
                async with asyncio.timeout(_HANDSHAKE):
                    sock = await handshake(sock, self._server_tls, None)
        except (OSError, TimeoutError) as error:
            self._say(f"a client of the relay for {member.url} was refused: {reason_of(error)}")
            away.close()
            return
        except asyncio.CancelledError:
            away.close()
            raise
        prepare(sock)
        self._join(sock, away, member)

    def _trouble(self, member: Endpoint, reason: str) -> None:
        before = self._troubles.get(member.url, "")
        if reason == before:
            return
        self._troubles[member.url] = reason
        self._say(
            f"etcd at {member.url} cannot be reached: {reason}" if reason else f"etcd at {member.url} answers again"
        )

    def _join(self, client: socket.socket, server: socket.socket, member: Endpoint) -> None:
        self._connections = connection = self._connections + 1
        traffic = EtcdTraffic(connection, self._next, wanted=self._wanted)
        note = self._readings.note

        def over() -> None:
            del self._open[connection]
            note(traffic, b"", time.monotonic_ns(), answer=None)

        leg = Leg(client, lambda data, at: note(traffic, data, at, answer=False), over)
        other = Leg(server, lambda data, at: note(traffic, data, at, answer=True), over)
        leg.other, other.other = other, leg
        self._open[connection] = (leg, other)
        self._traffic[connection] = traffic
        self._members[connection] = member.url
        other.resume()
        leg.resume()

    def _next(self) -> int:
        self._number += 1
        return self._number
