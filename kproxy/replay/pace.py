"""When a request goes out, beside what it waits for: at once, or in the rhythm of the recording. Pure.

At every pace the server has after some writes what it had in the recording, up to LONGEST_PAUSE, before a request that
depends on them goes out: it publishes a definition's paths and spreads rights by itself (spreading.py), and a recorded
client had given it the time.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from kproxy.errors import UsageError
from kproxy.model.exchange import Exchange, Nanos
from kproxy.replay.spreading import Concerned

LONGEST_PAUSE = 2.0
"""Seconds: as long as the recorded client gave the server after a write, but no longer."""

_REMEMBERED = 64
_TIMES = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)x", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed`: how many times the recording's; None: as fast as what must precede what allows."""

    speed: float | None = None


FAST = Pace()
RECORDED = Pace(1.0)


def parse_pace(words: str) -> Pace:
    """`recorded`, `fast`, or a factor: `10x`, `0.5x`. UsageError."""
    if words in {"fast", "recorded"}:
        return FAST if words == "fast" else RECORDED
    match = _TIMES.fullmatch(words)
    if match is None or not float(match[1]):
        raise UsageError(f"--pace {words!r} is none: recorded, fast, or a factor of the recorded speed, as 10x or 0.5x")
    return Pace(float(match[1]))


class _Write(NamedTuple):
    """When a write was answered, or seen in etcd: in the recording, and here; and whom it concerns."""

    recorded: Nanos
    live: float
    concerned: Concerned


@dataclass(slots=True)
class Clockwork:
    """Says when, in seconds of the caller's clock, what was recorded at a time may go out."""

    pace: Pace
    began: tuple[Nanos, float] | None = None
    writes: deque[_Write] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def due(self, exchange: Exchange, now: float) -> float:
        """The time from which on it may go out."""
        scheduled = self._scheduled(exchange.started, now)
        return max(scheduled, self._after_writes(exchange, now)) if self.writes else scheduled

    def wrote(self, recorded: Nanos, now: float, concerned: Concerned) -> None:
        """A write that spreads was answered, or its consequence seen."""
        self.writes.append(_Write(recorded, now, concerned))

    def _scheduled(self, recorded: Nanos, now: float) -> float:
        if self.pace.speed is None:
            return now
        if self.began is None:
            self.began = recorded, now
        first, live = self.began
        return live + (recorded - first) / 1e9 / self.pace.speed

    def _after_writes(self, exchange: Exchange, now: float) -> float:
        while self.writes and self.writes[0].live + LONGEST_PAUSE <= now:
            self.writes.popleft()
        found = now
        for write in self.writes:
            given = (exchange.started - write.recorded) / 1e9
            if given > 0 and (due := write.live + min(given, LONGEST_PAUSE)) > found and write.concerned(exchange):
                found = due
        return found
