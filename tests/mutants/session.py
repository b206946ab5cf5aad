"""The dense session's client: each behaviour that a mutant changes, asked for once, in a few seconds.

`python -m tests.mutants.session [--full|--people]`, with KPROXY_URL, KPROXY_TOKEN and KPROXY_CA of a `kproxy record`
around it. `--full`: what only the real api-server has, too; `--people`: instead, what people do while controllers act.
Exit code 1 when an answer is not the one that the session is about.
"""

import http.client
import json
import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kproxy.model.jsontypes import JSON, JSONObject

NAMESPACE = "/api/v1/namespaces/dense"
CONFIGMAPS = f"{NAMESPACE}/configmaps"
PODS = f"{NAMESPACE}/pods"
SECRETS = f"{NAMESPACE}/secrets"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
TIMEOUT = 60.0  # seconds that an answer, or an event, may take


class UnexpectedError(Exception):
    """The server behaves in another way than the session is about."""


def _connection() -> http.client.HTTPSConnection:
    place = urlsplit(os.environ["KPROXY_URL"])
    context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])
    return http.client.HTTPSConnection(place.hostname or "", place.port, context=context, timeout=TIMEOUT)


def _headers(extra: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {os.environ['KPROXY_TOKEN']}", "User-Agent": "dense/1.0", **extra}


@dataclass(slots=True)
class Client:
    """One connection, one request after the other."""

    connection: http.client.HTTPSConnection = field(default_factory=_connection)

    def ask(  # noqa: PLR0913 - a request has as many parts
        self,
        method: str,
        target: str,
        body: JSON = None,
        *,
        expect: int = 200,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> JSONObject:
        """Send, check the status, give the document ({} where it is none). UnexpectedError."""
        sent = None if body is None else json.dumps(body)
        extra = {"Content-Type": content_type} if sent is not None else {}
        self.connection.request(method, target, sent, _headers(extra | (headers or {})))
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != expect:
            raise UnexpectedError(f"{method} {target} was answered {answer.status}, not {expect}: {data[:500]!r}")
        return json.loads(data) if data[:1] == b"{" else {}

    def get(self, target: str, *, expect: int = 200, **headers: str) -> JSONObject:
        """GET."""
        return self.ask("GET", target, expect=expect, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, target: str, body: JSON, *, expect: int = 201) -> JSONObject:
        """POST."""
        return self.ask("POST", target, body, expect=expect)

    def put(self, target: str, body: JSON, *, expect: int = 200) -> JSONObject:
        """PUT."""
        return self.ask("PUT", target, body, expect=expect)

    def patch(self, target: str, body: JSON, content_type: str = MERGE, *, expect: int = 200) -> JSONObject:
        """PATCH."""
        return self.ask("PATCH", target, body, expect=expect, content_type=content_type)

    def delete(self, target: str, body: JSON = None, *, expect: int = 200) -> JSONObject:
        """DELETE."""
        return self.ask("DELETE", target, body, expect=expect)


@dataclass(slots=True)
class Watcher:
    """A watch on a connection of its own; `seen` counts its events."""

    target: str
    seen: int = 0
    more: threading.Condition = field(default_factory=threading.Condition)
    opened: threading.Event = field(default_factory=threading.Event)
    connection: http.client.HTTPSConnection = field(default_factory=_connection)

    def read(self) -> None:
        """Events, until the server ends the stream or we do."""
        try:
            self.connection.request("GET", self.target, headers=_headers({}))
            answer = self.connection.getresponse()
            self.opened.set()
            while answer.readline():
                with self.more:
                    self.seen += 1
                    self.more.notify_all()
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            return  # we left

    def wait(self, count: int) -> None:
        """Until so many events came. UnexpectedError if they do not."""
        with self.more:
            if not self.more.wait_for(lambda: self.seen >= count, TIMEOUT):
                raise UnexpectedError(f"{self.target} showed {self.seen} events, not {count}")


@contextmanager
def watching(target: str, first: int) -> Iterator[Watcher]:
    """A watch that was answered and has shown its first events; closed by its client at the end."""
    watcher = Watcher(target)
    thread = threading.Thread(target=watcher.read, daemon=True)
    thread.start()
    try:
        if not watcher.opened.wait(TIMEOUT):
            raise UnexpectedError(f"{target} was not answered")
        watcher.wait(first)
        yield watcher
    finally:
        if watcher.connection.sock is not None:
            with suppress(OSError):  # the server ended it before
                watcher.connection.sock.shutdown(socket.SHUT_RDWR)
        thread.join(TIMEOUT)


def configmap(name: str, data: JSONObject | None = None, **metadata: JSON) -> JSONObject:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"k": "1"}}


def pod(name: str, **spec: JSON) -> JSONObject:
    """A Pod of one container."""
    container: JSONObject = {"name": "main", "image": "dense:1.0"}
    metadata: JSONObject = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


