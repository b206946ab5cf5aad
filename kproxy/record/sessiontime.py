"""The time of a recording: nanoseconds since its session began."""

import time

from kproxy.model.exchange import Nanos


class SessionTime:
    """Turns what CLOCK_MONOTONIC says into it; `epoch`: what that said when the session began."""

    __slots__ = ("_epoch",)

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def at(self, monotonic: int) -> Nanos:
        """Of a moment; what was before the session is its beginning."""
        return Nanos(max(0, monotonic - self._epoch))

    def now(self) -> Nanos:
        """Now."""
        return self.at(time.monotonic_ns())
