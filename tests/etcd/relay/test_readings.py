"""What passed is read when there is time."""

import asyncio
from collections.abc import Callable

import pytest

from kproxy.etcd.messages import request
from kproxy.etcd.relay import readings
from kproxy.etcd.relay.readings import Readings
from kproxy.model.etcd import EtcdCall
from kproxy.wire.etcdtraffic import EtcdTraffic
from kproxy.wire.http2 import PREFACE
from tests.support.grpc_wire import GrpcWire, numbers

PATIENCE = 60


class Told:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.told: list[EtcdCall] = []
        self.unreadable: list[str] = []
        self.over: list[int] = []

    def calls(self, calls: list[EtcdCall]) -> None:
        self.told += calls

    def unread(self, traffic: EtcdTraffic, at: int) -> None:
        self.unreadable.append(f"{traffic.connection} at {at}: {traffic.unreadable}")

    def gone(self, traffic: EtcdTraffic) -> None:
        self.over.append(traffic.connection)


def conversation(count: int) -> GrpcWire:
    wire = GrpcWire()
    header = request("ResponseHeader", cluster_id=1, revision=2)
    for _ in range(count):
        answer = request("RangeResponse", header=header)
        wire.unary("/etcdserverpb.KV/Range", request("RangeRequest", key=b"k"), answer)
    return wire


def noted(told: Told, wire: GrpcWire) -> Readings:
    reader, traffic = Readings(told), EtcdTraffic(1, numbers().__next__)
    for at, (answer, data) in enumerate(wire.pair.wire):
        reader.note(traffic, data, at, answer=answer)
    reader.note(traffic, b"", 999, answer=None)
    return reader


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110 - what it waits for is in the code that is tested
            await asyncio.sleep(0.01)


def test_what_passed_is_read_a_moment_later_in_its_order() -> None:
    async def main() -> None:
        told = Told()
        noted(told, conversation(20))
        assert told.told == []
        await until(lambda: told.over)
        assert [call.number for call in told.told] == list(range(1, 21))
        assert told.over == [1]

    asyncio.run(main())


def test_whoever_wants_all_now_gets_it_now() -> None:
    async def main() -> None:
        told = Told()
        noted(told, conversation(3)).read_all()
        assert len(told.told) == 3
        assert told.over == [1]

    asyncio.run(main())


def test_reading_makes_way_for_the_sockets_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "TURN_NANOS", 0)

    async def main() -> None:
        told, turns = Told(), set[int]()
        noted(told, conversation(5))
        async with asyncio.timeout(PATIENCE):
            while not told.over:
                turns.add(len(told.told))
                await asyncio.sleep(0)
        assert turns >= {0, 1, 2, 3, 4}

    asyncio.run(main())


def test_with_too_much_waiting_it_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "BACKLOG", 1000)

    async def main() -> None:
        told = Told()
        noted(told, conversation(50))
        assert len(told.told) > 30

    asyncio.run(main())


def test_what_cannot_be_read_is_said_once_and_a_mistake_of_the_reader_s_own_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        told = Told()
        reader = Readings(told)
        stranger, other = (EtcdTraffic(number, numbers().__next__) for number in (1, 2))
        reader.note(stranger, b"GET / HTTP/1.1", 5, answer=False)
        reader.note(stranger, b"more", 6, answer=False)

        def broken(data: bytes, at: int) -> list[EtcdCall]:
            raise KeyError(data[:3] + b"%d" % at)

        monkeypatch.setattr(other, "request", broken)
        reader.note(other, PREFACE, 7, answer=False)
        reader.note(other, b"", 8, answer=None)
        reader.read_all()
        assert told.unreadable == [
            "1 at 5: it does not begin as HTTP/2 (from the api-server)",
            "2 at 7: this should not happen: KeyError: b'PRI7'",
        ]
        assert told.over == [2]

    asyncio.run(main())
