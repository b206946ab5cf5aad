"""Deadlines for many tasks with one timer among them: a request's own would cost more than all else on its way.

They are looked at once a second, which is as exact as a minute's deadline has to be.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kproxy.errors import ReplayError

_TICK_SECONDS = 1.0


class Deadlines:
    """Used from one event loop."""

    def __init__(self, tick: float = _TICK_SECONDS) -> None:
        self._tick = tick
        self._due: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """ReplayError where the block takes longer. Not to be nested in one task."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._due[task] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(self._tick, self._look)
        try:
            yield
        except asyncio.CancelledError:
            if task in self._late and task.uncancel() == 0:
                raise ReplayError(f"no answer within {seconds:.0f} s") from None
            raise
        finally:
            del self._due[task]
            self._late.discard(task)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = loop.call_later(self._tick, self._look) if self._due else None
        for task, when in self._due.items():
            if when <= now and task not in self._late:
                self._late.add(task)
                task.cancel()
