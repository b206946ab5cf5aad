"""What comes in beside the hand-off, in no batches of its own: gathered for a while, and committed together."""

import asyncio
from typing import Protocol

from kproxy.record.committer import Committer
from kproxy.store.writer import Batch


class Source(Protocol):
    """Where it comes in."""

    def take_batch(self) -> Batch:
        """What is to be committed: no longer the source's."""

    def give_back(self, batch: Batch) -> None:
        """It could not be committed: what has come since goes behind it."""


class Gathering:
    """Commits what a source has, each `seconds`."""

    def __init__(self, source: Source, committer: Committer, seconds: float) -> None:
        self._source = source
        self._committer = committer
        self._seconds = seconds
        self._flushing = asyncio.Lock()

    async def flush_often(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            await self.flush()

    async def flush(self) -> None:
        """Commits what there is. Cancelled while the disk is full, it is tried once more at the end."""
        async with self._flushing:
            batch = self._source.take_batch()
            if not batch:
                return
            try:
                await self._committer.commit(batch)
            except BaseException:
                self._source.give_back(batch)
                raise
