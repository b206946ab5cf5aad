"""Objects through the API: what is asked for. What real servers make of it: tests/session, tests/controlplane."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.model.api import metadata_of
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Digest
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.start import StartObject
from kproxy.renaming.kinds import Kind
from kproxy.replay.restore_api import ApiRestore
from kproxy.replay.restored import Restored
from kproxy.replay.transport import Transport
from kproxy.replay.webhooks import Handling, Webhooks
from tests.support.made import a_session
from tests.support.memory import MemoryRecording

OLD, NEW = "aaaaaaaa-0000-4000-8000-00000000000{}", "bbbbbbbb-0000-4000-8000-00000000000{}"


def _changed(document: JSONObject, **metadata: JSON) -> JSONObject:
    return {**document, "metadata": {**metadata_of(document), **metadata}}


@dataclass
class Target:
    """An api-server of a few lines: what is posted is there; `refuse` says whom not."""

    refuse: Callable[[str, JSONObject], int] = lambda *_: 0
    posted: list[tuple[str, JSONObject]] = field(default_factory=list)
    objects: dict[str, JSONObject] = field(default_factory=dict)
    busy: int = 0
    """Changes that another one makes, each just before ours."""

    def answer(self, method: str, path: str, body: JSONObject) -> tuple[int, JSONObject]:
        """What a request is answered."""
        place = path.partition("?")[0]
        if place in {"/api/v1", "/apis/apps/v1"}:
            names = ["namespaces", "configmaps", "services"] if place == "/api/v1" else ["deployments"]
            listed: list[JSON] = [{"name": each, "namespaced": each != "namespaces"} for each in names]
            return 200, {"resources": listed}
        if method == "POST":
            if status := self.refuse(place, body):
                return status, {"message": "no"}
            self.posted.append((place, body))
            metadata = body["metadata"]
            assert isinstance(metadata, dict)
            name = f"{place}/{metadata['name']}"
            if name in self.objects:
                return 409, {"message": "is there"}
            number = len(self.objects) + 1
            chosen: JSONObject = {"uid": NEW.format(number), "resourceVersion": str(number), "generation": 1}
            self.objects[name] = {**body, "metadata": {**metadata, **chosen}}
            return 201, self.objects[name]
        if method == "PUT":
            return self._put(place, body)
        found = self.objects.get(place)
        return (200, found) if found is not None else (404, {"message": "not found"})

    def _put(self, place: str, body: JSONObject) -> tuple[int, JSONObject]:
        if self.busy:  # somebody else changed it a moment ago
            self.busy -= 1
            self.objects[place] = _changed(self.objects[place], resourceVersion=str(900 + self.busy))
        if metadata_of(body).get("resourceVersion") != metadata_of(self.objects[place]).get("resourceVersion"):
            return 409, {"message": "the object has been modified"}
        self.objects[place] = body
        return 200, body

    def restore(self, *objects: StartObject, recording: MemoryRecording) -> Restored:
        """Restores these to it."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _all(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, value = outer.answer(self.command, self.path, json.loads(self.rfile.read(length) or b"{}"))
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = _all  # noqa: N815 - its names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Nothing."""

        recording.start_list = list(objects)
        restored = Restored(how="api")

        async def run(url: str) -> None:
            transport = Transport(upstream_from_url(url))
            try:
                await ApiRestore(transport, recording, Handling(Webhooks.DROP), restored, controllers=False).run()
            finally:
                transport.close()

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            asyncio.run(run(f"http://127.0.0.1:{server.server_address[1]}"))
            server.shutdown()
        return restored


def recorded(recording: MemoryRecording, resource: str, name: str, number: int, **more: JSON) -> StartObject:
    """An object of the start state, of uid OLD-NUMBER."""
    metadata: JSONObject = {"name": name, "uid": OLD.format(number), "resourceVersion": str(40 + number)}
    metadata |= {} if resource == "namespaces" else {"namespace": "team"}
    owners = more.pop("owners", None)
    metadata |= {"ownerReferences": owners} if owners else {}
    group, version = ("apps", "apps/v1") if resource == "deployments" else ("", "v1")
    document: JSONObject = {"apiVersion": version, "kind": resource, "metadata": metadata, **more}
    return StartObject(
        group=group,
        version="v1",
        resource=resource,
        kind=resource,
        namespace="" if resource == "namespaces" else "team",
        name=name,
        revision=Revision(40 + number),
        value=recording.keep(json.dumps(document).encode()),
    )


