"""The hand-off over a real socket, with recorders that die."""

import asyncio
import contextlib
import random
import socket

import pytest

from kproxy.errors import ProxyError
from kproxy.model.exchange import End
from kproxy.proxy.handover.outbox import FLUSH_SECONDS, Outbox
from kproxy.proxy.handover.pace import Pace
from kproxy.wire.handoff import BATCH, AnswerType, RecordType, pack_answer
from tests.proxy.fake_recorder import FakeRecorder
from tests.proxy.stage import GET_OK, stage


class Life:
    """One recorder process: it takes batches until it is killed; `unheard`: the share of its answers that get lost.

    An answer is lost only when its recorder dies: without a death after it, a blocked outbox would wait for ever.
    """

    def __init__(self, recorder: FakeRecorder, *, commits: bool = True, unheard: float = 0.0) -> None:
        self.ours, self._theirs = socket.socketpair()
        self._recorder = recorder
        self._commits = commits
        self._unheard = unheard
        self._writer: asyncio.StreamWriter | None = None
        self._task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self._theirs)
        self._writer = writer
        writer.write(pack_answer(AnswerType.READY, self._recorder.committed))
        with contextlib.suppress(EOFError, OSError):
            while True:
                head = await reader.readexactly(BATCH.size)
                _, length = BATCH.unpack(head)
                self._recorder.take(head + await reader.readexactly(length))
                if self._commits:
                    committed = self._recorder.commit()
                    if random.random() >= self._unheard:
                        writer.write(pack_answer(AnswerType.COMMITTED, committed))
        writer.close()

    def say(self, answer: bytes) -> None:
        """One of its answers."""
        assert self._writer is not None
        self._writer.write(answer)

    async def kill(self) -> None:
        """As kill -9: what was not committed is forgotten."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._theirs.close()
        self._recorder.die()


def exchange(outbox: Outbox, content: bytes = b"content") -> None:
    held = outbox.begin(b"head", 1)
    outbox.add(held, RecordType.ANSWER_BODY, content, 2)
    outbox.end(held, End.COMPLETE, "", 3)


def test_records_are_handed_over_and_acknowledged() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        exchange(outbox)
        await _until(lambda: 1 in recorder.finished)
        assert recorder.finished[1].answer == b"content"
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_what_happens_while_nobody_is_attached_is_told_to_the_first_who_is() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(), FakeRecorder()
        exchange(outbox)
        assert not await outbox.drain(0.05)
        life = Life(recorder)
        await outbox.attach(life.ours)
        await _until(lambda: 1 in recorder.finished)
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


@pytest.mark.parametrize("seed", range(8))
def test_recorders_that_are_killed_at_random_moments_miss_nothing(seed: int) -> None:
    async def play() -> None:
        luck = random.Random(seed)
        outbox, recorder = Outbox(), FakeRecorder()
        life = Life(recorder, unheard=0.1)
        await outbox.attach(life.ours)
        open_ones = [outbox.begin(b"watch", 0)]
        expected = {1: b""}
        for n in range(60):
            exchange(outbox, b"%d" % n)
            expected[outbox.last_seq] = b"%d" % n
            outbox.add(open_ones[0], RecordType.ANSWER_BODY, b"<%d>" % n, n)
            expected[1] += b"<%d>" % n
            if luck.random() < 0.3:
                outbox.flush()
            await asyncio.sleep(luck.choice([0, 0, 0.001, 0.003]))
            if luck.random() < 0.15:
                await life.kill()
                await outbox.lost.wait()
                life = Life(recorder, unheard=0.1)
                await outbox.attach(life.ours)
        outbox.end(open_ones[0], End.COMPLETE, "", 99)
        outbox.flush()
        await _until(lambda: len(recorder.finished) == len(expected))
        assert {seq: told.answer for seq, told in recorder.finished.items()} == expected
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_a_recorder_that_is_blocked_says_so() -> None:
    async def play() -> None:
        ours, theirs = socket.socketpair()
        theirs.sendall(pack_answer(AnswerType.READY) + pack_answer(AnswerType.BLOCKED, 28))
        outbox = Outbox()
        await outbox.attach(ours)
        await _until(lambda: outbox.blocked == 28)
        theirs.sendall(pack_answer(AnswerType.UNBLOCKED))
        await _until(lambda: outbox.blocked == 0)
        await outbox.detach()
        theirs.close()

    asyncio.run(play())


@pytest.mark.parametrize(
    "said", [b"", pack_answer(AnswerType.COMMITTED, 1), pack_answer(AnswerType.READY, 77), b"\xff" * 21]
)
def test_a_recorder_that_does_not_begin_with_ready_is_refused(said: bytes) -> None:
    async def play() -> None:
        ours, theirs = socket.socketpair()
        theirs.sendall(said)
        if not said:
            theirs.close()
        outbox = Outbox()
        with pytest.raises(ProxyError, match="did not get ready"):
            await outbox.attach(ours)
        assert not outbox.attached
        theirs.close()

    asyncio.run(play())


def test_a_recorder_that_stays_silent_is_not_waited_for_for_ever() -> None:
    async def play() -> None:
        ours, theirs = socket.socketpair()
        with pytest.raises(ProxyError, match="too long"):
            await Outbox().attach(ours, timeout=0.05)
        theirs.close()

    asyncio.run(play())


def test_nonsense_from_a_recorder_loses_it_and_says_why() -> None:
    async def play() -> None:
        ours, theirs = socket.socketpair()
        theirs.sendall(pack_answer(AnswerType.READY) + b"\x09" * 21)
        outbox = Outbox()
        await outbox.attach(ours)
        await asyncio.wait_for(outbox.lost.wait(), 60)
        assert "unknown type 9" in outbox.failure
        await outbox.detach()
        theirs.close()

    asyncio.run(play())


def test_with_block_clients_wait_while_the_recorder_is_gone_and_nothing_is_missing() -> None:
    async def play() -> None:
        outbox = Outbox(4000, "block")
        async with stage(outbox=outbox) as on:
            recorder = on.record.recorder
            await outbox.detach()
            clients = [asyncio.create_task(on.talk(GET_OK * 40)) for _ in range(4)]
            await asyncio.wait_for(_stuck(outbox), 60)
            await asyncio.sleep(0.1)
            assert outbox.pending_bytes < 300_000
            assert not any(client.done() for client in clients)
            life = Life(recorder)
            recorder.die()
            await outbox.attach(life.ours)
            await asyncio.wait_for(asyncio.gather(*clients), 60)
            await _until(lambda: len(recorder.finished) == 160)
            assert recorder.gaps == []
            await outbox.detach()
            await life.kill()

    asyncio.run(play())


def test_with_pass_clients_never_wait_and_what_is_missing_is_counted() -> None:
    async def play() -> None:
        outbox = Outbox(4000, "pass")
        async with stage(outbox=outbox) as on:
            recorder = on.record.recorder
            await outbox.detach()
            await asyncio.wait_for(asyncio.gather(*(on.talk(GET_OK * 40) for _ in range(4))), 60)
            assert outbox.pending_bytes < 20_000
            recorder.die()
            life = Life(recorder)
            await outbox.attach(life.ours)
            outbox.close_gap()
            await _until(lambda: len(recorder.finished) + sum(count for *_, count in recorder.gaps) == 160)
            assert outbox.missed == sum(count for *_, count in recorder.gaps) > 0
            await outbox.detach()
            await life.kill()

    asyncio.run(play())


class Resting(Pace):
    """A machine without a CPU to spare, on which the recorder rests for `seconds`, or for ever."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    @property
    def busy(self) -> bool:
        """Always."""
        return True

    def pause(self, now: float) -> float:  # noqa: ARG002 - Pace's signature
        """Always as long."""
        return self.seconds


