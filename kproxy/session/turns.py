"""The event loop of a replay: it hears of one socket at a time.

asyncio's tells of all sockets that became readable at once, and whom what was read wakes has its turn when all were
read. After any pause the answers to all requests under way wait, then: while they are read the target has nothing to
do, and their next requests come to it together, and so do their answers. Where the next socket is told of a turn later,
an answer has become the next request before another one is read, and the target goes on meanwhile.
"""

import asyncio
from collections.abc import Coroutine
from selectors import DefaultSelector, SelectorKey


class OneAtATime(DefaultSelector):
    """Tells of one file that is ready, and of the others when it is asked again, in the order in which they were."""

    def __init__(self) -> None:
        super().__init__()
        self._left: list[tuple[SelectorKey, int]] = []

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """See selectors.BaseSelector; none at once where the last ones that were left are waited for no more."""
        if not self._left:
            self._left = super().select(timeout)
            self._left.reverse()
        registered = self.get_map()
        while self._left:
            key, events = self._left.pop()
            if registered.get(key.fd) is key:  # else it is told of anew, if it still is of interest
                return [(key, events)]
        return []


def run_in_turns[T](main: Coroutine[None, None, T]) -> T:
    """As asyncio.run does, on such a loop."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(OneAtATime())) as runner:
        return runner.run(main)
