"""Which destinations are a server's."""

import asyncio

from kproxy.proxy.ways.addresses import ASK_SECONDS, Addresses
from kproxy.proxy.ways.forward import Destination


def test_a_name_is_asked_for_again_when_an_unknown_address_turns_up_but_not_too_often() -> None:
    now, answers = [0.0], [["10.0.0.1"], ["10.0.0.2"]]

    async def resolve(_host: str, port: int) -> list[tuple[object, ...]]:
        return [(host, port) for host in answers.pop(0)]

    async def play() -> None:
        known = Addresses("api.example", 443, resolve, lambda: now[0])
        assert await known(Destination("10.0.0.1", 443))
        assert not await known(Destination("10.0.0.1", 80))
        assert not await known(Destination("10.0.0.2", 443))
        now[0] += ASK_SECONDS
        assert await known(Destination("10.0.0.2", 443))
        assert answers == []

    asyncio.run(play())


def test_a_name_that_nobody_knows_has_no_addresses() -> None:
    async def resolve(_host: str, _port: int) -> list[tuple[object, ...]]:
        raise OSError("no such name")

    async def play() -> None:
        assert not await Addresses("api.example", 443, resolve)(Destination("10.0.0.1", 443))
        assert await Addresses("127.0.0.1", 443)(Destination("127.0.0.1", 443))

    asyncio.run(play())
