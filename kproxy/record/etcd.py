"""Follows one etcd beside the hand-off: every change of every key, values redacted, whole revision by whole revision.

Nothing ends it but the session: an etcd that is away is waited for, and what it changed meanwhile is read when it is
back. What cannot be read any more is a gap that names the cluster, the revisions and the reason, and it goes on behind.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from kproxy.errors import EtcdError
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import Anchor, Compacted, RawEvent, StoreReplaced, WatchBatch
from kproxy.model.etcd import EtcdStore, Revision
from kproxy.model.session import Gap
from kproxy.record.changes import Changes
from kproxy.record.committer import Committer
from kproxy.record.gathering import Gathering
from kproxy.record.history import History
from kproxy.record.news import EtcdNews, Say
from kproxy.record.redact import Redactor
from kproxy.record.sessiontime import SessionTime
from kproxy.record.settings import Followed, RecorderSettings
from kproxy.record.stores import raw_cluster, same_place, taking_over
from kproxy.store.writer import Batch

_FIRST_PATIENCE = 30.0
"""Seconds until an etcd that does not answer at first is said to be away."""
PATIENCE = 3.0
"""Seconds until one that was followed is: what is quicker than that is a restart."""
PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds between attempts, beside those of the watch itself: the first, and the longest."""
_HISTORY_PATIENCE = 20.0
"""Seconds that the end waits for what is read from before the session."""
GATHER = 0.02
"""Seconds that changes wait for more, to be committed together."""
GATHERED = 2000
"""Changes that are committed without waiting for more."""


