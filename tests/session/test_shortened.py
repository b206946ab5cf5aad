from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Nanos
from kproxy.session.shortened import Shortened


def test_the_time_of_what_is_left_out_is_left_out() -> None:
    clock = Shortened([(Nanos(10), True), (Nanos(20), False), (Nanos(50), True), (Nanos(60), True)])
    assert [clock.at(Nanos(each)) for each in (5, 10, 19, 20, 35, 50, 60, 99)] == [5, 10, 19, 20, 20, 20, 30, 69]
    assert clock.maybe(None) is None


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=20),
    st.lists(st.integers(0, 1200), min_size=2, max_size=2),
)
def test_no_order_is_turned_round_and_nothing_takes_longer(starts: list[tuple[int, bool]], moments: list[int]) -> None:
    clock = Shortened((Nanos(at), kept) for at, kept in sorted(starts))
    first, second = sorted(moments)
    assert 0 <= clock.at(Nanos(second)) - clock.at(Nanos(first)) <= second - first
