"""kproxy.diff.streams."""

from dataclasses import replace

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.exchange import End, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

LIVE = f"{PODS}?watch=true&resourceVersion=5"
FROM_ANYWHERE = f"{PODS}?watch=true"


@pytest.fixture(autouse=True, params=["decoded once", "kept as JSON", "decoded again"])
def decoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large stream events are decoded again when they are asked for: nothing else is another for it."""
    if request.param != "decoded once":
        monkeypatch.setattr("kproxy.diff.streams._DECODED", 0)
    if request.param == "decoded again":
        monkeypatch.setattr("kproxy.diff.streams._CUT", 0)


def event(kind: str, value: JSONObject) -> JSONObject:
    """A watch event."""
    return {"type": kind, "object": value}


def states(server: FakeServer) -> list[JSONObject]:
    """Two pods' lives."""
    return [
        event("ADDED", server.pod(1)),
        event("MODIFIED", server.pod(2, status={"phase": "x"})),
        event("ADDED", server.pod(3, "b")),
        event("MODIFIED", server.pod(4, status={"phase": "y"})),
        event("DELETED", server.pod(5, "b")),
    ]


def compared(
    seen: list[int] | None = None, *, target: str = LIVE, end: End = End.CLIENT_GONE, bookmark: int | None = None
) -> Verdict:
    """The verdict when the replay's watch shows these of the five events."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in (first, second):
        for number, pod in enumerate(states(server), start=1):
            value = pod["object"]
            assert isinstance(value, dict)
            server.put(number, f"/registry/pods/default/{'b' if number in {3, 5} else 'a'}", value)
    first.watch(target, *states(first), end=end)
    events = [states(second)[index] for index in (range(5) if seen is None else seen)]
    if bookmark is not None:
        events.append(event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(second.base + bookmark)}}))
    second.watch(target, *events, end=end)
    return verdict_of(first, second)


def places(verdict: Verdict) -> list[tuple[int | None, str, str]]:
    """Where a verdict's differences in the stream are."""
    return [(each.seq, each.path, each.kind) for each in verdict.differences if each.where == "stream"]


def test_the_same_events_are_identical() -> None:
    assert compared().outcome is Outcome.IDENTICAL


def test_a_lost_event_is_named_and_only_it() -> None:
    for lost in range(5):
        verdict = compared([index for index in range(5) if index != lost])
        assert places(verdict) == [(1, f"$[{lost}]", "removed")]


def test_an_event_that_comes_twice_is_named() -> None:
    verdict = compared([0, 1, 1, 2, 3, 4])
    assert places(verdict)
    assert "removed" not in {kind for _, _, kind in places(verdict)}


def test_the_last_event_twice_is_no_tail() -> None:
    assert compared([0, 1, 2, 3, 4, 4]).outcome is Outcome.DIFFERENT


def test_events_of_two_objects_in_another_order_are_reordered() -> None:
    assert places(compared([0, 2, 1, 3, 4])) == [(1, "$[1]", "reordered")]


