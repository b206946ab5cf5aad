"""What etcd knows from before the session."""

from pathlib import Path

import pytest

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import RangeAnswer
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import ChangeType, EtcdKey, Revision
from kproxy.model.exchange import BodyState
from kproxy.store.reader import open_recording
from tests.record.test_follow_faults import put, until
from tests.support.cutting_relay import cutting_relay
from tests.support.etcd_server import running_etcd
from tests.support.etcd_truth import etcdctl_binary, recorded, truth
from tests.support.followed import following
from tests.support.loop import in_loop

pytestmark = pytest.mark.process


@in_loop
async def test_everything_is_read_where_nothing_was_compacted(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            before = await put(etcd, 40)
            async with following(path, server.settings, history=True) as follow:
                await until(lambda: follow.writer.etcds()[0].history is not None)
                last = await put(etcd, 10)
        with open_recording(str(path)) as recording:
            (store,) = recording.etcds()
            assert (store.history, store.start, store.end) == (1, before, last)
            assert not list(recording.gaps())
            with truth((server.url,), 1, etcdctl=etcdctl_binary()) as watched:
                assert recorded(recording, store.cluster, 0) == watched.up_to(last)
            changes = list(recording.key_changes())
            assert {change.at for change in changes if change.revision <= before} == {0}
            assert all(change.at > 0 for change in changes if change.revision > before)
            assert not [change for change in changes if change.previous and change.previous.state is BodyState.LOST]


@in_loop
async def test_what_was_compacted_is_there_as_it_last_was(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            alone = await etcd.put(EtcdKey(b"/alone"), b"1")
            await etcd.put(EtcdKey(b"/often"), b"1")
            often = await etcd.put(EtcdKey(b"/often"), b"2")
            await etcd.put(EtcdKey(b"/gone"), b"1")
            await etcd.delete(EtcdKey(b"/gone"))
            compacted = await etcd.put(EtcdKey(b"/last"), b"1")
            await etcd.compact(compacted)
            before = await etcd.put(EtcdKey(b"/often"), b"3")
            async with following(path, server.settings, history=True):
                pass  # the end waits for it
        with open_recording(str(path)) as recording:
            (store,) = recording.etcds()
            assert (store.history, store.start, store.whole) == (compacted, before, before)
            changes = {(change.revision, change.key): change for change in recording.key_changes()}
            assert set(changes) == {
                (alone, b"/alone"),
                (often, b"/often"),
                (compacted, b"/last"),
                (before, b"/often"),
            }
            was = changes[often, EtcdKey(b"/often")]
            assert (was.type, was.version, was.at) == (ChangeType.PUT, 2, 0)
            assert was.previous is not None
            assert (was.previous.state, was.previous.reason) == (BodyState.LOST, "etcd had compacted it")
            assert changes[alone, EtcdKey(b"/alone")].previous is None
            then = changes[before, EtcdKey(b"/often")]
            assert then.previous is not None
            assert then.previous.digest == (was.value.digest if was.value else "")
            assert not list(recording.gaps())


@in_loop
async def test_more_keys_than_a_page_has_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.record.history.PAGE", 7)
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            for number in range(30):
                last = await etcd.put(EtcdKey(b"/p/%02d" % number), b"x")
            await etcd.compact(last)
            async with following(path, server.settings, history=True):
                pass  # the end waits for it
        with open_recording(str(path)) as recording:
            assert len(list(recording.key_changes())) == 30


@in_loop
async def test_a_compaction_while_keys_are_read_makes_it_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kproxy.record.history.PAGE", 7)
    path = tmp_path / "a.kproxy"
    asked: list[Revision] = []
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            for number in range(30):
                first = await etcd.put(EtcdKey(b"/p/%02d" % number), b"x")
            await etcd.compact(first)
            second = await etcd.put(EtcdKey(b"/p/00"), b"y")
            before = await etcd.put(EtcdKey(b"/p/01"), b"y")
            prefix = Etcd.prefix

            async def page(
                self: Etcd, key: bytes, *, at: Revision = Revision(0), limit: int = 0, after: EtcdKey | None = None
            ) -> RangeAnswer:
                if after is not None and second not in asked:
                    await etcd.compact(second)  # between two pages
                asked.append(at)
                return await prefix(self, key, at=at, limit=limit, after=after)

            monkeypatch.setattr(Etcd, "prefix", page)
            async with following(path, server.settings, history=True):
                pass  # the end waits for it
        with open_recording(str(path)) as recording:
            (store,) = recording.etcds()
            assert not list(recording.gaps())
            assert (store.history, store.start, store.whole) == (second, before, before)
            assert asked[:2] == [first, first]
            assert {change.key for change in recording.key_changes()} == {b"/p/%02d" % each for each in range(30)}
            assert {second, before} <= {change.revision for change in recording.key_changes()}


@in_loop
async def test_history_that_is_not_read_to_its_end_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, cutting_relay(server.port) as relay:
            before = await put(etcd, 10)
            relay.cut_after = 0
            away = EtcdSettings(endpoints=(relay.url,), timeout=0.5)
            async with following(path, server.settings, through=away, history=True, patience=0.5):
                pass
    with open_recording(str(path)) as recording:
        (store,) = recording.etcds()
        assert store.history is None
        history, following_ = sorted(recording.gaps(), key=lambda gap: gap.first_revision or 0)
        assert (history.first_revision, history.last_revision, history.cluster) == (1, before, store.cluster)
        assert "history from before the session is not whole" in history.reason
        assert following_.first_revision == before + 1
