"""kproxy.renaming.rows."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import ScratchError
from kproxy.renaming.rows import Row, Rows

NUMBER = st.integers(0, 30)
SIZES = st.sampled_from([(1, 1), (2, 1), (3, 2), (100, 8)])


def small(width: int = 2, block: int = 2, held: int = 1) -> Rows:
    """Rows that are in a file after the first few."""
    return Rows(width, block=block, held=held)


def is_same(rows: Rows, plain: list[Row]) -> bool:
    """Whether rows are these, however they are asked for."""
    found = [list(rows), list(reversed(rows))[::-1], [rows[place] for place in range(len(plain))]]
    return len(rows) == len(plain) and all(each == plain for each in found)


@given(SIZES, st.lists(st.tuples(NUMBER, NUMBER)), st.lists(st.tuples(st.integers(0, 99), NUMBER)))
def test_rows_are_as_a_sorted_list_of_them(size: tuple[int, int], put: list[Row], then: list[Row]) -> None:
    plain: list[Row] = []
    with closing(Rows(2, block=size[0], held=size[1])) as rows:
        for row in put:
            rows.put(row)
            plain.insert(bisect_right(plain, row[0], key=lambda each: each[0]), row)
        assert is_same(rows, plain)
        for where, number in then:
            if not plain:
                break
            place = where % len(plain)
            if number % 2:
                rows.delete(place)
                del plain[place]
            else:
                rows.change(place, 1, number)
                plain[place] = plain[place][0], number
            assert rows.last == (plain[-1][0] if plain else None)
        assert is_same(rows, plain)
        for number in range(-1, 32):
            left = bisect_left(plain, number, key=lambda each: each[0])
            right = bisect_right(plain, number, key=lambda each: each[0])
            assert (rows.left(number), rows.right(number)) == (left, right)
            assert rows.until(number) == (plain[right - 1] if right else None)
            assert rows.find(number) == (plain[right - 1] if right > left else None)


@given(SIZES, st.lists(st.tuples(NUMBER, NUMBER), min_size=1))
def test_the_greatest_and_the_smallest_are_those_of_all_rows_before_and_behind(
    size: tuple[int, int], put: list[Row]
) -> None:
    with closing(Rows(2, block=size[0], held=size[1])) as rows:
        for row in put:
            rows.put(row)
        lasts = [row[1] for row in rows]
        for place in range(len(put) + 1):
            assert rows.most_before(place) == max(lasts[:place], default=None)
            assert rows.least_from(place) == min(lasts[place:], default=None)


def test_a_place_that_is_none_is_an_index_error() -> None:
    with closing(small()) as rows:
        for place in (-1, 0):
            with pytest.raises(IndexError):
                rows[place]
        rows.put((1, 1))
        asked: list[Callable[[int], object]] = [rows.__getitem__, rows.delete, lambda at: rows.change(at, 1, 1)]
        for ask in asked:
            for place in (-1, 1):
                with pytest.raises(IndexError):
                    ask(place)


def test_what_is_put_at_a_place_stands_there_whatever_follows() -> None:
    with closing(small()) as rows:
        for place, row in [(0, (5, 0)), (0, (1, 0)), (1, (3, 0)), (3, (9, 0)), (2, (3, 1)), (0, (1, 1))]:
            rows.insert(place, row)
        assert list(rows) == [(1, 1), (1, 0), (3, 0), (3, 1), (5, 0), (9, 0)]


def test_a_row_has_as_many_numbers_as_all_others() -> None:
    with closing(small(width=3)) as rows:
        rows.put((1, 2, 3))
        for row in ((1, 2), (0, 2, 3, 4)):
            with pytest.raises(ValueError, match="zip"):
                rows.put(row)


def test_closed_rows_are_none() -> None:
    rows = small()
    for number in range(9):
        rows.put((number, number))
    rows.close()
    assert len(rows) == 0
    assert list(rows) == []
    assert rows.last is None
    assert rows.left(4) == rows.right(4) == 0
    rows.put((1, 2))
    assert list(rows) == [(1, 2)]


def descriptors() -> int:
    """How many files are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_few_rows_need_no_file_and_the_file_of_many_is_closed() -> None:
    before = descriptors()
    with closing(small(block=2, held=2)) as rows:
        for number in range(4):
            rows.put((number, number))
        assert descriptors() == before
        rows.put((4, 4))
        assert descriptors() == before + 1
    assert descriptors() == before


def test_a_block_that_was_only_read_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(small()) as rows:
        for number in range(8):
            rows.put((number, number))
        assert list(rows) == list(rows)
        monkeypatch.setattr("kproxy.renaming.blocks.Holder._write", None)
        assert [number for number, _ in rows] == list(range(8))


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kproxy.renaming.blocks.TemporaryFile", full)
    said = "a temporary file of numbers cannot be written: No space left on device"
    with closing(small()) as rows:
        rows.put((1, 1))
        rows.put((2, 2))
        with pytest.raises(ScratchError, match=said):
            rows.put((3, 3))
