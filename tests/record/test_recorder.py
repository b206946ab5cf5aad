"""The recorder process: real processes, real sockets, killed at any moment."""

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kproxy.errors import RecordingError
from kproxy.model.exchange import BodyState, End, Seq
from kproxy.model.session import SessionEnd
from kproxy.proxy.handover.backlog import Batch
from kproxy.proxy.handover.outbox import Outbox
from kproxy.record.news import Blocked, Unblocked
from kproxy.record.settings import RecorderSettings
from kproxy.store.reader import open_recording
from kproxy.wire.handoff import BATCH, RecordType, pack_batch
from tests.support.loop import in_loop
from tests.support.made import a_session
from tests.support.recorder_process import RecorderProcess, start
from tests.support.traffic import CHUNKED_HEAD, JSON_HEAD, Script, head_payload, request_head

pytestmark = pytest.mark.process

GET = head_payload(request_head("GET", "/api/v1/namespaces/default/pods/x"))
WATCH = head_payload(request_head("GET", "/api/v1/pods?watch=true"))


def settings_for(tmp_path: Path) -> RecorderSettings:
    """A session that begins now."""
    return RecorderSettings(
        recording=tmp_path / "a.kproxy",
        session=a_session(end=SessionEnd.RECORDING),
        epoch=time.monotonic_ns(),
        handoffs=(),
        key=tmp_path / "keys" / "key",
    )


@contextlib.asynccontextmanager
async def recording(settings: RecorderSettings, outbox: Outbox) -> AsyncIterator[RecorderProcess]:
    """A recorder that the outbox is attached to; killed at the end if it is still there."""
    ours, theirs = socket.socketpair()
    recorder = await start(settings, theirs)
    try:
        await outbox.attach(ours)
        yield recorder
    finally:
        with contextlib.suppress(ProcessLookupError):
            recorder.process.kill()
        await recorder.wait()
        await outbox.detach()


def send(outbox: Outbox, answer: bytes = b"{}") -> int:
    """One whole GET through the outbox; its seq."""
    now = time.monotonic_ns
    held = outbox.begin(GET, now())
    outbox.add(held, RecordType.ANSWER_HEAD, JSON_HEAD % (200, len(answer)), now())
    outbox.add(held, RecordType.ANSWER_BODY, answer, now())
    outbox.end(held, End.COMPLETE, "", now())
    return held.seq


