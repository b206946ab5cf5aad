"""What the api-server needs of its etcd: a seam, so that its verbs can be tested without one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """A value and the revision that wrote it."""

    key: str
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Page:
    """Values in the order of their keys, as they were at `revision`; `remaining`: how many follow."""

    items: tuple[Stored, ...]
    revision: int
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A key's change: `value` is None for a delete, `previous` for a create."""

    key: str
    revision: int
    value: bytes | None
    previous: bytes | None


class CompactedError(Exception):
    """The revision asked for is gone; `oldest` is the first that is there (0: not known)."""

    def __init__(self, oldest: int) -> None:
        super().__init__(oldest)
        self.oldest = oldest


class Store(Protocol):
    """Keys, values, revisions."""

    async def get(self, key: str) -> Stored | None:
        """The value now."""

    async def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Values under `prefix`, from behind the key `after`, at most `limit` (0: all), as of `revision` (0: now).

        CompactedError.
        """

    async def create(self, key: str, value: bytes) -> int | None:
        """Writes a key that is not there; the revision, or None if it is."""

    async def update(self, key: str, value: bytes, expected: int) -> int | None:
        """Writes a key whose revision is `expected`; the new revision, or None if it is another."""

    async def delete(self, key: str, expected: int) -> int | None:
        """Deletes a key whose revision is `expected`; the revision of that, or None if it is another."""

    def watch(self, prefix: str, after: int) -> AbstractAsyncContextManager[AsyncIterator[Change]]:
        """The changes under `prefix` behind the revision `after`, as they come. The iterator raises CompactedError."""
