"""kproxy.diff.documents."""

import json

import pytest

from kproxy.diff import documents
from kproxy.diff.documents import Documents
from kproxy.diff.events import KeptEvent
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import encode
from tests.support.memory import MemoryRecording

JSON_TYPE = (("content-Type", "application/json"),)


def test_a_body_is_decoded_by_its_media_type_and_bytes_where_it_cannot_be() -> None:
    recording = MemoryRecording()
    documents = Documents(recording)
    body = recording.keep(b'{"a":1}')
    assert documents.body(JSON_TYPE, body).value == {"a": 1}
    assert documents.body((("Content-Type", "image/png"),), body).raw == b'{"a":1}'
    assert documents.body(JSON_TYPE, recording.keep(b"{")).raw == b"{"
    assert documents.body(JSON_TYPE, EMPTY_BODY).raw == b""


def test_a_body_that_was_not_kept_says_why() -> None:
    body = Body(state=BodyState.TOO_LARGE, size=9, reason="more than 64 MiB")
    assert Documents(MemoryRecording()).body(JSON_TYPE, body).reason == "a body is too-large (more than 64 MiB)"


@pytest.mark.parametrize(
    ("value", "inert"),
    [
        ({"properties": {"resourceVersion": {"type": "string"}, "uid": {"type": "string"}}}, True),
        ({"metadata": {"resourceVersion": "5"}}, False),
        ({"uid": "385ac3c3-d112-4b7c-aae9-3af50d03912e"}, False),
        ({"at": "2026-11-23T07:00:00Z"}, False),
        ({"nodePort": 30001}, False),
        ({"clusterIPs": ["10.0.0.1"]}, False),
        ({"metadata": {"generateName": "web-"}}, False),
    ],
)
def test_only_bodies_without_any_trace_of_a_choice_are_inert(value: object, inert: bool) -> None:
    recording = MemoryRecording()
    for text in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, separators=(",", ":"))):
        digest = recording.keep(text.encode()).digest
        assert digest is not None
        assert Documents(recording).inert(digest) is inert


@pytest.mark.parametrize("media_type", ["application/vnd.kubernetes.protobuf", "application/cbor"])
def test_binary_bodies_are_never_inert(media_type: str) -> None:
    recording = MemoryRecording()
    pod: JSONObject = {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "5"}}
    digest = recording.keep(encode(media_type, pod)).digest
    assert digest is not None
    assert not Documents(recording).inert(digest)


@pytest.mark.parametrize("media_type", ["application/json", "application/vnd.kubernetes.protobuf;stream=watch"])
def test_more_events_are_remembered_in_brief_than_with_their_objects(
    media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_MOST", 1)
    recording = MemoryRecording()
    bodies = []
    for name in "ab":
        pod: JSONObject = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "resourceVersion": "5"}}
        bodies.append(recording.keep(encode(media_type, {"type": "ADDED", "object": pod}).rstrip(b"\n")))
    own = Documents(recording)
    first, _ = (own.event(media_type, body) for body in bodies)
    with monkeypatch.context() as patched:
        patched.setattr(own, "data", lambda _digest: pytest.fail("its bytes are read again"))
        again = own.event(media_type, bodies[0])
    assert first.event is not None
    assert again.event is not None
    assert (again.event.type, again.about) == ("ADDED", first.about)
    assert again.item is None
    assert isinstance(again.event, KeptEvent)
    assert again.event.object == first.event.object
    cut = again.event.cut()
    assert cut is not None
    assert cut.about == first.about


def test_an_event_that_shows_a_table_is_known_with_its_object_only() -> None:
    recording = MemoryRecording()
    media_type = "application/cbor-seq"
    table: JSONObject = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "rows": []}
    event = Documents(recording).event(
        media_type, recording.keep(encode(media_type, {"type": "ADDED", "object": table}))
    )
    assert event.event is not None
    assert (event.item, event.about) == (None, None)


def test_an_event_in_brief_is_known_by_its_media_type_too() -> None:
    recording = MemoryRecording()
    pod: JSONObject = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}
    body = recording.keep(encode("application/json", {"type": "ADDED", "object": pod}))
    own = Documents(recording)
    assert own.event("application/json", body).event is not None
    assert own.event("application/vnd.kubernetes.protobuf;stream=watch", body).event is None
