"""What etcd and the way to it may do: no revision is missed without a word, compared with etcd's own history."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.etcd.txn import Put
from kproxy.model.etcd import EtcdKey, EtcdStore, Revision
from kproxy.model.session import Gap
from kproxy.store.reader import open_recording
from tests.support.cutting_relay import CuttingRelay, cutting_relay
from tests.support.etcd_server import EtcdServer, running_etcd
from tests.support.etcd_truth import check_complete, check_recorded, etcdctl_binary, recorded, truth
from tests.support.followed import Following, following
from tests.support.loop import in_loop

pytestmark = pytest.mark.process


async def put(etcd: Etcd, count: int, size: int = 0) -> Revision:
    """So many values, to five keys, and a deletion now and then; the last revision."""
    last = Revision(0)
    for number in range(count):
        key = EtcdKey(b"/w/%d" % (number % 5))
        if number % 7 == 6:
            await etcd.delete(key)
        last = await etcd.put(key, b"%d" % number + b"." * size)
    return last


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it, for a minute at most."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what it waits for is in a file, or said by another process
            await asyncio.sleep(0.02)


async def come_to(follow: Following, revision: int) -> None:
    """Waits until the recording has come so far."""
    cluster = follow.etcds[0].store.cluster
    await until(lambda: (follow.writer.committed_revision(cluster) or 0) >= revision)


@asynccontextmanager
async def through_relay(path: Path, server: EtcdServer) -> AsyncIterator[tuple[CuttingRelay, Following, Etcd]]:
    """A recording that sees etcd through a relay, and a client that does not."""
    async with (
        cutting_relay(server.port) as relay,
        await connect(server.settings) as etcd,
        following(path, server.settings, through=EtcdSettings(endpoints=(relay.url,))) as follow,
    ):
        yield relay, follow, etcd


async def cut_or_come_to(relay: CuttingRelay, cuts: int, follow: Following, revision: int) -> None:
    """Waits until there were more cuts than these, or the recording has come so far nevertheless."""
    cluster = follow.etcds[0].store.cluster
    await until(lambda: relay.cuts > cuts or (follow.writer.committed_revision(cluster) or 0) >= revision)


def facts(path: Path) -> tuple[list[EtcdStore], list[Gap]]:
    """What the recording says of etcd."""
    with open_recording(str(path)) as recording:
        return list(recording.etcds()), list(recording.gaps())


@in_loop
async def test_the_watch_may_be_cut_at_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After n bytes of etcd's answers, for many n: within frames, between messages, before the first one."""
    monkeypatch.setattr("kproxy.etcd.watch._LONGEST_PAUSE", 0.05)
    monkeypatch.setattr("kproxy.record.etcd.LONGEST_PAUSE", 0.05)
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with through_relay(path, server) as (relay, follow, etcd):
            for cut in (*range(1, 300, 11), *range(300, 4000, 301)):
                relay.cut_after, before = cut, relay.cuts
                relay.cut_all()
                await cut_or_come_to(relay, before, follow, await put(etcd, 5, size=100))
            relay.cut_after = None
            relay.cut_all()
            assert relay.cuts > 10
            await come_to(follow, await put(etcd, 1))
        with open_recording(str(path)) as recording:
            assert check_complete(recording, etcdctl=etcdctl_binary()) > 100


@in_loop
async def test_an_etcd_that_is_away_for_long_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.record.etcd.PATIENCE", 0.5)
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings) as follow:
            await come_to(follow, await put(etcd, 10))
            for _ in range(2):
                await asyncio.to_thread(server.stop)
                await until(lambda: not follow.news[-1].following)  # it is said when it is more than a restart
                await asyncio.to_thread(server.start)
                async with await connect(server.settings) as other:
                    await come_to(follow, await put(other, 10))
                assert (follow.news[-1].following, follow.news[-1].again) == (True, True)
        with open_recording(str(path)) as recording:
            assert check_complete(recording, etcdctl=etcdctl_binary()) == 34 - 1 + 3 - 3


