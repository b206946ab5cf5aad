"""Where one worker of the proxy hands over: its line, the exchanges that it has open."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from kproxy.record.assembly import Assembler
from kproxy.record.committer import Committer
from kproxy.record.effort import Effort
from kproxy.record.handoff import Handoff
from kproxy.record.line import Line
from kproxy.wire.handoff import AnswerType

GONE_SECONDS = 2.0
"""Workers that end together do so within less."""


class _Inlet:
    """Reads what one worker hands over; `ended_at`: when it had nothing more to say."""

    def __init__(self, handoff: Handoff, assembler: Assembler, clock: Callable[[], int]) -> None:
        self.handoff = handoff
        self.ended_at = 0
        self._assembler = assembler
        self._clock = clock

    async def run(self) -> None:
        """Until it sends no more."""
        await self.handoff.run()
        self.ended_at = self._clock()

    async def end(self, committer: Committer, last: int, detail: str) -> None:
        """What it left open has no end; `last`: when the last of the workers ended."""
        if last - self.ended_at > GONE_SECONDS * 1e9:
            self._assembler.stop(self.ended_at, "its worker was gone")
        else:
            self._assembler.stop(self._clock(), detail)
        await committer.commit(self._assembler.flush(0).batch)


class Inlets:
    """All of them."""

    def __init__(  # noqa: PLR0913 - what they are made of, each once
        self,
        descriptors: Sequence[int],
        committer: Committer,
        make_assembler: Callable[[], Assembler],
        clock: Callable[[], int],
        stack: ExitStack,
        *,
        effort: Callable[[], Effort],
    ) -> None:
        self._committer = committer
        self._all: list[_Inlet] = []
        for worker, descriptor in enumerate(descriptors):
            line = Line(socket.socket(fileno=descriptor))
            stack.callback(line.close)
            assembler = make_assembler()
            handoff = Handoff(worker, line, assembler, committer, clock, effort=effort)
            self._all.append(_Inlet(handoff, assembler, clock))

    @property
    def max_lag(self) -> int:
        """Nanoseconds: the longest of them."""
        return max((inlet.handoff.max_lag for inlet in self._all), default=0)

    def say(self, kind: AnswerType, a: int = 0) -> None:
        """One answer to each of the workers."""
        for inlet in self._all:
            inlet.handoff.say(kind, a)

    async def run(self) -> None:
        """Until no worker sends any more. RecordingError if one sends what none of ours does."""
        await asyncio.gather(*(inlet.run() for inlet in self._all))

    async def end(self, detail: str) -> None:
        """What is left open is written down as that."""
        last = max((inlet.ended_at for inlet in self._all), default=0)
        for inlet in self._all:
            await inlet.end(self._committer, last, detail)
