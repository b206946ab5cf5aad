"""A watch over a real etcd that is stopped, killed, compacted and replaced."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd import Compacted, Etcd, RawEvent, WatchBatch, connect
from kproxy.etcd.messages import WatchResponse
from kproxy.etcd.watch import _Cursor
from kproxy.model.etcd import ChangeType, EtcdKey, Revision
from kproxy.wire.descriptors import ByTable, message_class
from tests.support.etcd_server import Certificates, EtcdServer, running_etcd


def run[T](server: EtcdServer, body: Callable[[Etcd], Awaitable[T]]) -> T:
    """What `body` gives with a connected client."""

    async def main() -> T:
        async with await connect(server.settings) as etcd:
            return await body(etcd)

    return asyncio.run(main())


async def collect(watch: AsyncGenerator[WatchBatch], until: Revision) -> list[RawEvent]:
    """The events up to a revision; a watch that does not come to it says how far it came."""
    events: list[RawEvent] = []
    came = Revision(0)
    try:
        async with asyncio.timeout(90), aclosing(watch) as batches:  # etcd may be started anew, three times
            async for batch in batches:
                assert not batch.events or batch.events[-1].mod_revision == batch.revision
                events += batch.events
                came = batch.revision
                if came >= until:
                    break
    except TimeoutError:
        raise AssertionError(f"the watch came to {came} with {len(events)} events, not to {until}") from None
    return events


async def put(etcd: Etcd, *numbers: int, size: int = 0) -> Revision:
    """One key for each number; the last revision. Goes on through an etcd that is away."""
    last = Revision(0)
    for number in numbers:
        last = await etcd.put(EtcdKey(b"/w/%04d" % number), b"%d" % number + b"." * size)
    return last


@pytest.mark.process
def test_a_watch_tells_puts_and_deletions_with_what_was_before(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        key = EtcdKey(b"/a")
        lease = await etcd.grant(60)
        first = await etcd.put(key, b"one")
        second = await etcd.put(key, b"two", lease=lease)
        await etcd.revoke(lease)
        created, changed, deleted = await collect(etcd.watch(first), Revision(second + 1))
        assert (created.type, created.value, created.prev_value) == (ChangeType.PUT, b"one", None)
        assert (created.version, created.prev_mod_revision) == (1, 0)
        assert (changed.value, changed.prev_value, changed.prev_mod_revision) == (b"two", b"one", first)
        assert (changed.version, changed.create_revision, changed.lease) == (2, first, lease)
        assert (deleted.type, deleted.value, deleted.prev_value) == (ChangeType.DELETE, None, b"two")
        assert (deleted.mod_revision, deleted.prev_mod_revision, deleted.lease) == (second + 1, second, lease)

    with running_etcd(tmp_path) as server:
        run(server, body)


@pytest.mark.process
def test_a_watch_sees_the_whole_keyspace_or_only_a_prefix(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        first = await etcd.put(EtcdKey(b"\x00strange"), b"")
        await etcd.put(EtcdKey(b"/a/1"), b"")
        await etcd.put(EtcdKey(b"/b"), b"")
        last = await etcd.put(EtcdKey(b"/a/2"), b"")
        everything = await collect(etcd.watch(first), last)
        some = await collect(etcd.watch(first, b"/a/"), last)
        assert [event.key for event in everything] == [b"\x00strange", b"/a/1", b"/b", b"/a/2"]
        assert [event.key for event in some] == [b"/a/1", b"/a/2"]

    with running_etcd(tmp_path) as server:
        run(server, body)


@pytest.mark.process
@pytest.mark.parametrize("graceful", [True, False])
def test_a_watch_loses_nothing_when_etcd_goes_and_comes_again(
    tmp_path: Path, certificates: Certificates, *, graceful: bool
) -> None:
    async def body(etcd: Etcd) -> list[RawEvent]:
        start = Revision(await etcd.revision() + 1)
        last = await put(etcd, *range(300), size=20_000)
        watching = asyncio.create_task(collect(etcd.watch(start), Revision(last + 3)))
        await asyncio.sleep(0)
        for number in range(300, 303):
            await asyncio.to_thread(server.stop if graceful else server.kill)
            await asyncio.to_thread(server.start)
            async with await connect(server.settings) as other:
                await put(other, number)
        return await watching

    with running_etcd(tmp_path, certificates) as server:
        events = run(server, body)
    assert [event.key for event in events] == [b"/w/%04d" % number for number in range(303)]
    assert [event.mod_revision for event in events] == list(range(2, 305))


@pytest.mark.process
def test_previous_values_beyond_four_mebibytes_come_in_whole_revisions(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> list[RawEvent]:
        start = Revision(await etcd.revision() + 1)
        last = Revision(0)
        for _ in range(2):
            last = await put(etcd, *range(6), size=1_200_000)
        return await collect(etcd.watch(start), last)

    with running_etcd(tmp_path) as server:
        events = run(server, body)
    assert [event.mod_revision for event in events] == list(range(2, 14))
    assert all(len(event.prev_value or b"") > 1_200_000 for event in events[6:])


@pytest.mark.process
def test_a_compacted_start_has_a_name_and_a_revision(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        last = await put(etcd, 1, 2, 3)
        await etcd.compact(last)
        with pytest.raises(Compacted) as caught:
            await collect(etcd.watch(Revision(1)), last)
        assert caught.value.revision == last

    with running_etcd(tmp_path) as server:
        run(server, body)


@pytest.mark.process
def test_a_watch_gives_up_after_its_patience(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        last = await put(etcd, 1)
        watching = asyncio.create_task(collect(etcd.watch(last, patience=0.3), Revision(last + 1)))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(server.kill)
        with pytest.raises(EtcdError, match="cannot be reached"):
            await watching

    with running_etcd(tmp_path) as server:
        run(server, body)


@pytest.mark.process
def test_a_store_that_has_lost_its_data_is_not_taken_for_silence(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        last = await put(etcd, *range(20))
        batches = etcd.watch(Revision(1))
        assert (await anext(batches)).revision == 0
        assert (await anext(batches)).revision == last
        await asyncio.to_thread(server.kill)
        shutil.rmtree(tmp_path / "data")
        await asyncio.to_thread(server.start)
        with pytest.raises(EtcdError, match="has another store"):
            await anext(batches)

    with running_etcd(tmp_path) as server:
        run(server, body)


def response(*revisions: int, fragment: bool = False) -> WatchResponse:
    """A watch response with an event for each revision."""
    built: ByTable = message_class("etcdserverpb.WatchResponse")()
    for revision in revisions:
        kv = message_class("mvccpb.KeyValue")(key=b"k", mod_revision=revision)
        built.events.append(message_class("mvccpb.Event")(kv=kv))
    built.fragment = fragment
    made: WatchResponse = built
    return made


def revisions(batch: WatchBatch | None) -> list[int] | None:
    return [event.mod_revision for event in batch.events] if batch else None


def test_a_fragment_gives_only_the_revisions_that_are_whole() -> None:
    cursor = _Cursor(Revision(5), b"", prev=True)
    assert revisions(cursor.take(response(5, 6, 6, fragment=True))) == [5]
    assert cursor.next == 6
    assert cursor.take(response(6, fragment=True)) is None
    assert revisions(cursor.take(response(6, 7))) == [6, 6, 6, 6, 7]
    assert cursor.next == 8


def test_what_was_delivered_before_is_not_delivered_again() -> None:
    cursor = _Cursor(Revision(5), b"", prev=True)
    assert revisions(cursor.take(response(3, 4, 5))) == [5]
    assert cursor.take(response()) is None


def test_progress_that_is_what_was_delivered_is_a_confirmation() -> None:
    cursor = _Cursor(Revision(5), b"", prev=True)
    cursor.take(response(5, 6))
    batch = cursor.progress(Revision(6))
    assert batch is not None
    assert (batch.events, batch.revision, batch.confirmed) == ((), 6, True)


def test_progress_beyond_what_was_delivered_is_doubted_once() -> None:
    """The watch is opened again then; what that does not bring either was left out, and whoever reads sees the hole."""
    cursor = _Cursor(Revision(5), b"", prev=True)
    assert cursor.progress(Revision(9)) is None
    assert cursor.next == 5
    batch = cursor.progress(Revision(9))
    assert batch is not None
    assert (batch.events, batch.revision, cursor.next) == ((), 9, 10)


def test_a_doubt_that_the_watch_answered_is_none_the_next_time() -> None:
    """An old server names what it is about to deliver: believing it the second time would take that for delivered."""
    cursor = _Cursor(Revision(5), b"", prev=True)
    assert cursor.progress(Revision(6)) is None
    assert revisions(cursor.take(response(5, 6))) == [5, 6]
    assert cursor.progress(Revision(8)) is None
    assert revisions(cursor.take(response(7, 8))) == [7, 8]


def test_progress_of_a_prefix_says_nothing_of_others_keys() -> None:
    cursor = _Cursor(Revision(5), b"/a/", prev=True)
    batch = cursor.progress(Revision(9))
    assert batch is not None
    assert (batch.revision, cursor.next) == (4, 5)


def test_progress_within_a_revision_that_comes_in_pieces_confirms_nothing() -> None:
    cursor = _Cursor(Revision(5), b"", prev=True)
    assert cursor.take(response(5, fragment=True)) is None
    batch = cursor.progress(Revision(5))
    assert batch is not None
    assert (batch.revision, batch.confirmed) == (4, False)


@pytest.mark.process
def test_a_watch_that_is_silent_is_asked_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.etcd.watch.PROGRESS", 0.1)

    async def body(etcd: Etcd) -> None:
        last = await put(etcd, 1, 2, 3)
        async with asyncio.timeout(60), aclosing(etcd.watch(Revision(2))) as batches:
            confirmed = 0
            async for batch in batches:
                confirmed += batch.confirmed
                if confirmed == 2 and not batch.events:
                    last = await put(etcd, 4)
                if batch.revision == last and confirmed >= 2:
                    break
        assert batch.events[0].key == b"/w/0004"

    with running_etcd(tmp_path) as server:
        run(server, body)
