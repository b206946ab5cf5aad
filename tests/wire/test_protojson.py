"""Protobuf read as the api-server's JSON. tests/controlplane/test_content.py compares with a real server."""

import json
from collections.abc import Sequence

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class
from kproxy.wire.jsontext import decode_json, encode_json
from kproxy.wire.protobuild import encode_protobuf
from kproxy.wire.protoenvelope import MAGIC
from kproxy.wire.protojson import _MOST_ORDERS, _reader, _Struct, decode_protobuf, decode_watch_event
from tests.wire.messages import Maker, kinds, wrapped

KINDS = kinds()


def test_the_tables_know_the_kinds() -> None:
    known = {(api_version, kind) for api_version, kind, _ in KINDS}
    assert {
        ("v1", "Pod"),
        ("apps/v1", "DeploymentList"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    } <= known
    assert len(known) > 250


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32))
def test_what_go_would_write_is_read_and_written_again_byte_for_byte(kind: tuple[str, str, str], seed: int) -> None:
    api_version, name, message_name = kind
    data = wrapped(api_version, name, Maker(seed).message(message_name))
    value = decode_protobuf(data)
    assert decode_json(encode_json(value)) == value
    assert (value["apiVersion"], value["kind"]) == (api_version, name)
    assert encode_protobuf(value) == data


@given(st.binary(max_size=200))
def test_garbage_ends_in_one_kind_of_error(data: bytes) -> None:
    for read, given_bytes in ((decode_protobuf, data), (decode_protobuf, MAGIC + data), (decode_watch_event, data)):
        try:
            read(given_bytes)
        except ContentError as error:
            assert str(error)  # noqa: PT017 - a value or this error, nothing else


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_a_damaged_object_ends_in_one_kind_of_error(seed: int, data: st.DataObject) -> None:
    whole = bytearray(wrapped("v1", "Pod", Maker(seed).message("k8s.io.api.core.v1.Pod")))
    for _ in range(3):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_protobuf(bytes(whole))
    except ContentError as error:
        assert str(error)  # noqa: PT017 - a value or this error, nothing else


def pod(**spec: object) -> Message:
    return message_class("k8s.io.api.core.v1.Pod")(spec=spec)


def test_structs_are_there_and_lists_without_omitempty_are_null() -> None:
    value = decode_protobuf(wrapped("v1", "Pod", message_class("k8s.io.api.core.v1.Pod")()))
    assert value == {"kind": "Pod", "apiVersion": "v1", "metadata": {}, "spec": {"containers": None}, "status": {}}


def test_an_empty_list_of_objects_is_a_list() -> None:
    value = decode_protobuf(wrapped("v1", "PodList", message_class("k8s.io.api.core.v1.PodList")()))
    assert value["items"] == []


def test_a_pointer_to_zero_is_kept_and_a_zero_that_is_none_left_out() -> None:
    value = decode_protobuf(wrapped("v1", "Pod", pod(terminationGracePeriodSeconds=0, hostname="", hostNetwork=False)))
    assert value["spec"] == {"containers": None, "terminationGracePeriodSeconds": 0}


def test_embedded_structs_stand_in_their_parent() -> None:
    volume = {"name": "v", "volumeSource": {"secret": {"secretName": "s"}}}
    value = decode_protobuf(wrapped("v1", "Pod", pod(volumes=[volume])))
    assert value["spec"] == {"containers": None, "volumes": [{"name": "v", "secret": {"secretName": "s"}}]}


def test_keys_come_in_gos_order() -> None:
    container = {"name": "c", "image": "i", "env": [{"name": "E"}], "envFrom": [{"prefix": "p"}]}
    value = decode_protobuf(wrapped("v1", "Pod", pod(containers=[container])))
    assert b'"name":"c","image":"i","envFrom":[{"prefix":"p"}],"env":[{"name":"E"}],"resources":{}' in encode_json(
        value
    )


def test_any_set_of_fields_is_in_gos_order_and_only_so_many_orders_are_remembered() -> None:
    flags = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")
    fields = (*flags, "hostname", "subdomain", "nodeName", "schedulerName", "serviceAccountName", "priorityClassName")
    whole = [*decode_spec(fields)]
    for number in range(1 << len(fields)):
        some = [name for place, name in enumerate(fields) if number >> place & 1]
        assert [*decode_spec(some)] == [name for name in whole if name in {"containers", *some}]
    reader: _Struct = _reader("k8s.io.api.core.v1.PodSpec").__self__  # type: ignore[attr-defined]  # its bound method
    assert len(reader.orders) == _MOST_ORDERS


def decode_spec(names: Sequence[str]) -> JSONObject:
    texts: dict[str, object] = {
        name: "x" for name in names if not name.startswith(("hostN", "hostP", "hostI", "share"))
    }
    flags = {name: True for name in names if name not in texts}
    spec = decode_protobuf(wrapped("v1", "Pod", pod(**texts, **flags)))["spec"]
    assert isinstance(spec, dict)
    return spec


def test_a_watch_event_holds_an_object_or_a_status() -> None:
    status = encode_protobuf({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410})
    event = message_class("k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent")(type="ERROR", object={"raw": status})
    value = decode_watch_event(event.SerializeToString())
    assert value["type"] == "ERROR"
    assert value["object"] == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410}


def test_an_object_of_json_in_the_envelope_is_read() -> None:
    unknown = message_class("k8s.io.apimachinery.pkg.runtime.Unknown")(
        typeMeta={"apiVersion": "example.com/v1", "kind": "Widget"},
        raw=b'{"spec":{"a":1}}',
        contentType="application/json",
    )
    value = decode_protobuf(MAGIC + unknown.SerializeToString())
    assert value == {"kind": "Widget", "apiVersion": "example.com/v1", "spec": {"a": 1}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin with k8s"),
        (MAGIC, "no interface table"),
        (wrapped("example.com/v1", "Widget", pod()), "no interface table for kind 'Widget'"),
        (
            wrapped("v1", "Pod", message_class("k8s.io.apimachinery.pkg.runtime.Unknown")(raw=b"\xff")),
            "not UTF-8|no protobuf",
        ),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(ContentError, match=reason):
        decode_protobuf(data)


def test_objects_within_objects_are_bounded() -> None:
    data = encode_protobuf({"kind": "Pod", "apiVersion": "v1"})
    for _ in range(120):
        items = message_class("k8s.io.api.core.v1.List")(items=[{"raw": data}])
        data = wrapped("v1", "List", items)
    with pytest.raises(ContentError, match="deep"):
        decode_protobuf(data)


@pytest.mark.parametrize("more", [True, False, {"type": "string"}])
def test_a_schemas_union_says_whether_more_is_allowed(more: JSON) -> None:
    texts: JSON = [{"type": "string"}]
    schema: JSON = {"additionalProperties": more, "items": texts, "dependencies": {"a": ["b"]}}
    written = encode_protobuf(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
            "spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]},
        }
    )
    read = decode_protobuf(written)
    assert f'"openAPIV3Schema": {json.dumps(schema, sort_keys=True)}' in json.dumps(read, sort_keys=True)
