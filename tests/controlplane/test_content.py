"""Protobuf beside the real api-server's own JSON: the same objects, lists, events, Statuses and etcd values."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import LabSettings, start_lab
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import ContentError, edit, encode, encode_json
from kproxy.wire.protoenvelope import MAGIC
from kproxy.wire.storage import decode_value, key_object, object_keys
from kproxy.wire.watchevents import WatchCutter, WatchEvent, decode_event
from tests.support.served import JSON_TYPE, PROTOBUF, Answer, Server, fill, inner, rows, same_revision, text

pytestmark = pytest.mark.controlplane

DEFAULTED_WHEN_READ = {"jobs", "persistentvolumeclaims"}  # a job's labels, a claim's phase


@pytest.fixture(scope="module")
def server(assets: Path) -> Iterator[Server]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        yield Server(lab)


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    return fill(server)


def assert_same(one: Answer, other: Answer) -> None:
    """JSON and protobuf of one object: the same values, keys in the same order; and protobuf written again."""
    assert one.status == other.status
    assert other.media_type.startswith(PROTOBUF)
    expected, got = same_revision(one.decoded()), same_revision(other.decoded())
    assert got == expected
    assert json.dumps(got) == json.dumps(expected)
    assert encode(other.media_type, other.decoded()) == other.body


def test_every_list_reads_alike(filled: Server) -> None:
    compared = 0
    for path, resource in filled.resources():
        if resource["root"] == "/apis/example.com/v1" or resource["name"] in {"leases", "events"}:
            continue  # custom resources have no protobuf; leases are renewed between two requests
        assert_same(*filled.both("GET", path))
        compared += 1
    assert compared > 50


def test_every_rich_object_reads_alike(filled: Server) -> None:
    compared = 0
    for path, resource in filled.objects("rich"):
        if resource["root"] != "/apis/example.com/v1":
            assert_same(*filled.both("GET", path))
            compared += 1
    assert compared > 150


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api", ""),
        ("/apis", ""),
        ("/api/v1", ""),
        ("/apis/apps/v1", ""),
        ("/apis", ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
        ("/api/v1/namespaces/rich/pods/none", ""),
        ("/api/v1/namespaces/rich/pods/rich", ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
        ("/api/v1/namespaces/rich/pods", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
        ("/apis/apps/v1/namespaces/rich/deployments/web/scale", ""),
    ],
)
def test_discovery_statuses_and_partial_objects_read_alike(filled: Server, path: str, parameters: str) -> None:
    assert_same(*filled.both("GET", path, parameters))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/v1/namespaces/rich/configmaps/none", {"kind": "DeleteOptions", "apiVersion": "v1"}),
        (
            "DELETE",
            "/api/v1/namespaces/rich/configmaps/cm",
            {
                "kind": "DeleteOptions",
                "apiVersion": "v1",
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": "other"},
                "dryRun": ["All"],
            },
        ),
        (
            "POST",
            "/api/v1/namespaces/rich/pods?dryRun=All",
            {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "BAD"}, "spec": {"containers": []}},
        ),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {
                "kind": "SelfSubjectAccessReview",
                "apiVersion": "authorization.k8s.io/v1",
                "spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}},
            },
        ),
    ],
)
def test_what_is_sent_as_protobuf_is_understood(filled: Server, method: str, path: str, body: JSONObject) -> None:
    assert_same(*filled.both(method, path, body=body))


def test_a_table_is_json(filled: Server) -> None:
    answer = filled.send("GET", "/api/v1/namespaces/rich/pods", f"{JSON_TYPE};as=Table;g=meta.k8s.io;v=v1")
    table = answer.decoded()
    assert table["kind"] == "Table"
    assert encode_json(table) == answer.body


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/namespaces/rich/pods/rich", ""),
        ("/apis/apps/v1/deployments", ""),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", ""),
        ("/apis/example.com/v1/widgets", ""),
        ("/api/v1/namespaces/rich/pods/none", ""),
        ("/api/v1/namespaces/rich/pods", ";as=Table;g=meta.k8s.io;v=v1"),
        ("/api/v1/namespaces/rich/pods", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
    ],
)
def test_yaml_reads_alike(filled: Server, path: str, parameters: str) -> None:
    one, other = (filled.send("GET", path, accept + parameters) for accept in (JSON_TYPE, "application/yaml"))
    assert other.media_type.startswith("application/yaml")
    assert same_revision(other.decoded()) == same_revision(one.decoded())


def test_our_json_is_the_servers_byte_for_byte(filled: Server) -> None:
    for path in ("/api/v1/namespaces/rich/pods/rich", "/api/v1/namespaces/rich/configmaps/cm", "/apis"):
        one, other = filled.both("GET", path)
        assert encode_json(other.decoded()) == one.body


def events(answer: Answer) -> list[WatchEvent]:
    """A watch's events; each is changed, too, and read again."""
    cutter = WatchCutter(answer.media_type)
    cut = cutter.feed(answer.body)
    assert cutter.pending == b""
    assert cut[-1][1] == len(answer.body)
    for data, _ in cut:
        assert edit(answer.media_type, data, lambda event: event) is data
        renamed = edit(answer.media_type, data, rename)
        assert inner(decode_event(answer.media_type, renamed).object, "metadata")["name"] == "renamed"
    return [decode_event(answer.media_type, data) for data, _ in cut]


