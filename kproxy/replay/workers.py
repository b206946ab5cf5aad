"""Takes a plan's steps: one after the other, or as the graph allows, so many requests at a time.

Streams and waits have no worker of their own to wait for: they are taken as soon as what they wait for is done.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from heapq import heappop, heappush

from kproxy.replay.frontier import WINDOW, Frontier
from kproxy.replay.plan import Send, Step
from kproxy.replay.stopping import Stopper

_AHEAD = 64
"""Steps that are planned ahead of one that is taken alone."""

_AT_ONCE = 8
"""Steps that are read at a time: a plan is made while answers come, and while connections are made."""

_ENOUGH = 512
"""Steps that are not done: of so many the bodies that the plan looked at are still at hand when they are sent."""
_FEW = 64
"""While there are fewer, some are read in each turn of the loop, and not only when one was done."""

type Take = Callable[[Step], Awaitable[None]]


async def take_all(steps: Iterator[Step], take: Take, concurrency: int, stopper: Stopper, window: int = WINDOW) -> None:
    """Take all steps, none more when the replay is stopped. What `take` raises ends it. `window`: see Frontier."""
    if concurrency == 1:
        await _one_by_one(steps, take, stopper)
        return
    await _Crew(Frontier(steps, window, _AT_ONCE), take, stopper).all(concurrency)


async def _one_by_one(steps: Iterator[Step], take: Take, stopper: Stopper) -> None:
    """One after the other; the next ones are planned while the target works at this one."""
    read: deque[Step] = deque()
    room = asyncio.Event()

    async def read_ahead() -> None:
        for step in steps:
            read.append(step)
            if len(read) >= _AHEAD:
                room.clear()
                await room.wait()
            await asyncio.sleep(0)

    reading = asyncio.create_task(read_ahead())
    try:
        while stopper.stopped is None:
            room.set()
            if read:
                await take(read.popleft())
            elif reading.done():
                return reading.result()
            else:
                await asyncio.sleep(0)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


class _Crew:
    """So many workers, and what is taken beside them."""

    def __init__(self, frontier: Frontier, take: Take, stopper: Stopper) -> None:
        self._frontier = frontier
        self._take = take
        self._stopper = stopper
        self._ready: list[tuple[int, Step]] = []
        self._beside: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Future[None]] = []
        self._failure: BaseException | None = None
        self._room = asyncio.Event()

    async def all(self, workers: int) -> None:
        """See take_all."""
        tasks = [asyncio.create_task(self._work()) for _ in range(workers)]
        self._stopper.then(lambda: self._wake(len(self._idle)))
        try:
            self._came(self._frontier.more())
            reading = asyncio.create_task(self._read_on())
            tasks.append(reading)
            await asyncio.gather(*tasks)
            while self._beside and self._failure is None and self._stopper.stopped is None:
                await asyncio.wait(self._beside, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = [*tasks, *self._beside]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    @property
    def _ended(self) -> bool:
        return self._frontier.over or self._failure is not None or self._stopper.stopped is not None

    def _reads_on(self, enough: int) -> bool:
        """Whether to read more steps: there are not enough, or a worker has none of them to take."""
        idle = bool(self._idle) and not self._ready
        return (idle or self._frontier.held < enough) and self._frontier.has_room

    async def _work(self) -> None:
        while not self._ended:
            if self._ready:
                await self._one(heappop(self._ready)[1])
            else:
                idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._idle.append(idle)
                self._wake(0)  # nobody, but whoever reads: there is nothing to take
                await idle
        self._wake(len(self._idle))

    async def _read_on(self) -> None:
        """Read the plan as long as few of its steps are there, or none can be taken: some at a time."""
        while not self._ended:
            if not self._reads_on(_FEW):
                self._room.clear()
                await self._room.wait()
            self._more()
            await asyncio.sleep(0)

    def _more(self) -> None:
        try:
            self._came(self._frontier.more())
        except Exception as error:  # noqa: BLE001 - as in `_one`
            self._failure = self._failure or error
            self._wake(len(self._idle))

    async def _one(self, step: Step) -> None:
        try:
            await self._take(step)
        except Exception as error:  # noqa: BLE001 - whatever it is, the first one ends the replay and is raised by `all`
            self._failure = self._failure or error
            self._wake(len(self._idle))
            return
        if self._stopper.stopped is None:
            self._came(self._frontier.done(step.number))
            if self._reads_on(_ENOUGH):
                self._more()  # a turn of the loop for this alone would be longer than it

    def _came(self, steps: list[Step]) -> None:
        """These can be taken."""
        for step in steps:
            if isinstance(step.action, Send) and not step.action.stays:
                heappush(self._ready, (step.number, step))
            else:
                task = asyncio.create_task(self._one(step))
                self._beside.add(task)
                task.add_done_callback(self._beside.discard)
        self._wake(len(self._idle) if self._ended else len(self._ready))

    def _wake(self, workers: int) -> None:
        if self._ended or self._reads_on(_FEW):
            self._room.set()
        while self._idle and workers > 0:
            idle = self._idle.pop()
            if not idle.done():
                idle.set_result(None)
                workers -= 1
