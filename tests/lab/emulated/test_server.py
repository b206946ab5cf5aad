"""The walkthrough and HTTP's side of it, against a server in this process."""

import asyncio
import json
from typing import ClassVar

import pytest
import yaml

from kproxy.etcd.trace import Metadata, trace_metadata
from kproxy.lab.emulated.server import MAX_BODY
from kproxy.lab.emulated.store import Stored
from kproxy.lab.emulated.tree import peek
from kproxy.wire.content import decode, encode
from tests.lab.emulated.memory import MemoryStore
from tests.lab.emulated.serving import MAPS, PODS, Api, configmap, pod, serving, with_api

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PROTOBUF = "application/vnd.kubernetes.protobuf"


def test_the_walkthrough() -> None:
    async def walk(api: Api) -> None:
        created = await api("POST", PODS, pod("hello-demo"))
        assert created.status == 201
        stored = await api.store.get("/registry/pods/default/hello-demo")
        assert stored is not None
        assert str(stored.revision) == peek(created.object, "metadata", "resourceVersion")
        assert b"resourceVersion" not in stored.value
        assert (await api("GET", f"{PODS}/hello-demo")).body == created.body
        deleted = await api("DELETE", f"{PODS}/hello-demo")
        assert deleted.status == 200
        assert peek(deleted.object, "metadata", "resourceVersion") == str(stored.revision + 2)
        assert await api.store.get("/registry/pods/default/hello-demo") is None
        missing = await api("GET", f"{PODS}/hello-demo")
        assert missing.status == 404
        assert missing.object["message"] == 'pods "hello-demo" not found'

    with_api(walk)


def test_answers_have_the_real_servers_headers_and_an_audit_id_is_echoed() -> None:
    async def ask(api: Api) -> None:
        reply = await api("GET", PODS, headers={"Audit-ID": "of-the-client"})
        assert reply.headers["Audit-Id"] == "of-the-client"
        assert reply.headers["Cache-Control"] == "no-cache, private"
        assert reply.headers["Content-Type"] == "application/json"
        assert "Server" not in reply.headers
        one, other = await api("GET", PODS), await api("GET", PODS)
        assert one.headers["Audit-Id"] != other.headers["Audit-Id"]

    with_api(ask)


def test_people_get_indented_json_and_programs_a_line() -> None:
    async def ask(api: Api) -> None:
        for_people = await api("GET", PODS, headers={"User-Agent": "curl/8"})
        assert for_people.data.startswith(b'{\n  "kind": "PodList"')
        assert not for_people.data.endswith(b"\n")
        for_programs = await api("GET", f"{PODS}?pretty=false", headers={"User-Agent": "curl/8"})
        assert for_programs.data.startswith(b'{"kind":"PodList"')
        assert for_programs.data.endswith(b"}\n")

    with_api(ask)


def test_a_body_may_be_protobuf_or_yaml_and_so_may_the_answer() -> None:
    async def ask(api: Api) -> None:
        body = encode(PROTOBUF, configmap("one", a="b") | {"kind": "ConfigMap", "apiVersion": "v1"})
        reply = await api("POST", MAPS, body, content_type=PROTOBUF, headers={"Accept": f"{PROTOBUF},application/json"})
        assert (reply.status, reply.headers["Content-Type"]) == (201, PROTOBUF)
        assert decode(PROTOBUF, reply.data) == (await api("GET", f"{MAPS}/one")).body
        body = b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: two}\ndata: {a: b}\n"
        reply = await api("POST", MAPS, body, content_type="application/yaml", headers={"Accept": "application/yaml"})
        assert (reply.status, reply.headers["Content-Type"]) == (201, "application/yaml")
        assert yaml.safe_load(reply.data)["data"] == {"a": "b"}
        refused = await api("GET", f"{MAPS}/none", headers={"Accept": PROTOBUF})
        assert isinstance(decode(PROTOBUF, refused.data), dict)

    with_api(ask)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"{}", "text/plain", 415, "the body of the request was in an unknown format"),
        (b"", "application/json", 400, "unexpected end of JSON input (<empty>)"),
        (b"hello", "application/json", 400, "the object provided is unrecognized (must be of type ConfigMap)"),
        (b"[]", "application/json", 400, "the object provided is unrecognized"),
        (b"[" * 100_000, "application/json", 400, "the object provided is unrecognized"),
        (b"k8s\x00\xff\xff", PROTOBUF, 400, "the object provided is unrecognized"),
        (b"&a [*a]", "application/yaml", 400, "the object provided is unrecognized"),
        (b'{"kind":"Pod"}', "application/json", 400, "cannot be handled as a ConfigMap: converting (v1.Pod)"),
        (b'{"metadata":5}', "application/json", 400, "cannot unmarshal number into Go struct field ConfigMap.metadata"),
        (b'{"metadata":{"labels":{"a":1}}}', "application/json", 400, "of type string"),
        (b'{"data":{"a":{}}}', "application/json", 400, "cannot unmarshal object into Go struct field ConfigMap.data"),
        (b'{"binaryData":{"a":"%"}}', "application/json", 400, "illegal base64 data at input byte 0"),
    ],
)
def test_a_body_that_cannot_be_meant_is_a_status(body: bytes, content_type: str, status: int, message: str) -> None:
    async def ask(api: Api) -> None:
        reply = await api("POST", MAPS, body, content_type=content_type)
        assert reply.status == status
        assert message in str(reply.object["message"])

    with_api(ask)


