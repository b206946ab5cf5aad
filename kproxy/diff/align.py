"""Which exchange of one recording stands beside which of another, when no replay tells it."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import batched

from kproxy.errors import ScratchError
from kproxy.model.exchange import End, Exchange, Seq
from kproxy.renaming.spilled import scratch
from kproxy.renaming.target import DRAWN_ANEW, path_of, query_of

_TOGETHER = 1 << 10
"""Rows that are written at once."""
_CACHE = "cache_size=-2000"
"""KiB in memory: they are sorted there."""
type _Key = tuple[int, int, int]
"""An exchange's hash by which it is paired, its number, and the hash by which it is if that finds none."""


def align_exchanges(baseline: Iterable[Exchange], replayed: Iterable[Exchange]) -> Iterator[tuple[Seq, Seq]]:
    """Pairs by method and target, the first with the first; then, for names that differ, by what is asked for.

    In the baseline's order. What a rule of --fault answered stands beside nothing: the same request may have come again
    and been served. They are sorted in a temporary file: memory does not grow with them. ScratchError.
    """
    with closing(_Sorter()) as sorter:
        for side, exchanges in enumerate((baseline, replayed)):
            sorter.put(side, (_key(each) for each in exchanges if not _answered_by_a_fault(each)))
        sorter.pair()
        yield from sorter.pairs()


class _Sorter:
    """Keys of sides, and then pairs, in a temporary file that SQLite takes away itself."""

    def __init__(self) -> None:
        with _in_a_sentence():
            self._file = scratch(_CACHE)
            self._file.execute("CREATE TABLE keys (side INTEGER, key INTEGER, seq INTEGER, otherwise INTEGER)")
            self._file.execute("CREATE TABLE pairs (baseline INTEGER, replayed INTEGER)")

    def put(self, side: int, keys: Iterable[_Key]) -> None:
        """Keys of a side: 0 is the baseline's, 1 the replay's; 2 and 3 are what of these is left."""
        self._write("INSERT INTO keys VALUES (?, ?, ?, ?)", ((side, *key) for key in keys))

    def pair(self) -> None:
        """Pair the first ones of a key, and so on; then those that have none, by their other hash."""
        left: tuple[list[_Key], list[_Key]] = [], []

        def leave(side: int, key: _Key) -> None:
            left[side].append((key[2], key[1], 0))
            if len(left[side]) >= _TOGETHER:
                self.put(2 + side, left[side])
                left[side].clear()

        self._pair(0, 1, leave)
        for side, rest in enumerate(left):
            self.put(2 + side, rest)
        self._pair(2, 3, lambda _side, _key: None)

    def _pair(self, first: int, second: int, leave: Callable[[int, _Key], None]) -> None:
        question = "SELECT key, seq, otherwise FROM keys WHERE side = ? ORDER BY key, seq"
        beside = _beside(self._read(question, first), self._read(question, second), leave)
        self._write("INSERT INTO pairs VALUES (?, ?)", beside)

    def pairs(self) -> Iterator[tuple[Seq, Seq]]:
        """All of them, in the baseline's order."""
        for first, second, _ in self._read("SELECT baseline, replayed, 0 FROM pairs ORDER BY baseline"):
            yield Seq(first), Seq(second)

    def close(self) -> None:
        """The file goes with its keys."""
        self._file.close()

    def _write(self, statement: str, rows: Iterable[tuple[int, ...]]) -> None:
        for some in batched(rows, _TOGETHER):
            with _in_a_sentence():
                self._file.execute("BEGIN")
                self._file.executemany(statement, some)
                self._file.execute("COMMIT")

    def _read(self, question: str, *given: int) -> Iterator[_Key]:
        with _in_a_sentence():
            yield from self._file.execute(question, given)


def _beside(
    first: Iterator[_Key], second: Iterator[_Key], leave: Callable[[int, _Key], None]
) -> Iterator[tuple[int, int]]:
    """The numbers of keys that are equal, of two rows of keys in their order; `leave` gets those of one side only."""
    one, other = next(first, None), next(second, None)
    while one is not None and other is not None:
        if one[0] == other[0]:
            yield one[1], other[1]
            one, other = next(first, None), next(second, None)
        elif one[0] < other[0]:
            leave(0, one)
            one = next(first, None)
        else:
            leave(1, other)
            other = next(second, None)
    while one is not None:
        leave(0, one)
        one = next(first, None)
    while other is not None:
        leave(1, other)
        other = next(second, None)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """A full temporary folder, or a disk that fails: ScratchError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ScratchError(f"a comparison's temporary file cannot be written: {error}") from error


def _key(exchange: Exchange) -> _Key:
    return hash(_exact(exchange)), exchange.seq, hash(_kind(exchange))


def _answered_by_a_fault(exchange: Exchange) -> bool:
    return exchange.end is End.REFUSED and bool(exchange.fault)


def _exact(exchange: Exchange) -> tuple[object, ...]:
    target = exchange.request.target
    query = tuple(sorted(pair for pair in query_of(target) if pair[0] not in DRAWN_ANEW))
    return exchange.request.method, path_of(target), query


def _kind(exchange: Exchange) -> tuple[object, ...]:
    info = exchange.info
    return exchange.request.method, info.verb, info.group, info.version, info.resource, info.subresource, info.namespace
