"""kproxy.replay.graph: what waits for what, and what does not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Answer, Body, BodyState, End, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.effects import changes, ref_of, writes
from kproxy.replay.ownchanges import Settle
from kproxy.replay.plan import Close, Grounded, Send, make_plan
from kproxy.store.reader import open_recording
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
UID = "0000000a-0000-4000-8000-000000000001"
JSON_TYPE = ("Content-Type", "application/json")
RECORDINGS = Path(__file__).parents[2] / "recordings"


@dataclass
class Session:
    """A recording that is made request by request: each begins at a second of its own, from a connection of its own."""

    recording: MemoryRecording = field(default_factory=MemoryRecording)

    def add(  # noqa: PLR0913 - a request, its answer, who asked and when
        self,
        method: str,
        target: str,
        status: int = 200,
        *,
        said: JSONObject | None = None,
        sent: JSONObject | None = None,
        connection: int = 0,
        agent: str = "",
        caller: str = "",
        times: tuple[float, float] | None = None,
    ) -> int:
        """One request; by default a client of its own made it."""
        seq = len(self.recording.exchange_list) + 1
        began, over = times or (seq, seq + 0.5)
        answer = self.recording.keep(json.dumps(said).encode() if said else b"")
        made = Exchange(
            seq=Seq(seq),
            connection=connection or seq,
            started=Nanos(int(began * 1e9)),
            answered=Nanos(int(over * 1e9)),
            ended=Nanos(int(over * 1e9)),
            request=Request(
                method=method,
                target=target,
                http_version="HTTP/1.1",
                headers=(JSON_TYPE, ("User-Agent", agent or f"client-{seq}/1")),
                body=self.recording.keep(json.dumps(sent).encode() if sent else b""),
            ),
            info=request_info(method, target),
            answer=Answer(status=status, reason="", http_version="HTTP/1.1", headers=(JSON_TYPE,), body=answer),
            end=End.COMPLETE,
            caller=caller,
        )
        self.recording.exchange_list.append(made)
        return seq

    def watch(self, target: str, ended: float, *events: float, agent: str) -> int:
        """A watch with events at these times, in seconds."""
        seq = self.add("GET", f"{target}?watch=1", agent=agent)
        made = self.recording.exchange_list[-1]
        assert made.answer
        stream = replace(made.answer, body=Body(state=BodyState.FRAMES, size=1))
        self.recording.exchange_list[-1] = replace(made, ended=Nanos(int(ended * 1e9)), answer=stream)
        event = self.recording.keep(b'{"type":"ADDED","object":{}}')
        self.recording.frame_list += [
            Frame(seq=Seq(seq), index=index, at=Nanos(int(at * 1e9)), body=event) for index, at in enumerate(events)
        ]
        return seq

    def waits(self) -> dict[int, dict[int, str]]:
        """For each request the requests that are done before it, each with the kind of the ground, "" if implied."""
        done: dict[int, set[int]] = {}
        steps: dict[int, Grounded] = {}
        for each in make_plan(self.recording).grounded():
            steps[each.step.number] = each
            done[each.step.number] = set(each.waits).union(*(done[number] for number in each.waits))
        found: dict[int, dict[int, str]] = {}
        for number, each in steps.items():
            if isinstance(each.step.action, Send):
                found[each.step.action.seq] = {
                    seq: each.waits[before][0] if before in each.waits else ""
                    for before in sorted(done[number])
                    if (seq := _sent(steps[before])) is not None
                }
        return found


def _sent(grounded: Grounded) -> int | None:
    return grounded.step.action.seq if isinstance(grounded.step.action, Send) else None


def named(name: str, uid: str = "", **metadata: object) -> JSONObject:
    """An object, as far as its metadata goes."""
    found: JSONObject = {"name": name, **({"uid": uid} if uid else {})}
    return {"metadata": {**found, **json.loads(json.dumps(metadata))}}


def test_independent_reads_wait_for_nothing_even_on_one_connection() -> None:
    session = Session()
    for index in range(50):
        session.add("GET", f"{MAPS}/x{index % 25}", connection=1, agent="reader/1")
    assert session.waits() == {seq: {} for seq in range(1, 51)}


def test_writes_of_different_objects_by_different_clients_wait_for_nothing() -> None:
    session = Session()
    for index in range(20):
        session.add("POST", MAPS, 201, sent=named(f"x{index}"), said=named(f"x{index}"))
    assert session.waits() == {seq: {} for seq in range(1, 21)}


def test_a_watch_waits_for_its_own_programs_list_whose_revision_it_begins_behind() -> None:
    session = Session()
    first = session.add("GET", f"{MAPS}?limit=500&resourceVersion=0", agent="informer/1")
    session.add("GET", f"{MAPS}?limit=500&resourceVersion=0", agent="another/1")
    behind = session.add("GET", f"{MAPS}?watch=1&resourceVersion=1", agent="informer/1")
    anywhere = session.add("GET", f"{MAPS}?watch=1&resourceVersion=0", agent="informer/1")
    assert session.waits()[behind] == {first: "value"}
    assert session.waits()[anywhere] == {}


def test_a_definition_that_is_found_gone_waits_until_the_server_has_taken_it_away() -> None:
    session = Session()
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    key = EtcdKey(b"/registry/apiextensions.k8s.io/customresourcedefinitions/soakers.example.org")
    session.recording.change_list = [
        KeyChange(
            cluster=ClusterId("c"), revision=Revision(9), key=key, type=ChangeType.DELETE, at=Nanos(1_800_000_000)
        )
    ]
    session.add("DELETE", f"{path}/soakers.example.org", said=named("soakers.example.org"))
    session.add("GET", f"{path}/soakers.example.org", 404)
    session.add("GET", f"{path}/others.example.org", 404)
    waits = {each.step.action: each.waits for each in make_plan(session.recording).grounded()}
    settle = next(each for each in waits if isinstance(each, Settle))
    own = ("object", "apiextensions.k8s.io", "customresourcedefinitions", "", "soakers.example.org")
    assert [(each.seq, own in grounds.values()) for each, grounds in waits.items() if isinstance(each, Send)] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert own in waits[settle].values()


def test_requests_on_one_object_keep_their_order_when_one_writes() -> None:
    session = Session()
    read, write, again, other = (session.add(method, f"{MAPS}/x") for method in ("GET", "PUT", "GET", "GET"))
    assert session.waits() == {
        read: {},
        write: {read: "object"},
        again: {1: "", 2: "object"},
        other: {1: "", 2: "object"},
    }


def test_a_write_that_was_refused_orders_no_reads() -> None:
    session = Session()
    session.add("PUT", f"{MAPS}/x", 409)
    session.add("GET", f"{MAPS}/x")
    assert session.waits() == {1: {}, 2: {}}


def test_a_list_keeps_its_place_among_the_writes_of_its_resource() -> None:
    session = Session()
    first = session.add("PUT", f"{MAPS}/x")
    listed = session.add("GET", MAPS)
    second = session.add("PUT", f"{MAPS}/y")
    elsewhere = session.add("PUT", "/api/v1/namespaces/other/configmaps/z")
    everywhere = session.add("GET", "/api/v1/configmaps")
    found = session.waits()
    assert found[listed] == {first: "list"}
    assert found[second] == {first: "", listed: "list"}
    assert found[elsewhere] == {}
    assert set(found[everywhere]) == {first, listed, second, elsewhere}


def test_the_deletion_of_all_stands_between_those_before_and_those_after() -> None:
    session = Session()
    before, wiped, after = (
        session.add("GET", f"{MAPS}/x"),
        session.add("DELETE", MAPS),
        session.add("GET", f"{MAPS}/x", 404),
    )
    found = session.waits()
    assert found[wiped] == {before: "bulk"}
    assert set(found[after]) == {before, wiped}


def test_who_names_a_uid_waits_for_its_first_teller() -> None:
    session = Session()
    made = session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    owned = named("y", ownerReferences=[{"uid": UID, "kind": "ConfigMap", "name": "x", "apiVersion": "v1"}])
    used = session.add("POST", PODS, 201, sent=owned, said=owned)
    asked = session.add("GET", f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.uid%3D{UID}")
    found = session.waits()
    assert (found[used], found[asked]) == ({made: "value"}, {made: "value"})


def test_who_names_a_generated_name_waits_for_its_creation() -> None:
    session = Session()
    made = session.add(
        "POST",
        PODS,
        201,
        sent={"metadata": {"generateName": "web-"}},
        said=named("web-x7f2p", UID, generateName="web-"),
    )
    path = session.add("GET", f"{PODS}/web-x7f2p")
    body = session.add("POST", MAPS, 201, sent={"metadata": {"name": "y"}, "data": {"pod": "web-x7f2p"}})
    query = session.add("GET", "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb-x7f2p")
    found = session.waits()
    assert (found[path], found[body], found[query]) == ({made: "object"}, {made: "value"}, {made: "value"})


def test_who_names_a_uid_that_no_creation_told_waits_for_what_its_program_had_read() -> None:
    session = Session()
    read = session.add("GET", f"{MAPS}/x", said=named("x", UID), agent="ctl/1 (linux) kubernetes/a/informers")
    other = session.add("GET", f"{MAPS}/y", said=named("y"), agent="other/1")
    owned = named("z", ownerReferences=[{"uid": UID}])
    used = session.add("POST", PODS, 201, sent=owned, said=owned, agent="ctl/1 (linux) kubernetes/a/worker")
    assert session.waits()[used] == {read: "seen"}
    assert other not in session.waits()[used]


def test_who_names_a_uid_that_nobody_told_waits_for_each_of_its_programs_last_reads() -> None:
    session = Session()
    first = session.add("GET", f"{MAPS}/x", agent="ctl/1 (linux) a")
    listed = session.add("GET", MAPS, agent="ctl/1 (linux) b")
    session.add("PUT", f"{MAPS}/y", agent="ctl/1 (linux) b")
    session.add("GET", f"{MAPS}/x", agent="other/1")
    owned = named("z", ownerReferences=[{"uid": UID}])
    used = session.add("POST", PODS, 201, sent=owned, said=owned, agent="ctl/1 (linux) c")
    later = session.add("GET", f"{MAPS}?fieldSelector=a%3D{UID}", agent="another/1")
    found = session.waits()
    assert found[used] == {first: "seen", listed: "seen"}
    assert found[later][used] == "value"


def test_a_page_waits_for_the_page_before() -> None:
    session = Session()
    first = session.add("GET", f"{MAPS}?limit=5", agent="pager/1")
    second = session.add("GET", f"{MAPS}?limit=5&continue=abc", agent="pager/1")
    assert session.waits()[second] == {first: "value"}


def test_on_one_connection_a_write_stands_between_the_reads_before_and_those_after() -> None:
    session = Session()
    reads = [session.add("GET", f"{MAPS}/x{index}", connection=1, agent="a/1") for index in range(3)]
    write = session.add("POST", PODS, 201, sent=named("p"), said=named("p"), connection=1, agent="a/1")
    after = [session.add("GET", f"{MAPS}/y{index}", connection=1, agent="a/1") for index in range(3)]
    found = session.waits()
    assert found[write] == dict.fromkeys(reads, "connection")
    assert all(set(found[seq]) == {*reads, write} for seq in after)


def test_what_a_client_connects_for_comes_after_what_it_had_been_told() -> None:
    session = Session()
    write = session.add("POST", PODS, 201, sent=named("p"), said=named("p"), agent="kubectl/1")
    later = [session.add("GET", f"{MAPS}/x{index}", connection=9, agent="kubectl/1") for index in range(2)]
    other = session.add("GET", f"{MAPS}/x", agent="other/1")
    found = session.waits()
    assert all(write in found[seq] for seq in later)
    assert found[other] == {}


def test_a_request_waits_for_the_events_that_its_own_programs_watches_had_delivered() -> None:
    session = Session()
    opened = session.watch(MAPS, 9, 2.7, agent="ctl/1 (linux) kubernetes/a/informers")
    cause = session.add("PUT", f"{MAPS}/x", times=(2, 2.5))
    own = session.add("GET", f"{PODS}/p", times=(3, 3.5), agent="ctl/1 (linux) kubernetes/a/worker")
    other = session.add("GET", f"{PODS}/p", times=(4, 4.5))
    found = session.waits()
    assert set(found[own]) == {opened, cause}
    assert found[other] == {}


def test_a_write_waits_for_the_watch_that_was_opened_before_it_and_for_the_end_of_one_that_did_not_see_it() -> None:
    session = Session()
    opened = session.watch(MAPS, 1.8, agent="a/1")
    write = session.add("PUT", f"{MAPS}/x")
    closes = [step for step in make_plan(session.recording).steps if isinstance(step.action, Close)]
    assert opened in session.waits()[write]
    assert [step.number for step in closes] == [1]


def test_nobody_waits_for_a_log_that_was_followed_while_they_came() -> None:
    session = Session()
    log = session.add("GET", f"{PODS}/p/log?follow=true", times=(1, 20))
    during = session.add("PUT", f"{PODS}/p", times=(2, 3))
    after = session.add("DELETE", f"{PODS}/p", times=(30, 31))
    found = session.waits()
    assert (found[during], set(found[after])) == ({}, {log, during})


NAMESPACE = "/api/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
BARRIER_CASES: Mapping[str, tuple[str, str, JSONObject, str, str, JSONObject]] = {
    "namespace": ("POST", NAMESPACE, named("default"), "POST", MAPS, named("x")),
    "group": ("POST", CRDS, named("things.example.org"), "GET", "/apis/example.org/v1/things", {}),
    "discovery": ("POST", CRDS, named("things.example.org"), "GET", "/apis", {}),
    "rights": ("POST", f"{RBAC}/clusterroles", named("r"), "GET", f"{MAPS}/x", {}),
    "admission": (
        "POST",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        named("w"),
        "DELETE",
        f"{MAPS}/x",
        {},
    ),
    "quota": ("POST", "/api/v1/namespaces/default/resourcequotas", named("q"), "POST", MAPS, named("x")),
    "limits": ("POST", "/api/v1/namespaces/default/limitranges", named("l"), "POST", PODS, named("p")),
    "service accounts": ("POST", "/api/v1/namespaces/default/serviceaccounts", named("a"), "POST", PODS, named("p")),
    "classes": ("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", named("c"), "POST", PODS, named("p")),
    "addresses": (
        "POST",
        "/api/v1/namespaces/default/services",
        {**named("s"), "spec": {"clusterIP": "10.96.0.9"}},
        "DELETE",
        "/api/v1/namespaces/other/services/t",
        {},
    ),
    "disruption": (
        "PUT",
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b",
        named("b"),
        "POST",
        f"{PODS}/p/eviction",
        {},
    ),
    "flow control": ("PUT", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/f", named("f"), "GET", "/version", {}),
}


@pytest.mark.parametrize("kind", BARRIER_CASES)
def test_a_barrier_stands_between_those_before_and_those_after(kind: str) -> None:
    method, target, sent, other, its_target, its_sent = BARRIER_CASES[kind]
    session = Session()
    before = session.add(other, its_target, sent=its_sent, said=its_sent)
    barrier = session.add(method, target, 201, sent=sent, said=sent)
    after = session.add(other, its_target.replace("/x", "/y"), sent=named("z") if its_sent else {}, said=named("z"))
    found = session.waits()
    assert found[barrier] == {before: kind}
    assert found[after][barrier] == kind


def test_where_a_quota_is_known_creations_keep_their_order() -> None:
    session = Session()
    session.add("POST", "/api/v1/namespaces/default/resourcequotas", 201, sent=named("q"), said=named("q"))
    first, second = (session.add("POST", MAPS, 201, sent=named(name), said=named(name)) for name in "xy")
    assert session.waits()[second][first] == "quota"


def test_requests_on_a_dependent_stay_on_their_side_of_its_owners_deletion() -> None:
    session = Session()
    session.add("POST", MAPS, 201, sent=named("x"), said=named("x", UID))
    owned = named("p", ownerReferences=[{"uid": UID}])
    session.add("POST", PODS, 201, sent=owned, said=owned)
    read = session.add("GET", f"{PODS}/p")
    deleted = session.add("DELETE", f"{MAPS}/x")
    gone = session.add("GET", f"{PODS}/p", 404)
    listed = session.add("GET", PODS)
    found = session.waits()
    assert read in found[deleted]
    assert (found[gone][deleted], found[listed][deleted]) == ("owner", "list")


# What holds for every recording.

TARGETS = [f"{MAPS}/x", f"{MAPS}/y", MAPS, f"{PODS}/x", "/api/v1/configmaps", NAMESPACE + "/default", "/apis"]
drawn = st.lists(
    st.tuples(
        st.sampled_from(["GET", "PUT", "DELETE", "PATCH"]),
        st.sampled_from(TARGETS),
        st.sampled_from([200, 200, 404, 500]),
        st.integers(0, 3),
        st.tuples(st.integers(0, 40), st.integers(0, 12)),
    ),
    max_size=25,
)


def recorded(drawn: list[tuple[str, str, int, int, tuple[int, int]]]) -> Session:
    """A session of drawn requests that overlap as they may."""
    session = Session()
    for method, target, status, client, (began, lasted) in sorted(drawn, key=lambda each: each[4][0]):
        # a connection of its own: on one, requests do not overlap
        session.add(method, target, status, agent=f"client-{client}/1", times=(began, began + lasted + 1))
    return session


@settings(max_examples=150, deadline=None)
@given(drawn)
def test_the_order_is_a_way_through_the_graph_and_no_wait_goes_against_time(
    drawn: list[tuple[str, str, int, int, tuple[int, int]]],
) -> None:
    session = recorded(drawn)
    steps = [each.step for each in make_plan(session.recording).grounded()]
    assert [step.number for step in steps] == list(range(len(steps)))
    assert sorted(step.action.seq for step in steps if isinstance(step.action, Send)) == [
        each.seq for each in session.recording.exchanges()
    ]
    by_number = {step.number: step for step in steps}
    for step in steps:
        for before in map(by_number.__getitem__, step.after):
            assert before.number < step.number
            first, second = before.action, step.action
            assert isinstance(first, Send)
            assert isinstance(second, Send)
            began, ended = (session.recording.exchange(seq) for seq in (first.seq, second.seq))
            assert began
            assert ended
            assert ended.ended is None or began.started < ended.ended


@settings(max_examples=150, deadline=None)
@given(drawn)
def test_every_two_requests_that_conflict_are_ordered(
    drawn: list[tuple[str, str, int, int, tuple[int, int]]],
) -> None:
    session = recorded(drawn)
    found = session.waits()
    exchanges = list(session.recording.exchanges())
    for index, second in enumerate(exchanges):
        for first in exchanges[:index]:
            if _conflict(first, second):
                assert first.seq in found[second.seq] or second.seq in found[first.seq]


def _conflict(first: Exchange, second: Exchange) -> bool:
    """Whether two requests are about one object and one of them changed it, or one lists what the other changed."""
    if not changes(first) and not changes(second):
        return False
    one, other = ref_of(first, first.info.name), ref_of(second, second.info.name)
    if one is not None and one == other:
        return True
    for listed, changed in ((first, second), (second, first)):
        same = (listed.info.group, listed.info.resource) == (changed.info.group, changed.info.resource)
        inside = listed.info.namespace in {"", changed.info.namespace}
        if (
            listed.info.verb == "list"
            and writes(changed)
            and changes(changed)
            and same
            and inside
            and listed.info.is_resource
        ):
            return True
    return False


@pytest.mark.parametrize("name", ["hello-demo", "hello-kubectl"])
def test_the_goldens_order_is_a_way_through_their_graph(name: str) -> None:
    with open_recording(str(RECORDINGS / name)) as recording:
        steps = list(make_plan(recording).steps)
        assert [step.number for step in steps] == list(range(len(steps)))
        assert all(before < step.number for step in steps for before in step.after)
        assert list(make_plan(recording).steps) == steps  # as often as one likes
