from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.replay.causes import Causes
from kproxy.replay.reduce import reduced

type Needs = Mapping[Seq, AbstractSet[Seq]]


def causes(needs: Needs, close: Needs | None = None, lives: Mapping[Seq, Seq] | None = None) -> Causes:
    links: dict[int, tuple[int, ...]] = {seq: tuple(others) for seq, others in needs.items()}
    near = links | {seq: (*links.get(seq, ()), *others) for seq, others in (close or {}).items()}
    return Causes(needs=links, close=near, all=near, lives=lives or {})


def test_of_five_thousand_exchanges_the_few_that_show_it_are_left_after_few_attempts() -> None:
    culprits = {Seq(17), Seq(1203), Seq(4999)}
    asked: list[frozenset[Seq]] = []

    def shows(part: frozenset[Seq]) -> bool:
        asked.append(part)
        return culprits <= part

    found = reduced(map(Seq, range(1, 5001)), Seq(4999), causes({}), shows, most=300)
    assert found == culprits
    assert len(asked) < 120


def test_one_object_among_thousands_is_found_by_halving() -> None:
    """Lives of three exchanges each: what is of one object goes together."""
    lives = {Seq(seq): Seq(seq - seq % 3) for seq in range(5001)}
    needs = {seq: {life} for seq, life in lives.items() if seq != life}
    asked: list[frozenset[Seq]] = []

    def shows(part: frozenset[Seq]) -> bool:
        asked.append(part)
        return {3000, 3002, 4998, 5000} <= part

    found = reduced(map(Seq, range(5001)), Seq(5000), causes(needs, lives=lives), shows, most=300)
    assert found == {3000, 3002, 4998, 5000}
    assert len(asked) < 40
    assert sum(map(len, asked)) < 3 * 5001


def test_the_search_begins_with_what_is_needed_then_with_what_is_close() -> None:
    needs = {Seq(100): {Seq(7)}}
    close = {Seq(100): {Seq(50)}, Seq(50): {Seq(40)}}
    asked: list[frozenset[Seq]] = []

    def shows(part: frozenset[Seq]) -> bool:
        asked.append(part)
        return {50, 100} <= part

    assert reduced(map(Seq, range(1, 101)), Seq(100), causes(needs, close), shows, most=100) == {50, 100}
    assert asked[:2] == [{7, 100}, {7, 40, 50, 100}]
    assert len(asked) <= 7


def test_attempts_have_an_end() -> None:
    count = 0

    def shows(part: frozenset[Seq]) -> bool:
        nonlocal count
        count += 1
        return len(part) > 90

    reduced(map(Seq, range(1, 101)), Seq(1), causes({}), shows, most=7)
    assert count == 7


@given(st.integers(1, 20), st.data())
def test_nothing_can_be_left_out_of_what_is_found(size: int, data: st.DataObject) -> None:
    everything = [Seq(each) for each in range(1, size + 1)]
    culprits = data.draw(st.frozensets(st.sampled_from(everything), min_size=1))
    must = max(culprits)
    needs = {
        seq: data.draw(st.frozensets(st.sampled_from(everything[: seq - 1]), max_size=3)) if seq > 1 else frozenset()
        for seq in everything
    }
    found = reduced(everything, must, causes(needs), lambda part: culprits <= part, most=10_000)
    assert found == culprits
