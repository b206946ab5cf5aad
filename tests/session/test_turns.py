"""The event loop of a replay."""

import asyncio
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from kproxy.session.turns import OneAtATime, run_in_turns

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

type Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Ends]]:
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(3)]
        for pair in made:
            for end in pair:
                stack.enter_context(end)
        yield made


@pytest.fixture
def selector(pairs: list[Ends]) -> Iterator[OneAtATime]:
    """Hears of all that the second ends send."""
    with OneAtATime() as made:
        for number, (end, _) in enumerate(pairs):
            made.register(end.fileno(), READ, number)
        yield made


def told(selector: OneAtATime) -> list[int]:
    return [key.data for key, _ in selector.select(0)]


def send(pairs: list[Ends]) -> None:
    for _, other in pairs:
        other.send(b"1")


def test_of_several_that_are_ready_one_is_told_at_a_time_and_each_before_the_first_again(
    pairs: list[Ends], selector: OneAtATime
) -> None:
    send(pairs)
    seen = [told(selector) for _ in range(6)]  # nobody reads: all stay ready
    assert all(len(each) == 1 for each in seen)
    assert sorted(number for (number,) in seen[:3]) == sorted(number for (number,) in seen[3:]) == [0, 1, 2]


def test_what_is_asked_for_no_more_is_not_told_and_what_is_asked_for_otherwise_as_that(
    pairs: list[Ends], selector: OneAtATime
) -> None:
    send(pairs)
    (first,) = told(selector)
    gone, changed = (number for number in range(3) if number != first)
    selector.unregister(pairs[gone][0].fileno())
    selector.modify(pairs[changed][0].fileno(), WRITE, changed)
    pairs[first][0].recv(1)
    assert told(selector) == []  # at once: neither of the two that were left
    assert [(key.data, events) for key, events in selector.select(0)] == [(changed, WRITE)]


def test_a_file_of_a_number_that_another_one_had_is_told_for_itself(pairs: list[Ends], selector: OneAtATime) -> None:
    send(pairs)
    (first,) = told(selector)
    for number in range(3):
        if number != first:
            selector.unregister(pairs[number][0].fileno())
            pairs[number][0].recv(1)
            selector.register(pairs[number][0].fileno(), READ, number)
    pairs[first][0].recv(1)
    assert told(selector) == [] == told(selector)


def test_it_waits_while_nothing_is_ready(pairs: list[Ends], selector: OneAtATime) -> None:
    assert told(selector) == []
    send(pairs[1:2])
    assert [key.data for key, _ in selector.select()] == [1]


class Client(asyncio.Protocol):
    """Says what happened: that it read something, and that whoever waited for it went on."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened
        self._came = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        assert data == b"1"
        self._happened.append("read")
        self._came.set()

    async def go_on(self) -> None:
        await self._came.wait()
        self._happened.append("sent")
        self._came.clear()


def test_an_answer_has_become_a_request_before_another_one_is_read(pairs: list[Ends]) -> None:
    happened: list[str] = []

    async def all_of_them() -> str:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(lambda: Client(happened), sock=end) for end, _ in pairs]
        for _ in range(2):
            send(pairs)
            await asyncio.gather(*(client.go_on() for _, client in made))
        for transport, _ in made:
            transport.close()
        return "its result"

    assert run_in_turns(all_of_them()) == "its result"
    assert happened == ["read", "sent"] * 6
