"""A relay between a real client and a real etcd."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.etcd import Compare, Etcd, EtcdSettings, Get, Put, connect
from kproxy.model.etcd import Compared, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from tests.support.etcd_relay import RelayProcess, attached, relay_process
from tests.support.etcd_server import EtcdServer, running_etcd

pytestmark = pytest.mark.process

A, B = EtcdKey(b"/relay/a"), EtcdKey(b"/relay/b")


@pytest.fixture(scope="module")
def relay(etcd_server: EtcdServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    with relay_process(tmp_path_factory.mktemp("relay"), etcd_server.url) as process:
        yield process


async def _through(relay: RelayProcess) -> Etcd:
    return await connect(EtcdSettings(endpoints=(relay.urls[0],)))


def kv(calls: list[EtcdCall]) -> list[EtcdCall]:
    return [call for call in calls if call.method.startswith("KV/")]


def test_the_calls_of_a_client_are_told_with_keys_and_revisions_and_without_values(relay: RelayProcess) -> None:
    async def main() -> tuple[Revision, Revision]:
        async with await _through(relay) as etcd:
            put = await etcd.put(A, b"a secret")
            await etcd.get(A)
            lost = await etcd.txn((Compare(A, Revision(put + 99)),), (Put(key=A, value=b"x"),), (Get(key=A),))
            assert not lost.succeeded
            won = await etcd.txn((Compare(A, put),), (Put(key=A, value=b"another secret"),), (Get(key=A),))
            return put, won.revision

    with attached(relay.feed) as feed:
        assert [each.listen for each in feed.hello.relayed] == relay.urls
        put, won = asyncio.run(main())
        told = kv(feed.calls())
    assert [(call.method, call.status, call.succeeded) for call in told] == [
        ("KV/Txn", 0, True),
        ("KV/Range", 0, None),
        ("KV/Txn", 0, False),
        ("KV/Txn", 0, True),
    ]
    a = KeyRange(key=A)
    assert told[0].operations == (KeyOperation(operation=Operation.PUT, keys=a, size=8),)
    assert told[1].operations == (KeyOperation(operation=Operation.RANGE, keys=a, count=1),)
    assert told[2].operations == (KeyOperation(operation=Operation.RANGE, keys=a, count=1),)
    assert told[3].operations == (KeyOperation(operation=Operation.PUT, keys=a, size=14),)
    assert told[2].compares == (Compared(key=A, target="mod", relation="=", expected=put + 99),)
    assert [call.revision for call in told] == [put, put, put, won]
    assert all(call.started < (call.ended or 0) and call.request_size and call.answer_size for call in told)
    assert "secret" not in repr(told)


def test_what_passed_before_is_not_told_but_what_comes_on_the_same_connection_is(relay: RelayProcess) -> None:
    async def main() -> None:
        async with await _through(relay) as etcd:
            await etcd.put(B, b"1")
            with attached(relay.feed) as feed:
                await etcd.put(B, b"2")
                (call,) = kv(feed.calls())
                assert call.method == "KV/Txn"
            await etcd.put(B, b"3")

    asyncio.run(main())


def test_the_feed_is_for_its_owner_only_and_a_stop_is_said_by_the_exit_code(
    etcd_server: EtcdServer, tmp_path: Path
) -> None:
    with relay_process(tmp_path, etcd_server.url) as process:
        assert stat.S_IMODE(process.feed.stat().st_mode) == 0o600
        assert process.stop() == 143
        assert not process.feed.exists()


def test_each_etcd_has_a_listener_and_its_calls_name_its_cluster(etcd_server: EtcdServer, tmp_path: Path) -> None:
    async def cluster(url: str) -> tuple[str, int]:
        async with await connect(EtcdSettings(endpoints=(url,))) as etcd:
            return (await etcd.status()).cluster, await etcd.put(A, b"1")

    (tmp_path / "other").mkdir()
    with (
        running_etcd(tmp_path / "other") as other,
        relay_process(tmp_path, etcd_server.url, other.url) as process,
        attached(process.feed) as feed,
    ):
        assert [each.etcd for each in feed.hello.relayed] == [etcd_server.url, other.url]
        written = [asyncio.run(cluster(url)) for url in process.urls]
        told = [(call.cluster, call.revision) for call in kv(feed.calls())]
    assert told == written
    assert written[0][0] != written[1][0]


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path) -> None:
    feed = ["--feed", str(tmp_path / "f")]
    for options, reason in (
        (["--etcd", "ftp://h"], "is no address like https://HOST:2379"),
        (["--etcd", "http://h", "--listen", "nowhere"], "is no address like 127.0.0.1:2381"),
        (["--etcd", "http://h", "--listen", "192.0.2.1:1"], "cannot listen on 192.0.2.1:1: cannot assign"),
        (["--etcd", "http://h", "--cert", "x"], "give --cert and --key"),
    ):
        command = [sys.executable, "-m", "kproxy", "etcd-relay", *feed, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "f").exists()
