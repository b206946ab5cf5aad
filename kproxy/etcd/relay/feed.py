"""The feed's socket: whoever attaches is told the calls from then on (kproxy/wire/relayfeed.py)."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kproxy.errors import EtcdError
from kproxy.etcd.relay.settings import MAX_SOCKET_PATH
from kproxy.model.etcd import EtcdCall
from kproxy.wire.relayfeed import (
    Hello,
    Lost,
    Synced,
    TokenReader,
    Unread,
    pack_calls,
    pack_hello,
    pack_lost,
    pack_synced,
    pack_unread,
)

QUEUE = 16 * 1024 * 1024
"""Bytes that wait for a reader; calls that come while more do are counted instead."""
_MAX_READERS = 64
_MANY = 500
"""Calls of one frame."""


@dataclass(slots=True)
class _Attached:
    transport: asyncio.Transport
    lost: int = 0
    first_lost: int = 0
    last_lost: int = 0


class Feed:
    """All readers. `read_all` reads what passed until now; `attached` is told whether there is any reader."""

    def __init__(
        self, hello: Callable[[], Hello], read_all: Callable[[], None], attached: Callable[[bool], None]
    ) -> None:
        self._hello = hello
        self._read_all = read_all
        self._attached = attached
        self._readers: list[_Attached] = []
        self._unread: dict[int, Unread] = {}
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def open(self, path: Path) -> None:
        """Listens. EtcdError."""
        sock = _bound(path)
        self._path = path
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Reader(self), sock=sock)

    async def close(self) -> None:
        """Ends it; what was told is sent as far as readers take it."""
        if self._server is not None:
            self._server.close()
        for reader in list(self._readers):
            self._tell_lost(reader)
            reader.transport.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def calls(self, calls: Sequence[EtcdCall]) -> None:
        """Tells calls."""
        if not self._readers:
            return
        for start in range(0, len(calls), _MANY):
            some = calls[start : start + _MANY]
            packed = pack_calls(some)
            for reader in self._readers:
                self._send(reader, packed, some)

    def unread(self, unread: Unread) -> None:
        """Tells it, now and to later readers, until `gone`."""
        self._unread[unread.connection] = unread
        for reader in self._readers:
            reader.transport.write(pack_unread(unread))

    def gone(self, connection: int) -> None:
        """A connection is closed."""
        self._unread.pop(connection, None)

    def attach(self, transport: asyncio.Transport) -> None:
        """A reader is there."""
        if len(self._readers) >= _MAX_READERS:
            transport.abort()
            return
        self._attached(True)
        self._read_all()  # what passed before is told to the others only, and counted in the HELLO
        transport.write(b"".join((pack_hello(self._hello()), *map(pack_unread, self._unread.values()))))
        self._readers.append(_Attached(transport))

    def detach(self, transport: asyncio.Transport) -> None:
        """It is gone."""
        self._readers = [reader for reader in self._readers if reader.transport is not transport]
        if not self._readers:
            self._attached(False)

    def sync(self, transport: asyncio.Transport, token: int) -> None:
        """Tells what passed until now, and then that this is so."""
        at = time.monotonic_ns()
        self._read_all()
        for reader in self._readers:
            if reader.transport is transport:
                self._tell_lost(reader)
        transport.write(pack_synced(Synced(token, at)))

    def _send(self, reader: _Attached, packed: bytes, calls: Sequence[EtcdCall]) -> None:
        if reader.transport.get_write_buffer_size() > QUEUE:
            ends = [call.ended or call.started for call in calls]
            reader.first_lost = reader.first_lost or min(ends)
            reader.last_lost = max(ends)
            reader.lost += len(calls)
            return
        self._tell_lost(reader)
        reader.transport.write(packed)

    @staticmethod
    def _tell_lost(reader: _Attached) -> None:
        if reader.lost:
            reader.transport.write(pack_lost(Lost(reader.lost, reader.first_lost, reader.last_lost)))
            reader.lost = reader.first_lost = 0


class _Reader(asyncio.Protocol):
    """One reader's connection."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._tokens = TokenReader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a stream's, as asyncio gives to a Protocol
        self._feed.attach(self._transport)

    def data_received(self, data: bytes) -> None:
        for token in self._tokens.feed(data):
            if self._transport is not None:
                self._feed.sync(self._transport, token)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._feed.detach(self._transport)


def _bound(path: Path) -> socket.socket:
    """The socket's file, for its owner only; one that a relay left behind is taken away."""
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise EtcdError(f"the path of the feed's socket {path} is too long: name a shorter one with --feed")
    sock = socket.socket(socket.AF_UNIX)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_socket():
            _remove_dead(path)
        mask = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(mask)
    except OSError as error:
        sock.close()
        raise EtcdError(
            f"the feed's socket {path} cannot be made: {error.strerror}; name another one with --feed"
        ) from None
    except EtcdError:
        sock.close()
        raise
    return sock


def _remove_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(ConnectionRefusedError):
        probe.connect(str(path))
        raise EtcdError(f"another relay has the feed's socket {path}: name another one with --feed")
    path.unlink(missing_ok=True)
