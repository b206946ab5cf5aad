"""Clients that no one here wrote, through kproxy on a real kube-apiserver: each does what it does without kproxy."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.model.exchange import End, Exchange, header
from kproxy.model.jsontypes import JSON
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.controlplane.compat.conftest import CLIENTS, World, go_program, last_line
from tests.support.live_record import live_record
from tests.support.record_process import wait_for

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Client:
    """One of them: its name and major version in the table, its program."""

    name: str
    program: str

    def command(self, world: World) -> list[str]:
        """How it is started."""
        if self is GO:
            return [str(go_program())]
        if self.program.endswith(".mjs"):
            return ["node", str(world.installed / self.program)]
        return [world.python, str(CLIENTS / self.program)]


PYTHON = Client("Python kubernetes", "python_kubernetes.py")
KR8S = Client("kr8s", "kr8s_client.py")
LIGHTKUBE = Client("lightkube", "lightkube_client.py")
GO = Client("client-go 0.37", "clientgo")
JAVASCRIPT = Client("JavaScript", "javascript.mjs")


def cells(feature: str, *clients: Client) -> list[pytest.param]:  # type: ignore[valid-type] # pytest names no type of it
    """Each client, as a cell of docs/compatibility.md."""
    return [
        pytest.param(each, marks=pytest.mark.compat(client=each.name, feature=feature), id=each.name)
        for each in clients
    ]


def run(world: World, client: Client, *arguments: str) -> dict[str, JSON]:
    found = json.loads(last_line(world.start([*client.command(world), *arguments])))
    assert isinstance(found, dict)
    return found


def verbs(exchanges: list[Exchange], resource: str = "configmaps") -> set[str]:
    return {each.info.verb for each in exchanges if each.info.resource == resource}


@pytest.mark.parametrize("client", cells("create, get, patch, delete", GO, PYTHON, KR8S, LIGHTKUBE, JAVASCRIPT))
def test_objects_live_and_die(world: World, client: Client) -> None:
    after = world.record.last()
    found = run(world, client, "objects")
    assert found["gone"] == 404
    data = found["data"]
    assert isinstance(data, dict)
    assert data.items() >= {"a": "1", "c": "3"}.items()
    recorded = world.recorded(after)
    assert verbs(recorded) >= {"create", "list" if client is KR8S else "get", "patch", "delete"}
    if client is not KR8S:
        assert (found["conflict"], data["b"]) == (409, "2")
        assert [each.answer.status for each in recorded if each.answer and each.info.verb == "update"] == [200, 409]


@pytest.mark.parametrize("client", cells("lists in pages", GO, PYTHON, LIGHTKUBE, JAVASCRIPT))
def test_a_list_comes_in_pages(world: World, client: Client) -> None:
    after = world.record.last()
    found = run(world, client, "pages")
    assert found in ({"pages": [2, 2, 1]}, {"found": 5})
    lists = [each for each in world.recorded(after) if each.info.verb == "list" and "limit=2" in each.request.target]
    assert ["continue=" in each.request.target for each in lists] == [False, True, True]


@pytest.mark.parametrize("client", cells("watch", PYTHON, KR8S, LIGHTKUBE, JAVASCRIPT))
def test_a_watch_sees_what_happens_meanwhile(world: World, client: Client) -> None:
    after = world.record.last()
    assert run(world, client, "watch") == {"events": ["ADDED", "MODIFIED", "DELETED"]}
    recorded = world.recorded(after)
    (watch,) = [each for each in recorded if each.info.verb == "watch"]
    assert len(world.record.frames(watch)) >= 3


@pytest.mark.parametrize("client", cells("informer", GO, JAVASCRIPT))
def test_an_informer_sees_what_happens(world: World, client: Client) -> None:
    after = world.record.last()
    assert run(world, client, "informer") == {"events": ["add", "update", "delete"]}
    recorded = world.recorded(after)
    assert verbs(recorded) >= ({"watch"} if client is GO else {"list", "watch"})
    if client is GO:
        (watch,) = [each for each in recorded if each.info.verb == "watch"]
        assert "sendInitialEvents=true" in watch.request.target
        kinds = ["ADDED", "MODIFIED", "DELETED"]
        shown = world.record.shown(watch)
        assert [kind for kind in kinds if f"  {kind}\n" in shown] == kinds


@pytest.mark.compat(client=GO.name, feature="protobuf")
def test_client_go_s_protobuf_is_recorded_as_objects(world: World) -> None:
    after = world.record.last()
    run(world, GO, "objects")
    recorded = [each for each in world.recorded(after) if each.info.verb in {"create", "update"}]
    assert len(recorded) == 3
    for each in recorded:
        assert header(each.request.headers, "content-type") == "application/vnd.kubernetes.protobuf"
        assert '"of": "client-go"' in world.record.shown(each)


@pytest.mark.parametrize("client", cells("server-side apply", LIGHTKUBE))
def test_an_object_is_applied(world: World, client: Client) -> None:
    after = world.record.last()
    assert run(world, client, "apply") == {"data": {"a": "1"}, "managers": ["compat"]}
    assert verbs(world.recorded(after)) >= {"patch", "delete"}


@pytest.mark.parametrize("client", cells("logs -f", PYTHON, KR8S, LIGHTKUBE, JAVASCRIPT))
def test_a_log_is_followed(world: World, client: Client) -> None:
    after, log = world.record.last(), world.node.log
    log.write_text("first line\n")
    process = world.start([*client.command(world), "logs", world.node.pod])
    assert process.stdout is not None
    assert process.stdout.readline() == "first line\n"
    with log.open("a") as more:
        more.write("second\n")
    assert process.stdout.readline() == "second\n"
    with log.open("a") as more:
        more.write("last\n")
    assert last_line(process) == "null"
    (exchange,) = [each for each in world.recorded(after) if each.info.subresource == "log"]
    assert b"".join(_content(world, exchange)) == b"first line\nsecond\nlast\n"


def _content(world: World, exchange: Exchange) -> list[bytes]:
    """A log's lines as they are shown."""
    shown = world.record.shown(exchange).splitlines()
    return [f"{line.partition('  ')[2]}\n".encode() for line in shown if line[:2] == "20"]


