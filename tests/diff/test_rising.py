"""kproxy.diff.rising."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.rising import crossing, heaviest_rising


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=12))
def test_what_is_kept_never_falls_and_nothing_weighs_more(pairs: list[tuple[int, int]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    kept = sorted(heaviest_rising(values, weights))
    rising = [values[at] for at in kept]
    assert rising == sorted(rising)
    best = [0] * 10  # by the last value
    for value, weight in pairs:
        best[value] = max(best[: value + 1]) + weight
    assert sum(weights[at] for at in kept) == max(best)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12, unique=True))
def test_what_crosses_a_pair_stands_together(pairs: list[tuple[int, int]]) -> None:
    pairs.sort()
    kept = heaviest_rising([second for _, second in pairs], [1] * len(pairs))
    rising = [pairs[at] for at in sorted(kept)]
    for first, second in pairs:
        found = rising[slice(*crossing(rising, (first, second)))]
        assert found == [each for each in rising if (each[0] - first) * (each[1] - second) < 0]


def test_many_times_out_of_order_take_no_time_by_the_square() -> None:
    compared = 0

    class Counted(int):
        __slots__ = ()

        def __lt__(self, other: int) -> bool:
            nonlocal compared
            compared += 1
            return int(self) < int(other)

    rising = [(Counted(at), Counted(at)) for at in range(1 << 12)]
    crossing(rising, (-1, 1 << 12))
    assert compared < 100
