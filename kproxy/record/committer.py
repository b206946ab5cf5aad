"""Commits batches, and waits where the disk is full: what was committed stays, the rest is tried again each second."""

import asyncio
from collections.abc import Awaitable, Callable

from kproxy.store.sqlite import NotWritableNowError
from kproxy.store.writer import Batch, Writer

RETRY = 1.0
"""Seconds between attempts."""

type Commit = Callable[[Batch], Awaitable[None]]
"""How a batch gets into the recording: Committer.commit."""


class Committer:
    """One recording's commits. `blocked` is told the error when it begins to wait, and None when it goes on."""

    def __init__(self, writer: Writer, blocked: Callable[[NotWritableNowError | None], None]) -> None:
        self.writer = writer
        self.patience: float | None = None  # seconds to wait at most; None: as long as it takes
        self._tell = blocked
        self._waiting = 0

    async def commit(self, batch: Batch) -> None:
        """Returns when the batch is in the recording. NotWritableNowError when patience is at its end."""
        waited = 0.0
        while True:
            try:
                self.writer.commit(batch)
            except NotWritableNowError as error:
                if self.patience is not None and waited >= self.patience:
                    raise
                self._begin_waiting(error, first=not waited)
                await asyncio.sleep(RETRY)
                waited += RETRY
            else:
                self._end_waiting(waited=bool(waited))
                return

    def _begin_waiting(self, error: NotWritableNowError, *, first: bool) -> None:
        if first:
            self._waiting += 1
            if self._waiting == 1:
                self._tell(error)

    def _end_waiting(self, *, waited: bool) -> None:
        if waited:
            self._waiting -= 1
            if not self._waiting:
                self._tell(None)
