"""Following a cluster of three members, of which one after another goes."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import Revision
from kproxy.store.reader import open_recording
from tests.record.test_follow_faults import come_to, put
from tests.support.etcd_server import EtcdServer, free_port
from tests.support.etcd_truth import check_complete, etcdctl_binary
from tests.support.followed import following
from tests.support.loop import in_loop

pytestmark = pytest.mark.process


@contextmanager
def three_members(folder: Path) -> Iterator[list[EtcdServer]]:
    """A cluster with a quorum."""
    ports = {name: free_port() for name in "abc"}
    cluster = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items())
    members = []
    for name, port in ports.items():
        place = folder / name
        place.mkdir()
        calm = ("--heartbeat-interval=500", "--election-timeout=5000")  # a slow machine elects no leader each second
        flags = (f"--name={name}", f"--initial-cluster={cluster}", "--strict-reconfig-check=false", *calm)
        members.append(EtcdServer(place, flags=flags, peer_port=port))
    with ExitStack() as stack:
        for member in members:
            stack.callback(member.kill)
            member.start()
        yield members


@pytest.mark.timeout(600)
@in_loop
async def test_members_may_go_one_after_another(tmp_path: Path) -> None:
    """One is killed and comes again, the next is taken out of the cluster: both while the watch was theirs."""
    path = tmp_path / "a.kproxy"
    with three_members(tmp_path) as members:
        urls = tuple(member.url for member in members)
        everyone = EtcdSettings(endpoints=urls, call_timeout=5.0)
        writer = EtcdSettings(endpoints=(members[2].url,), timeout=30.0)
        async with await connect(writer) as etcd, following(path, everyone) as follow:
            await come_to(follow, await put_patiently(etcd))
            await asyncio.to_thread(members[0].kill)
            await come_to(follow, await put_patiently(etcd))
            await asyncio.to_thread(members[0].start)
            await come_to(follow, await put_patiently(etcd))
            _take_out(members[1], members[2])
            await come_to(follow, await put_patiently(etcd))
        with open_recording(str(path)) as recording:
            (store,) = recording.etcds()
            assert store.endpoints == urls
            assert check_complete(recording, etcdctl=etcdctl_binary()) >= 40


async def put_patiently(etcd: Etcd) -> Revision:
    """Ten values, again where the cluster is looking for a leader."""
    async with asyncio.timeout(150):
        while True:
            with suppress(EtcdError):
                return await put(etcd, 10)
            await asyncio.sleep(0.1)


_NOT_YET = "unhealthy cluster", "not enough started members"
"""Why etcd takes no member out just now (--strict-reconfig-check)."""


def _take_out(gone: EtcdServer, asked: EtcdServer) -> None:
    """As an operator does it: again, as long as etcd says that a member has not been back for some seconds."""
    etcdctl, at = etcdctl_binary(), f"--endpoints={asked.url}"
    listed = subprocess.run([etcdctl, at, "member", "list"], check=True, capture_output=True, text=True).stdout
    (member,) = [line.partition(",")[0] for line in listed.splitlines() if gone.url in line]
    until = time.monotonic() + 150
    while True:
        done = subprocess.run([etcdctl, at, "member", "remove", member], check=False, capture_output=True, text=True)
        if not done.returncode:
            return
        assert any(reason in done.stderr for reason in _NOT_YET), done.stderr
        assert time.monotonic() < until, done.stderr
        time.sleep(0.5)
