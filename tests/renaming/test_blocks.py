"""kproxy.renaming.blocks."""

from array import array
from contextlib import closing

import pytest

from kproxy.errors import ScratchError
from kproxy.renaming.blocks import Block, Holder


def block(*columns: list[int]) -> Block:
    """A block of these columns."""
    return Block([array("q", column) for column in columns])


def numbers(holder: Holder, asked: Block) -> list[list[int]]:
    """A block's, as lists."""
    return [list(column) for column in holder.columns(asked)]


def test_as_many_blocks_as_were_wanted_are_in_memory_those_used_last() -> None:
    blocks = [block([number], [-number]) for number in range(4)]
    with closing(Holder(2, 1, 2)) as holder:
        for each in blocks:
            holder.hold(each)
        assert [each.columns is not None for each in blocks] == [False, False, True, True]
        assert numbers(holder, blocks[2]) == [[2], [-2]]
        assert numbers(holder, blocks[0]) == [[0], [0]]
        assert [each.columns is not None for each in blocks] == [True, False, True, False]
        assert [numbers(holder, each) for each in blocks] == [[[number], [-number]] for number in range(4)]


def test_a_block_is_read_as_it_was_left_whatever_its_length() -> None:
    first, second = block([1, 2, 3], [9, 7, 8]), block([4], [5])
    with closing(Holder(2, 3, 1)) as holder:
        holder.hold(first)
        holder.hold(second)
        assert numbers(holder, first) == [[1, 2, 3], [9, 7, 8]]
        for column in holder.columns(first):
            del column[0]
        first.count, first.changed = 2, True
        assert numbers(holder, second) == [[4], [5]]
        assert numbers(holder, first) == [[2, 3], [7, 8]]


def test_the_greatest_and_the_smallest_of_the_last_column_are_known_wherever_it_is() -> None:
    first, second = block([1, 2, 3], [9, 7, 8]), block([4], [5])
    with closing(Holder(2, 3, 1)) as holder:
        holder.hold(first)
        assert (first.most, first.least) == (9, 7)
        holder.hold(second)
        assert first.columns is None
        assert (first.most, first.least) == (9, 7)


def test_a_block_that_was_dropped_takes_no_room() -> None:
    first, second, third = (block([number]) for number in range(3))
    with closing(Holder(1, 1, 2)) as holder:
        for each in (first, second):
            holder.hold(each)
        holder.drop(second)
        holder.hold(third)
        assert numbers(holder, first) == [[0]]
        assert first.columns is not None
        assert third.columns is not None
        assert second.slot == -1


def test_what_cannot_be_read_again_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        """A disk from which nothing comes back."""

        def seek(self, _: int) -> None:
            """Anywhere."""

        def write(self, _: bytes) -> None:
            """All is well."""

        def read(self, _: int) -> bytes:
            """Nothing is."""
            raise OSError(5, "Input/output error")

        def close(self) -> None:
            """As it is."""
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("kproxy.renaming.blocks.TemporaryFile", lambda **_: Failing())
    first, second = block([1]), block([2])
    holder = Holder(1, 1, 1)
    holder.hold(first)
    holder.hold(second)
    with pytest.raises(ScratchError, match="a temporary file of numbers cannot be read: Input/output error"):
        holder.columns(first)
    holder.close()
    with pytest.raises(ValueError, match="taken away"):
        holder.columns(first)
