"""A watch's stream: what etcd says is read in large pieces, so that a busy one costs little for each message."""

import asyncio
import ssl
from collections.abc import Sequence

from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from kproxy.etcd.duplex import Duplex
from kproxy.etcd.settings import Endpoint

GATHER = 0.005
"""Seconds in which what etcd says gathers before it is read again: the first message after a silence comes at once."""
ENOUGH = 64 << 10
"""Bytes in one piece: where there are so many, more are there already."""
KEEPALIVE = 10.0
"""Seconds of silence after which etcd is asked whether it is there, and after which it is not: it refuses pings that
come more often than every 5 s."""


class WatchStream(asyncio.Protocol):
    """One stream over a connection of its own. Every method but close raises AioRpcError when it ends or has ended."""

    def __init__(self) -> None:
        self._duplex = Duplex()
        self._chunks: list[bytes] = []
        self._came = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._lost = ""
        self._resume: asyncio.TimerHandle | None = None
        self._keeper: asyncio.TimerHandle | None = None
        self._heard = False  # since the keeper looked
        self._asked = False

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        context: ssl.SSLContext | None,
        path: str,
        metadata: Sequence[tuple[str, str]],
        seconds: float,
    ) -> "WatchStream":
        """Connects and begins the call; `seconds` is what connecting may take. AioRpcError."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, stream = await loop.create_connection(
                    cls, endpoint.host, endpoint.port, ssl=context, happy_eyeballs_delay=0.25
                )
        except (OSError, TimeoutError) as error:
            raise _failure(StatusCode.UNAVAILABLE, str(error) or "no answer to the connection") from None
        stream.begin(path, endpoint, metadata)
        return stream

    def begin(self, path: str, endpoint: Endpoint, metadata: Sequence[tuple[str, str]]) -> None:
        """The call's head."""
        self._duplex.open(path, endpoint.target, tls=endpoint.tls, metadata=metadata)
        self._write()
        self._keeper = asyncio.get_running_loop().call_later(KEEPALIVE, self._keep)

    async def write(self, message: bytes) -> None:
        """Sends a request."""
        if not self._duplex.send(message):
            raise _failure(StatusCode.UNAVAILABLE, "it takes no more requests")
        self._write()

    async def read(self) -> list[bytes]:
        """The next messages, at least one."""
        while True:
            if self._chunks:
                data, self._chunks = b"".join(self._chunks), []
                messages = self._duplex.receive(data)
                self._write()
                if self._resume is None and self._transport is not None:
                    pause = GATHER if len(data) < ENOUGH else 0.0
                    self._resume = asyncio.get_running_loop().call_later(pause, self._read_on)
                if messages:
                    return messages
            if self._duplex.end is not None:
                raise _failure(self._duplex.end.code, self._duplex.end.details)
            if self._lost:
                raise _failure(StatusCode.UNAVAILABLE, self._lost)
            if not self._chunks:
                self._came.clear()
                await self._came.wait()

    async def close(self) -> None:
        """Ends it; again does nothing."""
        for timer in (self._resume, self._keeper):
            if timer is not None:
                timer.cancel()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._lost = self._lost or "it was closed"
        self._came.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio's protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream socket
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Of asyncio's protocol."""
        self._chunks.append(data)
        self._heard = True
        if self._transport is not None:
            self._transport.pause_reading()
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Of asyncio's protocol."""
        self._lost = self._lost or (str(exc) if exc else "the connection was closed")
        self._transport = None
        self._came.set()

    def _write(self) -> None:
        if (out := self._duplex.outgoing()) and self._transport is not None:
            self._transport.write(out)

    def _read_on(self) -> None:
        self._resume = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _keep(self) -> None:
        """Every KEEPALIVE seconds: a ping where nothing was heard, the end where nothing was heard after one."""
        if self._chunks or self._heard:  # what waits to be read has been heard
            self._heard = self._asked = False
        elif self._asked:
            self._lost = "it does not answer any more"
            self._came.set()
            return
        else:
            self._asked = True
            self._duplex.ping()
            self._write()
        self._keeper = asyncio.get_running_loop().call_later(KEEPALIVE, self._keep)


def _failure(code: StatusCode, details: str) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details)
