"""A mapping of texts that keeps its latest entries in memory, and the others in a temporary file.

For what each exchange, or each object, has one of: audit ids, uids, names, revisions.
"""

import sqlite3
from collections.abc import ItemsView, Iterator, MutableMapping
from contextlib import contextmanager

from kproxy.errors import ScratchError

HOT = 1 << 14
"""Entries in memory, at most."""

_PRAGMAS = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-4000")


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a recording may hold anything


def _read(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """A full temporary folder, to which SQLite spills: ScratchError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ScratchError(f"a renaming's temporary file cannot be written: {error}") from error


def temporary() -> sqlite3.Connection:
    """A file of keys and values that SQLite takes away itself."""
    made = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        made.execute(f"PRAGMA {pragma}")
    made.execute("CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
    return made


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
        self._cold: sqlite3.Connection | None = None

    def __getitem__(self, key: str) -> str:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override] # of texts only
        """An entry's value."""
        found = self._hot.get(key)
        if found is None and self._cold is not None:
            row = self._cold.execute("SELECT value FROM entries WHERE key = ?", (_stored(key),)).fetchone()
            if row is not None:
                found = self._hot[key] = _read(row[0])  # what is asked for again is asked for often
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
        with in_a_sentence():
            self._move()

    def _move(self) -> None:
        if self._cold is None:
            self._cold = temporary()
        self._cold.execute("BEGIN")
        rows = sorted((_stored(key), _stored(value)) for key, value in self._hot.items())
        self._cold.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", rows)
        self._cold.execute("COMMIT")
        self._hot.clear()

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._hot.pop(key, None)
        if self._cold is not None:
            with in_a_sentence():
                self._cold.execute("DELETE FROM entries WHERE key = ?", (_stored(key),))

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
            for key, value in self._cold.execute("SELECT key, value FROM entries ORDER BY key"):
                yield _read(key), _read(value)
        else:
            yield from self._hot.items()

    def __len__(self) -> int:
        if self._cold is None:
            return len(self._hot)
        self._spill()
        return int(self._cold.execute("SELECT count(*) FROM entries").fetchone()[0])

    def clear(self) -> None:
        """Take all entries away."""
        self._hot.clear()
        if self._cold is not None:
            self._cold.close()
            self._cold = None


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