def memory() -> MemoryRecording:
    """With a start state of the API's."""
    return MemoryRecording(session=a_session(start_state="api"))


def test_owners_are_made_first_and_named_by_the_uids_that_they_have_there() -> None:
    target, recording = Target(), memory()
    owned = recorded(recording, "configmaps", "owned", 1, owners=[{"uid": OLD.format(2), "name": "owner"}])
    restored = target.restore(
        owned,
        recorded(recording, "deployments", "owner", 2),
        recorded(recording, "namespaces", "team", 3),
        recording=recording,
    )
    assert [path for path, _ in target.posted] == [
        "/api/v1/namespaces",
        "/apis/apps/v1/namespaces/team/deployments",
        "/api/v1/namespaces/team/configmaps",
    ]
    assert NEW.format(2) in str(target.posted[2][1])
    assert restored.count == 3
    assert restored.missing == []
    assert restored.renaming.image(Kind.UID, OLD.format(1)) == NEW.format(3)
    assert restored.renaming.revisions.exact(OLD.format(1), 41) == 3


def test_what_the_target_refuses_or_does_not_serve_is_named() -> None:
    target, recording = Target(refuse=lambda place, _: 403 if place.endswith("configmaps") else 0), memory()
    unserved = StartObject(
        group="z.io", version="v1", resource="things", kind="Thing", namespace="team", name="t", revision=Revision(4),
        value=recording.keep(b'{"apiVersion":"z.io/v1","kind":"Thing","metadata":{"name":"t","namespace":"team"}}'),
    )  # fmt: skip
    restored = target.restore(recorded(recording, "configmaps", "c", 1), unserved, recording=recording)
    assert {(each.name, each.reason, each.there) for each in restored.missing} == {
        ("configmaps/team/c", "the target answered 403: no", False),
        ("things.z.io/team/t", "the target does not serve things in z.io/v1", False),
    }


def test_what_is_there_already_is_taken_where_it_is_the_same() -> None:
    target, recording = Target(), memory()
    target.answer(
        "POST",
        "/api/v1/namespaces/team/configmaps",
        {"apiVersion": "v1", "kind": "configmaps", "metadata": {"name": "same", "namespace": "team"}},
    )
    target.answer(
        "POST",
        "/api/v1/namespaces/team/configmaps",
        {
            "apiVersion": "v1",
            "kind": "configmaps",
            "metadata": {"name": "other", "namespace": "team"},
            "data": {"a": "b"},
        },
    )
    restored = target.restore(
        recorded(recording, "configmaps", "same", 1), recorded(recording, "configmaps", "other", 2), recording=recording
    )
    assert [(each.name, each.reason, each.there) for each in restored.missing] == [
        ("configmaps/team/other", "another one of this name is there", True)
    ]
    assert restored.renaming.image(Kind.UID, OLD.format(1)) == NEW.format(1)


def test_a_service_that_the_target_has_no_address_for_gets_another() -> None:
    def refuse(_: str, body: JSONObject) -> int:
        return 422 if "clusterIP" in str(body) else 0

    target, recording = Target(refuse=refuse), memory()
    service = recorded(recording, "services", "web", 1, spec={"clusterIP": "10.1.2.3", "ports": [{"port": 80}]})
    restored = target.restore(service, recording=recording)
    assert restored.count == 1
    assert target.posted[0][1]["spec"] == {"ports": [{"port": 80}]}


@pytest.mark.parametrize(("busy", "lost"), [(0, False), (2, False), (99, True)])
def test_what_the_server_itself_changes_meanwhile_is_changed_again(busy: int, lost: bool) -> None:
    """A flow schema's status is written by the api-server as soon as the flow schema is there."""
    target, recording = Target(busy=busy), memory()
    managers: JSON = [{"manager": "kubectl", "fieldsV1": {}}]
    one = recorded(recording, "namespaces", "team", 1)
    document = _changed(json.loads(recording.body(Digest(str(one.value.digest)))), managedFields=managers)
    one = replace(one, value=recording.keep(json.dumps(document).encode()))
    restored = target.restore(one, recording=recording)
    shown = metadata_of(target.objects["/api/v1/namespaces/team"])
    assert (shown.get("managedFields") == managers) is not lost
    assert [each.reason for each in restored.missing] == ["its managedFields cannot be set through this API"] * lost