@in_loop
async def test_a_session_from_the_first_request_to_the_goodbye(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    outbox = Outbox()
    async with recording(settings, outbox) as recorder:
        for number in range(3):
            send(outbox, b'{"number":%d}' % number)
        assert await outbox.drain(10)
        with open_recording(str(settings.recording)) as growing:
            assert growing.session.end is SessionEnd.RECORDING
            assert len(list(growing.exchanges())) == 3
        await recorder.goodbye(exit_code=3)
        await outbox.detach()
        assert await recorder.wait() == 0
    assert not list(tmp_path.glob("a.kproxy-*"))  # noqa: ASYNC240 - the loop has nothing else to do
    with open_recording(str(settings.recording)) as closed:
        assert closed.session.end is SessionEnd.COMPLETE
        assert closed.session.exit_code == 3
        assert 0 < closed.session.max_lag < 5_000_000_000
        bodies = [e.answer.body.digest for e in closed.exchanges() if e.answer and e.answer.body.digest]
        assert [json.loads(closed.body(digest))["number"] for digest in bodies] == [0, 1, 2]


@in_loop
async def test_a_session_that_ended_before_all_was_handed_over_has_a_gap(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    outbox = Outbox()
    async with recording(settings, outbox) as recorder:
        send(outbox)
        assert await outbox.drain(60)
        await recorder.goodbye(drained=False)
        await outbox.detach()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as closed:
        assert [(gap.kind, gap.count) for gap in closed.gaps()] == [("exchanges", 0)]
        assert "could hand over the rest" in next(closed.gaps()).reason


@in_loop
async def test_a_proxy_that_dies_leaves_what_it_had_sent(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    outbox = Outbox()
    async with recording(settings, outbox) as recorder:
        send(outbox)
        held = outbox.begin(GET, time.monotonic_ns())
        outbox.add(held, RecordType.ANSWER_HEAD, JSON_HEAD % (200, 100), time.monotonic_ns())
        outbox.add(held, RecordType.ANSWER_BODY, b'{"half":', time.monotonic_ns())
        assert await outbox.drain(10)
        assert recorder.process.stdin is not None
        recorder.process.stdin.close()  # as when the process of the session is gone
        await outbox.detach()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as left:
        assert left.session.end is SessionEnd.PROXY_GONE
        whole, half = left.exchanges()
        assert whole.end is End.COMPLETE
        assert half.end is End.STOPPED
        assert half.answer is not None
        assert half.answer.body.state is BodyState.PARTIAL
        assert half.answer.body.digest is not None
        assert left.body(half.answer.body.digest) == b'{"half":'


@in_loop
async def test_a_batch_that_breaks_off_is_kept_up_to_its_last_whole_record(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    ours, theirs = socket.socketpair()
    recorder = await start(settings, theirs)
    records = Script().get(1).get(2).take()
    ours.sendall(pack_batch(1, records)[: -len(records) // 6])
    ours.close()
    assert recorder.process.stdin is not None
    recorder.process.stdin.close()
    assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as left:
        assert [exchange.end for exchange in left.exchanges()] == [End.COMPLETE, End.STOPPED]


@in_loop
async def test_nothing_acknowledged_is_lost_and_nothing_doubled_by_twenty_kills(tmp_path: Path) -> None:
    """Kill -9 at random moments during traffic; each time another recorder goes on."""
    settings = settings_for(tmp_path)
    outbox = Counting()
    chance = random.Random(20)
    stream = Watcher(outbox)
    feeding = asyncio.create_task(feed(outbox, stream))
    for _ in range(20):
        async with recording(settings, outbox) as recorder:
            await asyncio.sleep(chance.random() * 0.15)
            recorder.process.send_signal(signal.SIGKILL)
            await recorder.wait()
            acknowledged = set(range(1, outbox.acknowledged + 1))
            with open_recording(str(settings.recording)) as left:
                assert left.session.end is SessionEnd.RECORDER_GONE
                assert acknowledged <= {exchange.seq for exchange in left.exchanges()}
    async with recording(settings, outbox) as recorder:
        feeding.cancel()
        await asyncio.wait([feeding])
        stream.end()
        assert await outbox.drain(60)
        await recorder.goodbye(0)
        await outbox.detach()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as whole:
        exchanges = list(whole.exchanges())
        assert [exchange.seq for exchange in exchanges] == list(range(1, outbox.last_seq + 1))
        assert {exchange.end for exchange in exchanges} == {End.COMPLETE}
        assert not list(whole.gaps())
        for exchange in exchanges[1:]:
            assert exchange.answer is not None
            assert exchange.answer.body.digest is not None
            assert json.loads(whole.body(exchange.answer.body.digest)) == {"of": exchange.seq}
        frames = list(whole.frames(Seq(1)))
        assert [frame.index for frame in frames] == list(range(stream.events))
        for frame in frames:
            assert frame.body.digest is not None
            assert json.loads(whole.body(frame.body.digest))["object"] == {"number": frame.index}


class Counting(Outbox):
    """Knows up to which seq everything is acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged = 0
        self._last: dict[int, int] = {}

    def flush(self) -> Batch | None:
        """Remembers the batch's last seq; no exchange of `send` is ever in two batches."""
        batch = super().flush()
        if batch is not None:
            self._last[batch.number] = self.last_seq
        return batch

    def committed(self, number: int) -> None:
        """All up to this batch."""
        super().committed(number)
        self.acknowledged = max(self.acknowledged, self._last.get(number, 0))


class Watcher:
    """A watch that stays open and has an event now and then, cut anywhere."""

    def __init__(self, outbox: Outbox) -> None:
        self.events = 0
        self._outbox = outbox
        self._held = outbox.begin(WATCH, time.monotonic_ns())
        outbox.add(self._held, RecordType.ANSWER_HEAD, CHUNKED_HEAD % b"application/json", time.monotonic_ns())

    def event(self) -> None:
        """One more."""
        line = b'{"type":"ADDED","object":{"number":%d}}\n' % self.events
        self.events += 1
        for piece in (line[:20], line[20:]):
            self._outbox.add(self._held, RecordType.ANSWER_BODY, piece, time.monotonic_ns())

    def end(self) -> None:
        """The server closes it."""
        self._outbox.end(self._held, End.COMPLETE, "", time.monotonic_ns())


async def feed(outbox: Outbox, stream: Watcher) -> None:
    """Traffic without a pause."""
    while True:
        for _ in range(5):
            send(outbox, b'{"of":%d}' % (outbox.last_seq + 1))
        stream.event()
        await asyncio.sleep(0.004)


@in_loop
async def test_a_full_disk_is_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = settings_for(tmp_path)
    outbox = Outbox()
    async with recording(settings, outbox) as recorder:
        send(outbox)
        assert await outbox.drain(10)
        _, hard = resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (1000, hard))
        for _ in range(20):
            send(outbox, b'"%s"' % os.urandom(2000).hex().encode())
        await recorder.said(Blocked)
        send(outbox)
        assert not await outbox.drain(0.1)
        assert outbox.blocked
        assert not outbox.progressed
        resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        await recorder.said(Unblocked)
        assert await outbox.drain(10)
        await recorder.goodbye(0)
        await outbox.detach()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as whole:
        assert [exchange.seq for exchange in whole.exchanges()] == list(range(1, 23))
        assert whole.session.end is SessionEnd.COMPLETE
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert "cannot be written" in said[0]


@in_loop
async def test_ctrl_c_is_not_for_the_recorder(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    outbox = Outbox()
    async with recording(settings, outbox) as recorder:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            recorder.process.send_signal(number)
        send(outbox)
        assert await outbox.drain(10)
        await recorder.goodbye(130)
        await outbox.detach()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as closed:
        assert closed.session.exit_code == 130


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff" * 100,
        BATCH.pack(1, 5) + b"\x63" * 5,
        BATCH.pack(1, 21) + b"\xee" + bytes(20),
        BATCH.pack(1, 1 << 31),
        pack_batch(1, Script().get(1).get(1).begin(2, b"").begin(2, b"").take()),
        pack_batch(1, Script().begin(1, b"").add(RecordType.RESUME, 1, b"short").take()),
    ],
    ids=["noise", "a cut record", "an unknown type", "a huge batch", "twice the same", "a short resume"],
)
@in_loop
async def test_what_no_proxy_sends_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], raw: bytes
) -> None:
    settings = settings_for(tmp_path)
    ours, theirs = socket.socketpair()
    recorder = await start(settings, theirs)
    ours.sendall(raw)
    assert await recorder.wait() == 2
    ours.close()
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert "handed over" in said[0]
    with open_recording(str(settings.recording)) as left:
        assert left.session.end is SessionEnd.RECORDER_GONE


@in_loop
async def test_a_file_that_exists_is_refused_at_the_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = settings_for(tmp_path)
    settings.recording.write_text("somebody's")
    _, theirs = socket.socketpair()
    with pytest.raises(RecordingError, match="ended"):
        await start(settings, theirs)
    assert capfd.readouterr().err.count("\n") == 1
    assert settings.recording.read_text() == "somebody's"
