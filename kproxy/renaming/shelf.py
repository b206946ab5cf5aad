"""Values by key of which those used lately are in memory, and the others in a temporary file, each as a whole.

For what is learned of each object: its versions and its times are asked for while it lives, and hardly ever again.
"""

import marshal
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from kproxy.renaming.spilled import entries_of, in_a_sentence, put_into, temporary, value_of

HOT = 256
"""Values of a generation: those that one of the last two used are in memory."""


type Packed = Any
"""What marshal takes, and gives back: who packed it knows what is in it."""


class Shelf[T]:
    """Values that may change while they are in memory: whoever asks for one keeps it for no longer than that.

    `dump` and `load`: to what marshal takes and back.
    """

    def __init__(self, dump: Callable[[T], Packed], load: Callable[[Packed], T], hot: int = HOT) -> None:
        self._dump = dump
        self._load = load
        self._most = hot
        self._young: dict[str, T] = {}
        self._old: dict[str, T] = {}
        self._cold: sqlite3.Connection | None = None

    def get(self, key: str) -> T | None:
        """What is kept of a key, None if nothing is."""
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is None and self._cold is not None:
                found = self._fetch(self._cold, key)
            if found is not None:
                self[key] = found
        return found

    def __setitem__(self, key: str, value: T) -> None:
        self._young[key] = value
        if len(self._young) > self._most:
            self._write(self._old)
            self._old, self._young = self._young, {}

    def _fetch(self, cold: sqlite3.Connection, key: str) -> T | None:
        data = value_of(cold, _stored(key))
        return self._load(marshal.loads(data)) if data is not None else None  # noqa: S302 - we wrote it

    def _write(self, values: dict[str, T]) -> None:
        if not values:
            return
        if self._cold is None:
            with in_a_sentence():
                self._cold = temporary()
        put_into(self._cold, sorted((_stored(key), marshal.dumps(self._dump(value))) for key, value in values.items()))

    def items(self) -> Iterator[tuple[str, T]]:
        """All of them; to be changed only by `change`."""
        for key, value, _ in self._all():
            yield key, value

    def values(self) -> Iterator[T]:
        """The same, without their keys."""
        return (value for _, value, _ in self._all())

    def change(self, change: Callable[[T], bool]) -> bool:
        """Change all of them; whether `change` said so of any."""
        changed = False
        written: dict[str, T] = {}
        for key, value, kept in self._all():
            changed |= change(value)
            if kept is not None and marshal.dumps(self._dump(value)) != kept:
                written[key] = value
                if len(written) >= self._most:
                    self._write(written)
                    written.clear()
        self._write(written)
        return changed

    def _all(self) -> Iterator[tuple[str, T, bytes | None]]:
        """Each once, whatever is asked for meanwhile; with what is written of those that were not in memory."""
        hot = {**self._old, **self._young}
        if self._cold is not None:
            for stored, data in entries_of(self._cold):
                if (key := stored.decode("utf-8", "surrogatepass")) not in hot:
                    yield key, self._load(marshal.loads(data)), data  # noqa: S302 - we wrote it
        for key, value in hot.items():
            yield key, value, None

    def close(self) -> None:
        """Take all away, and the file."""
        self._young, self._old = {}, {}
        if self._cold is not None:
            self._cold.close()
            self._cold = None

    def __bool__(self) -> bool:
        return bool(self._young or self._old or self._cold is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self._all()) if self._cold is not None else len(self._young) + len(self._old)


def _stored(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # a recording may hold anything
