"""What an etcd still knows from before the session: its keys as they were at its compaction, and each change since.

It is read beside the watch, so that nothing that happens now waits for what happened then.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

from kproxy.errors import EtcdError
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import Anchor, Compacted, RawEvent
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.model.exchange import Nanos
from kproxy.model.session import Gap
from kproxy.record.changes import Changes
from kproxy.record.committer import Commit
from kproxy.record.settings import Followed
from kproxy.record.stores import raw_cluster
from kproxy.store.writer import Batch

PAGE = 100
"""Keys that are asked for at once: their values may have 1.5 MiB each."""
PATIENCE = 30.0
"""Seconds that it waits for an etcd that is away."""
TRIES = 10
"""Times that it begins again because etcd compacted what was being read; etcd's users do so each few minutes."""


class History:
    """One etcd's changes up to the session's start. Whatever ends it is a gap that names what is missing."""

    def __init__(self, followed: Followed, changes: Changes, commit: Commit, text: Callable[[str], str]) -> None:
        self._followed = followed
        self._store = followed.store
        self._changes = changes
        self._commit = commit
        self._text = text
        self._next = Revision(1)
        self._first: Revision | None = None  # from which on it is whole
        self._done = False

    async def read(self) -> Revision | None:
        """Reads it to its end; the first of its revisions from which on it is whole. None if that was not possible."""
        try:
            async with await connect(self._followed.settings) as etcd:
                await etcd.check(Anchor(cluster=raw_cluster(self._store.cluster), revision=Revision(0)))
                await self._all(etcd)
        except EtcdError as error:
            await self._missing(str(error))
        self._done = True
        return self._first

    async def unfinished(self) -> None:
        """The session is over: where that was before it was read, a gap says so."""
        if not self._done:
            await self._missing("the session was over before it had been read")

    async def _missing(self, reason: str) -> None:
        last = self._store.start or Revision(0)
        gap = Gap(
            kind="etcd",
            reason=self._text(f"etcd's history from before the session is not whole: {reason}"),
            at=Nanos(0),
            count=max(0, last - self._next + 1),
            first_revision=self._next,
            last_revision=last,
            cluster=self._store.cluster,
        )
        await self._commit(Batch(gaps=[gap]))
        self._first = None

    async def _all(self, etcd: Etcd) -> None:
        """Again where etcd compacts what is being read. EtcdError."""
        end = self._store.start or Revision(0)
        standing = False  # whether the keys as they were at `_next` are to be read first
        for left in reversed(range(TRIES)):
            try:
                if standing:
                    await self._keys_at(etcd, self._next, end)
                    standing = False
                if self._next <= end:
                    self._first = self._first or self._next
                    await self._changes_from(etcd, end)
            except Compacted as error:
                oldest = error.revision or await self._oldest(etcd, error)
                if not left or oldest <= self._next:
                    raise
                self._first = self._next = oldest
                standing = True
            else:
                return

    async def _oldest(self, etcd: Etcd, error: Compacted) -> Revision:
        """The first revision that is still there, which only a watch is told; `error` where it is not either."""
        with suppress(TimeoutError):
            try:
                async with asyncio.timeout(PATIENCE), aclosing(etcd.watch(self._next, patience=PATIENCE)) as batches:
                    async for batch in batches:
                        if batch.events:  # a member that lags behind has them still: it tells nothing
                            break
            except Compacted as said:
                return said.revision
        raise error

    async def _changes_from(self, etcd: Etcd, end: Revision) -> None:
        async with aclosing(etcd.watch(self._next, patience=PATIENCE)) as batches:
            async for batch in batches:
                if batch.events:
                    await self._commit(self._batch(batch.events, end))
                self._next = Revision(batch.revision + 1)
                if self._next > end:
                    return

    def _batch(self, events: tuple[RawEvent, ...], end: Revision) -> Batch:
        made = Batch()
        for event in events:
            if event.mod_revision <= end:
                made.changes.append(self._changes.change(self._store.cluster, event, Nanos(0), made.bodies))
        return made

    async def _keys_at(self, etcd: Etcd, revision: Revision, end: Revision) -> None:
        """Every key as it was then: the last change that it had. Compacted, EtcdError."""
        after: EtcdKey | None = None
        while True:
            page = await etcd.prefix(b"", at=revision, limit=PAGE, after=after)
            made = Batch()
            for found in page.items:
                if found.mod_revision <= end:
                    made.changes.append(self._changes.standing(self._store.cluster, found, made.bodies))
            await self._commit(made)
            if not page.more or not page.items:
                return
            after = page.items[-1].key
