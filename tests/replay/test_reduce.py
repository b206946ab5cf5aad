from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.replay.plan import Await, LeaveOut, Send, Step
from kproxy.replay.reduce import closure, needs_of, reduced


def step(number: int, *after: int, seq: int = 0) -> Step:
    return Step(number=number, after=after, action=Send(seq=Seq(seq or number)))


def test_what_a_request_needs_is_looked_for_through_what_is_no_request() -> None:
    steps = [
        step(0, seq=1),
        Step(number=1, after=(0,), action=Await(seq=Seq(1), events=1)),
        Step(number=2, after=(), action=LeaveOut(seq=Seq(9), reason="x")),
        step(3, 1, 2, seq=2),
        step(4, 3, seq=3),
    ]
    assert needs_of(steps) == {1: set(), 2: {1}, 3: {2}}
    assert closure(needs_of(steps), [Seq(3)]) == {1, 2, 3}


def test_of_five_thousand_exchanges_the_few_that_show_it_are_left_after_few_attempts() -> None:
    culprits = {Seq(17), Seq(1203), Seq(4999)}
    asked: list[frozenset[Seq]] = []

    def shows(part: frozenset[Seq]) -> bool:
        asked.append(part)
        return culprits <= part

    found = reduced(map(Seq, range(1, 5001)), Seq(4999), {}, shows, most=300)
    assert found == culprits
    assert len(asked) < 120


def test_the_search_begins_with_what_is_needed() -> None:
    needs = {Seq(100): {Seq(50)}, Seq(50): {Seq(7)}}
    asked: list[frozenset[Seq]] = []

    def shows(part: frozenset[Seq]) -> bool:
        asked.append(part)
        return {50, 100} <= part

    assert reduced(map(Seq, range(1, 101)), Seq(100), needs, shows, most=100) == {50, 100}
    assert asked[0] == {7, 50, 100}
    assert len(asked) <= 5


def test_attempts_have_an_end() -> None:
    count = 0

    def shows(part: frozenset[Seq]) -> bool:
        nonlocal count
        count += 1
        return len(part) > 90

    reduced(map(Seq, range(1, 101)), Seq(1), {}, shows, most=7)
    assert count == 7


@given(st.integers(1, 60), st.data())
def test_nothing_can_be_left_out_of_what_is_found(size: int, data: st.DataObject) -> None:
    everything = [Seq(each) for each in range(1, size + 1)]
    culprits = data.draw(st.frozensets(st.sampled_from(everything), min_size=1))
    must = max(culprits)
    needs = {
        seq: data.draw(st.frozensets(st.sampled_from(everything[: seq - 1]), max_size=3)) if seq > 1 else frozenset()
        for seq in everything
    }
    found = reduced(everything, must, needs, lambda part: culprits <= part, most=10_000)
    assert found == culprits
