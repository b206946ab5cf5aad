"""kproxy.insight.frequent."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kproxy.insight.frequent import Frequent


@given(st.lists(st.integers(0, 30)), st.integers(1, 20))
def test_counts_are_too_low_by_no_more_than_is_said(things: list[int], capacity: int) -> None:
    frequent: Frequent[int] = Frequent(capacity)
    for thing in things:
        frequent.add(thing)
    assert len(frequent) <= 2 * capacity
    truth = Counter(things)
    found = dict(frequent.most(len(things)))
    for thing, count in truth.items():
        assert count - frequent.error <= found.get(thing, 0) <= count


def test_while_nothing_is_forgotten_the_counts_are_exact_and_equals_keep_their_order() -> None:
    frequent: Frequent[str] = Frequent(10)
    for thing in "abcbcc":
        frequent.add(thing)
    frequent.add("d")
    assert frequent.most(4) == [("c", 3), ("b", 2), ("a", 1), ("d", 1)]
    assert frequent.error == 0
