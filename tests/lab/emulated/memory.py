"""A store in memory, with etcd's revisions and watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kproxy.lab.emulated.store import Change, CompactedError, Page, Stored


class MemoryStore:
    """Implements Store. One event loop; lives as long as the object."""

    def __init__(self) -> None:
        self._now: dict[str, Stored] = {}
        self._history: list[Change] = []
        self._revision = 1
        self._compacted = 0
        self._changed = asyncio.Condition()

    async def get(self, key: str) -> Stored | None:
        """The value now."""
        return self._now.get(key)

    async def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Values under a prefix."""
        at = revision or self._revision
        values = self._now if at >= self._revision else self._at(at)
        keys = sorted(key for key in values if key.startswith(prefix) and key > after)
        taken = keys[:limit] if limit else keys
        return Page(tuple(values[key] for key in taken), at, len(keys) - len(taken))

    async def create(self, key: str, value: bytes) -> int | None:
        """Writes a key that is not there."""
        return None if key in self._now else await self._write(key, value)

    async def update(self, key: str, value: bytes, expected: int) -> int | None:
        """Writes a key whose revision is `expected`."""
        there = self._now.get(key)
        return await self._write(key, value) if there is not None and there.revision == expected else None

    async def delete(self, key: str, expected: int) -> int | None:
        """Deletes a key whose revision is `expected`."""
        there = self._now.get(key)
        return await self._write(key, None) if there is not None and there.revision == expected else None

    @asynccontextmanager
    async def watch(self, prefix: str, after: int) -> AsyncIterator[AsyncIterator[Change]]:
        """Changes as they come."""
        yield self._follow(prefix, after)

    async def _follow(self, prefix: str, after: int) -> AsyncIterator[Change]:
        if after < self._compacted:
            raise CompactedError(self._compacted)
        seen = 0
        while True:
            async with self._changed:
                while seen == len(self._history):
                    await self._changed.wait()
                new, seen = self._history[seen:], len(self._history)
            for change in new:
                if change.revision > after and change.key.startswith(prefix):
                    yield change

    def compact(self, revision: int) -> None:
        """Forgets what was before `revision`."""
        self._compacted = revision

    def _at(self, revision: int) -> dict[str, Stored]:
        if revision < self._compacted:
            raise CompactedError(self._compacted)
        values: dict[str, Stored] = {}
        for change in self._history:
            if change.revision > revision:
                break
            if change.value is None:
                values.pop(change.key, None)
            else:
                values[change.key] = Stored(change.key, change.value, change.revision)
        return values

    async def _write(self, key: str, value: bytes | None) -> int:
        previous = self._now.get(key)
        self._revision += 1
        if value is None:
            del self._now[key]
        else:
            self._now[key] = Stored(key, value, self._revision)
        async with self._changed:
            self._history.append(Change(key, self._revision, value, previous.value if previous else None))
            self._changed.notify_all()
        return self._revision
