"""Faults on purpose over real sockets."""

import asyncio

from kproxy.model.exchange import End
from tests.proxy.stage import GET_OK, OK, TeeReader, stage
from tests.support.loop import in_loop


async def watching(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
    """Answers a watch with three events and then nothing, everything else with OK."""
    while True:
        if b"watch=1" not in await reader.head():
            writer.write(OK)
            continue
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for n in range(3):
            event = b'{"type":"ADDED","object":{"metadata":{"name":"%d"}}}\n' % n
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()


@in_loop
async def test_a_delay_keeps_nobody_else_waiting() -> None:
    async with stage(faults=("delay=10m user-agent=slow",)) as on:
        reader, writer = await on.connect()
        writer.write(GET_OK.replace(b"\r\n\r\n", b"\r\nUser-Agent: slow\r\n\r\n"))
        await writer.drain()
        assert await asyncio.wait_for(on.talk(GET_OK), 60) == OK
        assert not reader.at_eof()
        writer.close()


@in_loop
async def test_a_delayed_request_goes_on() -> None:
    async with stage(faults=("delay=50ms",)) as on:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await on.talk(GET_OK) == OK
        assert loop.time() - began >= 0.05
        [told] = await on.record.exchanges(1)
        assert (told.end, told.fault) == (End.COMPLETE, "delay=50ms")


@in_loop
async def test_a_connection_is_kept_behind_a_fault() -> None:
    async with stage(faults=("503 retry-after=1 nth=1",)) as on:
        reader, writer = await on.connect()
        writer.write(GET_OK)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        await reader.readuntil(b"\n")
        writer.write(GET_OK)
        assert await reader.readexactly(len(OK)) == OK
        writer.close()


@in_loop
async def test_a_watch_is_cut_while_it_is_silent() -> None:
    async with stage(watching, faults=("cut verb=watch after=100ms",)) as on:
        answer = await on.talk(b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: kproxy\r\n\r\n", end=False)
        assert answer.count(b'"ADDED"') == 3
        assert not answer.endswith(b"0\r\n\r\n")
        [told] = await on.record.exchanges(1)
        assert told.end is End.SERVER_GONE
