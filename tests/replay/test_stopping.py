"""kproxy.replay.stopping."""

import asyncio

from kproxy.model.exchange import Seq
from kproxy.replay.result import Stopped
from kproxy.replay.stopping import Stopper


def test_a_target_that_answers_again_was_only_slow() -> None:
    answers = [False, True]

    async def alive() -> bool:
        return answers.pop(0)

    async def run() -> None:
        stopper = Stopper(alive)
        assert await stopper.lives(Seq(3))
        assert stopper.stopped is None

    asyncio.run(run())


def test_a_target_that_is_gone_stops_the_replay_at_the_first_exchange_that_it_failed() -> None:
    asked = 0

    async def alive() -> bool:
        nonlocal asked
        asked += 1
        return False

    async def run() -> None:
        stopper = Stopper(alive, patience=0.0)
        assert await asyncio.gather(*(stopper.lives(Seq(seq)) for seq in (9, 4, 7))) == [False] * 3
        assert stopper.stopped == Stopped(seq=Seq(4), reason="the target was gone")
        assert not await stopper.lives(Seq(11))
        assert stopper.stopped.seq == 4
        assert asked == 1

    asyncio.run(run())


def test_work_is_given_a_while_to_end_and_is_cancelled_then() -> None:
    async def run() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(0.05)
                said.append("came to its end")
            except asyncio.CancelledError:
                said.append("cancelled")
                raise

        stopper = Stopper()
        asyncio.get_running_loop().call_soon(stopper.stop, "stopped by a test")
        await stopper.until_stopped(work())
        return said

    assert asyncio.run(run()) == ["came to its end"]


def test_a_sleep_ends_when_the_replay_is_stopped() -> None:
    async def run() -> None:
        stopper = Stopper()
        asyncio.get_running_loop().call_soon(stopper.stop, "stopped by a test", 2)
        async with asyncio.timeout(60):
            await stopper.sleep(3600)
        stopper.stop("another one")
        assert stopper.stopped == Stopped(seq=Seq(0), reason="stopped by a test", signal=2)

    asyncio.run(run())
