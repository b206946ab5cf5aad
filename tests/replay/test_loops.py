"""kproxy.replay.loops."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay import loops
from kproxy.replay.loops import Folded, Without, find_loops, recorded_state
from kproxy.replay.plan import Send, make_plan
from kproxy.replay.slices import Part, Slice, part_of
from tests.replay.test_graph import MAPS, PODS, Session, named

WEB = "/apis/apps/v1/namespaces/default/deployments/web"


def shown(ready: int, revision: int = 1) -> JSONObject:
    """A deployment with so many ready pods."""
    return {"metadata": {"name": "web", "resourceVersion": str(revision)}, "status": {"readyReplicas": ready}}


def polled(session: Session, *ready: int, pause: float = 1.0, target: str = WEB) -> list[int]:
    """One client that asks again and again, and what it was told."""
    begun = len(session.recording.exchange_list) * 10.0
    return [
        session.add(
            "GET",
            target,
            said=shown(each, index),
            agent="kubectl/1",
            times=(begun + index * pause, begun + index * pause + pause / 5),
        )
        for index, each in enumerate(ready)
    ]


def found(session: Session) -> tuple[dict[int, int], list[int]]:
    """What is folded into what, and what is awaited."""
    known = find_loops(session.recording)
    awaited = [int(each.seq) for each in session.recording.exchanges() if each.seq in known.awaited]
    return {int(seq): int(into) for seq, into in known.folded.items()}, awaited


def test_a_loop_is_folded_into_its_distinct_states() -> None:
    session = Session()
    assert polled(session, 0, 0, 0, 1, 1, 2) == [1, 2, 3, 4, 5, 6]
    assert found(session) == ({2: 1, 3: 1, 5: 4}, [4, 6])


def test_only_distinct_states_are_sent_and_the_later_ones_are_polled_for_one_after_the_other() -> None:
    session = Session()
    polled(session, 0, 0, 0, 1, 1, 2)
    plan = make_plan(session.recording)
    assert [step.action for step in plan.steps] == [Send(seq=1), Send(seq=4, polls=True), Send(seq=6, polls=True)]  # type: ignore[arg-type] # a Seq is its number
    assert [step.after for step in plan.steps] == [(), (0,), (1,)]
    assert (plan.requests, dict(plan.folded)) == (3, {2: 1, 3: 1, 5: 4})


def test_what_the_client_does_next_waits_for_what_it_had_polled_for() -> None:
    session = Session()
    polled(session, 0, 0, 0, 1)
    next_one = session.add("GET", f"{MAPS}/x", agent="kubectl/1", times=(20, 21))
    assert set(session.waits()[next_one]) == {1, 4}


def test_unfolded_each_read_is_sent() -> None:
    session = Session()
    polled(session, 0, 0, 0, 1)
    actions = [step.action for step in make_plan(session.recording, fold=False).steps]
    assert [action.seq for action in actions if isinstance(action, Send) and not action.polls] == [1, 2, 3, 4]


def test_a_loop_that_sees_no_change_is_folded_into_one_request() -> None:
    session = Session()
    polled(session, 0, 0, 0, 0)
    assert found(session) == ({2: 1, 3: 1, 4: 1}, [])


def test_reads_without_a_pause_are_no_loop() -> None:
    session = Session()
    polled(session, *[0] * 50, pause=0.01)
    assert found(session) == ({}, [])


def test_someone_who_looks_now_and_then_is_no_loop_but_a_state_that_came_by_itself_is_awaited() -> None:
    session = Session()
    polled(session, 0, 1)
    for began in (3.0, 3.5, 30.0):
        session.add("GET", WEB, said=shown(1), agent="kubectl/1", times=(began, began + 0.1))
    assert found(session) == ({}, [2])


def test_a_write_of_what_is_read_ends_a_loop_and_what_it_made_is_not_awaited() -> None:
    session = Session()
    session.add("GET", WEB, said=shown(0), agent="kubectl/1", times=(0, 0.1))
    session.add("PATCH", WEB, said=shown(1), agent="other/1", times=(1, 1.1))
    session.add("GET", WEB, said=shown(1), agent="kubectl/1", times=(2, 2.1))
    assert found(session) == ({}, [])


def test_a_write_outside_a_slice_is_one_all_the_same() -> None:
    session = Session()
    session.add("GET", WEB, said=shown(0), agent="kubectl/1", times=(0, 0.1))
    session.add("PATCH", WEB, said=shown(1), agent="other/1", times=(1, 1.1))
    session.add("GET", WEB, said=shown(1), agent="kubectl/1", times=(2, 2.1))
    part = part_of(session.recording, Slice(verbs=("get",)))
    assert [action for step in make_plan(part).steps if isinstance(action := step.action, Send) and action.polls] == []


def test_a_write_by_the_same_client_ends_a_loop_and_one_of_another_object_by_another_client_does_not() -> None:
    own, other = Session(), Session()
    for session, agent in ((own, "kubectl/1"), (other, "other/1")):
        session.add("GET", WEB, said=shown(0), agent="kubectl/1", times=(0, 0.1))
        session.add("PUT", f"{PODS}/p", said=named("p"), agent=agent, times=(1, 1.1))
        session.add("GET", WEB, said=shown(1), agent="kubectl/1", times=(2, 2.1))
    assert (found(own), found(other)) == (({}, []), ({}, [3]))


def test_an_error_and_a_throttled_read_are_no_states() -> None:
    session = Session()
    for seq, status in enumerate((200, 429, 500, 200)):
        session.add("GET", WEB, status, said=shown(0), agent="kubectl/1", times=(seq, seq + 0.1))
    assert found(session) == ({}, [])


def test_discovery_is_no_state_that_anybody_polls_for_and_health_is() -> None:
    discovery, health = Session(), Session()
    polled(discovery, 0, 0, 0, 1, target="/apis")
    polled(health, 0, 0, 0, 1, target="/readyz")
    assert (found(discovery), found(health)) == (({}, []), ({2: 1, 3: 1}, [4]))


def test_what_was_folded_is_looked_up_and_left_out() -> None:
    folded = Folded([(9, 2), (3, 2)])
    assert (dict(folded), folded.get(5), len(folded)) == ({3: 2, 9: 2}, None, 2)  # type: ignore[call-overload] # the same
    session = Session()
    polled(session, 0, 0, 0, 1)
    part = Part(session.recording, Without(find_loops(session.recording).folded))
    assert [each.seq for each in part.exchanges()] == [1, 4]


def test_a_long_loop_is_folded_as_it_goes_on() -> None:
    session = Session()
    polled(session, *[0] * 1100, 1)
    assert found(session) == (dict.fromkeys(range(2, 1101), 1), [1101])


def test_so_many_reads_beside_each_other_are_followed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    for turn in range(4):
        for place, name in enumerate("xyz"):
            began = turn + place / 10
            session.add("GET", f"{MAPS}/{name}", said=named(name), agent="kubectl/1", times=(began, began + 0.01))
    assert len(find_loops(session.recording).folded) == 9
    monkeypatch.setattr(loops, "_MOST_RUNS", 2)
    assert len(find_loops(session.recording).folded) == 0


def test_a_write_in_another_namespace_ends_no_loop() -> None:
    maps: JSONObject = {"items": []}
    waits: dict[str, list[int]] = {}
    for namespace in ("default", "other"):
        session = Session()
        session.add("GET", MAPS, said=maps, agent="kubectl/1", times=(0, 0.1))
        session.add("POST", MAPS.replace("default", namespace), 201, said=named("x"), times=(1, 1.1))
        session.add("GET", MAPS, said={"items": [named("x")]}, agent="kubectl/1", times=(2, 2.1))
        waits[namespace] = found(session)[1]
    assert waits == {"default": [], "other": [3]}


def test_a_read_outside_a_slice_is_no_part_of_its_loops() -> None:
    session = Session()
    polled(session, 0, 0, 0, 0, 0)
    part = part_of(session.recording, Slice(first=Seq(2)))
    seen: list[int] = []
    folded = find_loops(part, lambda exchange: seen.append(exchange.seq)).folded
    assert (dict(folded), seen) == ({3: 2, 4: 2, 5: 2}, [2, 3, 4, 5])


def test_what_was_never_answered_shows_no_state() -> None:
    session = Session()
    session.add("GET", WEB, said=shown(0))
    [answered] = session.recording.exchange_list
    assert recorded_state(session.recording, answered)
    assert recorded_state(session.recording, replace(answered, answer=None)) == ""
