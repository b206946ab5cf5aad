"""A watch's stream over a real socket, with servers that do not behave."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError

import kproxy.etcd.stream
from kproxy.etcd.settings import EtcdSettings
from kproxy.etcd.stream import WatchStream
from tests.etcd.test_duplex import HEAD, data, message
from tests.support.loop import in_loop

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def stream_to(serve: Serve) -> AsyncGenerator[WatchStream]:
    """A stream to a server that does this."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (endpoint,) = EtcdSettings(endpoints=(f"http://127.0.0.1:{port}",)).parsed()
    stream = await WatchStream.open(endpoint, None, "/p.S/M", (("token", "t"),), 5)
    try:
        yield stream
    finally:
        await stream.close()
        server.close()


async def failure(stream: WatchStream) -> tuple[object, str | None]:
    """How it ends, when all that it has is read."""
    with pytest.raises(AioRpcError) as caught:
        await asyncio.wait_for(stream.read(), 30)
    return caught.value.code(), caught.value.details()


@in_loop
async def test_messages_that_came_before_the_end_are_read_first() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + data(message(b"one")) + data(message(b"two")))
        await writer.drain()
        writer.close()

    async with stream_to(serve) as stream:
        assert await stream.read() == [b"one", b"two"]
        assert (await failure(stream))[0] is StatusCode.UNAVAILABLE


@in_loop
async def test_many_small_pieces_are_read_together() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for number in range(500):
            writer.write(data(message(b"%d" % number)))
            await asyncio.sleep(0)

    async with stream_to(serve) as stream:
        came: list[bytes] = []
        reads = 0
        while len(came) < 500:
            async with asyncio.timeout(30):
                came += await stream.read()
            reads += 1
    assert came == [b"%d" % number for number in range(500)]
    assert reads < 250


@in_loop
async def test_a_server_that_is_silent_is_asked_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kproxy.etcd.stream, "KEEPALIVE", 0.1)
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while more := await reader.read(1000):
            heard.append(more)

    async with stream_to(serve) as stream:
        assert await failure(stream) == (StatusCode.UNAVAILABLE, "it does not answer any more")
    assert b"\0\0\x08\x06\0\0\0\0\0" in b"".join(heard)  # a ping


@in_loop
async def test_one_that_nobody_serves_is_unavailable() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    (endpoint,) = EtcdSettings(endpoints=(f"http://127.0.0.1:{port}",)).parsed()
    with pytest.raises(AioRpcError) as caught:
        await WatchStream.open(endpoint, None, "/p.S/M", (), 5)
    assert caught.value.code() is StatusCode.UNAVAILABLE
