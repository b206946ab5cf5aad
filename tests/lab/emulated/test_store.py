"""Both stores keep the same promises: the one in memory, and a real etcd."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kproxy.etcd import Etcd, connect
from kproxy.lab.emulated.etcd_store import EtcdStore
from kproxy.lab.emulated.store import Change, CompactedError, Store
from kproxy.model.etcd import Revision
from tests.lab.emulated.memory import MemoryStore
from tests.support.etcd_server import EtcdServer

pytestmark = pytest.mark.process

type Compact = Callable[[int], Awaitable[None]]


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    folder: Path = tmp_path_factory.mktemp("etcd")
    server = EtcdServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "etcd"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def opened(kind: str, etcd: EtcdServer) -> AsyncIterator[tuple[Store, Compact]]:
    if kind == "memory":
        memory = MemoryStore()

        async def forget(revision: int) -> None:
            memory.compact(revision)

        yield memory, forget
        return
    async with await connect(etcd.settings) as client:
        yield EtcdStore(client), compactor(client)


def compactor(client: Etcd) -> Compact:
    async def compact(revision: int) -> None:
        await client.compact(Revision(revision))

    return compact


async def first(changes: AsyncIterator[Change], count: int) -> list[Change]:
    found = []
    async for change in changes:
        found.append(change)
        if len(found) == count:
            break
    return found


def test_conditional_writes_tell_whether_they_wrote(kind: str, etcd: EtcdServer) -> None:
    async def run() -> None:
        async with opened(kind, etcd) as (store, _):
            created = await store.create("/a/one", b"1")
            assert created is not None
            assert await store.create("/a/one", b"2") is None
            assert await store.update("/a/one", b"2", created - 1) is None
            updated = await store.update("/a/one", b"2", created)
            assert updated == created + 1
            assert await store.delete("/a/one", created) is None
            found = await store.get("/a/one")
            assert found is not None
            assert (found.value, found.revision) == (b"2", updated)
            assert await store.delete("/a/one", updated) == updated + 1
            assert await store.get("/a/one") is None
            assert await store.update("/a/one", b"3", updated) is None

    asyncio.run(run())


def test_pages_are_in_order_and_of_one_revision(kind: str, etcd: EtcdServer) -> None:
    async def run() -> None:
        async with opened(kind, etcd) as (store, _):
            for name in "cab":
                await store.create(f"/p/{name}", name.encode())
            await store.create("/px", b"")
            page = await store.page("/p/", limit=2)
            assert ([item.key for item in page.items], page.remaining) == (["/p/a", "/p/b"], 1)
            await store.delete("/p/c", (await store.page("/p/c")).items[0].revision)
            rest = await store.page("/p/", after="/p/b", revision=page.revision)
            assert [item.value for item in rest.items] == [b"c"]
            assert len((await store.page("/p/")).items) == 2

    asyncio.run(run())


def test_a_watch_has_history_first_and_then_what_comes(kind: str, etcd: EtcdServer) -> None:
    async def run() -> None:
        async with opened(kind, etcd) as (store, _):
            start = (await store.page("/w/")).revision
            one = await store.create("/w/one", b"1")
            assert one is not None
            await store.create("/other", b"")
            async with store.watch("/w/", start) as changes:
                task = asyncio.ensure_future(first(changes, 3))
                two = await store.update("/w/one", b"2", one)
                assert two is not None
                three = await store.delete("/w/one", two)
                assert await asyncio.wait_for(task, 60) == [
                    Change("/w/one", one, b"1", None),
                    Change("/w/one", two, b"2", b"1"),
                    Change("/w/one", three or 0, None, b"2"),
                ]

    asyncio.run(run())


def test_what_is_compacted_is_named(kind: str, etcd: EtcdServer) -> None:
    async def run() -> None:
        async with opened(kind, etcd) as (store, compact):
            created = await store.create("/c/one", b"1")
            assert created is not None
            last = await store.update("/c/one", b"2", created)
            assert last is not None
            await compact(last)
            with pytest.raises(CompactedError):
                await store.page("/c/", revision=created)
            async with store.watch("/c/", created - 2) as changes:
                with pytest.raises(CompactedError):
                    await first(changes, 1)

    asyncio.run(run())
