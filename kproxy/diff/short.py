"""What is still to be asked of a pair of exchanges once all was learned, when the rest was found equal at once.

Learning goes through all documents. A pair in which nothing differs but what the servers chose, and where the renaming
has learned all of it, needs no second look at its documents: only at its order and its times, and at texts that must
say the same. That is kept here, of streams also of single events, and of all others their numbers, in a temporary file:
memory does not grow with it.
"""

import marshal
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from sqlite3 import Connection
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, Self

from kproxy.diff.moments import Moment, Moments
from kproxy.errors import ScratchError
from kproxy.model.exchange import Seq
from kproxy.renaming.spilled import in_a_sentence, put_into, temporary, value_of

_TOGETHER = 512
"""Pairs that are written at once,"""
_TOGETHER_BYTES = 1 << 21
"""and about as many bytes of them."""
_OF_A_PART = 200
"""Bytes of one of the things that are kept of a pair, about."""
_SIZE = 8
"""Bytes that say how many bytes of them follow."""


class InShort(NamedTuple):
    """A pair that was compared, but for this.

    `lowest`, `highest`: the smallest of the baseline's revisions in it, the greatest of the replay's. `answered`:
    revisions in the answer that stand between what was before and after it: whether an object's, the baseline's, the
    replay's. `times`: pairs that stand in an order, in seconds, and how often. `texts`: those that must say the same.
    `targets`: of both requests, where they are to be compared. `bookmarks`: of two streams, whether they have not as
    many.
    """

    moments: Moments
    lowest: int
    highest: int
    answered: tuple[tuple[bool, int, int], ...]
    times: tuple[tuple[tuple[int, int], int], ...]
    texts: tuple[tuple[str, str], ...]
    targets: tuple[str, str] | None
    bookmarks: bool = False

    @property
    def parts(self) -> int:
        """How many revisions, times and texts it has."""
        return len(self.answered) + len(self.times) + len(self.texts)


class InPart(NamedTuple):
    """Two streams that have to be compared, but for some of their events.

    `short`: what is still to be asked of those. `packed`: their places in both streams.
    """

    short: InShort
    packed: bytes

    @classmethod
    def of(cls, short: InShort, events: Iterable[tuple[int, int]]) -> Self:
        """`events`: the places of two that stand for each other."""
        return cls(short, array("q", chain.from_iterable(events)).tobytes())

    @property
    def events(self) -> frozenset[tuple[int, int]]:
        """Their places, as they were given."""
        places = array("q")
        places.frombytes(self.packed)
        return frozenset(zip(places[::2], places[1::2], strict=True))

    @property
    def size(self) -> int:
        """Of it in memory, in bytes, about."""
        return len(self.packed) + _OF_A_PART * self.short.parts


type Kept = InShort | InPart | Seq
"""In short, in part, or the number of the baseline's exchange that has to be compared as a whole."""


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """A full temporary folder is no full output: ScratchError."""
    try:
        yield
    except OSError as error:
        raise ScratchError(f"a comparison's temporary file cannot be written: {error.strerror}") from error


type _Kept = tuple[Any, ...]
"""What is kept of a pair in short, as marshal gives it back."""


