"""CBOR beside the real api-server's JSON, with the gate CBORServingAndStorage on: answers, watches, etcd's values."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import LabSettings, start_lab
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import decode, edit, encode
from kproxy.wire.mediatype import CBOR_MAGIC
from kproxy.wire.storage import decode_value, edit_value, object_keys
from kproxy.wire.watchevents import WatchCutter, WatchEvent, decode_event
from tests.support.served import JSON_TYPE, Answer, Server, fill, inner, rows, same_revision, text

pytestmark = pytest.mark.controlplane

CBOR = "application/cbor"
WIDGETS = "/apis/example.com/v1/namespaces/rich/widgets"
META = "g=meta.k8s.io;v=v1"


@pytest.fixture(scope="module")
def filled(assets: Path) -> Iterator[Server]:
    """A server with the gate on and an object of each kind, custom ones too."""
    settings = LabSettings(server="kube-apiserver", assets=assets, feature_gates="CBORServingAndStorage=true")
    widget: JSONObject = {
        "kind": "Widget",
        "apiVersion": "example.com/v1",
        "metadata": {"name": "made"},
        "spec": {"replicas": 1, "ratio": 0.5},
    }
    with start_lab(settings) as lab:
        server = fill(Server(lab))
        assert server.send("POST", WIDGETS, body=widget).status == 201
        yield server


def assert_same(one: Answer, other: Answer) -> None:
    """JSON and CBOR of one object: the same values; unchanged it stays the very same bytes, and written it reads so."""
    assert one.status == other.status
    assert other.media_type.startswith(CBOR), (other.media_type, other.body[:200])
    assert other.body.startswith(CBOR_MAGIC)
    expected, got = same_revision(one.decoded()), same_revision(other.decoded())
    assert json.dumps(got, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert edit(other.media_type, other.body, dict) is other.body
    assert decode(CBOR, encode(CBOR, other.decoded())) == other.decoded()


def test_every_list_reads_alike(filled: Server) -> None:
    compared = []
    for path, resource in filled.resources():
        if resource["name"] not in {"leases", "events"}:  # leases are renewed between two requests
            assert_same(*filled.both("GET", path, other=CBOR))
            compared.append(path)
    assert len(compared) > 50
    assert "/apis/example.com/v1/widgets" in compared


def test_every_object_reads_alike(filled: Server) -> None:
    compared = 0
    for path, _ in filled.objects("rich"):
        assert_same(*filled.both("GET", path, other=CBOR))
        compared += 1
    assert compared > 150


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api", ""),
        ("/apis", ""),
        ("/api/v1", ""),
        ("/apis", ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
        ("/api/v1/namespaces/rich/pods/none", ""),
        ("/api/v1/namespaces/rich/pods/rich", f";as=PartialObjectMetadata;{META}"),
        ("/api/v1/namespaces/rich/pods", f";as=PartialObjectMetadataList;{META}"),
        ("/apis/apps/v1/namespaces/rich/deployments/web/scale", ""),
        (f"{WIDGETS}?limit=1", ""),
    ],
)
def test_discovery_statuses_and_partial_objects_read_alike(filled: Server, path: str, parameters: str) -> None:
    assert_same(*filled.both("GET", path, parameters, other=CBOR))


def test_a_table_is_json_here_too(filled: Server) -> None:
    table = f";as=Table;{META}"
    answer = filled.send("GET", "/api/v1/namespaces/rich/pods", f"{CBOR}{table},{JSON_TYPE}{table}")
    assert (answer.status, answer.decoded()["kind"]) == (200, "Table")
    assert answer.media_type.startswith(JSON_TYPE)
    assert filled.send("GET", "/api/v1/namespaces/rich/pods", CBOR + table).status == 406


def test_what_is_sent_as_cbor_is_understood(filled: Server) -> None:
    widget: JSONObject = {
        "kind": "Widget",
        "apiVersion": "example.com/v1",
        "metadata": {"name": "sent"},
        "spec": {"replicas": 3, "ratio": 1.5, "any": {"ü": [1, 2.0, None, True]}},
    }
    made = filled.send("POST", WIDGETS, CBOR, widget, CBOR)
    assert (made.status, inner(made.decoded(), "spec")["any"]) == (201, {"ü": [1, 2, None, True]})
    secret: JSONObject = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "sent"},
        "data": {"p": "aHVudGVyMg=="},
    }
    made = filled.send("POST", "/api/v1/namespaces/rich/secrets", CBOR, secret, CBOR)
    assert (made.status, made.decoded()["data"]) == (201, {"p": "aHVudGVyMg=="})
    changed = edit(CBOR, made.body, lambda value: {**value, "data": {"p": "b3RoZXI="}})
    updated = filled.send("PUT", "/api/v1/namespaces/rich/secrets/sent", CBOR, decode(CBOR, changed), CBOR)
    assert (updated.status, updated.decoded()["data"]) == (200, {"p": "b3RoZXI="})
    options: JSONObject = {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}
    assert_same(*filled.both("DELETE", f"{WIDGETS}/none", body=options, other=CBOR))


def events(answer: Answer) -> list[WatchEvent]:
    """A watch's events; each stays what it is when nothing is changed."""
    cutter = WatchCutter(answer.media_type)
    cut = cutter.feed(answer.body)
    assert cutter.pending == b""
    assert all(edit(answer.media_type, data, dict) is data for data, _ in cut)
    return [decode_event(answer.media_type, data) for data, _ in cut]


@pytest.mark.parametrize("path", ["/api/v1/namespaces/rich/pods", "/api/v1/namespaces/rich/secrets", WIDGETS])
@pytest.mark.parametrize("form", ["", f";as=PartialObjectMetadata;{META}"])
def test_watch_events_read_alike(filled: Server, path: str, form: str) -> None:
    query = (
        "?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    )
    one = filled.send("GET", path + query, JSON_TYPE + form)
    other = filled.send("GET", path + query, CBOR + form)
    assert other.media_type.startswith("application/cbor-seq")
    assert events(one)[:-1] == events(other)[:-1]
    last = [each[-1].object for each in (events(one), events(other))]
    assert all("k8s.io/initial-events-end" in inner(inner(value, "metadata"), "annotations") for value in last)


def test_custom_resources_are_cbor_in_etcd_and_what_the_server_answers(filled: Server) -> None:
    stored = {item.key: item for item in filled.etcd().items}
    compared = 0
    for item in rows(filled.send("GET", WIDGETS).decoded(), "items"):
        metadata = inner(item, "metadata")
        ref = ObjectRef(group="example.com", resource="widgets", namespace="rich", name=text(metadata, "name"))
        (key,) = object_keys(ref)
        assert stored[key].value.startswith(CBOR_MAGIC)
        assert metadata.pop("resourceVersion") == str(stored[key].mod_revision)
        value = decode_value(stored[key].value)
        assert value == item
        assert edit_value(stored[key].value, dict) is stored[key].value
        compared += 1
    assert compared


def test_every_value_in_etcd_is_read(filled: Server) -> None:
    values = [item.value for item in filled.etcd().items]
    assert all(decode_value(value) for value in values)
    assert len(values) > 200
    assert any(value.startswith(CBOR_MAGIC) for value in values)
