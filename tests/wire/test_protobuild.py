"""JSON written as protobuf, and protobuf changed in place."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class
from kproxy.wire.protobuild import edit_protobuf, edit_watch_event, encode_protobuf, encode_watch_event
from kproxy.wire.protojson import decode_protobuf, decode_watch_event
from tests.wire.messages import Maker, kinds, wrapped

KINDS = kinds()
POD: JSONObject = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "a", "labels": {"x": "y"}, "creationTimestamp": "2026-11-23T07:00:01Z"},
    "spec": {
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
        "containers": [{"name": "c", "resources": {"limits": {"cpu": "1"}}, "ports": [{"containerPort": 80}]}],
    },
    "status": {},
}


def test_an_object_written_is_the_object_read() -> None:
    assert decode_protobuf(encode_protobuf(POD)) == POD


def test_what_has_no_field_is_left_out() -> None:
    assert decode_protobuf(encode_protobuf({**POD, "surprise": 1})) == POD


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {"apiVersion": "v1"},
        {"kind": 1, "apiVersion": "v1"},
        {"kind": "Nothing", "apiVersion": "v1"},
        {**POD, "metadata": []},
        {**POD, "metadata": {"name": 5}},
        {**POD, "metadata": {"generation": 1 << 70}},
        {**POD, "metadata": {"creationTimestamp": "yesterday"}},
        {**POD, "metadata": {"labels": {"a": None, "b": 5}}},
        {**POD, "spec": {"containers": {}}},
        {**POD, "spec": {"containers": [1]}},
        {"kind": "Secret", "apiVersion": "v1", "data": {"a": "no base64!"}},
        {"kind": "Secret", "apiVersion": "v1", "data": {"a": 5}, "immutable": "x"},
    ],
)
def test_what_does_not_fit_is_refused(value: JSON) -> None:
    with pytest.raises(ContentError):
        encode_protobuf(value)


def test_an_edit_leaves_unknown_fields_where_they_are() -> None:
    name = "k8s.io.api.core.v1.Pod"
    future = b"\xf2\x3f\x03new"  # field 1022
    spec = message_class("k8s.io.api.core.v1.PodSpec").FromString(
        encode_inner("k8s.io.api.core.v1.PodSpec", nodeName="n") + future
    )
    pod = message_class(name)(metadata={"name": "a"}, spec=spec)
    data = wrapped("v1", "Pod", pod)
    new = decode_protobuf(data)
    new["metadata"] = {"name": "b"}
    new["spec"] = {"containers": None, "nodeName": "m"}
    edited = edit_protobuf(data, new)
    assert decode_protobuf(edited) == new
    assert future in edited


def encode_inner(name: str, **fields: object) -> bytes:
    return message_class(name)(**fields).SerializeToString()


def leaves(value: JSON, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places of all values."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += leaves(item, (*path, index))
    return found


def without(value: JSONObject, path: tuple[str | int, ...]) -> JSONObject:
    changed = copy.deepcopy(value)
    place: JSON = changed
    for key in path[:-1]:
        place = place[key]  # type: ignore[index] # the path leads through it
    del place[path[-1]]  # type: ignore[union-attr,arg-type] # the path leads through it
    return changed


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.data())
def test_an_edit_says_the_same_as_writing_anew(kind: tuple[str, str, str], seed: int, data: st.DataObject) -> None:
    api_version, name, message_name = kind
    before = wrapped(api_version, name, Maker(seed).message(message_name))
    value = decode_protobuf(before)
    place = data.draw(st.sampled_from([path for path in leaves(value) if path not in {("kind",), ("apiVersion",)}]))
    new = without(value, place)
    assert edit_protobuf(before, new) == encode_protobuf(new)
    assert edit_protobuf(before, value) == before


def test_an_edit_of_another_kind_writes_it_anew() -> None:
    new: JSONObject = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"a": "b"}}
    assert decode_protobuf(edit_protobuf(encode_protobuf(POD), new)) == new


def test_a_watch_event_is_written_and_changed() -> None:
    event: JSONObject = {"type": "ADDED", "object": POD}
    data = encode_watch_event(event)
    assert decode_watch_event(data) == event
    changed: JSONObject = {"type": "ADDED", "object": {**POD, "metadata": {"name": "b"}}}
    assert decode_watch_event(edit_watch_event(data, changed)) == changed
    assert edit_watch_event(data, event) == data


def test_a_null_in_a_list_or_a_map_is_gos_zero() -> None:
    spec: JSONObject = {"containers": [{"name": "c", "args": ["a", None]}]}
    written = decode_protobuf(encode_protobuf({**POD, "metadata": {"labels": {"a": None}}, "spec": spec}))
    assert written["metadata"] == {"labels": {"a": ""}}
    shown = written["spec"]
    assert isinstance(shown, dict)
    assert shown["containers"] == [{"name": "c", "args": ["a", ""], "resources": {}}]
