"""A real api-server, asked in each media type, and filled with an object of every kind."""

import asyncio
import base64
import http.client
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from kproxy.etcd import EtcdSettings, RangeAnswer, connect
from kproxy.lab import Lab
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import decode, encode

JSON_TYPE = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
OBJECTS = [
    document
    for document in yaml.safe_load_all((Path(__file__).parents[1] / "controlplane" / "objects.yaml").read_text())
    if document
]


@dataclass(frozen=True)
class Answer:
    """Status, media type and body."""

    status: int
    media_type: str
    body: bytes

    def decoded(self) -> JSONObject:
        """The body's object."""
        value = decode(self.media_type, self.body)
        assert isinstance(value, dict)
        return value


@dataclass
class Server:
    """A lab's api-server, asked as its admin; connections are opened for each request."""

    lab: Lab

    def __post_init__(self) -> None:
        config = yaml.safe_load(self.lab.kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._token = config["users"][0]["user"]["token"]
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._context = ssl.create_default_context(cadata=ca)
        self._place = urlsplit(cluster["server"])

    def send(self, method: str, path: str, accept: str = JSON_TYPE, body: JSON = None, sent: str = JSON_TYPE) -> Answer:
        """One request; a body in the media type `sent`."""
        connection = http.client.HTTPSConnection(
            self._place.hostname or "", self._place.port, timeout=60, context=self._context
        )
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        data = None if body is None else encode(sent, body)
        if data is not None:
            headers["Content-Type"] = sent
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheader("Content-Type", ""), answer.read())
        finally:
            connection.close()

    def both(
        self, method: str, path: str, parameters: str = "", body: JSON = None, other: str = PROTOBUF
    ) -> tuple[Answer, Answer]:
        """The same request in JSON and in protobuf, or in another media type."""
        return (
            self.send(method, path, JSON_TYPE + parameters, body),
            self.send(method, path, other + parameters, body, other),
        )

    def probe(self, method: str, target: str, audit_id: str) -> bool:
        """One request of which only the answer's head is read; whether the api-server's own handlers took it."""
        connection = http.client.HTTPSConnection(
            self._place.hostname or "", self._place.port, timeout=60, context=self._context
        )
        headers = {"Authorization": f"Bearer {self._token}", "Audit-ID": audit_id}
        try:
            connection.request(method, target, None, headers)
            return connection.getresponse().getheader("Audit-Id") == audit_id
        finally:
            connection.close()

    def etcd(self) -> RangeAnswer:
        """Everything in etcd."""

        async def main() -> RangeAnswer:
            async with await connect(EtcdSettings(endpoints=self.lab.etcd_endpoints)) as etcd:
                return await etcd.prefix(b"/registry/")

        return asyncio.run(main())

    def resources(self) -> Iterator[tuple[str, JSONObject]]:
        """Every listable resource and the path of its list."""
        groups = rows(self.send("GET", "/apis").decoded(), "groups")
        versions = [text(version, "groupVersion") for group in groups for version in rows(group, "versions")]
        for root in ("/api/v1", *(f"/apis/{version}" for version in versions)):
            answer = self.send("GET", root)
            if answer.status == 503:  # an aggregated server that is not there
                continue
            for resource in rows(answer.decoded(), "resources"):
                if "list" in str(resource["verbs"]) and resource["name"] != "componentstatuses":
                    yield f"{root}/{resource['name']}", {**resource, "root": root}

    def objects(self, namespace: str) -> Iterator[tuple[str, JSONObject]]:
        """The path of each object that is in this namespace or in none, with its resource."""
        for path, resource in self.resources():
            for item in rows(self.send("GET", path).decoded(), "items"):
                metadata = inner(item, "metadata")
                if text(metadata, "namespace") not in {"", namespace}:
                    continue
                place = str(path)
                if resource["namespaced"]:
                    place = place.replace(f"{resource['root']}/", f"{resource['root']}/namespaces/{namespace}/")
                yield f"{place}/{text(metadata, 'name')}", resource


def rows(value: JSONObject, key: str) -> list[JSONObject]:
    """A field that is a list of objects."""
    found = value[key]
    assert isinstance(found, list)
    return [item for item in found if isinstance(item, dict)]


def inner(value: JSONObject, key: str) -> JSONObject:
    """A field that is an object."""
    found = value[key]
    assert isinstance(found, dict)
    return found


def text(value: JSONObject, key: str) -> str:
    """A field that is text, "" if it is not there."""
    return str(value.get(key, ""))


def fill(server: Server) -> Server:
    """The server with an object of each kind in objects.yaml."""
    paths = {
        (resource["root"], resource["kind"]): (path, resource["namespaced"]) for path, resource in server.resources()
    }
    for document in OBJECTS:
        api_version = document["apiVersion"]
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        path, namespaced = paths[root, document["kind"]]
        if namespaced:
            path = path.replace(f"{root}/", f"{root}/namespaces/{document['metadata']['namespace']}/")
        answer = server.send("POST", path, body=document)
        assert answer.status == 201, (document["kind"], answer.body)
    wait_until_quiet(server)
    return server


def wait_until_quiet(server: Server) -> None:
    """The status of the CRD is written by the server's own loop, a moment later, and then its storage is made."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        established = b'"type":"Established","status":"True"' in server.send("GET", path).body
        if established and server.send("GET", "/apis/example.com/v1/widgets").status == 200:
            return
        time.sleep(0.1)
    raise AssertionError("the custom resource was never served")


def same_revision(value: JSONObject) -> JSONObject:
    """A list without its own resourceVersion, which moves between two requests."""
    if text(value, "kind").endswith("List") and "metadata" in value:
        metadata: JSONObject = {key: item for key, item in inner(value, "metadata").items() if key != "resourceVersion"}
        return {**value, "metadata": metadata}
    return value
