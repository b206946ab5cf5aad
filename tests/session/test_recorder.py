"""kproxy.session.recorder: how long the end of a session waits for what is still to be committed."""

import asyncio
import socket
from dataclasses import dataclass, field

from kproxy.session.recorder import drained


@dataclass
class Slow:
    """An outbox with so many batches, of which the recorder commits so many each time before it is asked again."""

    batches: int
    each: int
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""
    left_out: int = 0
    blocked: int = 0
    attached: bool = True
    progressed: bool = False
    committed: int = 0
    asked: int = 0

    async def attach(self, sock: socket.socket, timeout: float) -> None:  # noqa: ASYNC109 - as HandsOver has it
        """Nobody does."""

    async def detach(self) -> None:
        """Nobody does."""

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - as HandsOver has it
        """The time is over, and some of it was committed."""
        self.asked += 1
        self.progressed = self.each > 0
        self.committed = min(self.committed + self.each, self.batches)
        return timeout > 0 and self.committed == self.batches


def test_the_end_waits_as_long_as_more_is_committed() -> None:
    outbox = Slow(batches=40, each=3)
    assert asyncio.run(drained(outbox))
    assert outbox.asked == 14


def test_where_nothing_more_is_committed_the_end_gives_up() -> None:
    outbox = Slow(batches=40, each=0)
    assert not asyncio.run(drained(outbox))
    assert outbox.asked == 1