def metadata_of(value: JSONObject) -> dict[str, str]:
    """The texts of an object's or a list's metadata."""
    found = value["metadata"]
    return {name: each for name, each in found.items() if isinstance(each, str)} if isinstance(found, dict) else {}


def main() -> int:
    """Run the session."""
    client = Client()
    try:
        if "--people" in sys.argv[1:]:
            from tests.mutants.session_people import people  # noqa: PLC0415 - another session

            people(client)
            return 0
        everywhere(client)
        if "--full" in sys.argv[1:]:
            from tests.mutants.session_full import full  # noqa: PLC0415 - the part that the emulated server has not

            full(client)
        client.get("/version?last=1")
    except UnexpectedError as unexpected:
        sys.stderr.write(f"{unexpected}\n")
        return 1
    return 0


def everywhere(client: Client) -> None:
    """What every api-server does."""
    client.post("/api/v1/namespaces", {"metadata": {"name": "dense"}})
    client.get(NAMESPACE)
    start = metadata_of(client.get(CONFIGMAPS))["resourceVersion"]
    client.post(CONFIGMAPS, configmap("first", labels={"tier": "front"}))
    with watching(f"{CONFIGMAPS}?watch=1&resourceVersion={start}&labelSelector=tier", 1) as watch:
        _writes(client)
        watch.wait(8)
        _deletes(client)
        watch.wait(14)
        client.patch(f"{CONFIGMAPS}/b", {"data": {"k": "unseen"}})  # its event is not awaited
    _lists(client)
    start = metadata_of(client.get(SECRETS))["resourceVersion"]
    with watching(f"{SECRETS}?watch=1&resourceVersion={start}", 0):  # quiet, to its end
        _refusals(client)
    _finalizers(client)
    _swept(client)
    _pods(client)
    _secrets(client)
    _collection(client)


def _writes(client: Client) -> None:
    client.post(CONFIGMAPS, configmap("a", labels={"tier": "front"}, annotations={"note": "x"}))
    client.post(CONFIGMAPS, configmap("b", labels={"tier": "back"}))
    client.post(CONFIGMAPS, configmap("c", labels={"tier": "back"}))
    client.post(CONFIGMAPS, configmap("plain"))
    client.post(CONFIGMAPS, configmap("a"), expect=409)
    a = client.get(f"{CONFIGMAPS}/a")
    client.get(f"{CONFIGMAPS}/missing", expect=404)
    client.put(f"{CONFIGMAPS}/a", {**a, "data": {"k": "2", "l": "0"}})
    client.put(f"{CONFIGMAPS}/a", {**a, "data": {"k": "3"}}, expect=409)
    a = client.get(f"{CONFIGMAPS}/a")
    client.put(f"{CONFIGMAPS}/a?fieldValidation=Ignore", a)  # nothing is written
    client.patch(f"{CONFIGMAPS}/a?fieldManager=merger", {"data": {"k": None, "n": "3"}})
    client.patch(
        f"{CONFIGMAPS}/a",
        [{"op": "test", "path": "/data/n", "value": "3"}, {"op": "add", "path": "/data/m", "value": "4"}],
        JSON_PATCH,
    )
    client.patch(f"{CONFIGMAPS}/a", [{"op": "test", "path": "/data/n", "value": "9"}], JSON_PATCH, expect=422)
    client.patch(f"{CONFIGMAPS}/a", [{"op": "remove", "path": "/data/m"}], JSON_PATCH)
    client.get(f"{CONFIGMAPS}/a")


def _deletes(client: Client) -> None:
    b = metadata_of(client.get(f"{CONFIGMAPS}/b"))
    wrong: JSONObject = {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}}
    client.delete(f"{CONFIGMAPS}/b", wrong, expect=409)
    client.delete(f"{CONFIGMAPS}/b", {"preconditions": {"uid": b["uid"]}})
    client.get(f"{CONFIGMAPS}/b", expect=404)
    client.post(CONFIGMAPS, configmap("b", labels={"tier": "back"}))
    client.get(f"{CONFIGMAPS}/b")
    owner: JSONObject = {"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": b["uid"]}
    client.post(CONFIGMAPS, configmap("owned", labels={"tier": "front"}, ownerReferences=[owner]))
    client.get(f"{CONFIGMAPS}/owned")
    client.patch(f"{CONFIGMAPS}/first", {"metadata": {"labels": {"tier": None}}})  # a watch with a selector: DELETED
    client.patch(f"{CONFIGMAPS}/first", {"metadata": {"labels": {"tier": "front"}}})  # and ADDED
    client.patch(f"{CONFIGMAPS}/b", {"data": {"k": "changed"}})


