"""Deadlines for many tasks with one timer among them: a request's own would cost more than all else on its way.

They are looked at once a second, which is as exact as a minute's deadline has to be.
"""

import asyncio

from kproxy.errors import ReplayError

_TICK_SECONDS = 1.0


class _Within:
    """One block's; no generator, which would take twice as long, twice in each request."""

    __slots__ = ("_deadlines", "_seconds", "_task")

    def __init__(self, deadlines: "Deadlines", seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._deadlines = deadlines
        self._seconds = seconds
        self._task = task

    def __enter__(self) -> None:
        self._deadlines.begin(self._task, self._seconds)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        late = self._deadlines.end(self._task)
        if late and isinstance(error, asyncio.CancelledError) and self._task.uncancel() == 0:
            raise ReplayError(f"no answer within {self._seconds:.0f} s") from None


class Deadlines:
    """Used from one event loop."""

    def __init__(self, tick: float = _TICK_SECONDS) -> None:
        self._tick = tick
        self._due: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> "_Within":
        """A block: ReplayError where it takes longer. Not to be nested in one task."""
        return _Within(self, seconds)

    def begin(self, task: asyncio.Task[object], seconds: float) -> None:
        """A task's deadline is so far away."""
        loop = asyncio.get_running_loop()
        self._due[task] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(self._tick, self._look)

    def end(self, task: asyncio.Task[object]) -> bool:
        """It has none any more; whether it was cancelled for it."""
        del self._due[task]
        late = task in self._late
        self._late.discard(task)
        return late

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = loop.call_later(self._tick, self._look) if self._due else None
        for task, when in self._due.items():
            if when <= now and task not in self._late:
                self._late.add(task)
                task.cancel()