def test_which_of_two_objects_was_changed_first_is_not_the_streams_say() -> None:
    """Recorded: two deletions at once, each of two steps, in turns; replayed: one deletion, the next."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, order in ((first, "xyxy"), (second, "yyxx")):
        events = []
        for at, name in enumerate(order, start=1):
            again = name in order[: at - 1]
            pod = server.pod(at, name, status={"phase": "y" if again else "x"})
            server.put(at, f"/registry/pods/default/{name}", pod, version=1 + again)
            events.append(event("MODIFIED", pod))
        server.watch(LIVE, *events)
    assert places(verdict_of(first, second)) == []


def test_states_of_one_object_in_another_order_are_found() -> None:
    assert compared([0, 3, 2, 1, 4]).outcome is Outcome.DIFFERENT


def test_a_bookmark_more_is_noise_but_not_one_that_goes_back() -> None:
    verdict = compared(bookmark=9)
    assert (verdict.outcome, [each.rule for each in verdict.noise]) == (Outcome.EQUIVALENT, ["watch-bookmarks"])
    assert places(compared(bookmark=2)) == [(1, "$[5].object.metadata.resourceVersion", "renamed")]


def folded(target: str) -> Verdict:
    """The verdict when the replay's watch begins with the second state of a pod."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in (first, second):
        server.put(1, "/registry/pods/default/a", server.pod(1))
        server.put(2, "/registry/pods/default/a", server.pod(2), version=2)
        server.put(3, "/registry/pods/default/a", server.pod(3), version=3)
    first.watch(target, *(event(kind, first.pod(at)) for at, kind in ((1, "ADDED"), (2, "MODIFIED"), (3, "MODIFIED"))))
    second.watch(target, event("ADDED", second.pod(2)), event("MODIFIED", second.pod(3)))
    return verdict_of(first, second)


def test_the_bookmark_that_ends_the_initial_events_is_not_below_them() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    last: JSONObject = {"annotations": {"k8s.io/initial-events-end": "true"}}
    for server, revision in ((first, 2), (second, 1)):
        metadata: JSONObject = {**last, "resourceVersion": str(server.base + revision)}
        end: JSONObject = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": metadata}}
        server.watch(f"{PODS}?watch=true&sendInitialEvents=true", {"type": "ADDED", "object": server.pod(2)}, end)
    found = verdict_of(first, second).differences
    assert [(each.path, each.kind) for each in found] == [("$[1].object.metadata.resourceVersion", "renamed")]


def test_states_before_the_first_one_shown_are_folded_where_a_watch_may_begin_anywhere() -> None:
    verdict = folded(FROM_ANYWHERE)
    assert verdict.differences == ()
    assert [(each.rule, each.count) for each in verdict.noise] == [("watch-initial-state", 1)]


def test_a_watch_from_a_revision_folds_nothing() -> None:
    assert folded(LIVE).outcome is Outcome.DIFFERENT


def test_a_lost_event_is_none_of_the_initial_state() -> None:
    assert compared([0, 2, 3, 4], target=FROM_ANYWHERE).outcome is Outcome.DIFFERENT


def test_what_came_after_the_client_had_left_in_the_recording_is_noise_when_etcd_has_it() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in (first, second):
        server.put(1, "/registry/pods/default/a", server.pod(1))
        server.put(2, "/registry/pods/default/a", server.pod(2), version=2)
    first.watch(LIVE, event("ADDED", first.pod(1)))
    second.watch(LIVE, event("ADDED", second.pod(1)), event("MODIFIED", second.pod(2)))
    verdict = verdict_of(first, second)
    assert (verdict.outcome, [each.rule for each in verdict.noise]) == (Outcome.EQUIVALENT, ["watch-tail"])
    second = FakeServer("b", 5000, 15)
    second.put(1, "/registry/pods/default/a", second.pod(1))
    second.put(2, "/registry/pods/default/a", second.pod(2), version=2)
    second.watch(LIVE, event("ADDED", second.pod(1)), event("MODIFIED", second.pod(9)))
    assert verdict_of(first, second).outcome is Outcome.DIFFERENT


def test_who_closed_a_watch_first_is_noise() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    first.watch(LIVE, event("ADDED", first.pod(1)))
    second.watch(LIVE, event("ADDED", second.pod(1)), end=End.COMPLETE)
    assert [each.rule for each in verdict_of(first, second).noise] == ["closed-by-client"]


def test_an_event_that_was_not_kept_is_inconclusive() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    first.watch(LIVE, event("ADDED", first.pod(1)))
    second.watch(LIVE, event("ADDED", second.pod(1)))
    frame = second.made.frame_list[0]
    second.made.frame_list[0] = replace(frame, body=second.made.keep(b"{"))
    verdict = verdict_of(first, second)
    assert (verdict.outcome, Seq(1)) == (Outcome.INCONCLUSIVE, frame.seq)


