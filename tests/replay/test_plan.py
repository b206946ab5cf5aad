"""kproxy.replay.plan."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Answer, Body, BodyState, End, Exchange, Frame, Nanos, Request, Seq
from kproxy.replay.plan import Action, Await, Close, LeaveOut, Send, is_watch, make_plan
from kproxy.wire.requestinfo import request_info
from tests.replay.test_sights import exchanged
from tests.support.memory import MemoryRecording

SECOND = 1_000_000_000
PODS = "/api/v1/namespaces/default/pods"


def exchange(seq: int, method: str = "GET", target: str = PODS, *, start: float = 0, end: float = 0) -> Exchange:
    """A plain exchange."""
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(int(start * SECOND)),
        answered=Nanos(int(start * SECOND)),
        ended=Nanos(int(end * SECOND)),
        request=Request(method=method, target=target, http_version="HTTP/1.1", headers=()),
        info=request_info(method, target),
        answer=Answer(status=200, reason="OK", http_version="HTTP/1.1", headers=()),
        end=End.COMPLETE,
    )


def watch(seq: int, *, start: float, end: float, how: End = End.CLIENT_GONE, query: str = "") -> Exchange:
    """A watch."""
    made = exchange(seq, target=f"{PODS}?watch=true{query}", start=start, end=end)
    assert made.answer
    return replace(made, end=how, answer=replace(made.answer, body=Body(state=BodyState.FRAMES, size=9)))


def steps(*exchanges: Exchange, events: dict[int, list[float]] | None = None) -> tuple[Action, ...]:
    """The plan's steps; `events`: when each watch's events came, in seconds."""
    recording = MemoryRecording(exchange_list=list(exchanges))
    event = recording.keep(b'{"type":"ADDED","object":{}}')
    for seq, came in (events or {}).items():
        recording.frame_list += [
            Frame(seq=Seq(seq), index=index, at=Nanos(int(at * SECOND)), body=event) for index, at in enumerate(came)
        ]
    return tuple(step.action for step in make_plan(recording).steps)


def test_plain_requests_go_in_the_recorded_order() -> None:
    assert steps(exchange(1), exchange(2), exchange(3)) == (Send(seq=Seq(1)), Send(seq=Seq(2)), Send(seq=Seq(3)))


def test_a_request_waits_for_the_events_that_open_watches_had_delivered() -> None:
    found = steps(
        watch(1, start=0, end=9),
        exchange(2, start=2),
        exchange(3, start=4),
        exchange(4, start=5),
        events={1: [1, 3, 3.5]},
    )
    assert found == (
        Send(seq=Seq(1), watch=True),
        Await(seq=Seq(1), events=1),
        Send(seq=Seq(2)),
        Await(seq=Seq(1), events=3),
        Send(seq=Seq(3)),
        Send(seq=Seq(4)),
        Close(seq=Seq(1), events=3, by_client=True, seconds=9),
    )


def test_a_log_is_a_plain_answer_that_is_left_where_its_client_left_it() -> None:
    log = replace(watch(1, start=0, end=9), info=request_info("GET", f"{PODS}/a/log?follow=true"))
    assert steps(log) == (Send(seq=Seq(1), leave_after=9),)


def test_a_watch_is_closed_before_what_came_after_its_end() -> None:
    found = steps(watch(1, start=0, end=2), exchange(2, start=3), events={1: [1]})
    assert found == (
        Send(seq=Seq(1), watch=True),
        Close(seq=Seq(1), events=1, by_client=True, seconds=2),
        Send(seq=Seq(2)),
    )


def test_only_a_watch_that_lasted_as_long_as_it_asked_was_ended_by_the_server() -> None:
    timed_out = steps(watch(1, start=0, end=5, how=End.COMPLETE, query="&timeoutSeconds=5"))[-1]
    left = steps(watch(1, start=0, end=4, how=End.COMPLETE, query="&timeoutSeconds=5"))[-1]
    assert isinstance(timed_out, Close)
    assert isinstance(left, Close)
    assert (timed_out.by_client, left.by_client) == (False, True)


def test_what_kproxy_refused_is_not_sent_and_not_missed() -> None:
    assert steps(replace(exchange(1), end=End.REFUSED), exchange(2)) == (Send(seq=Seq(2)),)


def test_what_cannot_be_sent_is_left_out_with_its_reason() -> None:
    upgrade = replace(exchange(1, "POST"), upgrade="SPDY/3.1")
    unreachable = replace(exchange(2), end=End.UNREACHABLE)
    lost = exchange(3, "POST")
    lost = replace(lost, request=replace(lost.request, body=Body(state=BodyState.TOO_LARGE, size=9, reason="9 bytes")))
    found = steps(upgrade, unreachable, lost)
    assert all(isinstance(step, LeaveOut) for step in found)
    reasons = [step.reason for step in found if isinstance(step, LeaveOut)]
    assert "SPDY/3.1" in reasons[0]
    assert "never reached" in reasons[1]
    assert reasons[2] == "its request's body is too-large (9 bytes)"


def test_the_writes_are_counted() -> None:
    recording = MemoryRecording(exchange_list=[exchange(1), exchange(2, "POST"), exchange(3, "DELETE", f"{PODS}/a")])
    plan = make_plan(recording)
    assert (plan.requests, plan.writes) == (3, 2)


def order(*exchanges: Exchange, written: dict[int, int] | None = None) -> list[int]:
    """The seqs in the order of sending; `written`: the revision of each write."""
    revisions = {Seq(seq): revision for seq, revision in (written or {}).items()}
    plan = make_plan(MemoryRecording(exchange_list=list(exchanges)), revisions)
    return [step.action.seq for step in plan.steps if isinstance(step.action, Send)]


def test_requests_that_overlap_go_in_the_order_of_their_answers() -> None:
    slow = replace(exchange(1, start=0, end=3), answered=Nanos(2 * SECOND))
    assert order(slow, exchange(2, start=1, end=1), exchange(3, start=4, end=4)) == [2, 1, 3]


def test_writes_that_overlap_go_in_the_order_of_their_revisions() -> None:
    writes = [exchange(seq, "PATCH", start=seq / 10, end=2) for seq in (1, 2, 3)]
    assert order(*writes, written={1: 12, 2: 10, 3: 11}) == [2, 3, 1]


def test_writes_that_did_not_overlap_stay_in_their_order() -> None:
    writes = [exchange(seq, "PATCH", start=seq, end=seq + 0.5) for seq in (1, 2)]
    assert order(*writes, written={1: 12, 2: 10}) == [1, 2]


@pytest.mark.parametrize(
    ("target", "status", "state", "watches"),
    [
        (f"{PODS}?watch=1", 200, BodyState.FRAMES, True),
        (f"{PODS}?watch=1", 200, BodyState.EMPTY, True),
        (f"{PODS}?watch=1", 410, BodyState.EMPTY, False),
        (f"{PODS}?watch=1", 200, BodyState.KEPT, False),
        (PODS, 200, BodyState.EMPTY, False),
        (f"{PODS}/p/log?follow=1", 200, BodyState.FRAMES, False),
    ],
)
def test_a_watch_is_one_without_any_event_too(target: str, status: int, state: BodyState, *, watches: bool) -> None:
    exchange = exchanged("GET", target, status)[1]
    assert exchange.answer is not None
    answer = replace(exchange.answer, body=Body(state=state, size=0))
    assert is_watch(replace(exchange, answer=answer)) is watches
    assert not is_watch(replace(exchange, answer=None))
