"""The seam to the target: exactly these bytes go out, over asyncio's streams and wire.http1.

Header fields keep their order and spelling; set anew are Host, Authorization and what frames the body, because content
is stored without its codings. Watches and plain requests share no connection.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from kproxy.config.trust import client_context
from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ReplayError
from kproxy.model.exchange import Headers
from kproxy.model.many import frozen_by_type
from kproxy.replay.links import Dial, Link, StreamLink
from kproxy.wire.http1 import END, AnswerFramer, AnswerHead, Body, FramingError, Tunnel, Upgraded, parse_head

_CONNECT_SECONDS = 10.0

_KNOWN_TAILS = 256

_REST_SECONDS = 30.0
"""A connection that has rested for longer is not used again: a server may be about to close it."""

_SET_ANEW = frozenset({"content-length", "transfer-encoding", "content-encoding"})
_START = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_TARGET = re.compile(r"[!-~]{1,65536}")
_VALUE = re.compile(r"[^\x00\r\n]*")


type Begun = Callable[[int], None]
"""Is told which exchange of the replay's recording a request became."""


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as it was recorded, its names already the target's.

    `authorization`: its own, "": the transport's; `upgrades`: whether it asks for another protocol.
    """

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    authorization: str = field(default="", repr=False)
    upgrades: bool = False


@dataclass(slots=True)
class Reply:
    """An answer: its head as it came, and its content as it comes (transfer coding taken away)."""

    status: int
    head: bytes
    connection: "Connection"
    ended: bool = False
    waiting: list[bytes] = field(default_factory=list)
    transport: "Transport | None" = None
    lowered: bytes = field(default=b"", init=False, repr=False)
    """The head in lower case, once it was asked for."""

    @property
    def headers(self) -> Headers:
        """The head's fields, read anew each time."""
        return parse_head(self.head).headers

    def field(self, name: bytes) -> str:
        """The first value of a field, "" where there is none; `name` in lower case.

        Of an answer few are asked for, and most of those are not there: that is quicker told than all fields are read.
        """
        if not self.lowered:
            self.lowered = self.head.lower()
        at = self.lowered.find(b"\n%s:" % name)
        if at < 0:
            return ""
        return self.head[at + len(name) + 2 : self.head.index(b"\r", at)].strip(b" \t").decode("latin-1")

    def whole(self) -> bytes | None:
        """All of the content, if it has come already; None: `pieces` gives it."""
        if not self.ended:
            return None
        pieces, self.waiting = self.waiting, []
        return b"".join(pieces)

    def done(self) -> None:
        """It was read to its end: its connection may carry the next request."""
        if self.transport is not None:
            self.transport.done(self)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content's pieces. ReplayError if the connection breaks before the end."""
        for piece in self.waiting:
            yield piece
        self.waiting = []
        while not self.ended:
            pieces, self.ended = await self.connection.more()
            for piece in pieces:
                yield piece

    def leave(self) -> None:
        """Close the connection without reading on."""
        self.connection.close()


class LateError(ReplayError):
    """The target took no connection in time: nothing of the request was sent, and it may be sent again."""


class Connection:
    """One connection to the target."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.rests_since = 0.0
        self._framer = AnswerFramer(known=lambda: link.answered)
        self._upgraded = False

    @property
    def usable(self) -> bool:
        """Whether another request can go out on it, as far as can be told before."""
        return self._framer.idle and self.link.usable

    @property
    def closed(self) -> bool:
        """Whether we closed it."""
        return self.link.closed

    async def ask(self, head: bytes, request: "WireRequest", begun: Begun) -> Reply:
        """Send a request and await its answer's head. ReplayError; LateError if it was not sent for want of time."""
        method, body = request.method, request.body
        self._framer.expect(method.encode("latin-1"), upgrade=request.upgrades)
        link = self.link
        try:
            await link.send(head + body)
            if early := link.begun:
                begun(early)
            data = await self._read()
            if link.begun != early:
                begun(link.begun)
            while True:
                if link.unreached:
                    raise ConnectionRefusedError(link.unreached)
                reply = self._reply(self._framer.feed(data))
                if reply is not None:
                    return reply
                data = await self._read()
        except (OSError, FramingError) as error:
            self.close()
            if link.late:
                raise LateError(f"The target did not answer {method}: {error}.") from error
            raise ReplayError(f"The target did not answer {method}: {error}.") from error

    def _reply(self, events: Sequence[object]) -> Reply | None:
        reply: Reply | None = None
        for event in events:
            if isinstance(event, AnswerHead):
                reply = Reply(event.status, event.raw, self)
            elif isinstance(event, Upgraded):
                reply = Reply(101, event.raw, self)
                self._upgraded = True
            elif reply is not None and isinstance(event, Body):
                reply.waiting.append(event.content)
            elif reply is not None and isinstance(event, Tunnel):
                reply.waiting.append(event.data)
            elif reply is not None and event is END:
                reply.ended = True
        return reply

    async def more(self) -> tuple[list[bytes], bool]:
        """The next pieces of content, and whether they are the last. ReplayError."""
        try:
            data = await self.link.receive()
            events = self._framer.feed(data) if data else self._framer.eof()
        except (OSError, FramingError) as error:
            self.close()
            raise ReplayError(f"The target's answer broke off: {error}.") from error
        if self._upgraded:
            return [event.data for event in events if isinstance(event, Tunnel)], not data
        ended = any(event is END for event in events)
        if not data and not ended:
            self.close()
            raise ReplayError("The target's answer broke off: it closed the connection.")
        return [event.content for event in events if isinstance(event, Body)], ended

    async def _read(self) -> bytes:
        data = await self.link.receive()
        if not data:
            raise ConnectionResetError("it closed the connection")
        return data

    def close(self) -> None:
        """Close it now; whoever reads gets the end."""
        self.link.close()


