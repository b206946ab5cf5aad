"""What a connection to the target is made of: bytes out, bytes in. A socket, or the replay's own proxy in this process.

A recorded connection's `begun` is the number that its recording gave to the exchange begun last on it: that is how a
replayed request is told among others that are on their way at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from kproxy.wire.http1 import AnswerHead


class Link(Protocol):
    """One connection. OSError where it breaks."""

    @property
    def begun(self) -> int:
        """The exchange that the last request became in the replay's recording; 0: nothing records here."""

    @property
    def unreached(self) -> str:
        """Why there is no target at its end, "" if there is one, or nobody knows better than its bytes."""

    @property
    def late(self) -> bool:
        """Whether there is no target because it took no connection in time: nothing was sent to it."""

    @property
    def answered(self) -> AnswerHead | None:
        """The last answer's head, where whoever passed it on has read it."""

    @property
    def usable(self) -> bool:
        """Whether another request may be sent, as far as can be told."""

    @property
    def closed(self) -> bool:
        """Whether we closed it."""

    async def send(self, data: bytes) -> None:
        """Send it all; waits while the other side takes nothing."""

    async def receive(self) -> bytes:
        """What has come, b"" at the end."""

    def close(self) -> None:
        """Close it now; whoever reads gets the end."""


type Dial = Callable[[], Awaitable[Link]]
"""Opens a connection. OSError, TimeoutError."""

_READ = 256 * 1024


class StreamLink:
    """A Link over asyncio's streams. Nothing records it."""

    begun = 0
    unreached = ""
    late = False
    answered = None

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    @property
    def closed(self) -> bool:
        """Whether we closed it."""
        return self._writer.is_closing()

    async def send(self, data: bytes) -> None:
        """Send it all."""
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bytes:
        """What has come."""
        return await self._reader.read(_READ)

    def close(self) -> None:
        """Close it now."""
        self._writer.close()