def rename(event: JSONObject) -> JSONObject:
    """The event of an object of another name."""
    inner(inner(event, "object"), "metadata")["name"] = "renamed"
    return event


def test_watch_events_read_alike(filled: Server) -> None:
    path = "/api/v1/namespaces/rich/pods?watch=1&timeoutSeconds=1&resourceVersion=0"
    one = filled.send("GET", path, JSON_TYPE)
    other = filled.send("GET", path, f"{PROTOBUF};stream=watch")
    assert other.media_type == f"{PROTOBUF};stream=watch"
    assert events(one) == events(other)
    assert [event.type for event in events(other)] == ["ADDED"]


def test_a_watch_that_cannot_be_is_a_status(filled: Server) -> None:
    one, other = filled.both("GET", "/api/v1/namespaces/rich/pods?watch=1&timeoutSeconds=1&resourceVersion=none")
    assert_same(one, other)
    assert one.decoded()["kind"] == "Status"


def test_every_value_in_etcd_is_read_and_written_again(filled: Server) -> None:
    answer = filled.etcd()
    protobuf = [item for item in answer.items if item.value.startswith(MAGIC)]
    assert len(protobuf) > 200
    for item in protobuf:
        assert encode(PROTOBUF, decode_value(item.value)) == item.value
    unread = []
    for item in answer.items:
        try:
            decode_value(item.value)
        except ContentError:
            unread.append(item.key)
    assert unread == []


def test_what_is_in_etcd_is_what_the_server_answers(filled: Server) -> None:
    """But for resourceVersion, which is the key's mod_revision, and what only one version of an API has."""
    stored = {item.key: item for item in filled.etcd().items}
    compared = 0
    for path, resource in filled.resources():
        if resource["root"] in {"/apis/autoscaling/v1", "/apis/events.k8s.io/v1", "/apis/example.com/v1"}:
            continue  # stored in another version; no objects
        root = text(resource, "root")
        group = root.removeprefix("/apis/").rpartition("/")[0] if root.startswith("/apis/") else ""
        for item in rows(filled.send("GET", path).decoded(), "items"):
            metadata = inner(item, "metadata")
            namespace, name = text(metadata, "namespace"), text(metadata, "name")
            ref = ObjectRef(group=group, resource=text(resource, "name"), namespace=namespace, name=name)
            (key,) = object_keys(ref)
            assert key in stored
            assert key_object(key) == ref
            if namespace != "rich" or ref.resource in DEFAULTED_WHEN_READ:
                continue
            assert metadata.pop("resourceVersion") == str(stored[key].mod_revision)
            value = decode_value(stored[key].value)
            assert value == {"kind": resource["kind"], "apiVersion": value["apiVersion"], **item}
            compared += 1
    assert compared > 20
