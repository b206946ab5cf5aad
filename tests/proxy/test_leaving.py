"""Whatever a client and a server do: once both have left, kproxy serves their connection no longer."""

import asyncio
import contextlib
import socket
import struct
from random import Random

import pytest

from tests.proxy.stage import GET_OK, OK, TeeReader, connections, stage

UPGRADE = b"GET /exec HTTP/1.1\r\nHost: kproxy\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
POST = b"POST /api HTTP/1.1\r\nHost: kproxy\r\n"
ASKED = (
    *(GET_OK, b"GET /api?watch=true HTTP/1.1\r\nHost: kproxy\r\n\r\n", b"GET /api HTTP/1.0\r\n\r\n", b"BAD\r\n\r\n"),
    *(POST + b"Content-Length: 5\r\n\r\nab", b"cde", POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
    *(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", b"zz\r\n", b"0\r\n\r\n", b"\x80\x03junk", UPGRADE),
)
ANSWERED = (
    *(OK, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n\r\n", b"junk\r\n\r\n"),
    *(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    *(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n",),
    *(b"HTTP/1.1 200 OK\r\n\r\npartial", b"HTTP/1.1 204 No Content\r\n\r\n"),
)
PAUSE = 0.005


def reset(writer: asyncio.StreamWriter) -> None:
    """Its close will be a reset."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def serve(draw: Random, reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Some steps of a server, and how it leaves: at once, with a reset, or when its client has."""
    silent = False
    for step in draw.choices(["read", "answer", "answer", "pause", "half-close"], k=draw.randrange(5)):
        if step == "read" and not await reader.some():
            return
        if step == "answer" and not (silent or writer.is_closing()):
            writer.write(draw.choice(ANSWERED))
        if step == "pause":
            await asyncio.sleep(PAUSE)
        if step == "half-close":
            silent = True
            writer.write_eof()
    left = draw.choice(["at once", "reset", "when the client has"])
    if left == "reset":
        reset(writer)
    while left == "when the client has" and await reader.some():
        pass


async def ask(draw: Random, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Some steps of a client, and how it leaves."""
    silent = False
    for step in draw.choices(["ask", "ask", "ask", "read", "pause", "half-close"], k=draw.randrange(1, 7)):
        if step == "ask" and not silent:
            asked = draw.choice(ASKED)
            writer.write(asked)
            if asked is UPGRADE:  # what follows it would wait for an answer that may never come
                silent = True
        if step == "read":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(4 * PAUSE):
                    await reader.read(65536)
        if step == "pause":
            await asyncio.sleep(PAUSE)
        if step == "half-close":
            silent = True
            writer.write_eof()
    if draw.random() < 1 / 3:
        reset(writer)


@pytest.mark.long
def test_a_connection_that_both_have_left_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.proxy.sockets.connection.LINGER_SECONDS", 4 * PAUSE)

    async def play(seed: int) -> None:
        client, server = Random(f"client {seed}"), Random(f"server {seed}")

        async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
            await serve(server, reader, writer)

        async with stage(script) as on:
            reader, writer = await on.connect()
            with contextlib.suppress(OSError):
                await ask(client, reader, writer)
            writer.close()
            try:
                async with asyncio.timeout(20):
                    while connections():  # noqa: ASYNC110 - a proxy that tells would be less real
                        await asyncio.sleep(PAUSE)
            except TimeoutError:
                pytest.fail(f"seed {seed}: the proxy still serves it")

    async def play_all() -> None:
        for seed in range(200):
            await play(seed)

    asyncio.run(play_all())
