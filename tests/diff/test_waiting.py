"""kproxy.diff.waiting: when what has to wait is learned from."""

from dataclasses import replace

from kproxy.diff.sides import Pair
from kproxy.diff.waiting import Turn, Waiting, turn_of
from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Answer, Body, BodyState, Exchange, Nanos, Request, Seq
from tests.support.made import an_exchange


def a_watch(seq: int, started: int, ended: int | None, size: int = 100) -> Exchange:
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(started),
        ended=None if ended is None else Nanos(ended),
        request=Request(method="GET", target="/api/v1/pods?watch=1", http_version="HTTP/1.1", headers=()),
        info=RequestInfo(verb="watch", path="/api/v1/pods", is_resource=True, resource="pods"),
        answer=Answer(
            status=200, reason="OK", http_version="HTTP/1.1", headers=(), body=Body(state=BodyState.FRAMES, size=size)
        ),
    )


def streams(seq: int, ended: int | None, there: int | None, size: int = 100) -> Pair:
    """A recorded watch that ended then, and the replay's, which ended `there`."""
    return Pair(a_watch(seq, seq, ended, size), a_watch(seq, seq, there, size))


def began(here: int, there: int) -> Pair:
    """Two exchanges that began then."""
    exchange = an_exchange(99)
    return Pair(replace(exchange, started=Nanos(here)), replace(exchange, started=Nanos(there)))


def over(waiting: Waiting, now: Pair) -> list[int]:
    return [pair.baseline.seq for pair in waiting.over(now)]


def test_a_stream_comes_once_it_is_over_in_both_recordings_and_only_once() -> None:
    waiting = Waiting()
    waiting.open(streams(1, 50, 60))
    waiting.open(streams(2, 20, 20))
    assert over(waiting, began(19, 30)) == []
    assert over(waiting, began(20, 20)) == [2]
    assert over(waiting, began(60, 60)) == [1]
    assert list(waiting.taken(Turn.STREAM)) == []


def test_one_that_goes_on_in_the_replay_waits_for_all_others() -> None:
    waiting = Waiting()
    waiting.open(streams(2, 20, 90))
    waiting.open(streams(1, 30, 30))
    assert over(waiting, began(40, 40)) == [1]
    assert over(waiting, began(100, 100)) == []
    assert list(waiting.taken(Turn.STREAM)) == [2]


def test_what_has_no_end_or_shows_much_waits_for_all_others_in_the_baselines_order() -> None:
    waiting = Waiting()
    waiting.open(streams(4, 90, 90))
    waiting.open(streams(3, 20, 20, size=1 << 20))
    waiting.open(streams(2, None, 20))
    waiting.open(streams(1, 20, None))
    waiting.until(Turn.LIST, Seq(7))
    assert over(waiting, began(20, 20)) == []
    assert list(waiting.taken(Turn.LIST)) == [7]
    assert list(waiting.taken(Turn.STREAM)) == [1, 2, 3, 4]
    assert list(waiting.taken(Turn.STREAM)) == []


def test_no_more_than_some_are_kept_at_hand() -> None:
    waiting = Waiting()
    for seq in range(1, 301):
        waiting.open(streams(seq, 1000, 1000))
    assert len(over(waiting, began(1000, 1000))) == 256
    assert list(waiting.taken(Turn.STREAM)) == list(range(257, 301))


def test_lists_and_streams_wait_and_nothing_else() -> None:
    a_list = replace(an_exchange(1), info=RequestInfo(verb="list", path="/api/v1/pods", is_resource=True))
    assert [turn_of(each) for each in (a_watch(1, 1, 2), a_list, an_exchange(1))] == [Turn.STREAM, Turn.LIST, None]