def test_where_no_cpu_is_to_spare_the_recorder_gets_one_batch_at_a_time() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(pace=Resting(0.0)), FakeRecorder()
        life = Life(recorder, commits=False)
        await outbox.attach(life.ours)
        for _ in range(3):
            exchange(outbox)
            outbox.flush()
        for batch in (1, 2, 3):
            await _until(lambda batch=batch: recorder.taken >= batch)
            await asyncio.sleep(0.01)
            assert recorder.taken == batch
            life.say(pack_answer(AnswerType.COMMITTED, recorder.commit()))
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_it_gets_nothing_while_it_rests_and_all_of_it_at_the_end() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(pace=Resting(3600.0)), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        for _ in range(3):
            exchange(outbox)
            outbox.flush()
        await asyncio.sleep(0.05)
        assert recorder.finished == {}
        assert await outbox.drain(60)
        assert len(recorder.finished) == 3
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_what_nobody_takes_yet_becomes_one_batch() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(), FakeRecorder()
        for _ in range(4):
            exchange(outbox)
            await asyncio.sleep(2 * FLUSH_SECONDS)
        life = Life(recorder)
        await outbox.attach(life.ours)
        await _until(lambda: len(recorder.finished) == 4)
        assert recorder.taken == 1
        exchange(outbox)
        await _until(lambda: len(recorder.finished) == 5)
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_what_comes_while_the_recorder_rests_is_its_next_batch() -> None:
    async def play() -> None:
        pace = Resting(3600.0)
        outbox, recorder = Outbox(pace=pace), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        for _ in range(4):
            exchange(outbox)
            await asyncio.sleep(2 * FLUSH_SECONDS)
        assert recorder.taken == 0
        pace.seconds = 0.0
        exchange(outbox)
        life.say(pack_answer(AnswerType.UNBLOCKED) + pack_answer(AnswerType.COMMITTED, 0))
        await _until(lambda: len(recorder.finished) == 5)
        assert recorder.taken == 1
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_what_was_kept_for_a_recorder_that_was_started_again_goes_at_once() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(pace=Resting(3600.0)), FakeRecorder()
        for _ in range(3):
            exchange(outbox)
            outbox.flush()
        life = Life(recorder)
        await outbox.attach(life.ours)
        await _until(lambda: len(recorder.finished) == 3)
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_what_has_begun_is_not_cut_because_the_recorder_rests() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(8000, pace=Resting(3600.0)), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        watches = [outbox.begin(b"watch", 0) for _ in range(10)]
        for n in range(150):
            outbox.add(watches[n % 10], RecordType.ANSWER_BODY, b"x" * 40, n)
            outbox.flush()
            if outbox.pending_bytes > 7000:
                await _until(lambda: outbox.pending_bytes <= 7000)
        for watch in watches:
            outbox.end(watch, End.COMPLETE, "", 150)
        assert await outbox.drain(60)
        assert [(told.answer, told.lost_bytes) for told in recorder.finished.values()] == [(b"x" * 600, 0)] * 10
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_with_block_and_a_pace_of_its_own_the_recorder_rests_until_clients_would_wait() -> None:
    async def play() -> None:
        outbox, recorder = Outbox(8000, "block", pace=Resting(3600.0)), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        exchange(outbox)
        await asyncio.sleep(3 * FLUSH_SECONDS)
        assert recorder.taken == 0
        while outbox.pending_bytes <= 7000:
            exchange(outbox)
        await _until(lambda: outbox.pending_bytes <= 7000)
        assert await outbox.drain(60)
        assert len(recorder.finished) == outbox.last_seq
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


def test_with_block_alone_the_recorder_never_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.proxy.handover.outbox.Pace", lambda: Resting(3600.0))

    async def play() -> None:
        outbox, recorder = Outbox(4000, "block"), FakeRecorder()
        life = Life(recorder)
        await outbox.attach(life.ours)
        exchange(outbox)
        await _until(lambda: 1 in recorder.finished)
        await outbox.detach()
        await life.kill()

    asyncio.run(play())


async def _stuck(outbox: Outbox) -> None:
    while not outbox.stuck:  # noqa: ASYNC110 - there is an event for room, none for its lack
        await asyncio.sleep(0.005)


async def _until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.002)
