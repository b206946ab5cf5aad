"""Following a real etcd."""

import asyncio
import base64
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.etcd.client import connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import BodyState, Digest
from kproxy.model.recording import Recording
from kproxy.model.session import Server, SessionEnd
from kproxy.record.news import EtcdNews
from kproxy.record.settings import Followed, RecorderSettings
from kproxy.store.reader import FileRecording, open_recording
from kproxy.wire.content import encode
from tests.support.etcd_server import EtcdServer, etcd_server, running_etcd
from tests.support.etcd_truth import check_recorded
from tests.support.loop import in_loop
from tests.support.made import a_session
from tests.support.recorder_process import RecorderProcess, start

pytestmark = pytest.mark.process

__all__ = ["etcd_server"]

SECRET = EtcdKey(b"/registry/secrets/default/s")
PLAIN = "hunter22 of etcd"
PROTOBUF = "application/vnd.kubernetes.protobuf"


def value(kind: str, text: str = PLAIN) -> bytes:
    """A stored object."""
    coded = base64.b64encode(text.encode()).decode()
    return encode(PROTOBUF, {"kind": kind, "apiVersion": "v1", "data": {"p": coded if kind == "Secret" else text}})


async def settings_for(tmp_path: Path, etcd: EtcdSettings, *, start_at: bool = True) -> RecorderSettings:
    """A session that begins at etcd's revision now."""
    async with await connect(etcd) as client:
        status = await client.status()
    session = a_session(
        end=SessionEnd.RECORDING,
        etcd_start=status.revision if start_at else None,
        server=Server(etcd_cluster=status.cluster),
    )
    store = EtcdStore(cluster=status.cluster, endpoints=etcd.endpoints, start=session.etcd_start)
    return RecorderSettings(
        recording=tmp_path / "a.kproxy",
        session=session,
        epoch=time.monotonic_ns(),
        handoffs=(),
        key=tmp_path / "key",
        etcds=(Followed(settings=etcd, store=store),),
    )


async def begin(settings: RecorderSettings) -> tuple[RecorderProcess, socket.socket]:
    """A recorder that follows."""
    ours, theirs = socket.socketpair()
    recorder = await start(settings, theirs)
    assert (await recorder.said(EtcdNews)).following
    return recorder, ours


def after(followed: Followed) -> int:
    """The session's first revision."""
    assert followed.store.start is not None
    return followed.store.start + 1


async def until(path: Path, holds: Callable[[FileRecording], bool]) -> None:
    """Waits for what the growing recording is to hold."""
    async with asyncio.timeout(60):
        while True:
            with open_recording(str(path)) as recording:
                assert isinstance(recording, FileRecording)
                if holds(recording):
                    return
            await asyncio.sleep(0.05)


async def finish(recorder: RecorderProcess, ours: socket.socket) -> None:
    """The session's proper end."""
    await recorder.goodbye(0)
    ours.close()
    assert await recorder.wait() == 0


def content(recording: Recording, digest: Digest | None) -> bytes:
    """A body's bytes."""
    assert digest is not None
    return recording.body(digest)


@in_loop
async def test_every_change_of_the_session_is_there_redacted_and_none_before(
    tmp_path: Path, etcd_server: EtcdServer
) -> None:
    etcd = etcd_server.settings
    async with await connect(etcd) as client:
        await client.put(SECRET, value("Secret", "before"))
        settings = await settings_for(tmp_path, etcd)
        recorder, ours = await begin(settings)
        revisions = [
            await client.put(SECRET, value("Secret")),
            await client.put(EtcdKey(b"/registry/configmaps/default/c"), value("ConfigMap")),
            await client.put(EtcdKey(b"compact_rev_key"), b"17"),
            await client.put(EtcdKey(b"/registry/secrets/default/t"), b"k8s:enc:aescbc:v1:k:\xff\xff"),
        ]
        await client.delete(SECRET)
        await finish(recorder, ours)
    with open_recording(str(settings.recording)) as recording:
        changes = list(recording.key_changes())
        assert [change.revision for change in changes] == [*revisions, revisions[-1] + 1]
        assert [change.type for change in changes] == [ChangeType.PUT] * 4 + [ChangeType.DELETE]
        assert recording.session.etcd_end == revisions[-1] + 1
        assert not list(recording.gaps())
        check(recording, changes)
    assert check_recorded(settings.recording) == 5
    everything = settings.recording.read_bytes()
    assert b"hunter22" not in everything.replace(value("ConfigMap"), b"")


