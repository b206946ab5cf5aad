"""The store over a real etcd."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from kproxy.etcd import Compacted, Etcd, KeyValue, WatchBatch
from kproxy.lab.emulated.store import Change, CompactedError, Page, Stored
from kproxy.model.etcd import EtcdKey, Revision


class EtcdStore:
    """Implements Store."""

    def __init__(self, etcd: Etcd) -> None:
        self._etcd = etcd

    async def get(self, key: str) -> Stored | None:
        """The value now."""
        found = await self._etcd.get(_key(key))
        return None if found is None else _stored(found)

    async def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Values under a prefix."""
        behind = _key(after) if after else None
        try:
            answer = await self._etcd.prefix(prefix.encode(), at=Revision(revision), limit=limit, after=behind)
        except Compacted as error:
            raise CompactedError(error.revision) from error
        items = tuple(_stored(item) for item in answer.items)
        return Page(items, revision or answer.revision, answer.count - len(items))

    async def create(self, key: str, value: bytes) -> int | None:
        """Writes a key that is not there."""
        written = await self._etcd.create(_key(key), value)
        return written.revision if written.done else None

    async def update(self, key: str, value: bytes, expected: int) -> int | None:
        """Writes a key whose revision is `expected`."""
        written = await self._etcd.replace(_key(key), value, Revision(expected))
        return written.revision if written.done else None

    async def delete(self, key: str, expected: int) -> int | None:
        """Deletes a key whose revision is `expected`."""
        written = await self._etcd.remove(_key(key), Revision(expected))
        return written.revision if written.done else None

    @asynccontextmanager
    async def watch(self, prefix: str, after: int) -> AsyncIterator[AsyncIterator[Change]]:
        """Changes as they come."""
        batches = self._etcd.watch(Revision(after + 1), prefix.encode())
        async with aclosing(batches):
            yield _changes(batches)


async def _changes(batches: AsyncIterator[WatchBatch]) -> AsyncIterator[Change]:
    try:
        async for batch in batches:
            for event in batch.events:
                yield Change(event.key.decode(), event.mod_revision, event.value, event.prev_value)
    except Compacted as error:
        raise CompactedError(error.revision) from error


def _key(key: str) -> EtcdKey:
    return EtcdKey(key.encode())


def _stored(found: KeyValue) -> Stored:
    return Stored(found.key.decode(), found.value, found.mod_revision)
