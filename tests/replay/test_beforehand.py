"""kproxy.replay.beforehand."""

import asyncio
from collections.abc import Iterator

import pytest

from kproxy.errors import ReplayError
from kproxy.model.exchange import Seq
from kproxy.replay.beforehand import read_before
from kproxy.replay.plan import Send, Step
from kproxy.replay.stopping import Stopper


class Making:
    """Makes a plan of so many steps, each with a body of so many bytes."""

    def __init__(self, steps: int, size: int = 0) -> None:
        self.steps = steps
        self.size = size
        self.made = 0

    def __iter__(self) -> Iterator[Step]:
        for number in range(self.steps):
            self.made += 1
            yield Step(number=number, after=(), action=Send(seq=Seq(number), sent=bytes(self.size)))


@pytest.mark.parametrize(("steps", "read"), [(0, 0), (1, 1), (100, 100), (10_000, 8192)])
def test_a_plan_is_read_before_as_far_as_there_is_room(steps: int, read: int) -> None:
    making = Making(steps)
    rest = asyncio.run(read_before(iter(making), Stopper()))
    assert making.made == read
    assert [step.number for step in rest] == list(range(steps))


def test_no_more_bodies_are_read_before_than_memory_is_for() -> None:
    making = Making(8000, 1 << 14)
    asyncio.run(read_before(iter(making), Stopper()))
    assert 2048 <= making.made < 2048 + 32


def test_a_signal_is_heard_while_it_is_read() -> None:
    making, stopper = Making(8000), Stopper()

    async def run() -> None:
        asyncio.get_running_loop().call_soon(stopper.stop, "somebody did")
        await read_before(iter(making), stopper)

    asyncio.run(run())
    assert making.made < 200


def test_a_plan_that_cannot_be_made_is_told_before_anything_is_sent() -> None:
    def plan() -> Iterator[Step]:
        yield Step(number=0, after=(), action=Send(seq=Seq(1)))
        raise ReplayError("the recording is gone")

    with pytest.raises(ReplayError, match="is gone"):
        asyncio.run(read_before(plan(), Stopper()))
