"""kproxy.replay.sights."""

import json
from dataclasses import replace

import pytest

from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Answer, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON
from kproxy.replay.sights import Sight, initial_state, listed_revision, shown_by, sight
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
TYPE = (("Content-Type", "application/json"),)


def exchanged(
    method: str, target: str, status: int = 200, said: JSON = None, sent: JSON = None
) -> tuple[MemoryRecording, Exchange]:
    """A recording and its one exchange."""
    recording = MemoryRecording()
    request, answer = (recording.keep(json.dumps(each).encode() if each is not None else b"") for each in (sent, said))
    made = Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(1),
        answered=Nanos(2),
        ended=Nanos(2),
        request=Request(method=method, target=target, http_version="HTTP/1.1", headers=TYPE, body=request),
        info=request_info(method, target),
        answer=Answer(status=status, reason="", http_version="HTTP/1.1", headers=TYPE, body=answer),
    )
    return recording, made


def seen(method: str, target: str, status: int = 200, said: JSON = None, sent: JSON = None) -> Sight | None:
    """What the exchange says of its object."""
    return sight(*exchanged(method, target, status, said, sent))


def told(found: Sight | None) -> tuple[bool | None, bool | None, bool, str, int]:
    """Its facts: found, left, writes, uid, revision."""
    assert found is not None
    return found.found, found.left, found.writes, found.uid, found.revision


OBJECT: JSON = {"metadata": {"name": "x", "uid": "u", "resourceVersion": "7"}}
GONE: JSON = {"kind": "Status", "status": "Success", "details": {"name": "x", "uid": "u"}}


def refused(reason: str, name: str = "x") -> JSON:
    """A Status that refuses."""
    return {"kind": "Status", "reason": reason, "details": {"name": name}}


def test_what_succeeds_says_how_it_found_the_object_and_how_it_left_it() -> None:
    assert told(seen("POST", MAPS, 201, OBJECT)) == (False, True, True, "u", 7)
    assert told(seen("GET", f"{MAPS}/x", 200, OBJECT)) == (True, True, False, "u", 7)
    assert told(seen("PATCH", f"{MAPS}/x", 200, OBJECT)) == (True, True, True, "u", 7)
    assert told(seen("PATCH", f"{MAPS}/x", 201, OBJECT)) == (False, True, True, "u", 7)
    assert told(seen("DELETE", f"{MAPS}/x", 200, GONE)) == (True, False, True, "u", 0)
    assert told(seen("DELETE", f"{MAPS}/x", 200, OBJECT)) == (True, False, True, "u", 7)


def test_what_is_refused_for_the_objects_sake_says_whether_it_was_there() -> None:
    assert told(seen("DELETE", f"{MAPS}/x", 404, refused("NotFound")))[:3] == (False, False, False)
    assert told(seen("POST", MAPS, 409, refused("AlreadyExists"), OBJECT))[:3] == (True, True, False)
    conflict = seen("PUT", f"{MAPS}/x", 409, refused("Conflict"), OBJECT)
    assert told(conflict)[:3] == (True, True, False)
    assert conflict is not None
    assert (conflict.wanted, conflict.refused) == (7, True)
    finalized = seen("PUT", "/api/v1/namespaces/x/finalize", 409, refused("Conflict"), OBJECT)
    assert told(finalized)[:3] == (True, True, False), "of any subresource"
    assert finalized is not None
    assert (finalized.wanted, finalized.refused) == (7, True)


PRECONDITION = "Precondition failed: ResourceVersion in precondition: 6, ResourceVersion in object meta: 7"


