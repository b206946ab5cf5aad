"""kproxy.renaming.shelf: values by key, most of them in a temporary file."""

import sqlite3
from random import Random

import pytest

from kproxy.errors import ScratchError
from kproxy.renaming import shelf
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.shelf import Shelf


def counts(hot: int = 2) -> Shelf[list[int]]:
    return Shelf(list, list, hot)


def test_what_was_put_is_there_in_memory_or_not() -> None:
    kept = counts()
    same: dict[str, list[int]] = {}
    drawn = Random(7)
    for number in range(300):
        key = f"{drawn.randrange(40)}\udc80"
        found = kept.get(key)
        assert found == same.get(key)
        if found is None:
            kept[key] = [number]
            same[key] = [number]
        else:
            found.append(number)
            same[key] = list(found)
    assert dict(kept.items()) == same
    assert sorted(kept.values()) == sorted(same.values())
    assert len(kept) == len(same)
    assert kept.get("another") is None


def test_all_are_changed_those_in_the_file_too() -> None:
    kept = counts()
    for number in range(20):
        kept[f"{number}"] = [number]

    def change(value: list[int]) -> bool:
        if value[0] % 2:
            value[0] = -1
        return value[0] == 13

    assert not kept.change(change)
    assert sorted(each for (each,) in kept.values()) == [*[-1] * 10, *range(0, 20, 2)]
    assert kept.change(lambda value: value[0] == 0)


def test_those_that_change_are_written_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the file is read: it is not gone through again from where that was."""
    kept = counts(hot=3)
    for number in range(40):
        kept[f"{number}"] = [number]
    monkeypatch.setattr("kproxy.renaming.spilled._PAGE", 4)
    sizes: list[int] = []
    write = Shelf._write

    def writing(self: Shelf[list[int]], values: dict[str, list[int]]) -> None:
        sizes.append(len(values))
        write(self, values)

    monkeypatch.setattr(Shelf, "_write", writing)

    def change(value: list[int]) -> bool:
        value.append(-1)
        return False

    assert not kept.change(change)
    assert max(sizes) == 3
    assert sorted(kept.values()) == [[number, -1] for number in range(40)]


def test_a_map_is_the_same_behind_the_file() -> None:
    kept = Shelf(Bijection.state, Bijection.of_state, 1)
    for scope in "abcdef":
        kept[scope] = Bijection()
        for pair in (("5", "7"), ("5", "7"), ("6", "7"), ("6", "8")):
            found = kept.get(scope)
            assert found is not None
            found.learn(*pair)
    for scope in "abcdef":
        found = kept.get(scope)
        assert found is not None
        assert (found.image("5"), found.origin("8"), found.agrees("6", "8")) == ("7", "6", True)
        assert not found.settle()  # "6" was seen beside "7" as often as beside "8", which stood


def test_a_full_folder_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(shelf, "temporary", full)
    kept = counts(0)
    kept["a"] = [1]
    with pytest.raises(ScratchError, match="a renaming's temporary file cannot be written: database or disk is full"):
        kept["b"] = [2]


def test_each_is_told_once_whatever_is_asked_for_meanwhile() -> None:
    kept = counts()
    for number in range(20):
        kept[f"{number}"] = [number]
    told: list[int] = []
    for key, value in kept.items():
        told += value
        kept.get("19")
        kept.get("0")
        kept.get(key)
    assert sorted(told) == list(range(20))


def test_a_file_that_cannot_be_read_is_said_in_a_sentence() -> None:
    kept = counts()
    for number in range(20):
        kept[f"{number}"] = [number]
    assert kept._cold is not None
    kept._cold.execute("DROP TABLE entries")  # as a disk that fails: an OperationalError
    with pytest.raises(ScratchError, match="a renaming's temporary file cannot be read: no such table"):
        kept.get("0")
    with pytest.raises(ScratchError, match="a renaming's temporary file cannot be read: no such table"):
        list(kept.items())


def test_nothing_is_left_of_a_closed_one() -> None:
    kept = counts()
    for number in range(20):
        kept[f"{number}"] = [number]
    file = kept._cold
    assert file is not None
    kept.close()
    kept.close()
    assert not kept
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        file.execute("SELECT 1")


def test_they_are_counted_wherever_they_are() -> None:
    kept = counts(8)
    for number in range(40):
        kept[f"{number}"] = [number]
        assert len(kept) == number + 1
