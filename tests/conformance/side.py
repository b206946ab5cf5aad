"""One end of a connection in a script: what it sends, and everything that it got."""

import asyncio
from contextlib import suppress

PATIENCE = 60.0
HUNG = 1.5
"""Seconds after which a lane that is known to hang here is left: the table says which."""


class Side:
    """`lane`: which one is being played, for the few scripts that one of them cannot play to the end.

    `seen`: a scenario's client tells its server that something has arrived.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: str, seen: asyncio.Event
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.lane = lane
        self.seen = seen
        self.got = bytearray()
        self.over = False  # the other end sends no more

    async def send(self, data: bytes) -> None:
        """Send, unless the other end is gone."""
        with suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def until(self, mark: bytes, *, hangs: str = "", after: int = 0) -> bool:
        """Read until `mark` was got (beyond the first `after` bytes), or nothing comes any more.

        Whether it was. `hangs`: the lane that never sends it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(HUNG if hangs == self.lane else PATIENCE):
                while mark not in self.got[after:] and not self.over:
                    await self._read()
        return mark in self.got[after:]

    async def size(self, count: int) -> None:
        """Read until so many bytes were got."""
        async with asyncio.timeout(PATIENCE):
            while len(self.got) < count and not self.over:
                await self._read()

    async def rest(self, *, hangs: str = "") -> None:
        """Read until the other end closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HUNG if hangs == self.lane else PATIENCE):
                while not self.over:
                    await self._read()

    def end(self) -> None:
        """Send nothing more: a half-close."""
        with suppress(OSError):
            self._writer.write_eof()

    def cut(self) -> None:
        """Be gone at once, with a reset."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Be gone in good order."""
        self._writer.close()

    async def _read(self) -> None:
        try:
            data = await self._reader.read(65536)
        except OSError:
            data = b""
        self.got += data
        self.over = not data
