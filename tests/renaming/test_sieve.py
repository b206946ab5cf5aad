"""kproxy.renaming.sieve: what lets through all that was put."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.sieve import Sieve


@given(st.sets(st.text()), st.sets(st.text()))
def test_all_that_was_put_is_let_through_and_through_the_next_larger_one(first: set[str], second: set[str]) -> None:
    sieve = Sieve(8)
    sieve.put(first)
    larger = sieve.larger(first)
    larger.put(second)
    assert all(map(sieve.lets_through, first))
    assert all(map(larger.lets_through, first | second))


def test_of_what_was_not_put_little_is_let_through_until_it_is_full() -> None:
    sieve = Sieve()
    put = [f"put-{number}" for number in range(60_000)]
    sieve.put(put)
    assert not sieve.is_full
    through = sum(sieve.lets_through(f"other-{number}") for number in range(10_000))
    assert through < 1_000


def test_a_full_one_is_followed_by_a_larger_one_that_is_not() -> None:
    sieve = Sieve()
    put = [f"put-{number}" for number in range(70_000)]
    sieve.put(put)
    assert (sieve.is_full, sieve.larger(put).is_full) == (True, False)


def test_nothing_is_let_through_where_nothing_was_put() -> None:
    assert not Sieve().lets_through("")


def test_it_grows_to_a_mebibyte_and_no_further() -> None:
    sieve, sizes = Sieve(), []
    for _ in range(8):
        sieve.put(f"{number}" for number in range(1 << 17))
        sizes.append(sieve.size)
        if sieve.is_full:
            sieve = sieve.larger(())
    assert max(sizes) == 1 << 20
