"""Attached to the etcd relays' feeds beside the hand-off: every call of the api-server to etcd goes into the recording.

A relay that is gone, or was never there, is a gap and nothing worse; it is attached to again when it comes back.
"""

import asyncio
import itertools
import os
import socket
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kproxy.record.calls import CallBook
from kproxy.record.committer import Committer
from kproxy.record.gathering import Gathering
from kproxy.record.news import RelayNews, Say
from kproxy.record.redact import Redactor
from kproxy.record.settings import RecorderSettings
from kproxy.wire.relayfeed import FeedError, FeedReader, Hello, Synced, pack_token

GATHER = 0.05
"""Seconds that calls wait for more, to be committed together."""
GATHERED = 2000
"""Calls that are committed without waiting for more, before more are read."""
RETRY = 0.2
"""Seconds between attempts to attach."""
CHUNK = 256 * 1024
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class _RelayFeed:
    """One relay's."""

    def __init__(self, feed: Path, book: CallBook, committer: Committer, say: Say) -> None:
        self._feed = feed
        self._book = book
        self.gathering = Gathering(book, committer, GATHER)
        self._say = say
        self._writer: asyncio.StreamWriter | None = None
        self._tokens = itertools.count(1)
        self._synced: dict[int, asyncio.Event] = {}
        self._missed = False  # whether the gap that this is in has been written down

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._feed)
            except OSError:
                self._gone("the etcd relay could not be reached")
                await asyncio.sleep(RETRY)
                continue
            try:
                _check_peer(self._writer)
                await self._read(reader)
                self._gone("the etcd relay was gone")
            except OSError:
                self._gone("the etcd relay was gone")
            except FeedError as error:
                self._gone(f"the etcd relay's feed cannot be read: {error}")
            finally:
                self._writer.close()
                self._writer = None
            await asyncio.sleep(RETRY)

    async def finish(self, patience: float) -> None:
        """Waits until every call whose answer has passed the relay by now has come; else a gap says so."""
        if self._writer is None:
            self._gone("the etcd relay could not be reached")
            return
        token = next(self._tokens)
        event = self._synced[token] = asyncio.Event()
        try:
            async with asyncio.timeout(patience):
                self._writer.write(pack_token(token))
                await event.wait()
        except TimeoutError:
            self._book.gap(f"the etcd relay had not told all within {patience:.0f} s", time.monotonic_ns())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """To the feed's end. FeedError, OSError."""
        feed = FeedReader()
        while data := await reader.read(CHUNK):
            for record in feed.feed(data):
                if isinstance(record, Synced):
                    self._sync(record)
                    continue
                self._book.take(record)
                if isinstance(record, Hello):
                    again, self._missed = self._missed, False
                    self._say(RelayNews(feed=str(self._feed), attached=True, again=again))
            if self._book.waiting >= GATHERED:
                await self.gathering.flush()

    def _sync(self, synced: Synced) -> None:
        if (event := self._synced.pop(synced.token, None)) is not None:
            event.set()

    def _gone(self, reason: str) -> None:
        """Once for each time that it is."""
        for event in self._synced.values():
            event.set()  # nobody will answer any more
        self._synced.clear()
        if self._missed:
            return
        self._missed = True
        self._book.gap(reason, time.monotonic_ns())
        self._say(RelayNews(feed=str(self._feed), attached=False, reason=reason))


def peer_uid(sock: socket.socket) -> int | None:
    """Whose process listens at the other end of a unix socket; None where the system does not say."""
    if sys.platform != "linux":
        return None
    _, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)


def _check_peer(writer: asyncio.StreamWriter) -> None:
    """FeedError for another user's: whoever could make the socket would tell calls of their own making."""
    uid = peer_uid(writer.get_extra_info("socket"))
    if uid not in {None, 0, os.geteuid()}:
        raise FeedError(f"it is another user's (uid {uid})")


class Relays:
    """All feeds of a recording."""

    def __init__(self, settings: RecorderSettings, committer: Committer, redactor: Redactor, say: Say) -> None:
        self._patience = settings.etcd_patience
        places = len(settings.relays)
        self._feeds: Sequence[_RelayFeed] = [
            _RelayFeed(
                feed,
                CallBook(redactor, committer.writer, epoch=settings.epoch, place=place, places=places),
                committer,
                say,
            )
            for place, feed in enumerate(settings.relays)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        works = [work for feed in self._feeds for work in (feed.run(), feed.gathering.flush_often())]
        self._tasks = [asyncio.create_task(work) for work in works]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def finish(self) -> None:
        """All calls that were answered by now are in the recording, or a gap is."""
        await asyncio.gather(*(feed.finish(self._patience) for feed in self._feeds))
        await self._stop()
        for feed in self._feeds:
            await feed.gathering.flush()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
