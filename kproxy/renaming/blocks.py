"""Blocks of numbers, column by column: those used lately in memory, the others in a temporary file."""

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO

from kproxy.errors import ScratchError

_NUMBER = 8
"""Bytes of one."""

type Columns = list[array[int]]
"""Of integers of 64 bits, all equally long, and at least one number."""


class Block:
    """`count`: numbers of a column. `columns`: None while they are in the file only. `slot`: where there, -1: nowhere.

    Whoever changes columns says so by `changed`, and tells `count`.
    """

    __slots__ = ("_least", "_most", "changed", "columns", "count", "slot")

    def __init__(self, columns: Columns) -> None:
        self.columns: Columns | None = columns
        self.count = len(columns[0])
        self.changed = True
        self.slot = -1
        self._most = self._least = 0

    def leave(self) -> None:
        """The columns are in the file: only there, from now on."""
        self._most, self._least = self.most, self.least
        self.columns = None

    @property
    def most(self) -> int:
        """The greatest number of the last column."""
        return self._most if self.columns is None else max(self.columns[-1])

    @property
    def least(self) -> int:
        """The smallest number of the last column."""
        return self._least if self.columns is None else min(self.columns[-1])


class Holder:
    """Holds the columns of the `most` blocks that were used last.

    `width`: how many columns a block has; `longest`: numbers of one, at most.
    """

    def __init__(self, width: int, longest: int, most: int) -> None:
        self._width = width
        self._size = width * longest * _NUMBER
        self._most = most
        self._held: OrderedDict[Block, None] = OrderedDict()
        self._now: Block | None = None
        self._file: IO[bytes] | None = None
        self._slots = 0

    def columns(self, block: Block) -> Columns:
        """A block's: whoever asks changes them before another block is asked for, if at all. ScratchError."""
        columns = block.columns
        if columns is None:
            columns = block.columns = self._read(block)
        if block is not self._now:
            self.hold(block)
        return columns

    def hold(self, block: Block) -> None:
        """It is the one used last, so that the one used longest ago may be in the file only. ScratchError."""
        self._now = block
        self._held[block] = None
        self._held.move_to_end(block)
        if len(self._held) > self._most:
            oldest, _ = self._held.popitem(last=False)
            if oldest.changed:
                self._write(oldest)
            oldest.leave()

    def drop(self, block: Block) -> None:
        """It is not used any more."""
        self._held.pop(block, None)
        self._now = None

    def close(self) -> None:
        """Take the file away."""
        self._held.clear()
        self._now = None
        if self._file is not None:
            with suppress(OSError):  # what could not be written is needed no more
                self._file.close()
            self._file = None

    def _write(self, block: Block) -> None:
        if block.slot < 0:
            block.slot, self._slots = self._slots, self._slots + 1
        with _in_a_sentence("written"):
            if self._file is None:
                self._file = TemporaryFile(prefix="kproxy-numbers-")  # noqa: SIM115 - closed with the holder
            self._file.seek(block.slot * self._size)
            self._file.write(b"".join([column.tobytes() for column in block.columns or ()]))
        block.changed = False

    def _read(self, block: Block) -> Columns:
        if self._file is None:
            raise ValueError("the file was taken away")
        with _in_a_sentence("read"):
            self._file.seek(block.slot * self._size)
            return [array("q", self._file.read(block.count * _NUMBER)) for _ in range(self._width)]


@contextmanager
def _in_a_sentence(done: str) -> Iterator[None]:
    """A full temporary folder, or a disk that fails: ScratchError."""
    try:
        yield
    except OSError as error:
        raise ScratchError(f"a temporary file of numbers cannot be {done}: {error.strerror}") from error
