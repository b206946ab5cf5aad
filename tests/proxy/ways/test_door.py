"""The door for redirected connections; test_ways has the forward proxy's, as a whole."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import pytest

from kproxy.proxy.sockets.dial import Dialer
from kproxy.proxy.sockets.listener import Listener
from kproxy.proxy.ways.door import Guest, RedirectedDoor
from kproxy.proxy.ways.forward import Destination
from tests.proxy.stage import TeeReader, upstream


def test_what_is_on_its_way_elsewhere_is_passed_on_or_closed() -> None:
    async def play(others: Callable[[Destination], Dialer] | None) -> bytes:
        async def never(_: Destination) -> bool:
            return False

        async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.some())

        async with upstream(script) as server:
            where = Destination("127.0.0.1", server.port)
            door = RedirectedDoor(
                is_server=never, inside=lambda _: pytest.fail("served"), others=others, original=lambda _: where
            )
            listener = Listener(socket.create_server(("127.0.0.1", 0)), lambda sock, number: Guest(door, sock, number))
            reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
            writer.write(b"hello")
            with contextlib.suppress(ConnectionError):
                answer = await reader.read()
            writer.close()
            listener.close()
            await listener.stop(0.0)
            return answer

    assert asyncio.run(play(None)) == b""
    assert asyncio.run(play(lambda where: Dialer([where], lambda: None, 5.0))) == b"hello"
