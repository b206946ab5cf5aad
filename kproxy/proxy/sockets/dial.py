"""Connecting to the api-server: each of its addresses in turn, then TLS."""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kproxy.config.outway import OutwardProxy
from kproxy.proxy.sockets.handshake import HandshakeError, reason_of, shake_hands
from kproxy.proxy.sockets.outward import or_closed, tunnelled
from kproxy.proxy.tap.actions import Unreached
from kproxy.wire.outward import OutwardError

_LEAST_SECONDS = 2.0
"""For one address, where several share the time (Go's net.Dialer: partialDeadline)."""

type Address = tuple[str, int]


class DialError(Exception):
    """No connection; `unreached` says why."""

    def __init__(self, unreached: Unreached) -> None:
        super().__init__(unreached.reason)
        self.unreached = unreached


@dataclass(slots=True)
class ClientTls:
    """How TLS is spoken to the server. `session`: the last one, so that the next handshake is a short one."""

    context: ssl.SSLContext
    server_name: str
    session: ssl.SSLSession | None = None


class Dialer:
    """Connects to one of `servers` (HOST, PORT), the last one that worked first.

    `tls` is asked for each connection: a rotated certificate counts from the next one on. `seconds`: TCP and TLS.
    `proxy`: through which the servers are reached. `names`: of servers whose certificates are for another name.
    """

    def __init__(  # noqa: PLR0913 - where, how, how long, and what few of them need
        self,
        servers: Sequence[Address],
        tls: Callable[[], ClientTls | None],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        proxy: OutwardProxy | None = None,
        names: Mapping[Address, str] | None = None,
    ) -> None:
        self._servers = list(servers)
        self._proxy = proxy
        self._names = names or {}
        self._tls = tls
        self._seconds = seconds
        self._clock = clock

    async def connect(self) -> socket.socket:
        """A connected non-blocking socket, TLS on it where the server's URL is https. DialError."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._connect(self._clock() + self._seconds)
        except TimeoutError as error:
            raise DialError(Unreached("timeout", f"no answer within {self._seconds:g} seconds")) from error

    def remember(self, sock: socket.socket) -> None:
        """Keep the session of a connection that is about to end, unless it went on with the one that is kept.

        Each look at `SSLSocket.session` costs 5 kB that never come back (CPython 3.13.0 with OpenSSL 3.0.19).
        """
        tls = self._tls()
        if tls is None or not isinstance(sock, ssl.SSLSocket) or sock.context is not tls.context:
            return
        if tls.session is None or not sock.session_reused:
            tls.session = sock.session or tls.session

    async def _connect(self, deadline: float) -> socket.socket:
        sock, server = await self._tcp(deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            tls = self._tls()
            if tls is None:
                return sock
            left = max(deadline - self._clock(), 0)
            name = self._names.get(server, tls.server_name)
            return await shake_hands(tls.context, sock, left, server_name=name, session=tls.session)
        except HandshakeError as error:
            raise DialError(Unreached("tls", str(error))) from error
        except BaseException:
            sock.close()
            raise

    async def _tcp(self, deadline: float) -> tuple[socket.socket, Address]:
        """A connection and the server at its end."""
        reasons: dict[str, None] = {}
        for server in list(self._servers):
            sock = await self._one(server, deadline, reasons)
            if sock is not None:
                self._prefer(server)
                return sock, server
        raise DialError(Unreached("connect", ", ".join(reasons)))

    async def _one(self, server: Address, deadline: float, reasons: dict[str, None]) -> socket.socket | None:
        """A connection to a server, or more reasons why there is none."""
        proxy = self._proxy
        try:
            addresses = await _resolve(server if proxy is None else (proxy.host, proxy.port))
        except OSError as error:
            reasons[_why(error, proxy)] = None
            return None
        for number, (family, address) in enumerate(addresses):
            left = max((deadline - self._clock()) / (len(addresses) - number), _LEAST_SECONDS)
            try:
                sock = await _open(family, address, left)
                return sock if proxy is None else await tunnelled(sock, proxy, server, left)
            except (OSError, OutwardError) as error:
                reasons[_why(error, proxy)] = None
        return None

    def _prefer(self, server: Address) -> None:
        if self._servers[0] != server:
            self._servers.remove(server)
            self._servers.insert(0, server)


def _why(error: OSError | OutwardError, proxy: OutwardProxy | None) -> str:
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    return reason if proxy is None else f"{reason} (through the proxy {proxy.shown})"


async def _resolve(server: Address) -> list[tuple[int, Address]]:
    host, port = server
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(info[0], (str(info[4][0]), port)) for info in found]
    return [(family, server)]


async def _open(family: int, address: Address, seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    async with or_closed(sock, seconds):
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    return sock
