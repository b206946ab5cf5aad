"""What passes through a relay is what was sent, and each end sees of the other what it would see without it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from kproxy.etcd.relay.relay import Relay
from kproxy.etcd.relay.settings import RelaySettings
from kproxy.etcd.settings import EtcdSettings
from kproxy.wire.relayfeed import FeedReader, Unread

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENCE = 60


@contextlib.asynccontextmanager
async def relayed(folder: Path, serve: Serve) -> AsyncIterator[tuple[Relay, int]]:
    """A relay before a server that is no etcd; its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = RelaySettings(etcd=EtcdSettings(endpoints=(f"http://127.0.0.1:{port}",)), feed=folder / "feed")
    async with asyncio.timeout(PATIENCE), server, Relay(settings, lambda _said: None) as relay:
        yield relay, int(relay.relayed[0].listen.rpartition(":")[2])


def test_bytes_pass_unchanged_both_ways_at_once_whatever_they_are(tmp_path: Path) -> None:
    sent = Random(1).randbytes(8_000_000)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100_000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main() -> None:
        async with relayed(tmp_path, echo) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            writer.write_eof()  # the other way goes on
            assert await reader.read(-1) == sent
            writer.close()

    asyncio.run(main())


def test_whoever_does_not_read_makes_the_other_wait(tmp_path: Path) -> None:
    gone = asyncio.Event()
    passed = [0]

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(bytes(100_000))
                await writer.drain()
                passed[0] += 100_000
        gone.set()

    async def main() -> None:
        async with relayed(tmp_path, flood) as (_, port):
            sock = socket.create_connection(("127.0.0.1", port))
            before = -1
            while before != passed[0]:  # until it waits
                before = passed[0]
                await asyncio.sleep(0.5)
            assert before < 40_000_000  # the kernel's buffers, and the relay's bound
            await asyncio.to_thread(_read_some, sock, 20_000_000)
            while passed[0] == before:  # noqa: ASYNC110 - the server cannot know what the test waits for
                await asyncio.sleep(0.01)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            await gone.wait()

    asyncio.run(main())


def _read_some(sock: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(sock.recv(1_000_000))


@pytest.mark.parametrize("reset", [True, False])
def test_an_end_and_a_reset_are_seen_as_such(tmp_path: Path, *, reset: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        writer.close()

    async def main() -> None:
        async with relayed(tmp_path, serve) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello")
            if reset:
                with pytest.raises(ConnectionResetError):
                    await reader.read()
            else:
                assert await reader.read() == b""
            writer.close()

    asyncio.run(main())


def test_a_member_that_is_away_is_a_reset_and_said_until_it_is_back(tmp_path: Path) -> None:
    said: list[str] = []

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        settings = RelaySettings(etcd=EtcdSettings(endpoints=(f"http://127.0.0.1:{port}",)), feed=tmp_path / "feed")
        async with asyncio.timeout(PATIENCE), Relay(settings, said.append) as relay:
            listen = int(relay.relayed[0].listen.rpartition(":")[2])
            for _ in range(2):
                with pytest.raises(ConnectionError):
                    await _answer(listen)
            assert said == [f"etcd at http://127.0.0.1:{port} cannot be reached: connection refused"]
            async with await asyncio.start_server(_hang_up, "127.0.0.1", port):
                assert await _answer(listen) == b""
            assert said[1:] == [f"etcd at http://127.0.0.1:{port} answers again"]

    asyncio.run(main())


async def _answer(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await reader.read()
    finally:
        writer.close()


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def test_what_cannot_be_read_goes_on_and_is_said_once_and_to_whoever_comes_later(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    async def told(relay: Relay) -> list[Unread]:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "feed"))
        feed, found = FeedReader(), list[Unread]()
        writer.write(bytes(8))
        while data := await reader.read(1 << 16):
            records = feed.feed(data)
            found += [each for each in records if isinstance(each, Unread)]
            if len(records) and not isinstance(records[-1], Unread) and hasattr(records[-1], "token"):
                break
        writer.close()
        assert relay.relayed
        return found

    async def main() -> None:
        async with relayed(tmp_path, echo) as (relay, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\n")
                assert await reader.readexactly(16) == b"GET / HTTP/1.1\r\n"
            for _ in range(2):
                (unread,) = await told(relay)
                assert (unread.connection, unread.etcd) == (1, relay.relayed[0].etcd)
                assert unread.reason == "it does not begin as HTTP/2 (from the api-server)"
            writer.close()
            await reader.read()
            while await told(relay):  # noqa: ASYNC110 - the same of the relay
                await asyncio.sleep(0.01)

    asyncio.run(main())


def test_what_is_open_ends_with_the_relay(tmp_path: Path) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def main() -> None:
        async with relayed(tmp_path, wait) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"PRI")
            await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(main())
