"""Answers that come before the request is complete, and servers that want no more of it: the answer is never lost."""

import asyncio
import contextlib
import socket
import ssl
import struct
from pathlib import Path

import pytest
from cryptography import x509

from kproxy.config.upstream import Tls, Upstream
from kproxy.model.exchange import End
from tests.proxy.stage import Server, Stage, TeeReader, self_signed, stage

TOO_LARGE = b"HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large"
UPLOAD = 64 * 1024 * 1024
HEAD = b"POST /api/v1/namespaces/x/configmaps HTTP/1.1\r\nHost: kproxy\r\nContent-Length: %d\r\n\r\n" % UPLOAD
PIECE = b"x" * 65536
TURNS = 20


async def resets(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Answers after the first bytes of a body and closes with the rest unread: the kernel sends a reset."""
    await reader.head()
    await reader.exactly(100_000)
    writer.write(TOO_LARGE)
    await writer.drain()
    writer.transport.abort()


async def resets_hard(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """The same, with the reset asked for."""
    await reader.head()
    await reader.exactly(100_000)
    writer.write(TOO_LARGE)
    await writer.drain()
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reads_on(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """As Go's server: answers, says that it sends no more, and reads on a while."""
    await reader.head()
    await reader.exactly(100_000)
    writer.write(TOO_LARGE)
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            while await reader.some():
                pass


async def send(writer: asyncio.StreamWriter, got: asyncio.Task[bytes]) -> None:
    """An upload, until its answer is there."""
    writer.write(HEAD)
    with contextlib.suppress(OSError):
        for _ in range(UPLOAD // len(PIECE)):
            if got.done():
                break
            writer.write(PIECE)
            await writer.drain()


async def uploads(on: Stage) -> bytes:
    """What a client gets that sends while it may and reads beside, as Go's does."""
    reader, writer = await on.connect()
    got = asyncio.create_task(reader.read())

    sending = asyncio.create_task(send(writer, got))
    with contextlib.suppress(OSError):
        await asyncio.wait_for(asyncio.shield(got), 60)
    sending.cancel()
    await asyncio.wait([sending, got])
    writer.transport.abort()
    return b"" if got.exception() else got.result()


@pytest.mark.parametrize("server", [resets, resets_hard, reads_on], ids=["resets", "resets hard", "reads on"])
def test_a_client_that_uploads_gets_the_refusal_of_a_server_that_does_not_want_the_rest(server: object) -> None:
    async def play() -> None:
        async with stage(server) as on:  # type: ignore[arg-type] # one of the three above
            for _ in range(TURNS):
                assert await uploads(on) == TOO_LARGE
            told = await on.record.exchanges(TURNS)
        assert {each.end for each in told} == {End.COMPLETE}
        assert {each.answer for each in told} == {b"too large"}

    asyncio.run(play())


async def uploads_by_tls(on: Stage) -> bytes:
    """The same through TLS, up to the answer's last byte."""
    reader, writer = await on.connect(on.proxy.ca_pem)
    got = asyncio.create_task(reader.readuntil(b"too large"))

    sending = asyncio.create_task(send(writer, got))
    await asyncio.wait([got], timeout=60)
    sending.cancel()
    await asyncio.wait([sending])
    writer.transport.abort()
    return got.result()


@pytest.mark.parametrize("server", [resets, resets_hard], ids=["resets", "resets hard"])
def test_so_does_one_behind_tls_on_both_legs(server: object, tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, x509.DNSName("localhost"), common="up")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "up.crt", tmp_path / "up.key")

    def to(upstream: Server) -> Upstream:
        url = f"https://localhost:{upstream.port}"
        return Upstream(url=url, host="localhost", port=upstream.port, tls=Tls(ca_pem=ca))

    async def play() -> None:
        async with stage(server, listen="https://127.0.0.1:0", to=to, tls=context) as on:  # type: ignore[arg-type] # one of the three above
            for _ in range(TURNS):
                assert await uploads_by_tls(on) == TOO_LARGE
            told = await on.record.exchanges(TURNS)
        assert {each.end for each in told} == {End.COMPLETE}

    asyncio.run(play())