def test_what_was_written_after_the_recorded_client_left_may_come_in_between() -> None:
    """The pod a was changed at 3, when the client had left; here that came before b."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, order in ((first, "abA"), (second, "aAb")):
        events = []
        for at, name in enumerate(order, start=1):
            pod = server.pod(at, name.lower(), status={"phase": "y" if name == "A" else "x"})
            server.put(at, f"/registry/pods/default/{name.lower()}", pod, version=1 + (name == "A"))
            events.append(event("MODIFIED" if name == "A" else "ADDED", pod))
        server.watch(LIVE, *(events[:2] if server is first else events))
    verdict = verdict_of(first, second)
    assert places(verdict) == []
    assert [(each.rule, each.count) for each in verdict.noise] == [("watch-tail", 1)]


def test_a_recording_with_an_api_servers_heartbeats_is_identical_beside_itself() -> None:
    server = FakeServer("a", 100, 7, etcd=False)
    lease = server.pod(1, "apiserver-x")
    metadata = lease["metadata"]
    assert isinstance(metadata, dict)
    metadata |= {"namespace": "kube-system", "labels": {"apiserver.kubernetes.io/identity": "kube-apiserver"}}
    server.watch("/apis/coordination.k8s.io/v1/leases?watch=true&resourceVersion=5", event("MODIFIED", lease))
    assert verdict_of(server, server).outcome is Outcome.IDENTICAL


def mark(server: FakeServer, revision: int, *, ends: bool = False) -> JSONObject:
    """A bookmark; `ends`: the one that ends the initial events."""
    metadata: JSONObject = {"resourceVersion": str(server.base + revision)}
    if ends:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    return event("BOOKMARK", {"kind": "Pod", "metadata": metadata})


def test_a_bookmark_that_promises_what_had_not_come_is_found() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, revision in ((first, 1), (second, 9)):
        changed = event("MODIFIED", server.pod(3, status={"phase": "x"}))
        server.watch(LIVE, event("ADDED", server.pod(1)), mark(server, revision), changed)
    assert places(verdict_of(first, second)) == [(1, "$[2].object.metadata.resourceVersion", "renamed")]


def test_the_end_of_the_initial_events_before_them_is_found() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    target = f"{PODS}?watch=true&sendInitialEvents=true"
    first.watch(target, event("ADDED", first.pod(1)), mark(first, 1, ends=True), event("MODIFIED", first.pod(2)))
    second.watch(target, mark(second, 1, ends=True), event("ADDED", second.pod(1)), event("MODIFIED", second.pod(2)))
    assert places(verdict_of(first, second)) == [(1, "$[1].object.metadata.resourceVersion", "renamed")]
    assert places(verdict_of(first, first)) == []


def test_a_watch_that_the_replays_server_ended_long_before_its_client_left_is_a_difference() -> None:
    def verdict(recorded: End, end: End) -> list[str]:
        first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        first.watch(LIVE, event("ADDED", first.pod(1)), end=recorded)
        second.watch(LIVE, event("ADDED", second.pod(1)), end=end)
        ledgers = correlate(first.made), correlate(second.made)
        pairs = [(Seq(1), Seq(1))]
        found = compare(first.made, ledgers[0], second.made, ledgers[1], pairs, early=[1]).differences
        return [each.path for each in found]

    assert verdict(End.CLIENT_GONE, End.COMPLETE) == ["end"]
    assert verdict(End.COMPLETE, End.COMPLETE) == []
    assert verdict(End.COMPLETE, End.CLIENT_GONE) == [], "the replay's was still there"


def test_a_watch_that_is_refused_in_one_recording_and_served_in_the_other_is_another_answer_and_no_more() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    first.exchange("GET", LIVE, 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404})
    second.watch(LIVE, event("ADDED", second.pod(1)))
    for servers in ((first, second), (second, first)):
        verdict = verdict_of(*servers)
        assert {(each.where, each.path) for each in verdict.differences} >= {("status", "status")}
        assert {each.where for each in verdict.differences} <= {"status", "end", "header"}
        assert verdict.reasons == ()


def test_a_recorded_stream_that_does_not_go_by_revision_asks_no_order_of_the_replays() -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in servers:
        server.watch(LIVE, event("MODIFIED", server.pod(9, "b")), event("MODIFIED", server.pod(4)))
    for second in servers:
        assert verdict_of(servers[0], second).outcome is Outcome.IDENTICAL


def test_an_event_without_a_revision_has_no_place_in_the_order() -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in servers:
        bare: JSONObject = {"kind": "Pod", "metadata": {"name": "b", "namespace": "default"}}
        server.watch(LIVE, event("ADDED", server.pod(1)), event("MODIFIED", bare), event("MODIFIED", server.pod(2)))
    assert verdict_of(*servers).outcome is Outcome.IDENTICAL


def test_events_that_show_tables_are_of_the_objects_in_their_rows() -> None:
    def table(server: FakeServer, revision: int, name: str) -> JSONObject:
        row: JSONObject = {"cells": [name], "object": {"metadata": server.pod(revision, name)["metadata"]}}
        return event("ADDED", {"kind": "Table", "columnDefinitions": [], "rows": [row]})

    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    first.watch(LIVE, *(table(first, at, name) for at, name in enumerate("abc", start=1)))
    second.watch(LIVE, table(second, 1, "a"), table(second, 3, "c"))
    assert places(verdict_of(first, second)) == [(1, "$[1]", "removed")]


LEASES = "/apis/coordination.k8s.io/v1/leases?watch=true&resourceVersion=5"


def lease(server: FakeServer, revision: int, name: str = "apiserver-x") -> JSONObject:
    """An api-server's identity, or another lease."""
    found = server.pod(revision, name)
    metadata = found["metadata"]
    assert isinstance(metadata, dict)
    metadata |= {"namespace": "kube-system", "labels": {"apiserver.kubernetes.io/identity": "kube-apiserver"}}
    return found