class Follower:
    """Follows one etcd from its start on, or from where the recorder before this one came to."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        followed: Followed,
        places: Iterator[int],
        settings: RecorderSettings,
        committer: Committer,
        redactor: Redactor,
        say: Say,
    ) -> None:
        self._followed = followed
        self._first = self._place = next(places)
        self._places = places
        self._time = SessionTime(settings.epoch)
        self._patience = settings.etcd_patience
        self._committer = committer
        self._redactor = redactor
        self._say = say
        self._changes = Changes(redactor, settings.session.etcd_prefix)
        self._batch = Batch()
        self._store = followed.store
        self._seen = followed.store.start or Revision(0)
        self._last: RawEvent | None = None
        self._etcd: Etcd | None = None
        self._begun = False
        self._away_since: float | None = None
        self._trouble = ""
        self._said: bool | None = None  # what was said last: whether it is followed
        self._pause = PAUSE
        self._gathering = Gathering(self, committer, GATHER)
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reading: asyncio.Task[None] | None = None
        # Changes of its own: what it remembers of a key is older than what the watch does.
        before = Changes(redactor, settings.session.etcd_prefix)
        self._history = History(followed, before, committer.commit, redactor.text)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow, until the block ends."""
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._gathering.flush_often())]
        if self._followed.history:
            self._reading = asyncio.create_task(self._read_history())
            self._tasks.append(self._reading)
        try:
            yield
        finally:
            await self._stop()
            if self._etcd is not None:
                await self._etcd.close()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def finish(self) -> None:
        """Everything up to the store's revision now is in the recording, or a gap says what is missing."""
        target: Revision | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                target = await self._target()
                while self._seen < target:
                    self._moved.clear()
                    await self._moved.wait()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=_HISTORY_PATIENCE)
        await self._stop()
        if target is None:
            self._gap(f"etcd did not answer before the session ended{self._reason()}", None)
        elif self._seen < target:
            reason = f"etcd's watch had not come to the end of the session within {self._patience:.0f} s"
            self._gap(reason + self._reason(), target)
        confirmed = self._time.now() if target is not None and self._seen >= target else self._store.whole_at
        self._note(replace(self._store, end=target, whole=target or self._seen, whole_at=confirmed))
        if self._followed.history and self._first_store().history is None:
            await self._history.unfinished()
        await self._gathering.flush()

    async def _read_history(self) -> None:
        """Once for a recording: a recorder before this one may have come to its end."""
        if self._first_store().history is None and (first := await self._history.read()) is not None:
            if self._store.cluster == self._followed.store.cluster:
                self._store = replace(self._store, history=first)
            self._batch.etcds[self._first] = replace(self._first_store(), history=first)

    def _first_store(self) -> EtcdStore:
        """What the session began with, as it is now."""
        known = self._committer.writer.etcds() | self._batch.etcds
        return known.get(self._first, self._followed.store)

    async def _target(self) -> Revision:
        """The store's revision, once it answers and is the one that is followed."""
        while True:
            if self._etcd is not None and self._begun:
                try:
                    return await self._etcd.check(self._anchor())
                except StoreReplaced:
                    pass  # the watch finds out, too
                except EtcdError as error:
                    self._trouble = str(error)
            await asyncio.sleep(PAUSE)

    def _reason(self) -> str:
        return f": {self._trouble}" if self._trouble else ""

    async def _follow(self) -> None:
        while True:
            try:
                await self._watch(await self._connected())
            except Compacted as error:
                await self._compacted(error)
            except StoreReplaced as error:
                await self._replaced(error)
            except EtcdError as error:
                await self._away(str(error))

    async def _connected(self) -> Etcd:
        """The client, and where to begin known. EtcdError, StoreReplaced."""
        if self._etcd is None:
            self._etcd = await connect(self._followed.settings)
        if not self._begun:
            await self._begin(self._etcd)
        return self._etcd

    async def _begin(self, etcd: Etcd) -> None:
        """From where on: the session's start, or the end of what is stored already. StoreReplaced."""
        writer = self._committer.writer
        mine = {place: each for place, each in writer.etcds().items() if same_place(each, self._store)}
        if mine:  # a recorder before this one was here, and perhaps another store after the first one
            self._place, self._store = max(mine.items())
        known = writer.committed_revision(self._store.cluster)
        start = known if known is not None else self._store.start
        if start is None:
            start = await etcd.revision()
        self._seen = start
        self._begun = True
        self._note(self._store if self._store.start is not None else replace(self._store, start=start))
        self._back()

    async def _watch(self, etcd: Etcd) -> None:
        watch = etcd.watch(Revision(self._seen + 1), patience=PATIENCE, anchor=self._anchor())
        async with aclosing(watch) as batches:
            async for batch in batches:
                self._back()
                self._take(batch)
                self._moved.set()
                if len(self._batch.changes) >= GATHERED:
                    await self._gathering.flush()

    def _anchor(self) -> Anchor:
        return Anchor(cluster=raw_cluster(self._store.cluster), revision=self._seen, event=self._last)

    def _take(self, batch: WatchBatch) -> None:
        """Every revision has an event: one that is left out never came."""
        at, cluster, changes, bodies = self._time.now(), self._store.cluster, self._batch.changes, self._batch.bodies
        for event in batch.events:
            if event.mod_revision > self._seen + 1:
                self._left_out(Revision(event.mod_revision - 1))
            self._seen = event.mod_revision
            changes.append(self._changes.change(cluster, event, at, bodies))
        if batch.events:
            self._last = batch.events[-1]
        if batch.revision > self._seen:
            self._left_out(batch.revision)
        self._batch.revisions[cluster] = self._seen
        if batch.confirmed:
            self._note(replace(self._store, whole=self._seen, whole_at=at))

    def _left_out(self, last: Revision) -> None:
        self._gap("etcd's watch left them out", last)
        self._seen = last

    async def _compacted(self, error: Compacted) -> None:
        """It goes on with the oldest revision that is there."""
        if error.revision <= self._seen + 1:  # etcd does not say where that is
            await self._away(str(error))
            return
        self._left_behind(str(error), Revision(error.revision - 1))

    def _left_behind(self, reason: str, last: Revision) -> None:
        self._gap(reason, last)
        self._seen = last
        self._last = None
        self._batch.revisions[self._store.cluster] = last

    async def _replaced(self, error: StoreReplaced) -> None:
        """It goes on with the store that is there now, under a name of its own, from its revision on."""
        known = self._committer.writer.etcds() | self._batch.etcds
        new = taking_over(self._store, error.cluster, error.revision, known.values())
        self._gap(f"{error}; from its revision {error.revision} on it is followed as {new.cluster}", None)
        self._note(replace(self._store, end=self._seen, whole=self._seen))
        await self._gathering.flush()
        self._place = next(self._places)
        self._seen, self._last = error.revision, None
        self._changes.forget()
        self._batch.revisions[new.cluster] = error.revision
        self._note(new)

    def _note(self, store: EtcdStore) -> None:
        self._store = store
        self._batch.etcds[self._place] = store

    async def _away(self, reason: str) -> None:
        """It does not answer, or refuses; said once, when it is more than a restart. Then a pause."""
        now = time.monotonic()
        self._trouble = reason
        if self._away_since is None:
            self._away_since = now
        patience = _FIRST_PATIENCE if self._said is None else 0.0  # the watch had its own
        if self._said is not False and now - self._away_since >= patience:
            self._said = False
            self._say(EtcdNews(following=False, reason=self._redactor.text(reason)))
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _back(self) -> None:
        self._away_since, self._trouble, self._pause = None, "", PAUSE
        if self._said is not True:
            again, self._said = self._said is False, True
            self._say(EtcdNews(following=True, again=again))

    def _gap(self, reason: str, last: Revision | None) -> None:
        """Behind what was seen, up to `last` (None: not known)."""
        first = Revision(self._seen + 1) if self._begun or self._seen else None
        self._batch.gaps.append(
            Gap(
                kind="etcd",
                reason=self._redactor.text(reason),
                at=self._time.now(),
                count=0 if first is None or last is None else last - first + 1,
                first_revision=first,
                last_revision=last,
                cluster=self._store.cluster,
            )
        )

    def take_batch(self) -> Batch:
        """As a Source."""
        batch, self._batch = self._batch, Batch()
        return batch

    def give_back(self, batch: Batch) -> None:
        """As a Source."""
        batch.extend(self._batch)
        self._batch = batch