@pytest.mark.parametrize(
    ("options", "message", "wanted"),
    [
        ({"preconditions": {"uid": "u", "resourceVersion": "6"}}, PRECONDITION, 6),
        ({"preconditions": {"uid": "u", "resourceVersion": "6"}}, "The system is ensuring all content is removed", 0),
        ({"preconditions": {"uid": "u"}}, PRECONDITION, 0),
        ({"preconditions": ["6"], "metadata": {"resourceVersion": "6"}}, PRECONDITION, 0),
        (None, PRECONDITION, 0),
    ],
)
def test_a_deletion_that_was_refused_had_insisted_on_its_preconditions(
    options: JSON, message: str, wanted: int
) -> None:
    said: JSON = {"kind": "Status", "reason": "Conflict", "details": {"name": "x"}, "message": message}
    kept = seen("DELETE", f"{MAPS}/x", 409, said, options)
    assert (kept is not None) is bool(wanted)
    assert kept is None or (told(kept)[:3], kept.wanted, kept.refused) == ((True, True, False), wanted, True)
    assert seen("DELETE", f"{MAPS}/x/part", 409, said, options) is None


def test_a_deletion_that_was_done_may_have_insisted_on_its_own_first_write() -> None:
    gone = seen("DELETE", f"{MAPS}/x", 200, GONE, {"preconditions": {"resourceVersion": "6"}})
    assert gone is not None
    assert gone.wanted == 0


@pytest.mark.parametrize(
    ("method", "target", "status", "said"),
    [
        ("GET", f"{MAPS}/x", 404, refused("NotFound", "another")),  # the namespace, the resource
        ("POST", MAPS, 404, refused("NotFound")),
        ("PUT", f"{MAPS}/x", 403, refused("Forbidden")),
        ("PUT", f"{MAPS}/x", 409, refused("Conflict")),  # nothing was insisted on
        ("DELETE", f"{MAPS}/x?dryRun=All", 200, GONE),
        ("POST", f"{MAPS}?dryRun=All", 201, OBJECT),
        ("GET", MAPS, 200, {"metadata": {"resourceVersion": "7"}}),
        ("GET", f"{PODS}/x/log", 200, None),
        ("GET", "/version", 200, None),
    ],
)
def test_what_tells_nothing_of_an_object(method: str, target: str, status: int, said: JSON) -> None:
    assert seen(method, target, status, said) is None


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "Pod", "metadata": {"name": "x", "deletionGracePeriodSeconds": 30}},
        {"kind": "Pod", "metadata": {"name": "x", "finalizers": ["example.org/a"]}},
        {"kind": "Namespace", "metadata": {"name": "x"}},
    ],
)
def test_of_a_deletion_that_waits_nobody_can_tell_what_it_left(said: JSON) -> None:
    assert told(seen("DELETE", f"{PODS}/x", 200, said))[:3] == (True, None, True)


@pytest.mark.parametrize("grace", [0, None, "30"])
def test_a_deletion_without_a_time_of_grace_leaves_nothing(grace: JSON) -> None:
    said: JSON = {"kind": "Pod", "metadata": {"name": "x", "deletionGracePeriodSeconds": grace}}
    assert told(seen("DELETE", f"{PODS}/x", 200, said))[:3] == (True, False, True)


def test_an_eviction_and_a_deletion_of_all_write_what_nobody_can_tell() -> None:
    evicted, wiped = seen("POST", f"{PODS}/x/eviction", 201), seen("DELETE", PODS)
    assert told(evicted)[:3] == (True, None, True)
    assert told(wiped)[:3] == (None, None, True)
    assert wiped is not None
    assert wiped.ref is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"kind": "PodList", "items": [{"metadata": {"name": "y"}}, OBJECT]}, True),
        ({"kind": "PodList", "items": [{"metadata": {"name": "y"}}, {"metadata": None}, 1]}, None),
        ({"kind": "Status", "items": "x"}, None),
        (None, None),
    ],
)
def test_a_deletion_of_all_found_what_its_answer_shows(said: JSON, *, found: bool | None) -> None:
    wiped = seen("DELETE", PODS, 200, said)
    assert wiped is not None
    assert wiped.of(ObjectRef(group="", resource="pods", namespace="default", name="x")).found is found


