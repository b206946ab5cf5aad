"""Values and keys in etcd."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import ContentError, encode
from kproxy.wire.storage import decode_value, edit_value, group_of, key_object, object_keys, object_of

LAYOUT = [
    ("/registry/pods/default/hello-demo", "", "pods", "default", "hello-demo"),
    ("/registry/namespaces/default", "", "namespaces", "", "default"),
    ("/registry/minions/node-1", "", "nodes", "", "node-1"),
    ("/registry/controllers/default/rc", "", "replicationcontrollers", "default", "rc"),
    ("/registry/services/specs/default/kubernetes", "", "services", "default", "kubernetes"),
    ("/registry/services/endpoints/default/kubernetes", "", "endpoints", "default", "kubernetes"),
    ("/registry/events/default/e.1", "", "events", "default", "e.1"),
    ("/registry/deployments/default/web", "apps", "deployments", "default", "web"),
    ("/registry/ingress/default/i", "networking.k8s.io", "ingresses", "default", "i"),
    ("/registry/clusterroles/system:node", "rbac.authorization.k8s.io", "clusterroles", "", "system:node"),
    ("/registry/leases/kube-system/x", "coordination.k8s.io", "leases", "kube-system", "x"),
    (
        "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "",
        "widgets.example.com",
    ),
    ("/registry/apiregistration.k8s.io/apiservices/v1.", "apiregistration.k8s.io", "apiservices", "", "v1."),
    ("/registry/example.com/widgets/default/w", "example.com", "widgets", "default", "w"),
    ("/registry/example.com/gadgets/g", "example.com", "gadgets", "", "g"),
]


@pytest.mark.parametrize(("key", "group", "resource", "namespace", "name"), LAYOUT)
def test_keys_and_objects_know_each_other(key: str, group: str, resource: str, namespace: str, name: str) -> None:
    ref = ObjectRef(group=group, resource=resource, namespace=namespace, name=name)
    assert key_object(EtcdKey(key.encode())) == ref
    assert object_keys(ref) == (key.encode(),)
    moved = EtcdKey(key.replace("/registry", "/elsewhere/k8s").encode())
    assert key_object(moved, "/elsewhere/k8s/") == ref
    assert object_keys(ref, "/elsewhere/k8s/") == (moved,)
    assert key_object(moved) is None


@pytest.mark.parametrize(
    "key",
    [
        b"compact_rev_key",
        b"/registry/masterleases/10.0.0.1",
        b"/registry/ranges/serviceips",
        b"/registry/peerserverleases/x",
        b"/registry/services/default/x",
        b"/registry/pods",
        b"/registry/pods/",
        b"/registry/pods//x",
        b"/registry/pods/a/b/c",
        b"/registry/example.com",
        b"/registry/example.com/widgets",
        b"/registry/",
        b"/registry/\xff/x",
        b"",
    ],
)
def test_keys_that_hold_no_object_have_none(key: bytes) -> None:
    assert key_object(EtcdKey(key)) is None


def test_groups_that_share_storage_share_keys() -> None:
    for group in ("", "events.k8s.io"):
        ref = ObjectRef(group=group, resource="events", namespace="default", name="e")
        assert object_keys(ref) == (b"/registry/events/default/e",)
    old = ObjectRef(group="extensions", resource="ingresses", namespace="default", name="i")
    assert object_keys(old) == (b"/registry/ingress/default/i",)


def test_what_is_not_stored_has_no_key() -> None:
    for group, resource, name in (
        ("authorization.k8s.io", "subjectaccessreviews", ""),
        ("authentication.k8s.io", "tokenreviews", "x"),
        ("", "bindings", "x"),
        ("", "deployments", "x"),
    ):
        assert not any(
            key_object(key) is None
            for key in object_keys(ObjectRef(group=group, resource=resource, namespace="", name=name))
        )
    assert object_keys(ObjectRef(group="", resource="bindings", namespace="d", name="x")) == ()
    assert object_keys(ObjectRef(group="", resource="pods", namespace="d", name="")) == ()


@given(st.binary())
def test_any_bytes_are_a_key_or_none(key: bytes) -> None:
    key_object(EtcdKey(key))
    key_object(EtcdKey(b"/registry/" + key))


CONFIG_MAP: JSONObject = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"a": "b"}}


@pytest.mark.parametrize(
    "value",
    [
        encode("application/vnd.kubernetes.protobuf", CONFIG_MAP),
        json.dumps(CONFIG_MAP).encode(),
        encode("application/cbor", CONFIG_MAP),
    ],
)
def test_values_are_read_and_changed_in_either_form(value: bytes) -> None:
    assert decode_value(value) == CONFIG_MAP
    assert edit_value(value, lambda before: before) is value
    changed = edit_value(value, lambda before: {**before, "data": {"a": "c"}})
    assert decode_value(changed) == {**CONFIG_MAP, "data": {"a": "c"}}
    assert changed[:3] == value[:3]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"k8s:enc:aescbc:v1:key1:abc", "encrypted at rest"),
        (b"\xd9\xd9\xf7\x80", "no object"),
        (b"\xd9\xd9\xf7\xa1", "no CBOR"),
        (b"1234", "neither protobuf nor JSON"),
        (b"", "neither protobuf nor JSON"),
        (b"k8s\0\xff\xff", "no protobuf message"),
        (b"{", "no JSON"),
    ],
)
def test_values_that_cannot_be_read_say_why(value: bytes, reason: str) -> None:
    with pytest.raises(ContentError, match=reason):
        decode_value(value)


def test_a_decoded_object_names_itself() -> None:
    assert object_of(CONFIG_MAP, "configmaps") == ObjectRef(group="", resource="configmaps", namespace="", name="c")
    event: JSONObject = {"apiVersion": "events.k8s.io/v1", "metadata": {"name": "e", "namespace": "d"}}
    assert object_of(event, "events") == ObjectRef(group="", resource="events", namespace="d", name="e")
    assert object_of({"apiVersion": "v1"}, "pods") is None
    assert object_of([], "pods") is None


@pytest.mark.parametrize(
    "value",
    [
        {"metadata": {"name": "a"}},
        {"apiVersion": 1, "metadata": {"name": "a"}},
        {"apiVersion": "v1", "metadata": {}},
        {"apiVersion": "v1", "metadata": {"name": 7}},
        {"apiVersion": "v1", "metadata": {"name": "a", "namespace": None}},
        {"apiVersion": "v1", "metadata": "a"},
        {"apiVersion": "v1"},
        ["v1"],
    ],
)
def test_what_does_not_say_its_version_and_name_is_no_object(value: JSON) -> None:
    assert object_of(value, "pods") is None


def test_a_plural_resource_is_of_the_group_in_which_kubernetes_serves_it() -> None:
    assert (group_of("pods"), group_of("deployments"), group_of("widgets")) == ("", "apps", None)
