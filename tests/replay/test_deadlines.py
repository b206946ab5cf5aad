"""kproxy.replay.deadlines."""

import asyncio

import pytest

from kproxy.errors import ReplayError
from kproxy.replay.deadlines import Deadlines


def test_what_takes_longer_is_one_sentence_and_what_does_not_goes_on() -> None:
    async def run() -> str:
        deadlines = Deadlines(tick=0.01)

        async def late() -> None:
            with deadlines.within(0.02):
                await asyncio.Event().wait()

        async def in_time() -> str:
            with deadlines.within(60):
                await asyncio.sleep(0.1)
            return "done"

        task = asyncio.create_task(in_time())
        with pytest.raises(ReplayError, match="no answer within 0 s"):
            await late()
        assert asyncio.current_task() is not None
        assert await asyncio.create_task(in_time()) == "done", "the next one has a deadline of its own"
        return await task

    assert asyncio.run(run()) == "done"


def test_a_task_that_somebody_cancels_is_cancelled() -> None:
    async def run() -> None:
        deadlines = Deadlines(tick=0.01)

        async def waiting() -> None:
            with deadlines.within(60):
                await asyncio.Event().wait()

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_an_error_within_is_its_own() -> None:
    async def run() -> None:
        with Deadlines().within(60):
            raise ReplayError("its own")

    with pytest.raises(ReplayError, match="its own"):
        asyncio.run(run())
