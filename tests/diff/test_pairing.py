"""kproxy.diff.pairing."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.pairing import Images, Pairing
from kproxy.model.exchange import Seq

PAIRS = [(Seq(5), Seq(9)), (Seq(1), Seq(4)), (Seq(3), Seq(2)), (Seq(7), Seq(6))]


def test_each_stands_beside_the_one_that_it_was_paired_with_on_both_sides() -> None:
    pairing = Pairing(PAIRS)
    assert len(pairing) == 4
    assert {first: pairing.image(first) for first, _ in PAIRS} == dict(PAIRS)
    assert {second: pairing.back(second) for _, second in PAIRS} == {second: first for first, second in PAIRS}
    assert [pairing.image(Seq(nobody)) for nobody in (0, 8, 10)] == [None] * 3
    assert pairing.image(Seq(2)) is None
    assert pairing.back(Seq(5)) is None


def test_one_that_stands_beside_none_lies_between_those_before_and_behind_it() -> None:
    pairing = Pairing(PAIRS)
    assert pairing.around(Seq(4)) == (2, 9)
    assert pairing.around(Seq(0)) == (None, 4)
    assert pairing.around(Seq(8)) == (6, None)
    assert pairing.around(Seq(3)) == (4, 9), "its partner is not there"
    assert pairing.around_back(Seq(5)) == (1, 7)
    assert pairing.around_back(Seq(1)) == (None, 3)
    assert pairing.around_back(Seq(10)) == (5, None)
    assert Pairing([]).around(Seq(1)) == (None, None)


def test_both_sides_are_told_in_their_own_orders() -> None:
    with closing(Pairing(PAIRS)) as pairing:
        assert list(pairing.baseline) == [1, 3, 5, 7]
        assert list(pairing.replayed) == [(2, 3), (4, 1), (6, 7), (9, 5)]
    assert len(pairing) == 0
    assert list(pairing.replayed) == []


def test_images_are_a_mapping_of_all_pairs() -> None:
    images = Images(Pairing(PAIRS))
    assert dict(images) == dict(PAIRS)
    assert list(images) == [1, 3, 5, 7]
    assert len(images) == 4
    with pytest.raises(KeyError):
        images[Seq(2)]


@given(st.dictionaries(st.integers(1, 50), st.integers(1, 50), max_size=20).map(lambda each: [*each.items()]))
def test_any_pairs_are_found_again(pairs: list[tuple[int, int]]) -> None:
    pairing = Pairing((Seq(first), Seq(second)) for first, second in pairs)
    for number in range(52):
        assert pairing.image(Seq(number)) == dict(pairs).get(number)
        beside = {first for first, second in pairs if second == number}
        back = pairing.back(Seq(number))
        assert back in beside if beside else back is None
