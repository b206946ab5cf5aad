"""Attached to feeds of etcd relays: a feed of the test's own, and at the end a real relay before a real etcd."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kproxy.etcd.client import connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.etcd.trace import traced
from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey
from kproxy.model.exchange import Nanos
from kproxy.model.session import SessionEnd
from kproxy.record.committer import Committer
from kproxy.record.literals import Literals
from kproxy.record.news import News, RelayNews
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.record.relays import Relays, peer_uid
from kproxy.record.settings import RecorderSettings
from kproxy.store.reader import open_recording
from kproxy.store.writer import Writer
from kproxy.wire.relayfeed import Hello, Synced, TokenReader, pack_calls, pack_hello, pack_synced
from tests.support.etcd_relay import relay_process
from tests.support.etcd_server import EtcdServer, etcd_server
from tests.support.loop import in_loop
from tests.support.made import a_session
from tests.support.recorder_process import start

__all__ = ["etcd_server"]

PATIENCE = 60.0
PSEUDONYMS = Pseudonyms(b"1" * 32)


@dataclass
class Feed:
    """A relay's feed: says what it is told to say. `answers`: whether it answers tokens."""

    path: Path
    answers: bool = True
    relay: str = "first"
    calls: int = 0
    readers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One reader."""
        writer.write(pack_hello(Hello(self.relay, 1, (), time.monotonic_ns(), self.calls)))
        self.readers.append(writer)
        tokens = TokenReader()
        with suppress(OSError):
            while data := await reader.read(100):
                for token in tokens.feed(data):
                    self.call()  # the last one, which the end is to wait for
                    if self.answers:
                        writer.write(pack_synced(Synced(token, time.monotonic_ns())))
        self.readers.remove(writer)
        writer.close()

    def call(self) -> None:
        """One more call is told."""
        self.calls += 1
        now = Nanos(time.monotonic_ns())
        told = EtcdCall(
            number=self.calls,
            cluster=ClusterId("aa"),
            connection=1,
            stream=1,
            started=now,
            ended=now,
            method="KV/Txn",
        )
        for writer in self.readers:
            writer.write(pack_calls([told]))

    def break_off(self, junk: bytes = b"") -> None:
        """Its readers are gone."""
        for writer in self.readers:
            writer.write(junk)
            if not junk:
                writer.close()


@asynccontextmanager
async def listening(feed: Feed) -> AsyncIterator[Feed]:
    async with await asyncio.start_unix_server(feed.serve, feed.path):
        yield feed


@dataclass
class Bench:
    """The recorder's side."""

    writer: Writer
    relays: Relays
    said: list[RelayNews]

    @property
    def path(self) -> str:
        return str(self.writer.path)

    def numbers(self) -> list[int]:
        """Those of the recorded calls."""
        with open_recording(self.path) as recording:
            return [call.number for call in recording.etcd_calls()]

    def gaps(self) -> list[str]:
        """Why calls are missing."""
        with open_recording(self.path) as recording:
            return [gap.reason for gap in recording.gaps() if gap.kind == "calls"]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():  # noqa: ASYNC110 - a file says so, no event
                await asyncio.sleep(0.02)


@asynccontextmanager
async def attached(folder: Path, *feeds: Path, patience: float = PATIENCE) -> AsyncIterator[Bench]:
    """A recorder that is attached, or tries."""
    said: list[RelayNews] = []

    def say(news: News) -> None:
        assert isinstance(news, RelayNews)
        said.append(news)

    session = a_session(end=SessionEnd.RECORDING)
    settings = RecorderSettings(
        recording=folder / "r.kproxy",
        session=session,
        epoch=time.monotonic_ns(),
        handoffs=(),
        key=folder / "key",
        relays=feeds,
        etcd_patience=patience,
    )
    with Writer.create(settings.recording, session) as writer:
        committer = Committer(writer, lambda _: None)
        redactor = Redactor(PSEUDONYMS, Literals(PSEUDONYMS, []))
        async with Relays(settings, committer, redactor, say) as relays:
            yield Bench(writer, relays, said)


@in_loop
async def test_calls_are_recorded_as_they_come_and_the_end_waits_for_the_last(tmp_path: Path) -> None:
    async with listening(Feed(tmp_path / "s")) as feed, attached(tmp_path, feed.path) as bench:
        await bench.until(lambda: bool(bench.said))
        assert bench.said == [RelayNews(feed=str(feed.path), attached=True)]
        feed.call()
        await bench.until(lambda: bench.numbers() == [1])
        await bench.relays.finish()
        assert bench.numbers() == [1, 2]
        assert bench.gaps() == []


@pytest.mark.parametrize(
    ("junk", "reason"),
    [(b"", "the etcd relay was gone"), (b"\xff" * 10, "the etcd relay's feed cannot be read: a frame of 4294967295")],
)
def test_a_relay_that_breaks_off_is_a_gap_and_is_attached_to_again(tmp_path: Path, junk: bytes, reason: str) -> None:
    async def main() -> None:
        async with listening(Feed(tmp_path / "s")) as feed, attached(tmp_path, feed.path) as bench:
            await bench.until(lambda: len(bench.said) == 1)
            feed.call()
            await bench.until(lambda: bench.numbers() == [1])
            feed.relay, feed.calls = "second", 0
            feed.break_off(junk)
            await bench.until(lambda: len(bench.said) == 3)
            assert [(each.attached, each.again) for each in bench.said] == [
                (True, False),
                (False, False),
                (True, True),
            ]
            assert bench.said[1].reason.startswith(reason)
            await bench.relays.finish()
            assert bench.numbers() == [1, 2]
            (gap,) = bench.gaps()
            assert gap.startswith(reason)

    asyncio.run(main())


