"""Follows etcd beside the hand-off: every change of every key, values redacted, whole revision by whole revision."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from kproxy.errors import EtcdError
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import Compacted, RawEvent, WatchBatch
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest, Nanos
from kproxy.model.session import Gap
from kproxy.record.committer import Committer
from kproxy.record.redact import Opaque, Redactor
from kproxy.record.settings import RecorderSettings
from kproxy.store.bodies import digest_of
from kproxy.store.writer import Batch

CONNECT_PATIENCE = 30.0
"""Seconds that the beginning looks for an etcd that answers."""
GATHER = 0.02
"""Seconds that changes wait for more, to be committed together."""
GATHERED = 2000
"""Changes that are committed without waiting for more."""


class Follower:
    """Follows one etcd from the header's etcd_start on, or from where the recorder before this one came to.

    A watch that fails is a gap in the recording; nothing is raised.
    """

    def __init__(
        self,
        etcd: EtcdSettings,
        settings: RecorderSettings,
        committer: Committer,
        redactor: Redactor,
        say: Callable[[dict[str, object]], None],
    ) -> None:
        self._settings = etcd
        self._epoch = settings.epoch
        self._patience = settings.etcd_patience
        self._committer = committer
        self._redactor = redactor
        self._say = say
        self._batch = Batch()
        self._etcd: Etcd | None = None
        self._cluster = ClusterId("")
        self._seen = Revision(0)
        self._following = False
        self._failed = False
        self._flushing = asyncio.Lock()
        self._progress = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._flush_often())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._etcd is not None:
            await self._etcd.close()

    async def finish(self) -> Revision | None:
        """The store's revision now, with everything up to it in the recording, or a gap that says what is missing."""
        target = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._until(lambda: self._following)
                target = await self._revision()
                await self._until(lambda: target is None or self._seen >= target)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._following:
            self._fail("etcd did not answer before the session ended")
        elif target is not None and self._seen < target and not self._failed:
            reason = f"etcd's watch had not come to the end of the session within {self._patience:.0f} s"
            self._gap(reason, Revision(self._seen + 1), target)
        await self._flush()
        return target

    async def _until(self, done: Callable[[], bool]) -> None:
        """Waits for it, or for the watch to fail."""
        while not done() and not self._failed:
            self._progress.clear()
            await self._progress.wait()

    async def _revision(self) -> Revision | None:
        """The store's; None, and a gap, if it does not say."""
        if self._etcd is None or self._failed:
            return None
        try:
            return await self._etcd.revision()
        except EtcdError as error:
            self._fail(f"its revision at the end is not known: {error}")
            return None

    async def _follow(self) -> None:
        try:
            self._etcd = etcd = await self._connected()
            await self._begin(etcd)
            while True:
                try:
                    await self._watch(etcd)
                except Compacted as error:
                    if error.revision <= self._seen + 1:
                        raise
                    self._gap(str(error), Revision(self._seen + 1), Revision(error.revision - 1))
                    self._seen = Revision(error.revision - 1)
        except EtcdError as error:
            self._fail(str(error))

    async def _connected(self) -> Etcd:
        """EtcdError if none answers in time."""
        deadline = time.monotonic() + CONNECT_PATIENCE
        while True:
            try:
                return await connect(self._settings)
            except EtcdError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.5)

    async def _begin(self, etcd: Etcd) -> None:
        """Which cluster it is, and from where on: the header's start, or the end of what is stored already."""
        status = await etcd.status()
        session = self._committer.writer.session
        self._cluster = status.cluster
        if session.server.etcd_cluster not in {None, self._cluster}:
            raise EtcdError(f"etcd is of cluster {self._cluster}, the session began with {session.server.etcd_cluster}")
        known = self._committer.writer.committed_revision(self._cluster)
        start = known if known is not None else session.etcd_start
        self._seen = status.revision if start is None else start
        self._following = True
        self._progress.set()
        self._say({"state": "etcd", "following": True, "cluster": self._cluster, "after": self._seen})

    async def _watch(self, etcd: Etcd) -> None:
        async for batch in etcd.watch(Revision(self._seen + 1)):
            self._take(batch)
            self._progress.set()
            if len(self._batch.changes) >= GATHERED:
                await self._flush()

    def _take(self, batch: WatchBatch) -> None:
        """Every revision has an event: one that is left out never came."""
        at = Nanos(max(0, time.monotonic_ns() - self._epoch))
        for event in batch.events:
            if event.mod_revision > self._seen + 1:
                reason = "etcd's watch left them out"
                self._gap(reason, Revision(self._seen + 1), Revision(event.mod_revision - 1))
            self._seen = event.mod_revision
            self._batch.changes.append(self._change(event, at))
        self._batch.revisions[self._cluster] = self._seen = batch.revision

    def _change(self, event: RawEvent, at: Nanos) -> KeyChange:
        previous = self._body(event.key, event.prev_value)
        if previous is None and event.version > 1:
            previous = Body(state=BodyState.LOST, size=0, reason="etcd had compacted it")
        return KeyChange(
            cluster=self._cluster,
            revision=event.mod_revision,
            key=event.key,
            type=event.type,
            at=at,
            value=self._body(event.key, event.value),
            previous=previous,
            create_revision=event.create_revision,
            version=event.version,
            lease=event.lease,
        )

    def _body(self, key: EtcdKey, value: bytes | None) -> Body | None:
        if value is None:
            return None
        if not value:
            return EMPTY_BODY
        redacted = self._redactor.etcd_value(key, value, self._committer.writer.session.etcd_prefix)
        if isinstance(redacted, Opaque):
            return Body(state=BodyState.OPAQUE, size=len(value), reason=redacted.reason)
        digest: Digest = digest_of(redacted)
        self._batch.bodies[digest] = redacted
        return Body(state=BodyState.KEPT, size=len(value), digest=digest)

    def _fail(self, reason: str) -> None:
        if self._failed:
            return
        self._failed = True
        self._progress.set()
        self._gap(reason, Revision(self._seen + 1) if self._seen else None, None)
        self._say({"state": "etcd", "following": False, "reason": reason})

    def _gap(self, reason: str, first: Revision | None, last: Revision | None) -> None:
        self._batch.gaps.append(
            Gap(
                kind="etcd",
                reason=self._redactor.text(reason),
                at=Nanos(max(0, time.monotonic_ns() - self._epoch)),
                count=0 if first is None or last is None else last - first + 1,
                first_revision=first,
                last_revision=last,
            )
        )

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(GATHER)
            await self._flush()

    async def _flush(self) -> None:
        async with self._flushing:
            batch, self._batch = self._batch, Batch()
            if not batch:
                return
            try:
                await self._committer.commit(batch)
            except BaseException:  # cancelled while the disk was full: it is tried once more at the end
                batch.extend(self._batch)
                self._batch = batch
                raise