def heartbeats(*counts: int, target: str = LEASES, strict: bool = False, kind: str = "MODIFIED") -> Verdict:
    """The verdict when the servers renewed their identity so often, between two changes of another lease."""
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, count in zip(servers, counts, strict=True):
        events = [event("ADDED", lease(server, 1, "scheduler"))]
        events += [event(kind, lease(server, 2 + at)) for at in range(count)]
        server.watch(target, *events, event("MODIFIED", lease(server, 20, "scheduler")))
    return verdict_of(*servers, strict=strict)


def test_how_often_an_api_server_renews_its_identity_is_noise_in_a_watch_of_leases() -> None:
    assert [each.rule for each in heartbeats(2, 3).noise] == ["server-heartbeats"]
    assert heartbeats(2, 3).outcome is Outcome.EQUIVALENT
    assert heartbeats(2, 3, strict=True).outcome is Outcome.DIFFERENT
    assert heartbeats(2, 3, kind="DELETED").outcome is Outcome.DIFFERENT
    assert heartbeats(2, 3, target=LEASES.replace("leases", "leasesx")).outcome is Outcome.DIFFERENT


def from_anywhere(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> Verdict:
    """The verdict over two watches from no certain revision that show these states of one pod."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, seen in zip(servers, (first, second), strict=True):
        for revision in range(1, 5):
            server.put(revision, "/registry/pods/default/a", server.pod(revision), version=revision)
        server.watch(FROM_ANYWHERE, *(event(kind, server.pod(revision)) for kind, revision in seen))
    return verdict_of(*servers)


def test_only_what_was_before_the_first_state_that_is_shown_is_folded_into_it() -> None:
    recorded = [("ADDED", 1), ("MODIFIED", 2), ("MODIFIED", 3), ("MODIFIED", 4)]
    folded_two = from_anywhere(recorded, [("ADDED", 3), ("MODIFIED", 4)])
    assert (folded_two.differences, [each.count for each in folded_two.noise]) == ((), [2])
    assert places(from_anywhere(recorded, [("ADDED", 1), ("MODIFIED", 3), ("MODIFIED", 4)])) == [(1, "$[1]", "removed")]
    assert places(from_anywhere(recorded, [("MODIFIED", 3), ("MODIFIED", 4)]))[:2] == [
        (1, "$[0]", "removed"),
        (1, "$[1]", "removed"),
    ]
    assert places(from_anywhere(recorded, [("ADDED", 1), ("MODIFIED", 2)])) == [
        (1, "$[2]", "removed"),
        (1, "$[3]", "removed"),
    ]


def test_an_event_of_another_type_is_named_and_its_object_compared_all_the_same() -> None:
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, kind, phase in zip(servers, ("MODIFIED", "DELETED"), ("x", "y"), strict=True):
        server.watch(LIVE, event("ADDED", server.pod(1)), event(kind, server.pod(2, status={"phase": phase})))
    found = verdict_of(*servers).differences
    assert {(each.path, each.baseline, each.replayed) for each in found} >= {
        ("$[1].type", "MODIFIED", "DELETED"),
    }


def test_how_many_bookmarks_there_were_is_said_where_nothing_is_hidden() -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, marks in zip(servers, (1, 3), strict=True):
        server.watch(LIVE, event("ADDED", server.pod(1)), *(mark(server, 2 + at) for at in range(marks)))
    found = [each for each in verdict_of(*servers, strict=True).differences if each.path == "$"]
    assert [(each.kind, each.baseline, each.replayed) for each in found] == [("changed", "1 bookmarks", "3 bookmarks")]


def test_of_a_stream_whose_end_is_not_in_its_recording_nobody_knows_the_rest() -> None:
    for cut, whose in ((0, "baseline"), (1, "replay")):
        servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        for at, server in enumerate(servers):
            more = [event("MODIFIED", server.pod(2))] if at != cut else []
            server.watch(LIVE, event("ADDED", server.pod(1)), *more, end=End.UNKNOWN if at == cut else End.CLIENT_GONE)
        found = verdict_of(*servers)
        assert f"exchange 1: the {whose}'s recording has not all of this stream" in found.reasons
        assert places(found) == []


def test_an_object_that_was_there_and_gone_before_a_watch_began_is_missed_by_nobody() -> None:
    """Its end is what etcd had: by its uid, also where the change does not say what was before it."""

    def verdict(uid: str, *, previous: bool) -> Verdict:
        servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        for server in servers:
            shown = server.pod(1)
            metadata = shown["metadata"]
            assert isinstance(metadata, dict)
            if server is servers[1]:
                metadata["uid"] = server.uid(97) if uid == "same" else server.uid(5)
            server.put(1, "/registry/pods/default/a", shown)
            server.delete(2, "/registry/pods/default/a")
            if previous:
                changes = server.made.change_list
                changes[-1] = replace(changes[-1], previous=changes[-2].value)
            server.exchange("GET", f"{PODS}/z", 200, server.pod(4, "z"))
            server.put(4, "/registry/pods/default/z", server.pod(4, "z"))
        first, second = servers
        target = f"{PODS}?watch=true&sendInitialEvents=true"
        seen = [event("ADDED", first.pod(1)), event("DELETED", first.pod(2))]
        first.watch(target, *seen, event("ADDED", first.pod(4, "z")), mark(first, 4, ends=True))
        second.watch(target, event("ADDED", second.pod(4, "z")), mark(second, 4, ends=True))
        return verdict_of(first, second)

    for previous in (False, True):
        found = verdict("same", previous=previous)
        assert (places(found), [each.rule for each in found.noise]) == ([], ["watch-initial-state"])
