"""Interface tables and the messages made of them."""

import pytest
from google.protobuf import descriptor_pool

from kproxy.wire.descriptors import message_class, message_fields, method, package_of
from tests.wire.messages import api_versions, message_names

ETCD = ("etcdserverpb", "mvccpb", "authpb")


def test_every_table_makes_messages() -> None:
    names = [name for package in (*api_versions().values(), *ETCD) for name in message_names(package)]
    assert len(names) > 1400
    for name in names:
        descriptor = message_class(name).DESCRIPTOR
        assert descriptor.full_name == name
        assert {field.number for field in descriptor.fields} == {spec.number for spec in message_fields(name)}


def test_nothing_is_registered_where_other_libraries_look() -> None:
    message_class("mvccpb.KeyValue")
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("mvccpb.KeyValue")


def test_a_package_is_put_into_the_pool_once_whatever_is_forgotten() -> None:
    before = message_class("mvccpb.KeyValue").DESCRIPTOR
    message_class.cache_clear()
    assert message_class("mvccpb.KeyValue").DESCRIPTOR is before


def test_fields_come_in_gos_order_with_what_go_says_of_them() -> None:
    fields = {spec.name: spec for spec in message_fields("k8s.io.api.core.v1.Container")}
    names = list(fields)
    assert names.index("envFrom") < names.index("env")
    assert fields["restartPolicy"].pointer
    assert fields["resources"].is_message
    assert not fields["name"].flags
    assert fields["image"].flags == {"omitempty"}


def test_json_names_may_differ_and_maps_have_keys() -> None:
    schema = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
    fields = {spec.name: spec for spec in message_fields(schema)}
    assert fields["ref"].json == "$ref"
    assert fields["properties"].map_key == "string"
    assert fields["properties"].type == schema


def test_methods_know_their_messages_and_streams() -> None:
    watch = method("etcdserverpb", "Watch/Watch")
    assert (watch.request, watch.response) == ("etcdserverpb.WatchRequest", "etcdserverpb.WatchResponse")
    assert watch.request_stream
    assert watch.response_stream
    assert not method("etcdserverpb", "KV/Range").response_stream


def test_groups_have_packages() -> None:
    assert package_of("v1") == "k8s.io.api.core.v1"
    assert package_of("apps/v1") == "k8s.io.api.apps.v1"
    assert package_of("example.com/v1") is None


@pytest.mark.parametrize("name", ["", "Pod", "k8s.io.api.core.v1", "k8s.io.api.core.v1.Nothing", "../x.y"])
def test_what_no_table_has_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        message_class(name)


def test_a_field_is_what_its_table_says_of_it() -> None:
    compare = {spec.name: spec for spec in message_fields("etcdserverpb.Compare")}
    assert (compare["result"].type, compare["result"].is_message) == ("enum:etcdserverpb.Compare.CompareResult", False)
    assert (compare["version"].oneof, compare["key"].oneof) == ("target_union", "")
    pod = {spec.name: spec for spec in message_fields("k8s.io.api.core.v1.Pod")}
    meta = pod["metadata"]
    assert (meta.number, meta.json, meta.type) == (1, "metadata", "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta")
    assert (meta.repeated, meta.map_key, meta.pointer, meta.is_message) == (False, "", False, True)
    spec = {spec.name: spec for spec in message_fields("k8s.io.api.core.v1.PodSpec")}
    assert (spec["containers"].repeated, spec["nodeSelector"].map_key) == (True, "string")
    assert (spec["nodeSelector"].type, spec["nodeSelector"].is_message) == ("string", False)
