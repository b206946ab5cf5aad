"""A mapping of texts that keeps its latest entries in memory, and the others in a temporary file.

For what each exchange, or each object, has one of: audit ids, uids, names, revisions.
"""

import sqlite3
from collections.abc import ItemsView, Iterator, MutableMapping
from contextlib import contextmanager

from kproxy.errors import ScratchError
from kproxy.renaming.sieve import Sieve

HOT = 1 << 14
"""Entries in memory, at most."""

_PRAGMAS = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-256")
"""256 KiB of pages: there are a dozen such files at a time, and what is written lies in the order of its keys."""

_PAGE = 256
"""Entries that are read at once."""


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a recording may hold anything


def _read(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


@contextmanager
def in_a_sentence(done: str = "written") -> Iterator[None]:
    """A full temporary folder, to which SQLite spills, or a disk that fails: ScratchError. `done`: written | read."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ScratchError(f"a renaming's temporary file cannot be {done}: {error}") from error


def value_of(cold: sqlite3.Connection, key: bytes) -> bytes | None:
    """What such a file has of a key; None if it has nothing. ScratchError."""
    with in_a_sentence("read"):
        row = cold.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()
    return row[0] if row is not None else None


def put_into(cold: sqlite3.Connection, rows: list[tuple[bytes, bytes]]) -> None:
    """Keys and values, in the place of those of the same keys. ScratchError."""
    with in_a_sentence():
        cold.execute("BEGIN")
        cold.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", rows)
        cold.execute("COMMIT")


def entries_of(cold: sqlite3.Connection) -> Iterator[tuple[bytes, bytes]]:
    """All that such a file has, in the order of its keys; those that were given may be changed there. ScratchError."""
    found = _page(cold, "SELECT key, value FROM entries ORDER BY key LIMIT ?", _PAGE)
    while found:
        yield from found
        found = _page(cold, "SELECT key, value FROM entries WHERE key > ? ORDER BY key LIMIT ?", found[-1][0], _PAGE)


def _page(cold: sqlite3.Connection, question: str, *given: object) -> list[tuple[bytes, bytes]]:
    with in_a_sentence("read"):
        return cold.execute(question, given).fetchall()


def scratch(*pragmas: str) -> sqlite3.Connection:
    """A file that SQLite takes away itself; `pragmas`: what is otherwise for it."""
    made = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for pragma in (*_PRAGMAS, *pragmas):
        made.execute(f"PRAGMA {pragma}")
    return made


def temporary() -> sqlite3.Connection:
    """Such a file of keys and values."""
    made = scratch()
    made.execute("CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
    return made


class _Cold:
    """What was spilled: entries in a temporary file, and which keys it certainly has not. ScratchError."""

    def __init__(self) -> None:
        with in_a_sentence():
            self.file = temporary()
        self._sieve = Sieve()

    def get(self, key: str) -> str | None:
        """An entry's value. Most keys that are asked for are new, and then the file is not."""
        value = value_of(self.file, _stored(key)) if self._sieve.lets_through(key) else None
        return _read(value) if value is not None else None

    def put(self, entries: dict[str, str]) -> None:
        """Entries, in the place of those of the same keys."""
        rows = [(_stored(key), _stored(entries[key])) for key in sorted(entries)]  # UTF-8 is in the same order
        put_into(self.file, rows)
        self._sieve.put(entries)
        if self._sieve.is_full:
            self._sieve = self._sieve.larger(key for key, _ in self.entries())

    def take(self, key: str) -> None:
        """Take an entry away."""
        with in_a_sentence():
            self.file.execute("DELETE FROM entries WHERE key = ?", (_stored(key),))

    def entries(self) -> Iterator[tuple[str, str]]:
        """All of them."""
        for key, value in entries_of(self.file):
            yield _read(key), _read(value)

    def __len__(self) -> int:
        with in_a_sentence("read"):
            return int(self.file.execute("SELECT count(*) FROM entries").fetchone()[0])

    def close(self) -> None:
        """The file goes with its entries."""
        self.file.close()


class _Entries(ItemsView[str, str]):
    def __init__(self, spilled: "Spilled") -> None:
        super().__init__(spilled)
        self._spilled = spilled

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self._spilled.entries()


class Spilled(MutableMapping[str, str]):
    """As a dictionary, but that the order of its entries is none; `hot`: how many are in memory at most."""

    def __init__(self, hot: int = HOT) -> None:
        self._most = hot
        self._hot: dict[str, str] = {}
        self._cold: _Cold | None = None

    def __getitem__(self, key: str) -> str:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override] # of texts only
        """An entry's value."""
        found = self._hot.get(key)
        if found is None and self._cold is not None and (found := self._cold.get(key)) is not None:
            self._hot[key] = found  # what is asked for again is asked for often
            if len(self._hot) > self._most:
                self._spill()
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self._hot or (self._cold is not None and isinstance(key, str) and self.get(key) is not None)

    def __setitem__(self, key: str, value: str) -> None:
        self._hot[key] = value
        if len(self._hot) > self._most:
            self._spill()

    def _spill(self) -> None:
        if self._cold is None:
            self._cold = _Cold()
        self._cold.put(self._hot)
        self._hot.clear()

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._hot.pop(key, None)
        if self._cold is not None:
            self._cold.take(key)

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.entries())

    def items(self) -> ItemsView[str, str]:
        """All entries, not asked for one by one."""
        return _Entries(self)

    def entries(self) -> Iterator[tuple[str, str]]:
        """The same, once."""
        if self._cold is not None:
            if self._hot:
                self._spill()
            yield from self._cold.entries()
        else:
            yield from self._hot.items()

    def __len__(self) -> int:
        if self._cold is None:
            return len(self._hot)
        self._spill()
        return len(self._cold)

    def clear(self) -> None:
        """Take all entries away."""
        self._hot.clear()
        if self._cold is not None:
            self._cold.close()
            self._cold = None

    close = clear
    """The file goes with its entries."""


class Counts:
    """How often each of any number of texts was counted."""

    def __init__(self, hot: int = HOT) -> None:
        self._counts = Spilled(hot)

    def get(self, key: str, default: int) -> int:
        """How often; `default` for what was not."""
        found = self._counts.get(key)
        return default if found is None else int(found)

    def __setitem__(self, key: str, count: int) -> None:
        self._counts[key] = str(count)

    def close(self) -> None:
        """Take all counts away, and their file."""
        self._counts.close()
