"""How a replay ends before its plan does: somebody stops it, or its target is gone."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

from kproxy.model.exchange import Seq
from kproxy.replay.result import Stopped

STOP_SECONDS = 5.0
"""What is on its way when a replay is stopped may still come to its end for so long."""

GONE_SECONDS = 10.0
"""A target that does not answer is asked again for so long, before it is said to be gone."""

_AGAIN_SECONDS = 0.5

type Alive = Callable[[], Awaitable[bool]]
"""Whether the target serves, asked now."""


class Stopper:
    """See the module. `alive` None: a target is never said to be gone."""

    def __init__(self, alive: Alive | None = None, patience: float = GONE_SECONDS) -> None:
        self.stopped: Stopped | None = None
        self._alive = alive
        self._patience = patience
        self._event = asyncio.Event()
        self._last = Seq(0)
        self._hooks: list[Callable[[], None]] = []
        self._asking: asyncio.Task[bool] | None = None

    def at(self, seq: Seq) -> None:
        """The replay has come to this exchange."""
        self._last = max(self._last, seq)

    def then(self, hook: Callable[[], None]) -> None:
        """Call it when the replay is stopped."""
        self._hooks.append(hook)

    def stop(self, reason: str, signal: int = 0) -> None:
        """No step begins any more. The first reason counts."""
        self._stop(Stopped(seq=self._last, reason=reason, signal=signal))

    async def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until the replay is stopped."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()

    async def lives(self, seq: Seq) -> bool:
        """Whether the target is still there, after an exchange to which it gave no answer of its own.

        If not, the replay is stopped at the first such exchange.
        """
        if self._alive is None:
            return True
        if self.stopped is None:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask(self._alive))
            asking = self._asking
            if await asyncio.shield(asking):
                if self._asking is asking:
                    self._asking = None
                return True
            self._stop(Stopped(seq=seq, reason="the target was gone"))
        if self.stopped is not None and not self.stopped.signal and seq < self.stopped.seq:
            self.stopped = Stopped(seq=seq, reason=self.stopped.reason)
        return False

    async def until_stopped(self, work: Coroutine[None, None, None]) -> None:
        """Do the work; when the replay is stopped, what is on its way has a while to come to its end."""
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._event.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=STOP_SECONDS)
        finally:
            stopping.cancel()
            cancelled = task.cancel()
            await asyncio.wait({task, stopping})
        if not (cancelled and task.cancelled()):
            task.result()

    def _stop(self, stopped: Stopped) -> None:
        if self.stopped is None:
            self.stopped = stopped
            self._event.set()
            for hook in self._hooks:
                hook()

    async def _ask(self, alive: Alive) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while not await alive():
            if loop.time() >= until or self.stopped is not None:
                return False
            await self.sleep(_AGAIN_SECONDS)
        return True