@in_loop
async def test_an_etcd_that_does_not_come_back_is_a_gap_that_says_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings, patience=1.0) as follow:
            last = await put(etcd, 10)
            await come_to(follow, last)
            await asyncio.to_thread(server.kill)
    (store,), (gap,) = facts(path)
    assert (gap.kind, gap.cluster, gap.first_revision, gap.last_revision) == ("etcd", store.cluster, last + 1, None)
    assert "etcd did not answer before the session ended" in gap.reason
    assert (store.end, store.whole) == (None, last)


@in_loop
async def test_what_is_compacted_while_the_watch_is_cut_is_named_and_the_rest_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with through_relay(path, server) as (relay, follow, etcd):
            seen = await put(etcd, 10)
            await come_to(follow, seen)
            start = follow.etcds[0].store.start or 0
            with truth((server.url,), start + 1, etcdctl=etcdctl_binary()) as watched:
                watched.up_to(seen)
                relay.cut_after = 0
                relay.cut_all()
                compacted = await put(etcd, 20)
                later = await put(etcd, 20)
                await etcd.compact(compacted)
                relay.cut_after = None
                await come_to(follow, later)
                end = await put(etcd, 5)
                await come_to(follow, end)
                everything = watched.up_to(end)
        with open_recording(str(path)) as recording:
            (store,) = recording.etcds()
            found = recorded(recording, store.cluster, start)
            missing = {revision for gap in recording.gaps() for revision in _within(gap)}
            assert {gap.cluster for gap in recording.gaps()} == {store.cluster}
        assert found <= everything
        assert {revision for revision, _ in everything - found} == missing  # neither without a word nor a word too many
        assert set(range(seen + 1, compacted)) <= missing <= set(range(seen + 1, compacted + 1))
        assert (store.end, store.whole) == (end, end)


def _within(gap: Gap) -> range:
    assert gap.first_revision is not None
    assert gap.last_revision is not None
    assert gap.count == gap.last_revision - gap.first_revision + 1
    return range(gap.first_revision, gap.last_revision + 1)


@in_loop
async def test_defragmentation_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    etcdctl = etcdctl_binary()
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings):
            writing = asyncio.create_task(put(etcd, 200, size=1000))
            await asyncio.to_thread(_run, etcdctl, f"--endpoints={server.url}", "defrag")
            await writing
        with open_recording(str(path)) as recording:
            assert check_complete(recording, etcdctl=etcdctl) > 200


@in_loop
@pytest.mark.parametrize("further", [0, 40])
async def test_a_restored_snapshot_is_a_gap_and_the_store_that_it_makes_is_followed(
    tmp_path: Path, further: int
) -> None:
    """It has the old one's cluster id, and may be ahead of where the old one was when the watch sees it again."""
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with through_relay(path, server) as (relay, follow, etcd):
            kept = await put(etcd, 10)
            _save(server, tmp_path / "snapshot")
            lost = await put(etcd, 10)
            await come_to(follow, lost)
            relay.cut_after = 0
            relay.cut_all()
            await asyncio.to_thread(server.kill)
            _restore(server, tmp_path / "snapshot")
            await asyncio.to_thread(server.start)
            async with await connect(server.settings) as again:
                before = await put(again, further, size=1) if further else kept
                assert (before > lost) is bool(further)
                relay.cut_after = None
                await until(lambda: len(follow.writer.etcds()) == 2)
                last = await put(again, 10)
        with open_recording(str(path)) as recording:
            old, new = recording.etcds()
            (gap,) = recording.gaps()
            behind = recorded(recording, new.cluster, 0)
            assert recorded(recording, old.cluster, kept) != set()
        assert new.cluster == f"{old.cluster}~2"
        assert (gap.cluster, gap.first_revision, gap.last_revision) == (old.cluster, lost + 1, None)
        assert "has another store" in gap.reason
        assert f"from its revision {new.start} on it is followed as {new.cluster}" in gap.reason
        assert (old.end, new.start, new.end, new.whole) == (lost, before, last, last)
        with truth((server.url,), before + 1, etcdctl=etcdctl_binary()) as watched:
            assert behind == watched.up_to(last)