def _lists(client: Client) -> None:
    whole = client.get(CONFIGMAPS)
    token = metadata_of(client.get(f"{CONFIGMAPS}?limit=2"))["continue"]
    client.get(f"{CONFIGMAPS}?limit=2&continue={token}")
    client.get(f"{CONFIGMAPS}?labelSelector=tier%3Dfront")
    client.get(f"{CONFIGMAPS}?labelSelector=tier+notin+%28front%29")
    client.get(f"{CONFIGMAPS}?fieldSelector=metadata.name%3Db")
    revision = metadata_of(whole)["resourceVersion"]
    client.post(CONFIGMAPS, configmap("later"))
    client.get(f"{CONFIGMAPS}?resourceVersion={revision}&resourceVersionMatch=Exact&limit=50")
    initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with watching(f"{CONFIGMAPS}?watch=1&{initial}&labelSelector=tier%3Dback", 3) as watch:
        client.patch(f"{CONFIGMAPS}/c", {"data": {"k": "live"}})
        watch.wait(4)
        client.post(CONFIGMAPS, configmap("passing", labels={"tier": "back"}))
        client.delete(f"{CONFIGMAPS}/passing")
        watch.wait(6)


def _refusals(client: Client) -> None:
    made = metadata_of(client.post(CONFIGMAPS, {"metadata": {"generateName": "gen-"}, "data": {"k": "1"}}))["name"]
    client.get(f"{CONFIGMAPS}/{made}")
    client.post(CONFIGMAPS, configmap("Not_A_Name"), expect=422)
    client.post(f"{CONFIGMAPS}?fieldValidation=Warn", {**configmap("warned"), "unknown": 1})
    client.post(f"{CONFIGMAPS}?fieldValidation=Strict", {**configmap("strict"), "unknown": 1}, expect=400)
    client.post(f"{CONFIGMAPS}?dryRun=All", configmap("dry"))
    client.get(f"{CONFIGMAPS}/dry", expect=404)
    client.post(CONFIGMAPS, {**configmap("fixed"), "immutable": True})
    client.put(f"{CONFIGMAPS}/fixed", {**configmap("fixed", {"k": "2"}), "immutable": True}, expect=422)
    client.post("/api/v1/namespaces/nowhere/configmaps", configmap("lost"), expect=404)
    client.get(f"{CONFIGMAPS}?labelSelector=%28%28", expect=400)
    client.get("/api/v1/namespaces/dense/unknowns", expect=404)


def _finalizers(client: Client) -> None:
    client.post(CONFIGMAPS, configmap("held", finalizers=["example.com/keep"]))
    client.delete(f"{CONFIGMAPS}/held")
    client.get(f"{CONFIGMAPS}/held")
    client.patch(f"{CONFIGMAPS}/held", {"metadata": {"finalizers": None}})
    client.get(f"{CONFIGMAPS}/held", expect=404)


def _swept(client: Client) -> None:
    """A write that answers a version that it did not write, and that no other answer tells of."""
    client.post(CONFIGMAPS, configmap("swept", labels={"sweep": "yes"}, finalizers=["example.com/keep"]))
    client.post(CONFIGMAPS, configmap("bystander"))
    client.delete(f"{CONFIGMAPS}?labelSelector=sweep%3Dyes")
    client.patch(f"{CONFIGMAPS}/swept", {"metadata": {"finalizers": None}})
    client.get(f"{CONFIGMAPS}/swept", expect=404)


def _pods(client: Client) -> None:
    client.post(PODS, pod("one"))
    with watching(f"{PODS}?watch=1", 1) as watch:
        client.get(f"{PODS}/one")
        client.get(f"{PODS}/one", Accept=PROTOBUF)
        client.patch(f"{PODS}/one", {"spec": {"activeDeadlineSeconds": 600}})
        client.patch(f"{PODS}/one", {"spec": {"nodeName": "other"}}, expect=422)
        client.patch(f"{PODS}/one/status", {"status": {"message": "by hand"}, "spec": {"activeDeadlineSeconds": 60}})
        client.get(f"{PODS}/one/status")
        client.get(f"{PODS}?fieldSelector=spec.restartPolicy%3DAlways")
        client.post(PODS, pod("bound", nodeName="node-1"))
        client.delete(f"{PODS}/bound", {"gracePeriodSeconds": 40})
        client.get(f"{PODS}/bound")
        client.delete(f"{PODS}/bound?gracePeriodSeconds=0")
        client.get(f"{PODS}/bound", expect=404)
        watch.wait(6)
    client.delete(f"{PODS}/one")


def _secrets(client: Client) -> None:
    secret: JSONObject = {"metadata": {"name": "s"}, "stringData": {"word": "open sesame"}}
    client.post(SECRETS, secret)
    client.get(f"{SECRETS}/s")
    client.post(SECRETS, {"metadata": {"name": "t"}, "type": "kubernetes.io/tls"}, expect=422)
    client.delete(f"{SECRETS}/s")


def _collection(client: Client) -> None:
    client.delete(f"{CONFIGMAPS}?labelSelector=tier%3Dback")
    client.get(CONFIGMAPS)
    client.post("/api/v1/namespaces", {"metadata": {"name": "brief"}})
    client.delete("/api/v1/namespaces/brief")
    client.get("/api/v1/namespaces/brief")


if __name__ == "__main__":
    sys.exit(main())
