from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kproxy.model.exchange import End
from kproxy.proxy.handover.backlog import Backlog, Batch, WhenStuck
from kproxy.proxy.handover.held import Held
from kproxy.wire.handoff import RecordType
from tests.proxy.fake_recorder import FakeRecorder

OPS = ["begin", "request", "answer", "end", "flush", "deliver", "commit", "lose-ack", "checkpoint", "die"]
UNACKNOWLEDGED = [("flush", 0), ("deliver", 0), ("checkpoint", 0), ("lose-ack", 0)]
"""A checkpoint of what the recorder has committed, of which the proxy does not know yet."""


@dataclass
class World:
    """A backlog, its recorder, and the truth about the exchanges."""

    backlog: Backlog
    recorder: FakeRecorder = field(default_factory=FakeRecorder)
    open: list[Held] = field(default_factory=list)
    truth: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    wire: list[Batch] = field(default_factory=list)

    def do(self, op: str, amount: int) -> None:
        """One step of the life of a proxy."""
        steps: dict[str, Callable[[int], None]] = {
            "begin": self.begin,
            "request": self.request,
            "answer": self.answer,
            "end": self.end,
            "flush": lambda _: self.flush(),
            "deliver": self.deliver,
            "commit": lambda _: self.backlog.committed(self.recorder.commit()),
            "lose-ack": lambda _: self.lose(),
            "checkpoint": lambda _: self.checkpoint(),
            "die": lambda _: self.die(),
        }
        steps[op](amount)

    def begin(self, amount: int) -> None:
        held = self.backlog.begin(b"head %d" % amount, amount)
        self.open.append(held)
        self.truth[held.seq] = (b"", b"")

    def request(self, amount: int) -> None:
        self._body(amount, RecordType.REQUEST_BODY)

    def answer(self, amount: int) -> None:
        self._body(amount, RecordType.ANSWER_BODY)

    def _body(self, amount: int, kind: RecordType) -> None:
        if not self.open:
            return
        held = self.open[amount % len(self.open)]
        content = bytes([amount % 256]) * (amount % 50 + 1)
        request, answer = self.truth[held.seq]
        if kind == RecordType.REQUEST_BODY:
            self.truth[held.seq] = (request + content, answer)
        else:
            self.truth[held.seq] = (request, answer + content)
        self.backlog.add(held, kind, content, amount)

    def end(self, amount: int) -> None:
        if self.open:
            self.backlog.end(self.open.pop(amount % len(self.open)), End.COMPLETE, "", amount)

    def flush(self) -> None:
        if batch := self.backlog.flush():
            self.wire.append(batch)

    def deliver(self, amount: int) -> None:
        for batch in self.wire[: amount % 3 + 1]:
            self.recorder.take(batch.data)
        del self.wire[: amount % 3 + 1]

    def lose(self) -> None:
        self.recorder.commit()
        self.die()

    def checkpoint(self) -> None:
        for seq, offset in self.recorder.checkpoint():
            self.backlog.checkpoint(seq, offset, 1)

    def die(self) -> None:
        self.recorder.die()
        again, self.wire = self.backlog.again(self.recorder.committed)
        if again:
            self.recorder.take(again)

    def finish(self) -> None:
        """End everything, deliver everything, acknowledge everything."""
        while self.open:
            self.end(0)
        self.backlog.close_gap()
        self.flush()
        self.deliver_all()
        self.backlog.committed(self.recorder.commit())

    def deliver_all(self) -> None:
        while self.wire:
            self.deliver(2)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 1000)), max_size=60))
def test_whenever_the_recorder_dies_nothing_is_lost_and_nothing_told_twice(steps: list[tuple[str, int]]) -> None:
    world = World(Backlog())

    for op, amount in steps:
        world.do(op, amount)
    world.finish()

    assert sorted(world.recorder.finished) == sorted(world.truth)
    for seq, (request, answer) in world.truth.items():
        told = world.recorder.finished[seq]
        assert (told.request, told.answer, told.end) == (request, answer, End.COMPLETE)
        assert told.kinds.count(RecordType.REQUEST_HEAD) == 1
    assert world.recorder.gaps == []
    assert world.backlog.pending_bytes == world.backlog.retained_bytes == 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 1000)), max_size=80),
    st.integers(60, 600),
)
@example([("begin", 0), ("answer", 115), *UNACKNOWLEDGED], 60)
@example([("begin", 0), ("answer", 115), ("request", 0), *UNACKNOWLEDGED], 60)
def test_with_a_small_buffer_every_exchange_is_whole_cut_and_counted_or_in_one_gap(
    steps: list[tuple[str, int]], buffer: int
) -> None:
    world = World(Backlog(buffer, "pass"))

    for op, amount in steps:
        world.do(op, amount)
    world.finish()

    missing = [seq for first, last, _ in world.recorder.gaps for seq in range(first, last + 1)]
    assert len(missing) == sum(count for _, _, count in world.recorder.gaps) == world.backlog.missed
    assert sorted([*missing, *world.recorder.finished]) == sorted(world.truth)
    for seq, told in world.recorder.finished.items():
        request, answer = world.truth[seq]
        assert (told.request + told.answer == request + answer) == (told.lost_bytes == 0)
        assert len(told.request + told.answer) + told.lost_bytes == len(request + answer)
    assert world.backlog.pending_bytes == world.backlog.retained_bytes == 0


def test_a_finished_exchange_costs_nothing_once_it_is_committed() -> None:
    world = World(Backlog())
    for n in range(10):
        world.begin(n)
        world.answer(n)
        world.flush()
        world.end(n)
    assert world.backlog.pending_bytes > 0

    world.finish()

    assert world.backlog.pending_bytes == world.backlog.retained_bytes == 0


