"""How far a comparison is: it goes through all exchanges twice, to learn and to compare."""

from collections.abc import Callable

type Notify = Callable[[int, int], None]
"""Hears how many of how many steps are done."""

EVERY = 256
"""Steps between two notices: comparing is quicker than a terminal."""


class Steps:
    """Counts the steps."""

    def __init__(self, total: int, notify: Notify) -> None:
        self._total = total
        self._notify = notify
        self._done = 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._done % EVERY == 0:
            self._notify(min(self._done, self._total), self._total)
