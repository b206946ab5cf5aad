"""kproxy.diff.turned."""

from kproxy.diff.moments import Moment, Moments
from kproxy.diff.turned import Shown, headed, shown
from kproxy.model.exchange import Nanos, Seq


def at(baseline: tuple[int, int], replayed: tuple[int, int]) -> Shown:
    """When a pair of exchanges was under way there and here."""
    return Shown((Nanos(baseline[0]), Nanos(baseline[1])), (Nanos(replayed[0]), Nanos(replayed[1])))


FIRST = at((1, 2), (11, 12))


def test_two_that_stand_to_each_other_as_they_did_are_not_turned() -> None:
    assert not FIRST.turned(at((3, 4), (13, 14)))
    assert not at((3, 4), (13, 14)).turned(FIRST)


def test_two_that_changed_places_or_came_to_overlap_are_turned() -> None:
    assert FIRST.turned(at((3, 4), (8, 9)))
    assert FIRST.turned(at((3, 4), (11, 14)))


def test_of_two_that_overlapped_in_both_nobody_knows() -> None:
    assert FIRST.turned(at((1, 3), (11, 13)))


def test_the_earlier_one_counts_on_each_side() -> None:
    assert FIRST.earlier(None) == FIRST
    assert FIRST.earlier(at((0, 1), (15, 16))) == at((0, 1), (11, 12))


def test_a_watch_tells_the_time_of_its_head_and_no_other() -> None:
    moments = Moments(Seq(1), "watch", Moment(Nanos(1), Nanos(2), Nanos(9), 7), Moment(Nanos(11), Nanos(12), None, 7))
    assert shown(moments) is None
    assert headed(moments) == FIRST


def test_one_that_begins_when_another_one_ends_comes_behind_it() -> None:
    behind = at((2, 3), (12, 13))
    assert not FIRST.turned(behind)
    assert not behind.turned(FIRST)
    assert behind.turned(at((1, 2), (13, 14)))