def test_an_open_stream_that_is_checkpointed_is_not_held() -> None:
    world = World(Backlog())
    world.begin(0)
    for _ in range(100):
        world.answer(49)
        world.flush()
        world.deliver_all()
        world.do("commit", 0)
        world.checkpoint()

    assert world.backlog.retained_bytes < 200


def test_a_checkpoint_in_the_middle_of_a_record_keeps_the_rest_of_it() -> None:
    world = World(Backlog())
    world.begin(0)
    world.backlog.add(world.open[0], RecordType.ANSWER_BODY, b"one|two|half", 0)
    world.truth[1] = (b"", b"one|two|half")
    world.flush()
    world.deliver_all()
    world.do("commit", 0)
    world.recorder.prefixes[1] = b"one|two|"
    world.backlog.checkpoint(1, 8, 2)

    world.die()
    world.finish()

    told = world.recorder.finished[1]
    assert told.answer == b"one|two|half"
    assert told.kinds == [RecordType.REQUEST_HEAD, RecordType.RESUME, RecordType.ANSWER_BODY, RecordType.END]


def test_content_beyond_the_limit_is_not_held_and_counted_when_it_is_missed() -> None:
    world = World(Backlog(max_body=100))
    world.begin(0)
    for _ in range(4):
        world.answer(49)
    world.flush()
    world.deliver_all()
    world.do("commit", 0)
    assert world.backlog.retained_bytes < 100

    world.die()
    world.answer(9)
    world.finish()

    told = world.recorder.finished[1]
    assert told.lost_bytes == 200
    assert told.answer == bytes([9]) * 10


def test_content_beyond_the_limit_is_recorded_whole_while_the_recorder_lives() -> None:
    world = World(Backlog(max_body=100))
    world.begin(0)
    for _ in range(4):
        world.answer(49)
    world.finish()

    told = world.recorder.finished[1]
    assert (told.lost_bytes, len(told.answer)) == (0, 200)


def test_many_open_exchanges_cannot_hold_more_than_the_buffer() -> None:
    world = World(Backlog(2000))
    for n in range(20):
        world.begin(n)
        for _ in range(4):
            world.backlog.add(world.open[-1], RecordType.ANSWER_BODY, b"x" * 50, 0)
        world.flush()
        world.deliver_all()
        world.do("commit", 0)

    assert world.backlog.retained_bytes <= 2000


def test_what_is_large_fills_half_of_the_buffer_and_leaves_the_rest_to_what_is_small() -> None:
    backlog = Backlog(80_000)
    large = backlog.begin(b"head", 0)
    for _ in range(100):
        backlog.add(large, RecordType.ANSWER_BODY, b"x" * 1000, 0)
    assert 35_000 < backlog.pending_bytes <= 40_000
    small = backlog.begin(b"head", 0)
    for _ in range(8):
        backlog.add(small, RecordType.ANSWER_BODY, b"y" * 1000, 0)
    backlog.end(small, End.COMPLETE, "", 0)
    backlog.end(large, End.COMPLETE, "", 0)

    recorder = FakeRecorder()
    batch = backlog.flush()
    assert batch is not None
    recorder.take(batch.data)
    recorder.commit()
    assert recorder.finished[small.seq].answer == b"y" * 8000
    assert recorder.finished[small.seq].lost_bytes == 0
    assert recorder.finished[large.seq].lost_bytes == 100_000 - len(recorder.finished[large.seq].answer) > 60_000


def test_what_is_large_waits_for_all_of_the_buffer_where_nothing_may_be_lost() -> None:
    backlog = Backlog(80_000, "block")
    large = backlog.begin(b"head", 0)
    for _ in range(70):
        backlog.add(large, RecordType.ANSWER_BODY, b"x" * 1000, 0)
    assert backlog.pending_bytes > 70_000
    assert not backlog.stuck


def test_content_of_an_exchange_that_goes_on_is_in_memory_once() -> None:
    backlog = Backlog()
    held = backlog.begin(b"head", 0)
    content = bytes(100_000)
    backlog.add(held, RecordType.ANSWER_BODY, content, 0)
    batch = backlog.flush()
    assert batch is not None
    assert any(part is content for part in batch.parts)
    assert any(record.payload is content for record in held.records)


def test_no_more_than_a_quarter_of_the_buffer_is_held_of_one_body() -> None:
    world = World(Backlog(4000))
    world.begin(0)
    for _ in range(12):
        world.backlog.add(world.open[0], RecordType.REQUEST_BODY, b"x" * 200, 0)
        world.flush()
        world.deliver_all()
        world.do("commit", 0)
        assert world.backlog.retained_bytes < 1200


@pytest.mark.parametrize("when_stuck", ["pass", "block"])
def test_a_full_buffer_passes_or_blocks(when_stuck: WhenStuck) -> None:
    backlog = Backlog(1000, when_stuck)
    held = [backlog.begin(b"x" * 300, 0) for _ in range(6)]

    assert backlog.stuck == (when_stuck == "block")
    assert [one.missing for one in held].count(True) == (4 if when_stuck == "pass" else 0)
    assert backlog.room.is_set() == (when_stuck == "pass")


def test_a_blocked_proxy_goes_on_when_there_is_room() -> None:
    world = World(Backlog(1000, "block"))
    for n in range(6):
        world.backlog.end(world.backlog.begin(b"x" * 300, n), End.COMPLETE, "", n)
    world.flush()
    world.deliver_all()

    world.do("commit", 0)

    assert not world.backlog.stuck
    assert world.backlog.room.is_set()


def test_an_acknowledgement_of_what_was_never_sent_is_an_error() -> None:
    with pytest.raises(ValueError, match="never sent"):
        Backlog().committed(1)
