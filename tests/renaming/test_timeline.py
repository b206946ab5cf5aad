"""kproxy.renaming.timeline."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.timeline import Timeline

PAIRS = st.dictionaries(st.integers(1, 60), st.integers(1, 60), max_size=20)


def timeline(pairs: dict[int, int]) -> Timeline:
    """A timeline of these pairs, learned in their order."""
    made = Timeline()
    for baseline, replayed in pairs.items():
        made.learn(baseline, replayed)
    return made


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 41))))
def test_bounds_are_those_of_all_that_was_learned_by_then(steps: list[tuple[int, int, int]]) -> None:
    made, known = Timeline(), dict[int, int]()
    for baseline, replayed, asked in steps:
        made.learn(baseline, replayed)
        known[baseline] = max(replayed, known.get(baseline, 0))
        until = max((b for a, b in known.items() if a <= asked), default=None)
        later = min((b for a, b in known.items() if a > asked), default=None)
        assert made.bounds(asked) == (until, later)


@given(PAIRS)
def test_one_to_one_pairs_there_and_back_are_the_same(pairs: dict[int, int]) -> None:
    one_to_one = {a: b for b, a in {b: a for a, b in pairs.items()}.items()}
    assert dict(timeline(one_to_one).inverse().inverse().items()) == one_to_one


@given(PAIRS, PAIRS)
def test_composed_it_knows_what_both_know(first: dict[int, int], second: dict[int, int]) -> None:
    composed = dict(timeline(first).compose(timeline(second)).items())
    assert composed == {a: second[b] for a, b in first.items() if b in second}
