"""The start state from a real etcd."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kproxy.etcd.client import connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import BodyState
from kproxy.model.session import Gap, Server, SessionEnd
from kproxy.model.start import StartKey, StartSource
from kproxy.record.committer import Committer
from kproxy.record.literals import Literals
from kproxy.record.news import News
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.record.settings import RecorderSettings, StartWish
from kproxy.record.start import StartTaking
from kproxy.session.etcds import Stores, begin_etcds
from kproxy.store.reader import open_recording
from kproxy.store.writer import Writer
from kproxy.wire.content import encode
from tests.support.etcd_server import running_etcd
from tests.support.loop import in_loop
from tests.support.made import a_session

pytestmark = pytest.mark.process

TAKEN = StartWish(source=StartSource.ETCD)
IF_USED = StartWish(source=StartSource.ETCD, if_used=True)


@asynccontextmanager
async def taking(path: Path, etcd: EtcdSettings, wish: StartWish) -> AsyncIterator[list[News]]:
    """A recording that takes the start state of now; its news."""
    server, etcds = await begin_etcds(etcd, Stores(), Server())
    session = a_session(end=SessionEnd.RECORDING, server=server, etcd_start=etcds[0].store.start)
    settings = RecorderSettings(
        recording=path, session=session, epoch=time.monotonic_ns(), handoffs=(), key=path, etcds=etcds, start=wish
    )
    pseudonyms, news = Pseudonyms(bytes(32)), list[News]()
    redactor = Redactor(pseudonyms, Literals(pseudonyms, ()))
    with Writer.create(path, session) as writer:
        async with StartTaking(settings, Committer(writer, lambda _: None), redactor, news.append) as start:
            yield news
            source = await start.finish()
        writer.close(a_session(start_state=source))


def taken(path: Path) -> tuple[str, list[StartKey], list[Gap]]:
    """What is in the recording."""
    with open_recording(str(path)) as recording:
        keys = [each for each in recording.start_state() if isinstance(each, StartKey)]
        return recording.session.start_state, keys, list(recording.gaps())


@in_loop
async def test_keys_are_taken_as_they_were_at_the_start_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kproxy.record.startetcd.PAGE", 7)
    path = tmp_path / "a.kproxy"
    secret = encode(
        "application/json",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "aHVudGVyMg=="}},
    )
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            lease = await etcd.grant(600)
            for number in range(30):
                await etcd.put(EtcdKey(b"/registry/p/%02d" % number), b"x", lease=lease if number == 3 else 0)
            first = await etcd.put(EtcdKey(b"/registry/p/05"), b"y")
            await etcd.put(EtcdKey(b"/registry/secrets/a/s"), secret)
            await etcd.put(EtcdKey(b"/registry2/p"), b"another's")
            async with taking(path, server.settings, TAKEN):
                await etcd.put(EtcdKey(b"/registry/p/05"), b"later")
                await etcd.delete(EtcdKey(b"/registry/p/06"))
    source, keys, gaps = taken(path)
    assert (source, len(keys), gaps) == ("etcd", 31, [])
    by_key = {each.key: each for each in keys}
    fifth = by_key[EtcdKey(b"/registry/p/05")]
    assert (fifth.mod_revision, fifth.version, fifth.create_revision < first) == (first, 2, True)
    third = by_key[EtcdKey(b"/registry/p/03")]
    assert (third.lease, third.ttl) == (lease, 600)
    with open_recording(str(path)) as recording:
        values = {each.key: recording.body(each.value.digest) for each in keys if each.value.digest}
    assert values[EtcdKey(b"/registry/p/05")] == b"y"
    assert values[EtcdKey(b"/registry/p/06")] == b"x"
    assert b"aHVudGVyMg" not in values[EtcdKey(b"/registry/secrets/a/s")]


@in_loop
async def test_more_than_the_limit_is_not_taken_and_a_sentence_says_so(tmp_path: Path) -> None:
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            for number in range(150):
                await etcd.put(EtcdKey(b"/registry/p/%03d" % number), b"x" * 1000)
            keys = StartWish(source=StartSource.ETCD, max_bytes=149 * 512)
            async with taking(tmp_path / "keys.kproxy", server.settings, keys) as news:
                pass
            assert "etcd holds more than 149 keys (--start-state-limit takes more)" in str(news)
            size = StartWish(source=StartSource.ETCD, max_bytes=149_000)
            async with taking(tmp_path / "size.kproxy", server.settings, size) as news:
                pass
            assert "more than 149000 bytes of values" in str(news)
    for name in ("keys", "size"):
        source, found, gaps = taken(tmp_path / f"{name}.kproxy")
        assert (source, found, [gap.kind for gap in gaps]) == ("", [], ["start"])


@in_loop
async def test_a_server_that_nobody_uses_has_none_that_is_worth_it(tmp_path: Path) -> None:
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            await etcd.put(EtcdKey(b"/registry/namespaces/default"), b"x")
            async with taking(tmp_path / "a.kproxy", server.settings, IF_USED):
                pass
            await etcd.put(EtcdKey(b"/registry/namespaces/team"), b"x")
            async with taking(tmp_path / "b.kproxy", server.settings, IF_USED):
                pass
    assert taken(tmp_path / "a.kproxy") == ("unused", [], [])
    assert [each.key for each in taken(tmp_path / "b.kproxy")[1]] == [
        b"/registry/namespaces/default",
        b"/registry/namespaces/team",
    ]


@in_loop
async def test_what_was_encrypted_is_a_length_and_a_reason(tmp_path: Path) -> None:
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            await etcd.put(EtcdKey(b"/registry/secrets/a/s"), b"k8s:enc:aescbc:v1:k:xxxx")
            async with taking(tmp_path / "a.kproxy", server.settings, TAKEN):
                pass
    (key,) = taken(tmp_path / "a.kproxy")[1]
    assert (key.value.state, key.value.reason) == (BodyState.OPAQUE, "encrypted at rest")


@in_loop
async def test_an_etcd_that_forgot_the_start_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            await etcd.put(EtcdKey(b"/registry/p"), b"x")
            begin = StartTaking.__aenter__

            async def late(self: StartTaking) -> StartTaking:
                await etcd.compact(await etcd.put(EtcdKey(b"/registry/p"), b"y"))
                return await begin(self)

            monkeypatch.setattr(StartTaking, "__aenter__", late)
            async with taking(tmp_path / "a.kproxy", server.settings, TAKEN):
                pass
    source, keys, (gap,) = taken(tmp_path / "a.kproxy")
    assert (source, keys) == ("", [])
    assert "has compacted the revisions" in gap.reason