@in_loop
async def test_a_recorder_that_dies_behind_a_restored_snapshot_leaves_that_store_to_its_successor(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings) as first:
            await put(etcd, 10)
            _save(server, tmp_path / "snapshot")
            await come_to(first, await put(etcd, 10))
            await asyncio.to_thread(server.kill)
            _restore(server, tmp_path / "snapshot")
            await asyncio.to_thread(server.start)
            await until(lambda: len(first.writer.etcds()) == 2)
            first.abandon()
        async with await connect(server.settings) as etcd:
            missed = await put(etcd, 5)
            async with following(path, server.settings, after=first):
                last = await put(etcd, 5)
    stores, gaps = facts(path)
    assert [(store.cluster.partition("~")[2], store.end) for store in stores] == [("", stores[0].whole), ("2", last)]
    assert len(gaps) == 1
    with open_recording(str(path)) as recording:
        revisions = {revision for revision, _ in recorded(recording, stores[1].cluster, 0)}
    assert revisions >= set(range(missed - 4, last + 1))
    assert revisions == set(range((stores[1].start or 0) + 1, last + 1))


def _save(server: EtcdServer, file: Path) -> None:
    _run(etcdctl_binary(), f"--endpoints={server.url}", "snapshot", "save", str(file))


def _restore(server: EtcdServer, file: Path) -> None:
    """As an operator does it: the member keeps its name and address, and with them the cluster its id."""
    data, peer = server.folder / "data", f"http://127.0.0.1:{server.peer_port}"
    shutil.rmtree(data)
    place = (f"--data-dir={data}", f"--initial-cluster=default={peer}", f"--initial-advertise-peer-urls={peer}")
    _run(etcdctl_binary(), "snapshot", "restore", str(file), *place, "--name=default")


def _run(program: Path, *arguments: str) -> None:
    subprocess.run([program, *arguments], check=True, capture_output=True)


@in_loop
async def test_a_huge_transaction_with_previous_values_is_one_revision(tmp_path: Path) -> None:
    """Its event message would have 2.8 MiB: more than etcd sends at once."""
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings):
            for round_ in range(2):
                puts = [Put(key=EtcdKey(b"/h/%d" % each), value=b"%d" % round_ * 11_000) for each in range(128)]
                last = (await etcd.txn((), puts)).revision
        with open_recording(str(path)) as recording:
            assert check_complete(recording, etcdctl=etcdctl_binary()) == 256
            changes = [change for change in recording.key_changes() if change.revision == last]
            assert all(change.previous is not None and change.previous.size == 11_000 for change in changes)


@in_loop
async def test_several_etcds_are_followed_each_with_revisions_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server, running_etcd(tmp_path / "other") as other:
        overrides = tuple(
            EtcdOverride(resources=(name,), settings=other.settings)
            for name in ("/events", "coordination.k8s.io/leases")
        )
        async with (
            await connect(server.settings) as one,
            await connect(other.settings) as two,
            following(path, server.settings, overrides=overrides),
        ):
            await put(one, 10)
            await put(two, 20)
        with open_recording(str(path)) as recording:
            main, events = recording.etcds()
            assert main.cluster != events.cluster
            assert (main.resources, events.resources) == ((), ("/events", "coordination.k8s.io/leases"))
            assert (main.end, events.end) == (13 - 1, 24 - 1)
            assert check_complete(recording, etcdctl=etcdctl_binary()) == 33
            assert recording.session.etcd_end == main.end


@in_loop
async def test_an_idle_watch_says_until_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.etcd.watch.PROGRESS", 0.1)
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings) as follow:
            last = await put(etcd, 3)
            await come_to(follow, last)
            for _ in range(3):  # again and again, and further each time
                before = _confirmed(follow)
                await until(lambda before=before: _confirmed(follow) > before)  # type: ignore[misc] # an int
            assert follow.writer.etcds()[0].whole == last
        assert check_recorded(path) == 3
    assert not facts(path)[1]


def _confirmed(follow: Following) -> int:
    return follow.writer.etcds()[0].whole_at or 0
