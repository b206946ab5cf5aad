"""kproxy.replay.expected: what a recorded watch had told, in short."""

import json
from dataclasses import replace

from kproxy.model.exchange import WATCH_EVENT, Exchange, Frame, Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.replay.expected import Expected, events_of, expected
from kproxy.wire.content import encode
from kproxy.wire.watchevents import WatchEvent
from tests.replay.test_sights import PODS, exchanged
from tests.support.memory import MemoryRecording

POD: JSONObject = {
    "metadata": {
        "name": "web-x2x4q",
        "generateName": "web-",
        "namespace": "default",
        "uid": "u",
        "resourceVersion": "7",
    },
}


def in_short(event: WatchEvent) -> Expected:
    """A recorded event in short."""
    return expected(event, lambda: event)


def watched(*events: tuple[str, JSONObject] | bytes) -> tuple[MemoryRecording, Exchange]:
    """A recorded watch that told these, or bytes that are no event."""
    recording, watch = exchanged("GET", f"{PODS}?watch=1")
    for index, event in enumerate(events):
        data = event if isinstance(event, bytes) else json.dumps({"type": event[0], "object": event[1]}).encode()
        body = recording.keep(data)
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=Nanos(index), body=body, kind=WATCH_EVENT))
    return recording, watch


def test_an_event_in_short_says_whose_it_is_and_is_read_again_as_a_whole() -> None:
    (found,) = events_of(*watched(("ADDED", POD)))
    assert (found.type, found.name, found.uid, found.revision) == ("ADDED", "default/web-x2x4q", "u", 7)
    assert found.drawn == "default/0 web-"
    assert found.counts
    assert found.read() == WatchEvent(type="ADDED", object=POD)


def test_bookmarks_teach_nothing_and_what_cannot_be_decoded_is_left_out() -> None:
    mark: JSONObject = {"metadata": {"resourceVersion": "9"}}
    assert [each.type for each in events_of(*watched(("BOOKMARK", mark), b"{", ("DELETED", POD)))] == ["DELETED"]


def test_an_api_servers_heartbeat_teaches_and_is_not_awaited() -> None:
    labels: JSONObject = {"apiserver.kubernetes.io/identity": "kube-apiserver"}
    lease: JSONObject = {"metadata": {"name": "apiserver-x", "namespace": "kube-system", "labels": labels}}
    (found,) = events_of(*watched(("MODIFIED", lease)))
    assert not found.counts


def test_an_event_is_read_as_what_its_watch_was_answered_in() -> None:
    recording, watch = watched()
    media_type = "application/vnd.kubernetes.protobuf;stream=watch"
    pod: JSONObject = {"kind": "ConfigMap", "apiVersion": "v1", **POD}
    body = recording.keep(encode(media_type, {"type": "ADDED", "object": pod}))
    recording.frame_list.append(Frame(seq=Seq(1), index=0, at=Nanos(0), body=body, kind=WATCH_EVENT))
    assert watch.answer is not None
    answer = replace(watch.answer, headers=(("Content-Type", media_type),))
    (found,) = events_of(recording, replace(watch, answer=answer))
    assert (found.name, found.revision) == ("default/web-x2x4q", 7)
    assert found.read() == WatchEvent(type="ADDED", object=pod)
