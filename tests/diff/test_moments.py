"""kproxy.diff.moments."""

from kproxy.diff.moments import Moment, moments_of
from tests.diff.sessions import PODS, FakeServer


def test_a_pairs_moments_are_its_times_its_verb_and_its_dates() -> None:
    first, second = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 100, 7, etcd=False)
    for each in (first, second):
        each.exchange("GET", f"{PODS}/x", 200, each.pod(1, "x"))
    one, other = first.made.exchange_list[0], second.made.exchange_list[0]
    found = moments_of(one, other)
    assert (found.seq, found.verb) == (one.seq, "get")
    assert found.baseline[:3] == (one.started, one.answered, one.ended)
    assert isinstance(found.replayed, Moment)
    assert found.replayed.date is None or found.replayed.date > 0