@pytest.mark.compat(client=PYTHON.name, feature="a watch ends in order with the recording")
def test_a_watch_that_the_recordings_end_ends_is_whole_to_its_client(world: World, tmp_path: Path) -> None:
    world.kubectl("create", "configmap", "there-already")
    with live_record(tmp_path, world.straight) as record:
        command = [world.python, str(CLIENTS / PYTHON.program), "until-the-end"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=record.env)
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        record.terminate()
        assert json.loads(last_line(process)) == {"events": True}
    with open_recording(str(record.path)) as recording:
        (watch,) = [each for each in recording.exchanges() if each.info.verb == "watch"]
        assert watch.end is End.STOPPED
        assert recording.session.end is SessionEnd.COMPLETE


@pytest.mark.parametrize("client", cells("exec over WebSocket", PYTHON, KR8S, JAVASCRIPT))
def test_a_command_is_executed(world: World, client: Client) -> None:
    after = world.record.last()
    out = "out\n" if client is KR8S else "out typed\n"
    assert run(world, client, "exec", world.node.pod) == {"stdout": out, "stderr": "wrong\n", "code": 3}
    (exchange,) = [each for each in world.recorded(after) if each.info.subresource == "exec"]
    channels = {frame.channel for frame in world.record.frames(exchange)}
    assert channels >= {"stdout", "stderr", "error"}


@pytest.mark.parametrize("client", cells("port-forward over WebSocket", PYTHON, KR8S, JAVASCRIPT))
def test_a_port_is_forwarded(world: World, client: Client, echo: str) -> None:
    after = world.record.last()
    assert run(world, client, "port-forward", world.node.pod, echo) == {"answer": "ping\n"}
    forwarded = [each for each in world.recorded(after) if each.info.subresource == "portforward"]
    carried = {frame.channel for each in forwarded for frame in world.record.frames(each)}
    assert f"data:{echo}/0" in carried


CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "kopfexamples.kopf.dev"},
    "spec": {
        "group": "kopf.dev",
        "scope": "Namespaced",
        "names": {"plural": "kopfexamples", "singular": "kopfexample", "kind": "KopfExample"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
EXAMPLE = {
    "apiVersion": "kopf.dev/v1",
    "kind": "KopfExample",
    "metadata": {"name": "example", "namespace": "default"},
    "spec": {"field": "value"},
}


@pytest.mark.compat(client="kopf", feature="an operator's handlers")
def test_a_kopf_operator_does_its_work(world: World) -> None:
    after = world.record.last()
    world.kubectl("create", "-f", "-", data=json.dumps(CRD))
    world.kubectl("wait", "--for=condition=Established", "crd/kopfexamples.kopf.dev", "--timeout=60s")
    operator = world.start(
        [world.python, "-m", "kopf", "run", str(CLIENTS / "kopf_operator.py"), "-n", "default", "--standalone"]
    )
    try:
        world.kubectl("create", "-f", "-", data=json.dumps(EXAMPLE))
        _until(lambda: _status(world, "create") == "created with value")
        world.kubectl("patch", "kopfexample/example", "--type=merge", "-p", '{"spec": {"field": "other"}}')
        _until(lambda: _status(world, "update/spec.field") == "from value to other")
        world.kubectl("create", "configmap", "kopf")
        world.kubectl("label", "configmap/kopf", "of=kopf")
        _until(lambda: "by-kopf" in world.kubectl("get", "configmap/kopf", "-o", "json"))
        world.kubectl("delete", "kopfexample/example", "--timeout=60s")  # its finalizer is kopf's
    finally:
        operator.terminate()
        said, _ = operator.communicate(timeout=60)
    assert operator.returncode == 0, said
    assert "Traceback" not in said
    assert "deleted example" in said
    recorded = world.recorded(after)
    assert verbs(recorded, "kopfexamples") >= {"list", "watch", "patch"}


def _status(world: World, handler: str) -> str:
    found = json.loads(world.kubectl("get", "kopfexample/example", "-o", "json"))
    return str(found.get("status", {}).get(handler, {}).get("said", ""))


def _until(happened: Callable[[], bool]) -> None:
    wait_for(lambda: True if happened() else None)


KUBECTL = "kubectl 1.37"


def _kubectl(world: World, *arguments: str) -> str:
    done = subprocess.run(
        ["kubectl", *arguments], env=world.record.env, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


@pytest.mark.compat(client=KUBECTL, feature="create, get, patch, delete")
def test_kubectl_s_objects_live_and_die(world: World) -> None:
    after = world.record.last()
    _kubectl(world, "create", "configmap", "kubectl", "--from-literal=a=1")
    _kubectl(world, "patch", "configmap/kubectl", "--type=merge", "-p", '{"data": {"c": "3"}}')
    assert json.loads(_kubectl(world, "get", "configmap/kubectl", "-o", "json"))["data"] == {"a": "1", "c": "3"}
    _kubectl(world, "delete", "configmap/kubectl")
    assert verbs(world.recorded(after)) >= {"create", "get", "patch", "delete"}


@pytest.mark.compat(client=KUBECTL, feature="lists in pages")
def test_kubectl_lists_in_pages(world: World) -> None:
    after = world.record.last()
    names = _kubectl(world, "get", "clusterroles", "--chunk-size=10", "-o", "name").splitlines()
    assert len(names) > 50
    lists = [each for each in world.recorded(after) if each.info.resource == "clusterroles"]
    assert len(lists) >= len(names) // 10
    assert "continue=" in lists[1].request.target


@pytest.mark.compat(client=KUBECTL, feature="server-side apply")
def test_kubectl_applies(world: World) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubectl-applied"}})
    command = ["kubectl", "apply", "--server-side", "-f", "-"]
    subprocess.run(command, input=document, env=world.record.env, check=True, text=True, timeout=60)
    assert "kubectl-applied" in _kubectl(world, "get", "configmaps", "-o", "name")


@pytest.mark.compat(client=KUBECTL, feature="watch")
def test_kubectl_watches(world: World) -> None:
    after = world.record.last()
    process = world.start(
        ["kubectl", "get", "configmaps", "-w", "-o", "name", "--field-selector=metadata.name=watched"]
    )
    _until(lambda: _watches(world, after))
    world.kubectl("create", "configmap", "watched")
    assert process.stdout is not None
    assert process.stdout.readline() == "configmap/watched\n"
    process.terminate()
    process.communicate(timeout=60)
    world.recorded(after)


def _watches(world: World, after: int) -> bool:
    return any(each.seq > after and each.info.verb == "watch" for each in world.record.exchanges(after, ""))