def test_a_namespace_is_the_same_object_when_it_is_made_and_when_it_is_deleted() -> None:
    made = seen("POST", "/api/v1/namespaces", 201, OBJECT)
    deleted = seen("DELETE", "/api/v1/namespaces/x", 200, GONE)
    assert made is not None
    assert deleted is not None
    assert made.ref == deleted.ref == ObjectRef(group="", resource="namespaces", namespace="", name="x")


@pytest.mark.parametrize(("query", "revision"), [("", 7), ("?resourceVersion=0", 0), ("?continue=abc", 0)])
def test_a_list_shows_a_revision_unless_an_older_one_will_do(query: str, revision: int) -> None:
    recording, listed = exchanged("GET", MAPS + query, said={"metadata": {"resourceVersion": "7"}, "items": []})
    assert listed_revision(recording, listed) == revision


def test_hostile_answers_tell_nothing() -> None:
    for revision in ("-1", "9" * 20, "9" * 40, "٣", 7, None):
        found = seen("GET", f"{MAPS}/x", 200, {"metadata": {"resourceVersion": revision}})
        assert told(found)[4] == 0
    recording, exchange = exchanged("GET", f"{MAPS}/x", 200, [1])
    assert told(sight(recording, exchange))[4] == 0
    assert sight(recording, replace(exchange, answer=None)) is None


BOOKMARK: JSON = {
    "type": "BOOKMARK",
    "object": {"metadata": {"resourceVersion": "7", "annotations": {"k8s.io/initial-events-end": "true"}}},
}


@pytest.mark.parametrize(
    ("query", "events", "revision"),
    [
        ("watch=1&sendInitialEvents=true", [b'{"type":"ADDED","object":{}}', json.dumps(BOOKMARK).encode()], 7),
        ("watch=1&sendInitialEvents=true", [b'{"type":"ADDED","object":{}}'], 0),
        ("watch=1&sendInitialEvents=true", [b"{k8s.io/initial-events-end", json.dumps(BOOKMARK).encode()], 0),
        ("watch=1", [json.dumps(BOOKMARK).encode()], 0),
        ("sendInitialEvents=true", [json.dumps(BOOKMARK).encode()], 0),
    ],
)
def test_what_a_watch_begins_with_is_of_the_revision_that_its_bookmark_says(
    query: str, events: list[bytes], revision: int
) -> None:
    recording, watch = exchanged("GET", f"{MAPS}?{query}")
    for index, data in enumerate(events):
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=Nanos(2), body=recording.keep(data)))
    assert initial_state(recording, watch)[0] == revision
    assert initial_state(recording, replace(watch, answer=None))[0] == 0


@pytest.mark.parametrize(
    ("method", "target", "bodies"),
    [
        ("PUT", f"{MAPS}/x", 2),
        ("PATCH", f"{MAPS}/x/status", 2),
        ("POST", MAPS, 1),
        ("DELETE", f"{MAPS}/x", 1),
        ("GET", f"{MAPS}/x", 1),
        ("GET", MAPS, 0),
        ("DELETE", MAPS, 1),
        ("GET", f"{PODS}/x/log", 0),
        ("GET", "/version", 0),
        ("PUT", f"{MAPS}/x?dryRun=All", 0),
    ],
)
def test_the_bodies_that_a_sight_looks_at_are_told_before(method: str, target: str, bodies: int) -> None:
    exchange = exchanged(method, target, said=OBJECT, sent=OBJECT)[1]
    assert exchange.answer is not None
    assert list(shown_by(exchange)) == [exchange.request.body, exchange.answer.body][2 - bodies :][:bodies]
    assert not list(shown_by(replace(exchange, answer=None)))


def test_of_a_deletion_that_was_refused_what_it_insisted_on_is_looked_at_too() -> None:
    assert len(list(shown_by(exchanged("DELETE", f"{MAPS}/x", 409, OBJECT, OBJECT)[1]))) == 2
