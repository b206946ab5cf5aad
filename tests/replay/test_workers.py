"""kproxy.replay.workers: hand-made graphs, and what is taken at a time."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from kproxy.errors import ReplayError
from kproxy.model.exchange import Seq
from kproxy.replay.plan import Await, Send, Step
from kproxy.replay.stopping import Stopper
from kproxy.replay.workers import take_all


def send(number: int, *after: int, watch: bool = False) -> Step:
    return Step(number=number, after=after, action=Send(seq=Seq(number), watch=watch))


class Taking:
    """Takes steps; each lasts a few turns of the loop."""

    def __init__(self, *, forever: frozenset[int] = frozenset(), fails: int = -1) -> None:
        self.done: list[int] = []
        self.at_once = self.most = 0
        self._forever = forever
        self._fails = fails

    async def __call__(self, step: Step) -> None:
        assert set(step.after) <= set(self.done)
        stays = isinstance(step.action, Send) and not step.action.stays
        self.at_once += stays
        self.most = max(self.most, self.at_once)
        if step.number in self._forever:
            await asyncio.Event().wait()
        for _ in range(1 + step.number % 3):
            await asyncio.sleep(0)
        if step.number == self._fails:
            raise ValueError(step.number)
        self.at_once -= stays
        self.done.append(step.number)


def taken(steps: Sequence[Step], concurrency: int, taking: Taking, stopper: Stopper | None = None) -> Taking:
    async def run() -> None:
        async with asyncio.timeout(60):
            await take_all(iter(steps), taking, concurrency, stopper or Stopper())

    asyncio.run(run())
    return taking


def test_one_at_a_time_is_the_order_of_the_plan() -> None:
    assert taken([send(number) for number in range(50)], 1, Taking()).done == list(range(50))


def test_the_next_ones_are_planned_while_one_is_taken_alone_but_not_all_of_them() -> None:
    planned: list[int] = []
    ahead: list[int] = []

    def plan() -> Iterator[Step]:
        for number in range(1000):
            planned.append(number)
            yield send(number)

    async def take(step: Step) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        ahead.append(len(planned) - step.number)

    asyncio.run(take_all(plan(), take, 1, Stopper()))
    assert ahead[0] > 1
    assert 50 < max(ahead) < 100
    assert len(ahead) == 1000


def test_a_plan_that_cannot_be_made_ends_what_is_taken_alone() -> None:
    def plan() -> Iterator[Step]:
        yield send(0)
        raise ReplayError("the recording is gone")

    taking = Taking()
    with pytest.raises(ReplayError, match="gone"):
        asyncio.run(take_all(plan(), taking, 1, Stopper()))
    assert taking.done == [0]


def test_independent_requests_go_at_once_and_never_more_than_may() -> None:
    taking = taken([send(number) for number in range(5000)], 16, Taking())
    assert taking.most == 16
    assert sorted(taking.done) == list(range(5000))


def test_a_chain_stays_a_chain_however_many_may_go_at_once() -> None:
    chain = [send(number, *([number - 1] if number else [])) for number in range(100)]
    assert taken(chain, 16, Taking()).done == list(range(100))


def test_open_streams_and_waits_take_no_worker() -> None:
    streams = [send(number, watch=True) for number in range(20)]
    wait = Step(number=20, after=(), action=Await(seq=Seq(0), events=1))
    requests = [send(number) for number in range(21, 40)]
    taking = Taking(forever=frozenset(range(21)))

    async def run() -> None:
        stopper = Stopper()
        work = asyncio.create_task(take_all(iter([*streams, wait, *requests]), taking, 2, stopper))
        async with asyncio.timeout(60):
            while len(taking.done) < len(requests):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
            stopper.stop("stopped by a test")
            await work

    asyncio.run(run())
    assert sorted(taking.done) == list(range(21, 40))


class Counted:
    """Independent steps, and how many of them were read."""

    def __init__(self) -> None:
        self.read = 0

    def steps(self) -> Iterator[Step]:
        """Them."""
        for number in range(2000):
            self.read += 1
            yield send(number)


def test_a_plan_is_read_while_its_first_steps_are_taken() -> None:
    plan, when_taken = Counted(), list[int]()

    async def take(_: Step) -> None:
        when_taken.append(plan.read)
        await asyncio.sleep(0)

    asyncio.run(take_all(plan.steps(), take, 2, Stopper()))
    assert len(when_taken) == 2000
    assert when_taken[0] < 100, "nothing is sent before the plan is read"


def test_no_more_of_a_plan_is_read_than_is_taken_soon() -> None:
    plan, taking = Counted(), list[int]()

    async def take(_: Step) -> None:
        for _turn in range(5):  # of the loop, in each of which a part of the plan could be read
            await asyncio.sleep(0)
        taking.append(plan.read)

    asyncio.run(take_all(plan.steps(), take, 2, Stopper()))
    assert all(many - number < 600 for number, many in enumerate(taking))
    assert all(many - number > 2 for number, many in enumerate(taking[:1900]))


def test_a_worker_that_has_nothing_to_do_has_more_read() -> None:
    """A slow first request keeps the plan from being read on; when it ends, those that waited for it are slow, too."""
    first = [send(0), *(send(number) for number in range(1, 100)), *(send(number, 0) for number in range(100, 200))]
    begun: set[int] = set()

    async def take(step: Step) -> None:
        begun.add(step.number)
        while step.number == 0 and len(begun) < 100:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        if step.number >= 100:
            await asyncio.Event().wait()

    async def run() -> None:
        steps = iter([*first, *(send(number) for number in range(200, 400))])
        work = asyncio.create_task(take_all(steps, take, 300, Stopper(), window=200))
        async with asyncio.timeout(60):
            while len(begun) < 300:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())
    assert begun == set(range(300)), "200 more than are done"


def test_a_plan_that_is_none_ends_it() -> None:
    with pytest.raises(ReplayError, match="waits for what comes later"):
        taken([*(send(number) for number in range(50)), send(77)], 4, Taking())


def test_the_first_failure_ends_it_and_nothing_is_left_running() -> None:
    async def run() -> int:
        with pytest.raises(ValueError, match="7"):
            await take_all(iter([send(number) for number in range(1000)]), Taking(fails=7), 4, Stopper())
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_what_is_stopped_takes_no_more_steps() -> None:
    stopper = Stopper()

    class Stopping(Taking):
        async def __call__(self, step: Step) -> None:
            await super().__call__(step)
            if len(self.done) == 10:
                stopper.stop("stopped by a test")

    for concurrency in (1, 4):
        stopper = Stopper()
        taking = taken([send(number) for number in range(1000)], concurrency, Stopping(), stopper)
        assert 10 <= len(taking.done) < 10 + concurrency
