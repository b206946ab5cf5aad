"""kproxy.renaming.spilled: a dictionary, wherever its entries are."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import ScratchError
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.spilled import Counts, Spilled

TEXTS = st.sampled_from("abcdefgh")
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["set", "take", "clear"]), TEXTS, TEXTS), max_size=40), st.integers(1, 5))
def test_it_says_what_a_dictionary_says(acts: list[tuple[str, str, str]], hot: int) -> None:
    spilled, plain = Spilled(hot), dict[str, str]()
    for what, key, value in acts:
        if what == "set":
            spilled[key] = plain[key] = value
        elif what == "take" and key in plain:
            assert spilled.pop(key) == plain.pop(key)
        elif what == "clear" and key == "a":
            spilled.clear()
            plain.clear()
        assert (key in spilled, spilled.get(key), len(spilled)) == (key in plain, plain.get(key), len(plain))
    assert dict(spilled.items()) == plain


@given(PAIRS)
def test_a_bijection_learns_the_same_with_it(pairs: list[tuple[str, str]]) -> None:
    spilled, plain = Bijection(large=True, hot=2), Bijection()
    for first, second in pairs:
        assert spilled.learn(first, second) == plain.learn(first, second)
    assert spilled.settle() == plain.settle()
    for letter in "abcdefgh":
        assert (spilled.image(letter), spilled.origin(letter)) == (plain.image(letter), plain.origin(letter))
    assert (len(spilled), sorted(spilled.changed())) == (len(plain), sorted(plain.changed()))


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_entries_are_read_some_at_a_time_and_may_be_changed_meanwhile(
    page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kproxy.renaming.spilled._PAGE", page)
    spilled = Spilled(hot=1)
    for key in ("", "a", "b", "c", "d", "e"):
        spilled[key] = "1"
    seen = []
    for key in spilled:
        seen.append(key)
        spilled[key] = "2"
        spilled["another"] = "3"
    assert sorted({*seen} - {"another"}) == ["", "a", "b", "c", "d", "e"]
    assert len(seen) == len({*seen})
    assert dict(spilled.items()) == dict.fromkeys(["", "a", "b", "c", "d", "e"], "2") | {"another": "3"}


def test_a_full_temporary_folder_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.renaming.spilled._PRAGMAS", ("journal_mode=OFF", "max_page_count=4"))
    spilled = Spilled(hot=10)
    many = {f"an-audit-id-{number:08}": "another" for number in range(10_000)}
    with pytest.raises(ScratchError, match="temporary file cannot be written: database or disk is full") as raised:
        spilled.update(many)
    assert "TMPDIR" in raised.value.sentence


@pytest.mark.parametrize("hot", [1, 9])
def test_what_is_not_there_is_no_entry(hot: int) -> None:
    spilled = Spilled(hot)
    spilled["a"] = "1"
    spilled["b"] = "2"
    for absent in ("c", "a"):
        if absent == "a":
            del spilled["a"]
        with pytest.raises(KeyError, match=absent):
            spilled[absent]
        with pytest.raises(KeyError, match=absent):
            del spilled[absent]
    assert dict(spilled) == {"b": "2"}


def test_a_file_that_cannot_be_read_is_one_sentence() -> None:
    spilled = Spilled(hot=1)
    spilled.update({"a": "1", "b": "2", "c": "3"})
    assert spilled._cold is not None
    spilled._cold.file.execute("DROP TABLE entries")  # as a disk that fails: an OperationalError
    with pytest.raises(ScratchError, match="temporary file cannot be read: no such table"):
        spilled.get("a")
    spilled._hot.clear()
    with pytest.raises(ScratchError, match="temporary file cannot be read: no such table"):
        list(spilled)
    with pytest.raises(ScratchError, match="temporary file cannot be read: no such table"):
        len(spilled)


def test_a_renaming_that_is_closed_leaves_no_file_open() -> None:
    renaming = Renaming()
    revisions = renaming.revisions
    counts = Counts(hot=1)
    pairs = Bijection(large=True, hot=1)
    for number in range(5000):
        revisions.learn("", str(number), str(number + 7))
        counts[f"{number % 3}"] = number
        pairs.learn(str(number), str(number))
    files = [revisions._listed._cold, counts._counts._cold]
    for each in (renaming, counts, pairs):
        each.close()
    for file in files:
        assert file is not None
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            file.file.execute("SELECT 1")
    assert len(pairs) == 0
