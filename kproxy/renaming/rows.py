"""Rows of numbers in the order of their first ones, most of them in a temporary file.

For what each exchange, or each change, has one of. They mostly come in their order, and are asked for near each other.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from kproxy.renaming.blocks import Block, Columns, Holder

_BLOCK = 512
"""Rows of a block, at most,"""
_HELD = 8
"""and blocks in memory."""

type Row = tuple[int, ...]
"""Integers of 64 bits."""


class Rows:
    """Rows of `width` numbers, each at its place: that is how many are before it. ScratchError.

    `block`: rows of a block; `held`: how many blocks are in memory.
    """

    def __init__(self, width: int, *, block: int = _BLOCK, held: int = _HELD) -> None:
        self._longest = block
        self._holder = Holder(width, block, held)
        self._blocks: list[Block] = []
        self._firsts = array("q")
        """The first number of each block."""
        self._starts = array("q")
        """The place of each block's first row: of the first blocks, as far as they have been asked for."""
        self._count = 0
        self.last: int | None = None
        """The greatest first number, None where there is no row."""

    def append(self, row: Row) -> None:
        """A row behind all others."""
        if not self._blocks or self._blocks[-1].count >= self._longest:
            self._add(len(self._blocks), [array("q", (number,)) for number in row])
        else:
            block = self._blocks[-1]
            for column, number in zip(self._holder.columns(block), row, strict=True):
                column.append(number)
            block.count += 1
            block.changed = True
        self._count += 1
        self.last = row[0]

    def put(self, row: Row) -> None:
        """A row where its first number belongs: behind all that have the same."""
        if self.last is None or self.last <= row[0]:
            self.append(row)
        else:
            self.insert(self.right(row[0]), row)

    def insert(self, place: int, row: Row) -> None:
        """A row at a place, where it is in order."""
        if place == self._count:
            self.append(row)
            return
        at, offset = self._locate(place - 1 if place else 0)
        offset += place > 0  # behind the one before it
        block = self._blocks[at]
        columns = self._holder.columns(block)
        for column, number in zip(columns, row, strict=True):
            column.insert(offset, number)
        self._changed(at, columns, 1)
        if block.count > self._longest:
            self._split(at)

    def delete(self, place: int) -> None:
        """Take the row at a place away. IndexError."""
        at, offset = self._locate(place)
        columns = self._holder.columns(self._blocks[at])
        for column in columns:
            del column[offset]
        self._changed(at, columns, -1)
        if place == self._count:
            self.last = self[place - 1][0] if place else None

    def change(self, place: int, column: int, number: int) -> None:
        """Another number in a row, but not as its first one. IndexError."""
        at, offset = self._locate(place)
        block = self._blocks[at]
        self._holder.columns(block)[column][offset] = number
        block.changed = True

    def left(self, number: int) -> int:
        """How many rows begin with a smaller number."""
        at = max(bisect_left(self._firsts, number) - 1, 0)
        if not self._blocks:
            return 0
        return self._start(at) + bisect_left(self._holder.columns(self._blocks[at])[0], number)

    def right(self, number: int) -> int:
        """How many rows begin with this number or a smaller one."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0:
            return 0
        return self._start(at) + bisect_right(self._holder.columns(self._blocks[at])[0], number)

    def find(self, number: int) -> Row | None:
        """A row that begins with a number, None if none does."""
        found = self.until(number)
        return found if found is not None and found[0] == number else None

    def until(self, number: int) -> Row | None:
        """The last row that begins with this number or a smaller one, None if none does."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0:
            return None
        columns = self._holder.columns(self._blocks[at])
        offset = bisect_right(columns[0], number) - 1
        return tuple([column[offset] for column in columns])

    def __getitem__(self, place: int) -> Row:
        at, offset = self._locate(place)
        return tuple([column[offset] for column in self._holder.columns(self._blocks[at])])

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        for block in self._blocks:
            yield from zip(*self._holder.columns(block), strict=True)

    def __reversed__(self) -> Iterator[Row]:
        for block in reversed(self._blocks):
            yield from zip(*map(reversed, self._holder.columns(block)), strict=True)

    def most_before(self, place: int) -> int | None:
        """The greatest of the last numbers of all rows before a place, None where there are none."""
        if not place:
            return None
        at, offset = self._locate(place - 1)
        own = max(self._holder.columns(self._blocks[at])[-1][: offset + 1])
        return max([own, *[block.most for block in self._blocks[:at]]])

    def least_from(self, place: int) -> int | None:
        """The smallest of the last numbers of all rows from a place on, None where there are none."""
        if place == self._count:
            return None
        at, offset = self._locate(place)
        own = min(self._holder.columns(self._blocks[at])[-1][offset:])
        return min([own, *[block.least for block in self._blocks[at + 1 :]]])

    def close(self) -> None:
        """Take all rows away, and the file."""
        self._blocks.clear()
        del self._firsts[:], self._starts[:]
        self._count = 0
        self.last = None
        self._holder.close()

    def _start(self, at: int) -> int:
        """The place of a block's first row."""
        starts = self._starts
        for each in range(len(starts), at + 1):
            starts.append(starts[-1] + self._blocks[each - 1].count if each else 0)
        return starts[at]

    def _locate(self, place: int) -> tuple[int, int]:
        """The block that a row is in, and its place there. IndexError where there is no such row."""
        if not 0 <= place < self._count:
            raise IndexError(place)
        starts = self._starts
        while len(starts) < len(self._blocks) and (not starts or starts[-1] <= place):
            self._start(len(starts))
        at = bisect_right(starts, place) - 1
        return at, place - starts[at]

    def _changed(self, at: int, columns: Columns, more: int) -> None:
        """A block has one row more, or one less."""
        block = self._blocks[at]
        block.count += more
        block.changed = True
        self._count += more
        del self._starts[at + 1 :]
        if block.count:
            self._firsts[at] = columns[0][0]
        else:
            del self._blocks[at], self._firsts[at], self._starts[at:]
            self._holder.drop(block)

    def _split(self, at: int) -> None:
        """Make two blocks of one."""
        block = self._blocks[at]
        columns = self._holder.columns(block)
        half = block.count // 2
        rest = [column[half:] for column in columns]
        for column in columns:
            del column[half:]
        block.count = half
        self._add(at + 1, rest)

    def _add(self, at: int, columns: Columns) -> None:
        block = Block(columns)
        self._blocks.insert(at, block)
        self._firsts.insert(at, columns[0][0])
        del self._starts[at:]
        self._holder.hold(block)
