"""kproxy.proxy.within and kproxy.proxy.sockets.inside: a client in the proxy's own process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import End
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.settings import ProxySettings
from kproxy.proxy.sockets.inside import InsideConnection
from kproxy.proxy.within import Within, within
from kproxy.wire.handoff import unpack_head
from tests.proxy.stage import OK, Recording, Serving, TeeReader, recording, upstream

BIG = 3_000_000


@asynccontextmanager
async def inside(script: Serving, outbox: Outbox | None = None) -> AsyncIterator[tuple[Within, Recording]]:
    """A proxy before an upstream, its recorder, and nobody listening."""
    async with upstream(script) as server, recording(outbox) as record:
        settings = ProxySettings(upstream=upstream_from_url(server.url), drain=0.0)
        async with within(settings, record.outbox) as proxy, asyncio.timeout(60):
            yield proxy, record


async def ask(connection: InsideConnection, target: str) -> tuple[bytes, int]:
    """An answer, and the exchange that its request became."""
    connection.begun = 0
    connection.leg.send(f"GET {target} HTTP/1.1\r\nHost: kproxy\r\n\r\n".encode())
    begun = connection.begun
    answer = b""
    while not answer.endswith(b"{}"):
        answer += await connection.leg.receive()
    assert connection.begun == begun > 0
    return answer, begun


async def slowly(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Answers the later the smaller the number in the path."""
    while True:
        head = await reader.head()
        await asyncio.sleep(0.02 / int(head.split(b" ")[1].rpartition(b"/")[2]))
        writer.write(OK)


def test_each_request_knows_which_exchange_it_became_however_many_go_at_once() -> None:
    async def run() -> None:
        async with inside(slowly) as (proxy, record):

            async def client(number: int) -> dict[int, str]:
                connection = proxy.connect()
                found = {}
                for turn in range(1, 6):
                    target = f"/{number}/{turn}"
                    _, begun = await ask(connection, target)
                    found[begun] = target
                return found

            clients = [await each for each in [asyncio.create_task(client(number)) for number in range(8)]]
            known = {seq: target for each in clients for seq, target in each.items()}
            assert len(known) == 40
            told = await record.exchanges(40)
            for seq, exchange in zip(sorted(known), told, strict=True):
                head = unpack_head(exchange.head)
                assert head.raw.split(b" ")[1].decode() == known[seq]
                assert exchange.end is End.COMPLETE
            assert {unpack_head(each.head).connection for each in told} == set(range(1, 9))

    asyncio.run(run())


def test_a_stream_that_the_client_leaves_is_recorded_as_left() -> None:
    async def watched(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n")
        assert await reader.some() == b"", "the server hears that its client left"
        writer.write(b"0\r\n\r\n")

    async def run() -> None:
        async with inside(watched) as (proxy, record):
            leg = proxy.connect().leg
            leg.send(b"GET /watch HTTP/1.1\r\nHost: kproxy\r\n\r\n")
            while b"{}" not in await leg.receive():
                pass
            leg.leave()
            assert not leg.usable
            assert await leg.receive() == b""
            (told,) = await record.exchanges(1)
            assert told.end is End.CLIENT_GONE
            assert told.answer == b"{}\n"

    asyncio.run(run())


def test_a_client_that_leaves_while_the_server_goes_on_writing_ends_the_connection() -> None:
    async def endless(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"3\r\n{}\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    async def run() -> None:
        async with inside(endless) as (proxy, record):
            leg = proxy.connect().leg
            leg.send(b"GET /logs HTTP/1.1\r\nHost: kproxy\r\n\r\n")
            await leg.receive()
            leg.leave()
            (told,) = await record.exchanges(1)
            assert told.end is End.CLIENT_GONE

    asyncio.run(run())


def test_a_server_that_is_not_there_is_told_apart_from_one_that_answers_so() -> None:
    async def run() -> None:
        settings = ProxySettings(upstream=upstream_from_url("http://127.0.0.1:1"), drain=0.0)
        async with recording() as record, within(settings, record.outbox) as proxy:
            connection = proxy.connect()
            connection.leg.send(b"GET / HTTP/1.1\r\nHost: kproxy\r\n\r\n")
            assert (await connection.leg.receive()).startswith(b"HTTP/1.1 503 ")
            assert "refused" in connection.unreached
            (told,) = await record.exchanges(1)
            assert told.end is End.UNREACHABLE
            connection.leg.leave()

    asyncio.run(run())


@pytest.mark.long
def test_what_a_client_does_not_read_holds_the_server_and_what_nobody_stores_holds_the_client() -> None:
    sent = 0

    async def large(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        head = await reader.head()
        size = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        await reader.exactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * BIG))
        for _ in range(10):
            writer.write(b"x" * BIG)
            await writer.drain()
            sent += BIG

    async def run() -> None:
        outbox = Outbox(1024 * 1024, "block")
        async with inside(large, outbox) as (proxy, record):
            leg = proxy.connect().leg
            leg.send(b"PUT / HTTP/1.1\r\nHost: kproxy\r\nContent-Length: %d\r\n\r\n" % BIG + b"y" * BIG)
            got = await leg.receive()
            await asyncio.sleep(0.2)
            assert sent < 10 * BIG, "nobody reads, so the server is not read"
            while len(got.partition(b"\r\n\r\n")[2]) < 10 * BIG:
                got += await leg.receive()
            (told,) = await record.exchanges(1)
            assert (told.end, len(told.answer)) == (End.COMPLETE, 10 * BIG)

    asyncio.run(run())
