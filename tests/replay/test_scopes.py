"""kproxy.replay.scopes."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.replay.scopes import Mode, Scopes, Touch

READ, PART, WHOLE = Mode.READ, Mode.PART, Mode.WHOLE

touches = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(Mode), min_size=1).map(
        lambda found: [Touch((name,), mode) for name, mode in found.items()]
    ),
    max_size=40,
)


def waits(steps: list[list[Touch]], reach: int | None = None) -> list[set[int]]:
    """What each step waits for."""
    scopes = Scopes(reach)
    return [set(scopes.take(number, step)) for number, step in enumerate(steps)]


def closure(after: list[set[int]]) -> list[set[int]]:
    """What is done before each step."""
    before: list[set[int]] = []
    for found in after:
        before.append(found.union(*(before[each] for each in found)))
    return before


def conflict(first: list[Touch], second: list[Touch]) -> bool:
    """Whether two steps may not change places."""
    modes = dict(first)
    return any(
        scope in modes and (modes[scope] is not mode or mode is WHOLE)
        for scope, mode in ((t.scope, t.mode) for t in second)
    )


@given(touches)
def test_every_two_steps_that_conflict_are_ordered(steps: list[list[Touch]]) -> None:
    before = closure(waits(steps))
    for second, step in enumerate(steps):
        for first in range(second):
            assert not conflict(steps[first], step) or first in before[second]


@given(st.lists(st.sampled_from([READ, PART]), min_size=1).map(lambda modes: [[Touch(("a",), modes[0])]] * len(modes)))
def test_steps_that_only_read_or_only_change_parts_wait_for_nobody(steps: list[list[Touch]]) -> None:
    assert waits(steps) == [set()] * len(steps)


def test_of_a_large_group_one_is_named_that_waited_for_it() -> None:
    parts = [[Touch(("list",), PART)] for _ in range(20)]
    reads = [[Touch(("list",), READ)] for _ in range(5)]
    found = waits([*parts, *reads])
    assert found[20] == set(range(20))
    assert found[21:] == [{20}] * 4


def test_a_look_waits_and_is_waited_for_by_nobody() -> None:
    scopes = Scopes(None)
    scopes.take(0, [Touch(("a",), WHOLE)])
    assert set(scopes.look([Touch(("a",), READ)])) == {0}
    assert set(scopes.take(1, [Touch(("a",), WHOLE)])) == {0}


@given(touches, st.integers(1, 10))
def test_within_its_reach_nothing_is_forgotten(steps: list[list[Touch]], reach: int) -> None:
    far, near = closure(waits(steps)), waits(steps, reach)
    before: list[set[int]] = []
    for number, found in enumerate(near):
        done = set(range(max(0, number - reach))) | found
        before.append(done.union(*(before[each] for each in found)))
        assert far[number] <= before[number]


def test_memory_is_bound_by_the_reach() -> None:
    scopes = Scopes(10)
    for number in range(1000):
        scopes.take(number, [Touch(("object", str(number)), WHOLE), Touch(("list",), PART)])
    assert len(scopes) < 30