def test_a_body_that_is_too_long_is_refused() -> None:
    async def ask(api: Api) -> None:
        reply = await api("POST", MAPS, b" " * (MAX_BODY + 1))
        assert (reply.status, reply.object["reason"]) == (413, "RequestEntityTooLarge")

    with_api(ask)


def test_nothing_acceptable_is_406_and_a_table_is_answered_as_the_object() -> None:
    async def ask(api: Api) -> None:
        assert (await api("GET", PODS, headers={"Accept": "image/png"})).status == 406
        reply = await api(
            "GET", PODS, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
        )
        assert reply.object["kind"] == "PodList"

    with_api(ask)


def test_unknown_fields_are_warned_of_refused_or_ignored() -> None:
    async def ask(api: Api) -> None:
        body = json.dumps(configmap("one") | {"extra": 1}).encode()
        reply = await api("POST", f"{MAPS}?dryRun=All", body)
        assert reply.headers["Warning"] == '299 - "unknown field \\"extra\\""'
        assert "extra" not in reply.object
        assert (await api("POST", f"{MAPS}?dryRun=All&fieldValidation=Strict", body)).status == 400
        reply = await api("POST", f"{MAPS}?dryRun=All&fieldValidation=Ignore", body)
        assert (reply.status, "Warning" in reply.headers) == (201, False)

    with_api(ask)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/foos", 404),
        ("GET", "/api/v1/namespaces/default/foos", 404),
        ("GET", "/api/v1/namespaces/default/pods/x/foo", 404),
        ("GET", "/api/v1/namespaces/default/pods/x/status/y", 404),
        ("GET", "/api/v1/pods/x", 404),
        ("GET", "/api/v1/watch/pods", 404),
        ("GET", "/api/v2/pods", 404),
        ("GET", "/apis/apps/v1/deployments", 404),
        ("GET", "/nope", 404),
        ("POST", "/version", 404),
        ("PUT", PODS, 405),
        ("POST", "/api/v1/pods", 405),
        ("DELETE", "/api/v1/namespaces", 405),
        ("POST", f"{PODS}/x", 405),
        ("POST", f"{PODS}/x/status", 405),
        ("GET", "/api/v1/namespaces/default/finalize", 405),
        ("OPTIONS", PODS, 405),
        ("GET", "/readyz", 200),
        ("GET", "/livez/ping", 200),
        ("GET", "/", 200),
    ],
)
def test_paths_and_methods(method: str, path: str, status: int) -> None:
    async def ask(api: Api) -> None:
        assert (await api(method, path)).status == status

    with_api(ask)


def test_a_clients_trace_goes_on_to_the_store_and_an_invalid_one_does_not() -> None:
    class Listening(MemoryStore):
        heard: ClassVar[list[Metadata]] = []

        async def get(self, key: str) -> Stored | None:
            self.heard.append(trace_metadata.get())
            return await super().get(key)

    async def run() -> None:
        async with serving(Listening()) as api:
            Listening.heard.clear()
            await api("GET", f"{PODS}/a", headers={"Traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
            await api("GET", f"{PODS}/a", headers={"Traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"})

    asyncio.run(run())
    assert Listening.heard == [(("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"),), ()]
