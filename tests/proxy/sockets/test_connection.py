"""Sockets on both sides of a tap: who waits for whom, and how each side's end reaches the other."""

import asyncio
import socket
import ssl
import struct
from pathlib import Path

import pytest
from cryptography import x509

from kproxy.config.upstream import Tls, Upstream
from kproxy.model.exchange import End
from kproxy.proxy.handover.outbox import Outbox
from tests.proxy.stage import GET_OK, OK, Server, TeeReader, answering, connections, self_signed, stage

LIMIT = 48 * 1024 * 1024
"""Bytes: more than the buffers of four sockets."""


def test_an_error_of_ours_ends_the_connection_instead_of_hanging_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a mistake")

    async def play() -> None:
        async with stage() as on:
            monkeypatch.setattr("kproxy.proxy.tap.tap.Tap._on_answers", fail)
            answer = await on.talk(GET_OK, end=False)
            [told] = await on.record.exchanges(1)
            assert answer in {b"", OK}
            assert "a mistake" in told.detail

    asyncio.run(play())


@pytest.mark.parametrize("ends", [True, False])
def test_a_client_that_was_refused_keeps_no_connection(ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it has said that it sends nothing more before the refusal, or never does."""
    monkeypatch.setattr("kproxy.proxy.sockets.connection.LINGER_SECONDS", 0.05)

    async def play() -> None:
        async with stage() as on:
            reader, writer = await on.connect()
            writer.write(GET_OK + b"BAD\r\n\r\n")
            if ends:
                writer.write_eof()
            assert (await reader.read()).startswith(OK + b"HTTP/1.1 400")
            async with asyncio.timeout(20):
                while connections():  # noqa: ASYNC110 - a proxy that tells would be less real
                    await asyncio.sleep(0.01)
            writer.close()

    asyncio.run(play())


def test_a_client_that_reads_nothing_holds_the_server_back_and_not_the_memory() -> None:
    sent = [0]

    async def endless(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent[0] += 65536
            await writer.drain()

    async def play() -> None:
        async with stage(endless, outbox=Outbox(1)) as on:  # nothing is recorded: only the relay is looked at
            _, writer = await on.connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads, too
            writer.write(GET_OK)
            previous = -1
            while not sent[0] or previous != sent[0] < LIMIT:
                previous = sent[0]
                await asyncio.sleep(0.2)
            assert 0 < sent[0] < LIMIT
            writer.transport.abort()

    asyncio.run(play())


def test_a_client_that_reads_nothing_can_still_send() -> None:
    """Each direction waits for its own reader: exec's stdin goes on while nobody reads its stdout."""
    ask = b"GET /exec HTTP/1.1\r\nHost: kproxy\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
    size = 8 * 1024 * 1024
    got = asyncio.Event()

    async def flooding(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n")
        flood = asyncio.create_task(_flood(writer))
        taken = 0
        while taken < size:
            taken += len(await reader.some())
        got.set()
        flood.cancel()

    async def _flood(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def play() -> None:
        async with stage(flooding, outbox=Outbox(1)) as on:
            reader, writer = await on.connect()
            writer.write(ask)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads, too
            await asyncio.sleep(0.2)  # until all buffers of that direction are full; sooner proves less
            writer.write(b"y" * size)
            await asyncio.wait_for(got.wait(), 60)
            writer.transport.abort()

    asyncio.run(play())


def test_a_body_that_is_cut_by_a_reset_is_not_taken_for_whole() -> None:
    read = asyncio.Event()  # the server resets only when what it said before has arrived

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nhalf of it")
        await read.wait()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def play() -> None:
        async with stage(script) as on:
            reader, writer = await on.connect()
            writer.write(GET_OK)
            await reader.readuntil(b"half of it")
            read.set()
            await reader.read()
            writer.close()
            [told] = await on.record.exchanges(1)
            assert (told.answer, told.end) == (b"half of it", End.SERVER_GONE)

    asyncio.run(play())


def test_the_second_connection_to_a_server_resumes_its_tls_session(tmp_path: Path) -> None:
    ca, _ = self_signed(tmp_path, x509.DNSName("localhost"), common="up")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "up.crt", tmp_path / "up.key")
    resumed: list[bool] = []

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        resumed.append(writer.get_extra_info("ssl_object").session_reused)
        await answering(reader, writer)

    def to(server: Server) -> Upstream:
        url = f"https://localhost:{server.port}"
        return Upstream(url=url, host="localhost", port=server.port, tls=Tls(ca_pem=ca))

    async def play() -> None:
        async with stage(script, listen="https://127.0.0.1:0", to=to, tls=context) as on:
            for _ in range(2):
                reader, writer = await on.connect(on.proxy.ca_pem)
                writer.write(GET_OK)
                assert await reader.readexactly(len(OK)) == OK
                writer.close()
                await writer.wait_closed()
                await on.record.exchanges(1)
            assert resumed == [False, True]

    asyncio.run(play())
