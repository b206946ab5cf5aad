"""The feed's socket."""

import asyncio
import socket
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd.relay import feed as feed_module
from kproxy.etcd.relay.feed import Feed
from kproxy.model.etcd import ClusterId, EtcdCall
from kproxy.model.exchange import Nanos
from kproxy.wire.relayfeed import FeedReader, FeedRecord, Hello, Lost, Synced, pack_token

PATIENCE = 60


def call(number: int) -> EtcdCall:
    return EtcdCall(
        number=number,
        cluster=ClusterId("0123456789abcdef"),
        connection=1,
        stream=1,
        started=Nanos(number),
        ended=Nanos(number + 1),
        method="KV/Txn",
    )


async def opened(path: Path) -> tuple[Feed, list[bool]]:
    attached: list[bool] = []
    feed = Feed(lambda: Hello("r", 1, (), 1), lambda: None, attached.append)
    await feed.open(path)
    return feed, attached


async def until(reader: asyncio.StreamReader, wanted: type) -> list[FeedRecord]:
    decoder, found = FeedReader(), list[FeedRecord]()
    async with asyncio.timeout(PATIENCE):
        while not any(isinstance(each, wanted) for each in found):
            found += decoder.feed(await reader.read(1 << 20))
    return found


def test_every_reader_is_told_and_the_relay_knows_whether_there_is_one(tmp_path: Path) -> None:
    async def main() -> None:
        feed, attached = await opened(tmp_path / "f")
        feed.calls([call(1)])  # for nobody
        ends = [await asyncio.open_unix_connection(str(tmp_path / "f")) for _ in range(2)]
        for reader, _ in ends:
            await until(reader, Hello)
        feed.calls([call(2)])
        for reader, _ in ends:
            assert await until(reader, EtcdCall) == [call(2)]
        for _, writer in ends:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(PATIENCE):
            while attached[-1]:  # noqa: ASYNC110 - what it waits for is in the code that is tested
                await asyncio.sleep(0.01)
        assert attached == [True, True, False]
        await feed.close()

    asyncio.run(main())


def test_what_passed_before_a_reader_came_is_read_before_its_hello_counts_the_calls(tmp_path: Path) -> None:
    async def main() -> None:
        passed, read = [1, 2], list[int]()

        def read_all() -> None:
            some = passed.copy()
            passed.clear()
            read.extend(some)
            feed.calls([call(number) for number in some])

        feed = Feed(lambda: Hello("r", 1, (), 1, len(read)), read_all, lambda _: None)
        await feed.open(tmp_path / "f")
        first, one = await asyncio.open_unix_connection(str(tmp_path / "f"))
        assert await until(first, Hello) == [Hello("r", 1, (), 1, 2)]
        passed.append(3)
        second, other = await asyncio.open_unix_connection(str(tmp_path / "f"))
        assert await until(second, Hello) == [Hello("r", 1, (), 1, 3)]
        assert await until(first, EtcdCall) == [call(3)]
        for writer in (one, other):
            writer.close()
        await feed.close()

    asyncio.run(main())


def test_a_reader_that_is_too_slow_is_told_how_many_it_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "QUEUE", 100_000)

    async def main() -> None:
        feed, _ = await opened(tmp_path / "f")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "f"), limit=1)
        before = await until(reader, Hello)
        assert len(before) == 1
        sent = 20_000
        for number in range(0, sent, 100):
            await asyncio.sleep(0)
            feed.calls([call(each) for each in range(number, number + 100)])
        writer.write(pack_token(7))
        found = await until(reader, Synced)
        calls = [each for each in found if isinstance(each, EtcdCall)]
        lost = [each for each in found if isinstance(each, Lost)]
        assert sum(each.count for each in lost) + len(calls) == sent
        assert lost
        numbers = {each.number for each in calls}
        assert lost[0].first - 1 == next(number for number in range(sent) if number not in numbers)
        assert found[-1] == Synced(7, found[-1].at)  # type: ignore[union-attr] # it is an event
        writer.close()
        await feed.close()

    asyncio.run(main())


def test_what_a_killed_relay_left_is_taken_away_and_a_living_one_is_not_disturbed(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / "f"))
        feed, _ = await opened(tmp_path / "f")
        with pytest.raises(EtcdError, match="another relay has the feed's socket"):
            await opened(tmp_path / "f")
        await feed.close()
        assert not (tmp_path / "f").exists()

    asyncio.run(main())


def test_a_place_where_no_socket_can_be_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(EtcdError, match="too long"):
            await opened(tmp_path / ("f" * 100))
        (tmp_path / "file").write_text("")
        with pytest.raises(EtcdError, match="cannot be made"):
            await opened(tmp_path / "file" / "f")
        with pytest.raises(EtcdError, match="cannot be made"):
            await opened(tmp_path / "file")
        assert (tmp_path / "file").exists()

    asyncio.run(main())
