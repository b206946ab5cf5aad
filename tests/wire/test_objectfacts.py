"""kproxy.wire.objectfacts: what an object says of itself, without decoding it whole."""

import json
from dataclasses import replace

import pytest

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import encode
from kproxy.wire.contenterror import ContentError
from kproxy.wire.mediatype import JSON, PROTOBUF
from kproxy.wire.objectfacts import (
    NO_FACTS,
    Facts,
    Owner,
    facts_of,
    held,
    read_facts,
    read_managers,
    read_text,
    read_value_facts,
)

POD: JSONObject = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "default",
        "uid": "u1",
        "resourceVersion": "101",
        "generation": 3,
        "deletionTimestamp": "2026-11-25T12:00:00Z",
        "deletionGracePeriodSeconds": 30,
        "finalizers": ["x/y"],
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "r1", "controller": True}
        ],
        "managedFields": [
            {"manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}},
            {"manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}},
        ],
    },
    "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "i"}]},
}


def protobuf(obj: JSONObject) -> bytes:
    return encode(PROTOBUF, obj)


def test_protobuf_says_what_json_says() -> None:
    binary, text = read_facts(PROTOBUF, protobuf(POD)), read_facts(JSON, json.dumps(POD).encode())
    assert isinstance(binary, Facts)
    assert isinstance(text, Facts)
    assert text == Facts(
        kind="Pod",
        name="web",
        namespace="default",
        uid="u1",
        revision=101,
        generation=3,
        deletion="2026-11-25T12:00:00Z",
        grace=30,
        held=True,
        owners=(Owner("r1", "ReplicaSet", "rs", controller=True),),
    )
    assert replace(binary, deletion=text.deletion) == text
    assert binary.deletion, "it says that there is one, in words of its own"
    assert read_value_facts(protobuf(POD)) == binary


def test_an_object_that_says_nothing_has_no_facts() -> None:
    bare = read_facts(PROTOBUF, protobuf({"apiVersion": "v1", "kind": "Pod"}))
    assert bare == Facts(kind="Pod")
    assert facts_of([]) == facts_of(None) == NO_FACTS
    assert facts_of({"metadata": {"generation": "x", "resourceVersion": "x", "ownerReferences": "x"}}) == NO_FACTS


@pytest.mark.parametrize("media_type", [JSON, PROTOBUF])
def test_a_status_names_the_object_of_its_details(media_type: str) -> None:
    status: JSONObject = {"apiVersion": "v1", "kind": "Status", "details": {"name": "web", "uid": "u1"}}
    assert read_facts(media_type, encode(media_type, status)) == Facts(kind="Status", uid="u1")


@pytest.mark.parametrize("media_type", [JSON, PROTOBUF])
def test_a_list_comes_whole(media_type: str) -> None:
    pods: JSONObject = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [POD]}
    found = read_facts(media_type, encode(media_type, pods))
    assert isinstance(found, dict)
    assert isinstance(found["items"], list)


@pytest.mark.parametrize("media_type", [JSON, PROTOBUF])
def test_a_namespace_is_held_by_the_finalizers_of_its_spec(media_type: str) -> None:
    namespace: JSONObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    found = read_facts(media_type, encode(media_type, namespace | {"spec": {"finalizers": ["kubernetes"]}}))
    assert isinstance(found, Facts)
    assert found.held
    assert not held(namespace)


def test_what_is_no_object_of_its_media_type_is_an_error() -> None:
    for media_type, data in (
        (PROTOBUF, b"k8s\0\xff\xff\xff"),
        (PROTOBUF, b"no magic"),
        (JSON, b"{"),
        ("image/png", b"x"),
    ):
        with pytest.raises(ContentError):
            read_facts(media_type, data)
    with pytest.raises(ContentError):
        read_value_facts(b"k8s:enc:aescbc:v1:x")
    with pytest.raises(ContentError):
        read_text(b"k8s\0\xff\xff\xff", "spec")


@pytest.mark.parametrize("data", [protobuf(POD), json.dumps(POD).encode()])
def test_a_text_is_read_by_its_path(data: bytes) -> None:
    assert read_text(data, "spec", "nodeName") == "n1"
    assert read_text(data, "spec", "nothing") == read_text(data, "spec") == read_text(data, "no", "such") == ""


@pytest.mark.parametrize("write", [protobuf, lambda obj: json.dumps(obj).encode()])
def test_field_managers_are_told_with_what_tells_that_an_entry_changed(write: object) -> None:
    assert callable(write)
    metadata = POD["metadata"]
    assert isinstance(metadata, dict)
    managed = metadata["managedFields"]
    assert isinstance(managed, list)
    before = read_managers(write(POD | {"metadata": {**metadata, "managedFields": managed[:1]}}))
    after = read_managers(write(POD))
    assert {manager for manager, _ in after} == {"kubectl", "kubelet"}
    assert {manager for manager, _ in after - before} == {"kubelet"}
