"""kproxy.diff.bounds."""

from dataclasses import replace

from kproxy.diff.bounds import Bounds
from kproxy.model.exchange import Exchange, Nanos, Seq
from tests.diff.sessions import PODS, FakeServer


def over(seq: int, began: int, ended: int | None, verb: str = "GET") -> Exchange:
    """An exchange that went on from one moment to another."""
    server = FakeServer("a", 1, 7)
    server.exchange(verb, f"{PODS}/a")
    [made] = server.made.exchange_list
    return replace(made, seq=Seq(seq), started=Nanos(began), ended=None if ended is None else Nanos(ended))


def bounds(*learned: tuple[Exchange, list[tuple[str, int, int]]]) -> Bounds:
    """Of one recording, whose exchanges went on at the same times in the other one."""
    found = Bounds()
    for exchange, revisions in learned:
        found.learn(exchange, revisions, exchange)
    found.settle()
    return found


def test_before_a_moment_the_greatest_revision_is_known_that_was_answered_by_then() -> None:
    found = bounds(
        (over(1, 0, 10), [("", 5, 50), ("u", 3, 30)]),
        (over(2, 0, 20), [("", 9, 90)]),
        (over(3, 0, 30), [("", 7, 70)]),
        (over(4, 0, None), [("", 99, 990)]),
        (over(5, 0, 15), [("", 6, 60)]),
        (over(6, 0, 5), []),
    )
    assert [found.before(Nanos(at)) for at in (9, 10, 14, 15, 20, 30, 1000)] == [0, 5, 5, 6, 9, 9, 9]
    late = over(7, 25, 40)
    assert list(found.over_in_both(late, late)) == [(9, 90), (6, 60), (5, 50)]
    assert list(found.over_in_both(late, over(7, 12, 40))) == [(5, 50)]
    assert list(found.over_in_both(over(7, 12, 40), late)) == [(5, 50)]
    assert list(found.over_in_both(over(7, 0, 40), late)) == []


def test_what_is_answered_out_of_order_raises_only_what_comes_behind_it() -> None:
    found = bounds(
        (over(1, 0, 30), [("", 7, 7)]),
        (over(2, 0, 10), [("", 9, 9)]),
        (over(3, 0, 20), [("", 4, 4)]),
        (over(4, 0, 10), [("", 10, 10)]),
    )
    assert [found.before(Nanos(at)) for at in (9, 10, 30)] == [0, 10, 10]


def test_what_was_known_earlier_than_all_others_stays_the_greatest() -> None:
    found = bounds(
        (over(1, 0, 10), [("", 5, 5)]),
        (over(2, 0, 7), [("", 9, 9)]),
        (over(3, 0, 8), [("", 6, 6)]),
    )
    assert [found.before(Nanos(at)) for at in (6, 7, 8, 10)] == [0, 9, 9, 9]


def test_a_write_wrote_what_was_beyond_all_that_was_known_when_it_began() -> None:
    found = bounds(
        (over(1, 0, 10, "PUT"), [("u", 5, 5)]),
        (over(2, 12, 20, "PUT"), [("u", 5, 5)]),
        (over(3, 30, 40, "PUT"), [("u", 8, 8), ("", 9, 9)]),
        (over(4, 31, 45, "PUT"), [("u", 7, 7)]),
        (over(5, 32, 50), [("u", 6, 6)]),
    )
    after = [found.after(Nanos(at)) for at in (0, 1, 12, 30, 31)]
    never = found.after(None)
    assert after == [5, 7, 7, 7, 7]
    assert found.after(Nanos(32)) == never > 10**18