def check(recording: Recording, changes: list[KeyChange]) -> None:
    """What the values became."""
    put, config, other, encrypted, deleted = changes
    assert put.value
    assert put.previous
    assert deleted.previous
    assert deleted.value is None
    assert deleted.previous.digest == put.value.digest
    assert put.previous.digest != put.value.digest
    assert b"kproxy-redacted-" in content(recording, put.value.digest)
    assert PLAIN.encode() not in content(recording, put.value.digest)
    assert config.value
    assert content(recording, config.value.digest) == value("ConfigMap")
    assert config.previous is None
    assert other.value
    assert content(recording, other.value.digest) == b"17"
    assert encrypted.value
    assert (encrypted.value.state, encrypted.value.size) == (BodyState.OPAQUE, 22)


@in_loop
async def test_a_recorder_started_again_goes_on_behind_what_is_stored(tmp_path: Path, etcd_server: EtcdServer) -> None:
    etcd = etcd_server.settings
    settings = await settings_for(tmp_path, etcd)
    async with await connect(etcd) as client:
        revisions = []
        for number in range(6):
            recorder, ours = await begin(settings)
            revisions.append(await client.put(EtcdKey(b"/again"), b"%d" % number))
            if number % 2:
                await asyncio.sleep(0.1)  # sometimes it has stored it, sometimes not
            recorder.process.send_signal(signal.SIGKILL)
            await recorder.wait()
            ours.close()
            revisions.append(await client.put(EtcdKey(b"/again"), b"alone"))
        recorder, ours = await begin(settings)
        await finish(recorder, ours)
    with open_recording(str(settings.recording)) as recording:
        assert [change.revision for change in recording.key_changes()] == revisions
        assert recording.session.etcd_end == revisions[-1]
        assert not list(recording.gaps())
    assert check_recorded(settings.recording) == len(revisions)


@in_loop
async def test_an_etcd_that_does_not_answer_is_a_gap(tmp_path: Path, etcd_server: EtcdServer) -> None:
    settings = await settings_for(tmp_path, etcd_server.settings)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ours, theirs = socket.socketpair()
        gone = EtcdSettings(endpoints=(url,), timeout=0.3)
        (followed,) = settings.etcds
        away = (replace(followed, settings=gone),)
        recorder = await start(replace(settings, etcds=away, etcd_patience=0.5), theirs)
        await finish(recorder, ours)
    with open_recording(str(settings.recording)) as recording:
        (gap,) = recording.gaps()
        assert (gap.kind, recording.session.end) == ("etcd", SessionEnd.COMPLETE)
        assert "did not answer" in gap.reason
        assert (gap.cluster, gap.first_revision) == (followed.store.cluster, after(followed))


@in_loop
async def test_an_etcd_of_another_cluster_is_a_gap_and_followed_as_what_it_is(
    tmp_path: Path, etcd_server: EtcdServer
) -> None:
    settings = await settings_for(tmp_path, etcd_server.settings)
    (followed,) = settings.etcds
    other = ClusterId("00000000000000ff")
    another = replace(followed, store=replace(followed.store, cluster=other))
    recorder, ours = await begin(replace(settings, etcds=(another,)))
    async with await connect(etcd_server.settings) as client:
        await until(settings.recording, lambda recording: len(list(recording.etcds())) == 2)
        last = await client.put(EtcdKey(b"/other"), b"2")
    await finish(recorder, ours)
    with open_recording(str(settings.recording)) as recording:
        (gap,) = recording.gaps()
        before, now = recording.etcds()
        assert (gap.cluster, gap.last_revision, gap.count) == (other, None, 0)
        assert gap.first_revision == after(followed)
        assert followed.store.cluster in gap.reason
        assert (before.cluster, before.end) == (other, followed.store.start)
        assert (now.cluster, now.end, now.whole) == (followed.store.cluster, last, last)
        assert {change.cluster for change in recording.key_changes()} <= {now.cluster}


def compact(server: EtcdServer, revision: int) -> None:
    """Forgets what was before this revision."""
    command: list[str | Path] = [
        server.binary.with_name("etcdctl"),
        f"--endpoints={server.url}",
        "compact",
        str(revision),
    ]
    subprocess.run(command, check=True, capture_output=True)


@in_loop
async def test_revisions_that_were_compacted_are_counted_gaps(tmp_path: Path) -> None:
    with running_etcd(tmp_path) as own:
        settings = await settings_for(tmp_path, own.settings)
        async with await connect(own.settings) as client:
            revisions = [await client.put(EtcdKey(b"/k"), b"%d" % number) for number in range(6)]
        compact(own, revisions[3])
        recorder, ours = await begin(settings)
        await finish(recorder, ours)
    with open_recording(str(settings.recording)) as recording:
        seen = {change.revision for change in recording.key_changes()}
        missing = set[int]()
        for gap in recording.gaps():
            assert gap.first_revision
            assert gap.last_revision
            assert gap.count == gap.last_revision - gap.first_revision + 1
            missing |= set(range(gap.first_revision, gap.last_revision + 1))
        assert seen >= set(revisions[4:])
        assert missing >= set(revisions[:3])
        assert seen | missing == set(revisions)  # nothing is missing without a word
        assert not seen & missing
