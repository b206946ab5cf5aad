"""The end of a recording, and faults on purpose, as kubectl meets them on a real kube-apiserver."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import End
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.live_record import LiveRecord, live_record
from tests.support.record_process import PATIENCE
from tests.support.stand_in_kubelet import Node, stand_in

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class World:
    """A server and a node, and an environment in which kubectl goes straight to it."""

    env: dict[str, str]
    node: Node


@pytest.fixture(scope="module")
def world(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("ends")
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECTL_"))}
    env = {**base, "PATH": f"{assets}:{base['PATH']}", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        with stand_in("accepting", folder, env) as node:
            yield World(env, node)


def kubectl(record: LiveRecord, *arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(["kubectl", *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=record.env)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_sigterm_ends_a_watch_and_an_exec_in_order_and_the_recording_is_complete(world: World, tmp_path: Path) -> None:
    with live_record(tmp_path, world.env, "--drain", "1") as record:
        watch = kubectl(record, "get", "pods", "-w", "--no-headers")
        shell = kubectl(record, "exec", "-i", world.node.pod, "--", "cat")
        assert world.node.pod in line(watch)
        assert shell.stdin is not None
        shell.stdin.write("typed\n")
        shell.stdin.flush()
        assert line(shell) == "typed\n"

        record.terminate()
        _, said = watch.communicate(timeout=PATIENCE)
        assert (watch.returncode, said) == (0, "")
        _, said = shell.communicate(timeout=PATIENCE)
        assert "1001" in said
    with open_recording(str(record.path)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert list(recording.gaps()) == []
        found = {each.info.subresource or each.info.verb: each for each in recording.exchanges()}
        assert (found["watch"].end, found["exec"].end) == (End.STOPPED, End.STOPPED)
        assert {each.end for name, each in found.items() if name not in {"watch", "exec"}} <= {End.COMPLETE}
        channels = [frame.channel for frame in recording.frames(found["exec"].seq)]
        assert {"stdin", "stdout"} <= set(channels)


def test_kubectl_tries_again_after_a_429_and_says_what_a_500_says(world: World, tmp_path: Path) -> None:
    faults = ["--fault", "429 retry-after=1 resource=pods nth=1", "--fault", "500 resource=services nth=1"]
    with live_record(tmp_path, world.env, *faults) as record:
        pods = kubectl(record, "get", "pods", "-o", "name")
        out, said = pods.communicate(timeout=PATIENCE)
        assert (pods.returncode, said) == (0, "")
        assert world.node.pod in out
        services = kubectl(record, "get", "services")
        out, said = services.communicate(timeout=PATIENCE)
        assert services.returncode == 1
        assert said == "Error from server (InternalError): Internal error occurred: a fault on purpose\n"
    with open_recording(str(record.path)) as recording:
        lists = [each for each in recording.exchanges() if each.info.verb == "list"]
    told = [(each.info.resource, each.answer.status if each.answer else 0, each.fault) for each in lists]
    assert told == [
        ("pods", 429, "429 retry-after=1 resource=pods nth=1"),
        ("pods", 200, ""),
        ("services", 500, "500 resource=services nth=1"),
    ]


def test_an_event_is_lost_on_purpose_and_a_watch_expires_in_the_servers_own_words(world: World, tmp_path: Path) -> None:
    faults = ["--fault", "drop-event nth=2 resource=configmaps", "--fault", "410 resource=pods verb=watch after=0"]
    with live_record(tmp_path, world.env, *faults) as record:
        for name in ("one", "two", "three"):
            assert kubectl(record, "create", "configmap", f"lost-{name}", "-n", "default").wait(PATIENCE) == 0
        raw = "/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=0&timeoutSeconds=2&fieldSelector="
        raw += "metadata.name!=kube-root-ca.crt"
        out, _ = kubectl(record, "get", "--raw", raw).communicate(timeout=PATIENCE)
        assert [name for name in ("one", "two", "three") if f"lost-{name}" in out] != ["one", "two", "three"]
        assert len(out.splitlines()) == 2
        out, _ = kubectl(record, "get", "--raw", "/api/v1/pods?watch=1").communicate(timeout=PATIENCE)
        assert '"reason":"Expired"' in out
        assert out.startswith('{"type":"ERROR"')
    with open_recording(str(record.path)) as recording:
        watches = [each for each in recording.exchanges() if each.info.verb == "watch"]
        assert [(each.info.resource, each.end, each.fault) for each in watches] == [
            ("configmaps", End.COMPLETE, "drop-event nth=2 resource=configmaps"),
            ("pods", End.COMPLETE, "410 resource=pods verb=watch after=0"),
        ]
        assert [len(list(recording.frames(each.seq))) for each in watches] == [2, 1]