@in_loop
async def test_a_relay_that_is_not_there_is_one_gap_however_often_it_is_tried(tmp_path: Path) -> None:
    async with attached(tmp_path, tmp_path / "nobody") as bench:
        await bench.until(lambda: bool(bench.said))
        await asyncio.sleep(0.5)  # two more tries, which must add nothing
        await bench.relays.finish()
        assert bench.gaps() == ["the etcd relay could not be reached"]


@in_loop
async def test_a_feed_of_another_user_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.record.relays.peer_uid", lambda _: os.geteuid() + 1)
    async with listening(Feed(tmp_path / "s")) as feed, attached(tmp_path, feed.path) as bench:
        await bench.until(lambda: bool(bench.said))
        assert not bench.said[0].attached
        await bench.relays.finish()
        assert bench.numbers() == []
        assert bench.gaps() == [f"the etcd relay's feed cannot be read: it is another user's (uid {os.geteuid() + 1})"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is asked")
def test_the_system_says_whose_the_other_end_is() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_uid(ours) == os.geteuid()


@in_loop
async def test_a_relay_that_does_not_say_that_this_is_all_is_a_gap(tmp_path: Path) -> None:
    async with (
        listening(Feed(tmp_path / "s", answers=False)) as feed,
        attached(tmp_path, feed.path, patience=0.5) as bench,
    ):
        await bench.until(lambda: bool(bench.said))
        await bench.relays.finish()
        assert bench.gaps() == ["the etcd relay had not told all within 0 s"]


@in_loop
async def test_two_relays_are_attached_to(tmp_path: Path) -> None:
    first, second = Feed(tmp_path / "a"), Feed(tmp_path / "b", relay="other")
    async with listening(first), listening(second), attached(tmp_path, first.path, second.path) as bench:
        await bench.until(lambda: len(bench.said) == 2)
        await bench.relays.finish()
        assert bench.numbers() == [1, 2]


async def get_through(relay_url: str, key: bytes, parent: int) -> None:
    """A read through the relay, in a trace."""
    async with await connect(EtcdSettings(endpoints=(relay_url,))) as etcd:
        with traced((("traceparent", f"00-{'a' * 32}-{parent:016x}-00"),)):
            await etcd.get(EtcdKey(key))


@pytest.mark.process
@in_loop
async def test_what_passes_a_real_relay_is_recorded_over_the_recorders_death(
    tmp_path: Path, etcd_server: EtcdServer
) -> None:
    with relay_process(tmp_path, etcd_server.url) as relay:
        settings = RecorderSettings(
            recording=tmp_path / "a.kproxy",
            session=a_session(end=SessionEnd.RECORDING),
            epoch=time.monotonic_ns(),
            handoffs=(),
            key=tmp_path / "key",
            relays=(relay.feed,),
        )
        ours, theirs = socket.socketpair()
        recorder = await start(settings, theirs)
        await recorder.said(RelayNews)
        await get_through(relay.urls[0], b"/one", 1)
        await until_recorded(settings.recording, 1)
        recorder.process.kill()
        await recorder.wait()
        ours.close()
        await get_through(relay.urls[0], b"/nobody-hears", 2)
        ours, theirs = socket.socketpair()
        recorder = await start(settings, theirs)
        await recorder.said(RelayNews)
        await get_through(relay.urls[0], b"/two", 3)
        await recorder.goodbye(0)
        ours.close()
        assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as recording:
        calls = [call for call in recording.etcd_calls() if call.trace_id]
        assert [(call.parent_id, call.operations[0].keys.key) for call in calls] == [
            (f"{1:016x}", b"/one"),
            (f"{3:016x}", b"/two"),
        ]
        assert all(call.cluster and call.ended and call.started <= call.ended for call in calls)
        assert [gap.reason for gap in recording.gaps()] == ["there was no recorder to hear the etcd relay"]


async def until_recorded(path: Path, count: int) -> None:
    """So many calls of a trace."""

    def found() -> int:
        with open_recording(str(path)) as recording:
            return sum(1 for call in recording.etcd_calls() if call.trace_id)

    async with asyncio.timeout(PATIENCE):
        while found() < count:  # noqa: ASYNC110 - a file says so, no event
            await asyncio.sleep(0.05)


@pytest.mark.process
@in_loop
async def test_a_real_relay_that_is_killed_and_started_again_is_attached_to_again(
    tmp_path: Path, etcd_server: EtcdServer
) -> None:
    with relay_process(tmp_path, etcd_server.url) as relay:
        async with attached(tmp_path, relay.feed) as bench:
            await bench.until(lambda: len(bench.said) == 1)
            await get_through(relay.urls[0], b"/before", 1)
            await until_recorded(Path(bench.path), 1)
            relay.kill()
            await bench.until(lambda: len(bench.said) == 2)
            with relay_process(tmp_path, etcd_server.url) as again:
                await bench.until(lambda: len(bench.said) == 3)
                await get_through(again.urls[0], b"/after", 2)
                await bench.relays.finish()
    with open_recording(bench.path) as recording:
        told = [call for call in recording.etcd_calls() if call.trace_id]
        assert [call.operations[0].keys.key for call in told] == [b"/before", b"/after"]
        assert told[0].number < told[1].number
        (gap,) = recording.gaps()
        assert gap.reason == "the etcd relay was gone"
        assert told[0].started < gap.at < told[1].started
