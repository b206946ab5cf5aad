"""kproxy.diff.tails: beside the scenes of the rule watch-tail in test_noise.py, what a watch may leave out."""

import sys
from dataclasses import replace

from kproxy.model.exchange import Body, BodyState
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome
from tests.diff.sessions import PODS, FakeServer, verdict_of

FROM_ONE = f"{PODS}?watch=true&resourceVersion=1"


def event(kind: str, value: JSONObject) -> JSONObject:
    return {"type": kind, "object": value}


def outcome(target: str, *shown: tuple[str, int, str]) -> Outcome:
    """One client got the first event; the other one those that are shown: type, revision, name."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in servers:
        for revision, name in ((1, "a"), (2, "b"), (3, "c")):
            server.put(revision, f"/registry/pods/default/{name}", server.pod(revision, name))
        server.put(4, "/registry/pods/default/a", server.pod(4, "a"), 2)
        server.delete(5, "/registry/pods/default/b")
    servers[0].watch(target, event("ADDED", servers[0].pod(1, "a")))
    servers[1].watch(target, *(event(kind, servers[1].pod(revision, name)) for kind, revision, name in shown))
    return verdict_of(*servers).outcome


def test_events_that_stand_behind_one_another_as_etcd_has_them_may_come() -> None:
    assert outcome(FROM_ONE, ("ADDED", 1, "a"), ("ADDED", 2, "b"), ("ADDED", 3, "c")) is Outcome.EQUIVALENT


def test_a_watch_that_does_not_select_leaves_nothing_out() -> None:
    assert outcome(FROM_ONE, ("ADDED", 1, "a"), ("ADDED", 3, "c")) is Outcome.DIFFERENT
    selecting = f"{FROM_ONE}&labelSelector=app"
    assert outcome(selecting, ("ADDED", 1, "a"), ("ADDED", 3, "c")) is Outcome.EQUIVALENT


def test_what_a_watch_began_with_is_in_any_order_and_says_nothing_of_what_was_left_out() -> None:
    anywhere = f"{PODS}?watch=true"
    assert outcome(anywhere, ("ADDED", 1, "a"), ("ADDED", 3, "c"), ("ADDED", 2, "b")) is Outcome.EQUIVALENT
    assert outcome(anywhere, ("ADDED", 1, "a"), ("ADDED", 3, "c"), ("MODIFIED", 4, "a")) is Outcome.EQUIVALENT


def calls(events: int) -> int:
    """What Python calls while a watch whose client left early is compared with one that ran on for so many events."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 50_000, 15)
    for server in servers:
        for number in range(1, events + 1):
            server.put(number, "/registry/pods/default/a", server.pod(number), number)
    servers[0].watch(FROM_ONE, event("MODIFIED", servers[0].pod(1)))
    servers[1].watch(FROM_ONE, *(event("MODIFIED", servers[1].pod(number)) for number in range(1, events + 1)))
    made = 0

    def step(_frame: object, what: str, _value: object) -> None:
        nonlocal made
        made += what in {"call", "c_call"}

    sys.setprofile(step)
    try:
        verdict = verdict_of(*servers)
    finally:
        sys.setprofile(None)
    assert [(each.rule, each.count) for each in verdict.noise if each.rule == "watch-tail"] == [
        ("watch-tail", events - 1)
    ]
    return made


def test_what_a_watch_ran_on_for_takes_as_long_as_it_has_events() -> None:
    assert calls(400) < 6 * calls(100)


def kept(change: str) -> Outcome:
    """One watch has an event more, of an object that is stored in another version, or encrypted."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in servers:
        shown = [server.pod(number) | {"apiVersion": "example.com/v1beta1"} for number in (1, 2)]
        for number, each in enumerate(shown, start=1):
            server.put(number, "/registry/pods/default/a", each | {"apiVersion": "v1"}, version=number)
        if change == "encrypted":
            hidden = Body(state=BodyState.COUNTED, size=9, reason="encrypted at rest")
            server.made.change_list[:] = [replace(each, value=hidden) for each in server.made.change_list]
        if change == "other labels":
            metadata = shown[1]["metadata"]
            assert isinstance(metadata, dict)
            shown[1]["metadata"] = metadata | {"labels": {"x": "y"}}
        last = [event("MODIFIED", shown[1])] if server is servers[1] else []
        server.watch(FROM_ONE, event("ADDED", shown[0]), *last)
    return verdict_of(*servers).outcome


def test_of_what_is_stored_in_another_version_or_encrypted_nobody_knows_the_end() -> None:
    assert kept("") is Outcome.INCONCLUSIVE
    assert kept("encrypted") is Outcome.INCONCLUSIVE
    assert kept("other labels") is Outcome.DIFFERENT
