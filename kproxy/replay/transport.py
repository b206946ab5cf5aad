"""The seam to the target: exactly these bytes go out, over asyncio's streams and wire.http1.

Header fields keep their order and spelling; set anew are Host, Authorization and what frames the body, because content
is stored without its codings. Watches and plain requests share no connection.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from tempfile import NamedTemporaryFile

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ReplayError
from kproxy.model.exchange import Headers
from kproxy.wire.http1 import END, AnswerFramer, AnswerHead, Body, FramingError, parse_head

CONNECT_SECONDS = 10.0
_READ = 256 * 1024
_SET_ANEW = frozenset({"content-length", "transfer-encoding", "content-encoding"})
_START = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_TARGET = re.compile(r"[!-~]{1,65536}")
_VALUE = re.compile(r"[^\x00\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as it was recorded, its names already the target's."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""


@dataclass(slots=True)
class Reply:
    """An answer: its head, and its content as it comes (transfer coding taken away)."""

    status: int
    headers: Headers
    connection: "Connection"
    ended: bool = False
    waiting: list[bytes] = field(default_factory=list)

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


class Connection:
    """One connection to the target."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = AnswerFramer()

    @property
    def usable(self) -> bool:
        """Whether another request can go out on it, as far as can be told before."""
        return self._framer.idle and not self._reader.at_eof() and not self._writer.is_closing()

    @property
    def closed(self) -> bool:
        """Whether we closed it."""
        return self._writer.is_closing()

    async def ask(self, head: bytes, body: bytes, method: str) -> Reply:
        """Send a request and await its answer's head. ReplayError."""
        self._framer.expect(method.encode("latin-1"))
        try:
            self._writer.write(head + body)
            await self._writer.drain()
            while True:
                reply = self._reply(self._framer.feed(await self._read()))
                if reply is not None:
                    return reply
        except (OSError, FramingError) as error:
            self.close()
            raise ReplayError(f"The target did not answer {method}: {error}.") from error

    def _reply(self, events: Sequence[object]) -> Reply | None:
        reply: Reply | None = None
        for event in events:
            if isinstance(event, AnswerHead):
                reply = Reply(event.status, parse_head(event.raw).headers, self)
            elif reply is not None and isinstance(event, Body):
                reply.waiting.append(event.content)
            elif reply is not None and event is END:
                reply.ended = True
        return reply

    async def more(self) -> tuple[list[bytes], bool]:
        """The next pieces of content, and whether they are the last. ReplayError."""
        try:
            data = await self._reader.read(_READ)
            events = self._framer.feed(data) if data else self._framer.eof()
        except (OSError, FramingError) as error:
            self.close()
            raise ReplayError(f"The target's answer broke off: {error}.") from error
        ended = any(event is END for event in events)
        if not data and not ended:
            self.close()
            raise ReplayError("The target's answer broke off: it closed the connection.")
        return [event.content for event in events if isinstance(event, Body)], ended

    async def _read(self) -> bytes:
        data = await self._reader.read(_READ)
        if not data:
            raise ConnectionResetError("it closed the connection")
        return data

    def close(self) -> None:
        """Close it now; whoever reads gets the end."""
        self._writer.close()


class Transport:
    """Sends requests to one target."""

    def __init__(self, target: Upstream) -> None:
        self.target = target
        self._bearer = BearerToken(target)
        self._tls = tls_context(target)
        self._idle: Connection | None = None
        self.connections: set[Connection] = set()

    async def send(self, request: WireRequest, *, alone: bool = False) -> Reply:
        """Send a request; the answer's head is there when this returns. `alone`: on a connection of its own.

        ReplayError if the target cannot be reached or breaks off.
        """
        head = self.head(request)
        connection = self._idle
        self._idle = None
        if alone or connection is None or not connection.usable:
            if connection is not None and alone:
                self._idle = connection
            connection = await self._connect()
        return await connection.ask(head, request.body, request.method)

    def done(self, reply: Reply) -> None:
        """An answer was read to its end: its connection may carry the next request."""
        closes = any(name.lower() == "connection" and "close" in value.lower() for name, value in reply.headers)
        if reply.ended and not closes and reply.connection.usable and self._idle is None:
            self._idle = reply.connection
        elif reply.connection is not self._idle:
            reply.connection.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in self.connections:
            connection.close()
        self.connections.clear()
        self._idle = None

    async def _connect(self) -> Connection:
        target = self.target
        name = (target.tls.server_name or target.host) if target.tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(
                    target.host, target.port, ssl=self._tls, server_hostname=name if self._tls else None
                )
        except (OSError, TimeoutError) as error:
            reason = str(error) or f"no connection within {CONNECT_SECONDS:.0f} s"
            raise ReplayError(f"The target {target.url} cannot be reached: {reason}.") from error
        connection = Connection(reader, writer)
        self.connections = {each for each in self.connections if not each.closed} | {connection}
        return connection

    def head(self, request: WireRequest) -> bytes:
        """A request's head as it goes out. ReplayError for what would not be one head on the wire."""
        target = self.target.path_prefix + request.target
        fields = self._fields(request)
        sound = _START.fullmatch(request.method) and _TARGET.fullmatch(target)
        if not sound or any(not _START.fullmatch(name) or not _VALUE.fullmatch(value) for name, value in fields):
            raise ReplayError(f"A recorded request ({request.method[:20]!r}) has a head that cannot be sent.")
        lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _fields(self, request: WireRequest) -> list[tuple[str, str]]:
        ours = {"host": self.target.host_header, "authorization": self._bearer.authorization()}
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


def tls_context(target: Upstream) -> ssl.SSLContext | None:
    """How the target is trusted, and what we show of ourselves; None for plain HTTP. ReplayError."""
    tls = target.tls
    if tls is None:
        return None
    context = ssl.create_default_context(cadata=tls.ca_pem)
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if tls.client_cert_pem and tls.client_key_pem:
        _show_certificate(context, tls.client_cert_pem, tls.client_key_pem)
    return context


def _show_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Python's ssl reads certificates from files only: one of 0600 that is gone at once."""
    with NamedTemporaryFile("w", prefix="kproxy-", suffix=".pem") as file:
        file.write(certificate + "\n" + key)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            raise ReplayError(f"The client certificate for the target cannot be used: {error}.") from error
