"""kproxy.replay.frontier."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import ReplayError
from kproxy.model.exchange import Seq
from kproxy.replay.frontier import Frontier
from kproxy.replay.plan import Send, Step


def step(number: int, *after: int) -> Step:
    return Step(number=number, after=after, action=Send(seq=Seq(number + 1)))


def numbers(steps: list[Step]) -> list[int]:
    return [each.number for each in steps]


def test_a_step_is_given_out_when_all_that_it_waits_for_is_done() -> None:
    frontier = Frontier(iter([step(0), step(1), step(2, 0, 1), step(3, 2), step(4)]))
    assert numbers(frontier.more()) == [0, 1, 4]
    assert numbers(frontier.done(1)) == []
    assert numbers(frontier.done(0)) == [2]
    assert numbers(frontier.done(4)) == []
    assert not frontier.over
    assert numbers(frontier.done(2)) == [3]
    frontier.done(3)
    assert frontier.over


def test_steps_are_read_only_as_there_is_room_for_them() -> None:
    read = 0

    def steps() -> Iterator[Step]:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield step(number)

    frontier = Frontier(steps(), window=4)
    assert numbers(frontier.more()) == [0, 1, 2, 3]
    assert read == 4
    assert numbers(frontier.done(2) + frontier.more()) == [], "the first one is not done"
    assert numbers(frontier.done(0)) == []
    assert read == 4
    assert numbers(frontier.more()) == [4]
    assert read == 5
    assert numbers(frontier.done(1) + frontier.more()) == [5, 6]


def test_a_plan_is_read_a_few_steps_at_a_time() -> None:
    frontier = Frontier(iter([step(number) for number in range(7)]), window=5, at_once=2)
    assert numbers(frontier.more()) == [0, 1]
    assert [numbers(frontier.more()) for _ in range(3)] == [[2, 3], [4], []]
    assert numbers(frontier.done(0) + frontier.more()) == [5]
    assert numbers(frontier.done(1) + frontier.more()) == [6]
    assert not frontier.has_room


@pytest.mark.parametrize("wrong", [step(1), step(0, 0), step(0, 1), step(0, -1)])
def test_a_plan_that_waits_for_what_comes_later_is_refused(wrong: Step) -> None:
    with pytest.raises(ReplayError, match="waits for what comes later"):
        Frontier(iter([wrong])).more()


@given(st.data(), st.integers(1, 30), st.integers(1, 40), st.none() | st.integers(1, 9))
def test_every_step_is_given_out_once_and_after_what_it_waits_for(
    data: st.DataObject, window: int, count: int, at_once: int | None
) -> None:
    before = [st.lists(st.integers(0, number - 1), max_size=3) for number in range(1, count)]
    graph = [step(0), *(step(number, *data.draw(each)) for number, each in enumerate(before, 1))]
    frontier = Frontier(iter(graph), window, at_once)
    ready, done = frontier.more(), list[int]()
    while ready:
        taken = ready.pop(data.draw(st.integers(0, len(ready) - 1)))
        assert set(taken.after) <= set(done)
        done.append(taken.number)
        ready += frontier.done(taken.number) + frontier.more()
    assert frontier.over
    assert sorted(done) == list(range(count))