class Transport:
    """Sends requests to one target, with one set of credentials, over as many connections as are busy at a time.

    `dial`: how a connection is opened; None: by a socket, straight to the target.
    """

    def __init__(self, target: Upstream, dial: Dial | None = None) -> None:
        self.target = target
        self._bearer = BearerToken(target)
        self._tls = _context(target) if dial is None else None
        self._dial = dial or self._by_socket
        self._idle: list[Connection] = []
        self._tails: dict[tuple[Headers, str | None, int], bytes] = {}
        self.connections: set[Connection] = set()

    async def send(
        self, request: WireRequest, head: bytes = b"", *, alone: bool = False, begun: Begun = lambda _: None
    ) -> Reply:
        """Send a request; the answer's head is there when this returns. `alone`: on a connection of its own.

        `head`: what `head` made of it before, b"": it is made now.

        `begun` is told, once and as soon as it is known, which exchange it became in the replay's recording, where
        there is one. ReplayError if the target cannot be reached or breaks off.
        """
        head = head or self.head(request)
        connection = None if alone else self._rested()
        if connection is None:
            connection = await self._connect()
        reply = await connection.ask(head, request, begun)
        reply.transport = self
        return reply

    def _rested(self) -> Connection | None:
        """The connection that was used last of those that wait for their next request."""
        oldest = asyncio.get_running_loop().time() - _REST_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.rests_since >= oldest:
                return connection
            connection.close()
        return None

    def done(self, reply: Reply) -> None:
        """An answer was read to its end: its connection may carry the next request."""
        connection = reply.connection
        if reply.ended and "close" not in reply.field(b"connection").lower() and connection.usable:
            connection.rests_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in self.connections:
            connection.close()
        self.connections.clear()
        self._idle.clear()

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                connection = Connection(await self._dial())
        except (OSError, TimeoutError) as error:
            reason = str(error) or f"no connection within {_CONNECT_SECONDS:.0f} s"
            raise ReplayError(f"The target {self.target.url} cannot be reached: {reason}.") from error
        self.connections = {each for each in self.connections if not each.closed} | {connection}
        return connection

    async def _by_socket(self) -> Link:
        target = self.target
        name = (target.tls.server_name or target.host) if target.tls else None
        return StreamLink(
            *await asyncio.open_connection(
                target.host, target.port, ssl=self._tls, server_hostname=name if self._tls else None
            )
        )

    def head(self, request: WireRequest) -> bytes:
        """A request's head as it goes out. ReplayError for what would not be one head on the wire."""
        target = self.target.path_prefix + request.target
        tail = self._tail(request)
        if tail is None or not (_START.fullmatch(request.method) and _TARGET.fullmatch(target)):
            raise ReplayError(f"A recorded request ({request.method[:20]!r}) has a head that cannot be sent.")
        return f"{request.method} {target} HTTP/1.1\r\n".encode("latin-1") + tail

    def _tail(self, request: WireRequest) -> bytes | None:
        """A head's fields, None where they would be none on the wire. Clients say the same ones again and again."""
        authorization = request.authorization or self._bearer.authorization()
        asked = request.headers, authorization, len(request.body)
        if (known := self._tails.get(asked)) is not None:
            return known
        fields = self._fields(request, authorization)
        if any(not _START.fullmatch(name) or not _VALUE.fullmatch(value) for name, value in fields):
            return None
        tail = "".join([f"{name}: {value}\r\n" for name, value in fields] + ["\r\n"]).encode("latin-1")
        if len(self._tails) >= _KNOWN_TAILS:
            self._tails.clear()
        self._tails[asked] = tail
        return tail

    def _fields(self, request: WireRequest, authorization: str | None) -> list[tuple[str, str]]:
        ours = {"host": self.target.host_header, "authorization": authorization}
        fields: list[tuple[str, str]] = []
        for name, value in request.headers:
            lower = name.lower()
            if lower in ours:
                if (own := ours.pop(lower)) is not None:
                    fields.append((name, own))
            elif lower not in _SET_ANEW and lower != "authorization":
                fields.append((name, value))
        fields += [(name.title(), value) for name, value in ours.items() if value is not None]
        fields += self.target.impersonate
        framed = any(name.lower() in _SET_ANEW for name, _ in request.headers)
        if request.body or framed:
            fields.append(("Content-Length", str(len(request.body))))
        return fields


def _context(target: Upstream) -> ssl.SSLContext | None:
    """How the target is trusted; None for plain HTTP. ConfigError."""
    return None if target.tls is None else client_context(target.tls, cluster=target.cluster, user=target.user)
