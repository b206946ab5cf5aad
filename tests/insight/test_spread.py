"""kproxy.insight.spread."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kproxy.insight.spread import Spread


def spread_of(values: list[int]) -> Spread:
    spread = Spread()
    for value in values:
        spread.add(value)
    return spread


def test_of_nothing_there_is_no_quantile() -> None:
    assert Spread().quantile(0.5) is None


def test_small_values_are_exact_and_what_is_below_zero_is_zero() -> None:
    spread = spread_of([-5, *range(1, 51)])
    assert spread.quantile(0.0) == 0
    assert spread.quantile(0.5) == 25
    assert spread.quantile(1.0) == 50


@given(st.lists(st.integers(0, 2**45), min_size=1), st.floats(0, 1))
def test_a_quantile_is_that_of_the_sorted_values_to_some_two_percent(values: list[int], share: float) -> None:
    found = spread_of(values).quantile(share)
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert found is not None
    assert math.isclose(found, exact, rel_tol=0.02)


def test_two_that_are_merged_are_as_one() -> None:
    one, other = spread_of([1, 2, 3]), spread_of([10_000, 20_000])
    one.merge(other)
    assert one.count == 5
    assert one.quantile(0.5) == 3
