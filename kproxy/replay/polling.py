"""A read that is sent again until it shows the state that was recorded."""

import asyncio
from collections.abc import Awaitable, Callable

from kproxy.model.exchange import Headers, header
from kproxy.replay.states import state_of

type Shows = Callable[[int, Headers, bytes], bool]
"""Whether an answer, by its status, headers and body, shows what is awaited."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
"""Seconds between two attempts, twice as many each time."""


class Polling:
    """Whether to send a read once more.

    `shows`: the state. `patience`: seconds that it is waited for, from the first answer on. `sleep` tells whether to
    go on after it; `in_vain` hears how many attempts there were, when the state did not come. `still`: seconds after
    which a state that has not changed is taken for the last one (None: it is waited for all the same).
    """

    def __init__(
        self,
        shows: Shows,
        patience: float,
        sleep: Callable[[float], Awaitable[bool]],
        in_vain: Callable[[int], None],
        still: float | None = None,
    ) -> None:
        self._shows = shows
        self._patience = patience
        self._sleep = sleep
        self._in_vain = in_vain
        self._attempts = 0
        self._pause = _FIRST_PAUSE
        self._until: float | None = None
        self._still = still
        self._state = ""
        self._since = 0.0

    async def again(self, status: int, headers: Headers, data: bytes) -> bool:
        """Whether an answer is of another state and there is time for another attempt, for which it waits."""
        self._attempts += 1
        if self._shows(status, headers, data):
            return False
        now = asyncio.get_running_loop().time()
        self._until = now + self._patience if self._until is None else self._until
        if now >= self._until or self._stays(now, state_of(status, header(headers, "content-type"), data)):
            self._in_vain(self._attempts)
            return False
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return await self._sleep(min(pause, self._until - now))

    def _stays(self, now: float, state: str) -> bool:
        """Whether the state has not changed for so long that none is to be expected."""
        if state != self._state:
            self._state, self._since = state, now
            return False
        return self._still is not None and now - self._since >= self._still


def shows_state(wanted: str) -> Shows:
    """Whether an answer is of this state."""
    return lambda status, headers, data: state_of(status, header(headers, "content-type"), data) == wanted