class Spool:
    """What is kept of all pairs, in the order in which it was put."""

    def __init__(self) -> None:
        self.pairs = 0
        self._whole = 0
        self._trusted = True
        with _in_a_sentence():
            self._file: IO[bytes] = TemporaryFile(prefix="kproxy-diff-")  # noqa: SIM115 - closed with the spool
        self._waiting: list[object] = []
        self._size = 0
        self._later = _Later()

    @property
    def whole(self) -> int:
        """How many of them have to be compared as a whole."""
        return self._whole if self._trusted else self.pairs

    def put(self, kept: Kept) -> None:
        """One more."""
        self.pairs += 1
        self._whole += not isinstance(kept, InShort)
        self._put(_packed(kept), _size_of(kept))

    def put_later(self, seq: Seq) -> None:
        """One more, of which `tell` is told what is kept when its turn comes."""
        self.pairs += 1
        self._put((seq,))

    def tell(self, seq: Seq, kept: Kept) -> None:
        """What is kept of one that was put before, in whatever order."""
        self._whole += not isinstance(kept, InShort)
        self._later.put(seq, kept)

    def _put(self, kept: object, size: int = 0) -> None:
        self._waiting.append(kept)
        self._size += size
        if len(self._waiting) == _TOGETHER or self._size > _TOGETHER_BYTES:
            self._write()

    def _write(self) -> None:
        data = marshal.dumps(self._waiting)
        with _in_a_sentence():
            self._file.write(len(data).to_bytes(_SIZE))
            self._file.write(data)
        self._waiting, self._size = [], 0

    def __iter__(self) -> Iterator[Kept]:
        """All of them: once all were put, and told."""
        self._write()
        with _in_a_sentence():  # what the buffer still held is written here
            end = self._file.tell()
            self._file.seek(0)
        while self._file.tell() < end:
            # read as a whole: marshal.load asks a file for a few bytes at a time
            data = self._file.read(int.from_bytes(self._file.read(_SIZE)))
            for each in marshal.loads(data):  # noqa: S302 - we wrote it
                yield self._later.get(each[0]) if isinstance(each, tuple) and len(each) == 1 else _unpacked(each)

    def distrust(self) -> None:
        """What was compared is not to be relied on: everything has to be compared as a whole."""
        self._trusted = False

    def close(self) -> None:
        """Take the file away."""
        with suppress(OSError):  # what could not be written is needed no more
            self._file.close()
        self._later.close()


class _Later:
    """What is kept of those whose turn came later, by their numbers. ScratchError."""

    def __init__(self) -> None:
        self._file: Connection | None = None
        self._waiting: dict[bytes, bytes] = {}
        self._size = 0

    def put(self, seq: Seq, kept: Kept) -> None:
        """What is kept of one."""
        data = marshal.dumps(_packed(kept))
        self._waiting[_key(seq)] = data
        self._size += len(data) + _OF_A_PART
        if self._size > _TOGETHER_BYTES:
            self._write()

    def get(self, seq: Seq) -> Kept:
        """The same; the number of one of which nothing is known: it has to be compared as a whole."""
        data = self._waiting.get(_key(seq))
        if data is None and self._file is not None:
            data = value_of(self._file, _key(seq))
        return seq if data is None else _unpacked(marshal.loads(data))  # noqa: S302 - we wrote it

    def close(self) -> None:
        """Take all away, and the file."""
        self._waiting.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        if self._file is None:
            with in_a_sentence():
                self._file = temporary()
        put_into(self._file, sorted(self._waiting.items()))
        self._waiting.clear()
        self._size = 0


def _key(seq: Seq) -> bytes:
    return b"%020d" % seq


def _size_of(kept: Kept) -> int:
    """In bytes, about."""
    if isinstance(kept, InShort):
        return _OF_A_PART * kept.parts
    return kept.size if isinstance(kept, InPart) else 0


def _packed(kept: Kept) -> _Kept | int:
    """As marshal takes it."""
    if isinstance(kept, InShort):
        return _plain(kept)
    return (_plain(kept.short), kept.packed) if isinstance(kept, InPart) else int(kept)


def _unpacked(kept: Any) -> Kept:  # what marshal gives back
    if isinstance(kept, int):
        return Seq(kept)
    return InPart(_in_short(kept[0]), kept[1]) if len(kept) == len(InPart._fields) else _in_short(kept)


def _plain(kept: InShort) -> _Kept:
    """With Moment and Moments as plain tuples: marshal takes no others."""
    (seq, verb, baseline, replayed), *rest = kept
    return ((seq, verb, tuple(baseline), tuple(replayed)), *rest)


def _in_short(kept: _Kept) -> InShort:
    (seq, verb, baseline, replayed), *rest = kept
    return InShort(Moments(seq, verb, Moment(*baseline), Moment(*replayed)), *rest)
