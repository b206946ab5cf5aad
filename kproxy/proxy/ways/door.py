"""What happens on an accepted connection before it is served: CONNECT is answered, a redirected one asked whither."""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from kproxy.model.exchange import Altered, End, IdentityMode
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.sockets.connection import Connection, Wiring
from kproxy.proxy.sockets.dial import Dialer, DialError
from kproxy.proxy.sockets.handshake import readable
from kproxy.proxy.sockets.listener import Inside
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.proxy.ways.forward import (
    ESTABLISHED,
    MAX_CONNECT,
    Destination,
    Members,
    connect_destination,
    fields_of,
    foreign,
)
from kproxy.proxy.ways.passage import Passage
from kproxy.proxy.ways.redirected import original_destination
from kproxy.wire.handoff import IDENTITY_NUMBER, RecordType, pack_head

logger = logging.getLogger(__name__)

_DOOR_SECONDS = 10.0
"""For a client to say where it wants to go."""

LINGER_SECONDS = 1.0
CONNECT = b"CONNECT "
_END = b"\r\n\r\n"


type Door = Callable[[socket.socket, int], Awaitable[Inside | None]]
"""Gets the accepted socket and the connection's number; None: the client was turned away. The socket is the door's."""


class Guest:
    """A client at the door, and inside."""

    def __init__(self, door: Door, sock: socket.socket, number: int) -> None:
        self._door = door
        self._sock = sock
        self._number = number
        self._inside: Inside | None = None
        self._task: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Until the client has been served, or turned away."""
        self._task = asyncio.current_task()
        try:
            self._inside = await self._door(self._sock, self._number)
        except (OSError, EOFError) as error:  # a TimeoutError is an OSError
            logger.debug("a client did not come in: %s", error)
        finally:
            if self._inside is None:
                self._sock.close()
        if self._inside is not None:
            await self._inside.run()

    def drain(self) -> None:
        """Who is not in yet stays out."""
        if self._inside is not None:
            self._inside.drain()
        else:
            self.stop()

    def stop(self) -> None:
        """End it."""
        if self._inside is not None:
            self._inside.stop()
        elif self._task is not None:
            self._task.cancel()


class ForwardDoor:
    """The forward proxy: what `servers` are named in a CONNECT is served by `inside`, all else by `absolute`."""

    def __init__(  # noqa: PLR0913 - the parts of a proxy, all named
        self,
        *,
        members: Members,
        servers: frozenset[Destination],
        inside: Callable[[Destination], Wiring],
        absolute: Wiring,
        outbox: Backlog,
        others: Callable[[Destination], Dialer] | None,
    ) -> None:
        self._members = members
        self._servers = servers
        self._inside = inside
        self._absolute = absolute
        self._outbox = outbox
        self._others = others

    async def __call__(self, sock: socket.socket, number: int) -> Inside | None:
        """See Door."""
        async with asyncio.timeout(_DOOR_SECONDS):
            if not await _begins_with_connect(sock):
                return Connection(self._absolute, sock, number)
            raw = await _head(sock)
        verdict = self._judge(raw)
        if isinstance(verdict, Destination) and verdict in self._servers:
            await asyncio.get_running_loop().sock_sendall(sock, ESTABLISHED)
            return Connection(self._inside(verdict), sock, number)
        if isinstance(verdict, Destination) and self._others is not None:
            try:
                server = await self._others(verdict).connect()
            except DialError as error:
                sentence = error.unreached.sentence(f"{verdict.host}:{verdict.port}")
                await _turn_away(sock, status_answer(error.unreached.status, sentence, b"CONNECT"))
                return None
            await asyncio.get_running_loop().sock_sendall(sock, ESTABLISHED)
            return Passage(sock, server)
        refusal = foreign(verdict.host, verdict.port, b"CONNECT") if isinstance(verdict, Destination) else verdict
        _record_refusal(self._outbox, number, raw, refusal)
        await _turn_away(sock, refusal)
        return None

    def _judge(self, raw: bytes) -> Destination | OwnAnswer:
        """Where to, for who may."""
        where = connect_destination(raw)
        if isinstance(where, OwnAnswer):
            return where
        return self._members.refusal(fields_of(raw), b"CONNECT") or where


class RedirectedDoor:
    """Redirected connections: those that were on their way to one of the api-server's addresses are served."""

    def __init__(
        self,
        *,
        is_server: Callable[[Destination], Awaitable[bool]],
        inside: Callable[[Destination], Wiring],
        others: Callable[[Destination], Dialer] | None,
        original: Callable[[socket.socket], Destination | None] = original_destination,
    ) -> None:
        self._is_server = is_server
        self._inside = inside
        self._others = others
        self._original = original

    async def __call__(self, sock: socket.socket, number: int) -> Inside | None:
        """See Door."""
        where = self._original(sock)
        if where is None:
            logger.warning("kproxy closed a connection that no firewall has redirected to it")
            return None
        if await self._is_server(where):
            return Connection(self._inside(where), sock, number)
        if self._others is None:
            logger.warning("kproxy closed a connection on its way to %s:%d, which is not the api-server", *where)
            return None
        try:
            return Passage(sock, await self._others(where).connect())
        except DialError as error:
            logger.debug("nobody at %s:%d: %s", *where, error)
            return None


def _record_refusal(outbox: Backlog, number: int, raw: bytes, own: OwnAnswer) -> None:
    """An exchange of its own for a client that was turned away at the door."""
    now = time.monotonic_ns()
    none = IDENTITY_NUMBER[IdentityMode.NONE]
    head = pack_head(number, Altered.NOTHING, tls=False, caller=b"client", raw=raw, identity=none)
    held = outbox.begin(head, now)
    outbox.add(held, RecordType.ANSWER_HEAD, own.head, now)
    outbox.add(held, RecordType.ANSWER_BODY, own.body, now)
    outbox.end(held, End.REFUSED, own.message, now)


async def _begins_with_connect(sock: socket.socket) -> bool:
    """Looks without taking. EOFError when nothing comes."""
    while True:
        await readable(sock)
        begin = sock.recv(len(CONNECT), socket.MSG_PEEK)
        if not begin:
            raise EOFError("it said nothing")
        if begin == CONNECT or not CONNECT.startswith(begin):
            return begin == CONNECT
        await asyncio.sleep(0.01)  # the socket stays readable: there is no telling when more is there


async def _head(sock: socket.socket) -> bytes:
    """Takes a head and not a byte more: what follows is for whoever serves what is inside. EOFError, at its end."""
    head = b""
    while _END not in head and len(head) <= MAX_CONNECT:
        await readable(sock)
        more = sock.recv(4096, socket.MSG_PEEK)
        if not more:
            raise EOFError("it left in the middle of a CONNECT")
        end = (head + more).find(_END)
        wanted = len(more) if end < 0 else end + len(_END) - len(head)
        head += sock.recv(wanted)
    return head


async def _turn_away(sock: socket.socket, own: OwnAnswer) -> None:
    """Answer, and read on a while: a client that still sends would lose the answer to a reset."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        async with asyncio.timeout(LINGER_SECONDS):
            await loop.sock_sendall(sock, own.wire)
            sock.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(sock, 4096):
                pass
