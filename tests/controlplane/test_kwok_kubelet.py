"""exec, attach, logs, port-forward and cp through kproxy where kwok is the kubelet: another one than test_exec.py's.

kwok 0.8.0 never passes on that stdin ends, makes an "Internal error" of an exit code, shows the log to an attach, and
now and then, with or without kproxy, loses what a command says that ends before its stdin does: what needs more than
that is tested with the stand-in alone.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.lab import LabSettings, start_lab
from kproxy.model.exchange import LOG_LINE, End
from tests.controlplane import test_forward
from tests.support.echo import echo_server
from tests.support.live_record import carried, live_record
from tests.support.record_process import PATIENCE, wait_for
from tests.support.stand_in_kubelet import Node
from tests.support.streams_world import ANSWERED, ASKED, World, channels, streams_environment, talk, ways

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

CLIENT = "kubectl 1.37 (kwok as kubelet)"
WAYS = ["WebSocket", "SPDY"]
POD = "on-kwok"


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of a server, which is the pod's port of that number too."""
    with echo_server() as port:
        yield port


@pytest.fixture(scope="module")
def world(assets: Path, echo: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("kwok")
    env = streams_environment(assets, folder)
    log, simulated = folder / "pod.log", folder / "kwok.yaml"
    log.write_text(cri("first"))
    simulated.write_text(simulation(log, echo))
    settings = LabSettings(
        server="kube-apiserver", assets=assets, controllers="now", nodes=1, kwok_config=(simulated,), timeout=200
    )
    with start_lab(settings) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        node = Node(lab.info.nodes[0], POD, 0, log)
        create(node, env)
        with live_record(folder, env) as record:
            yield World(record, env, node, node)


def simulation(log: Path, port: int) -> str:
    """What kwok is told of the pods in `default`: exec runs on this machine, the log is this file."""
    container = {"containers": ["c"], "logsFile": str(log)}
    told: dict[str, dict[str, object]] = {
        "ClusterExec": {"execs": [{"local": {}}]},
        "ClusterLogs": {"logs": [{**container, "follow": True}]},
        "ClusterAttach": {"attaches": [container]},
        "ClusterPortForward": {"forwards": [{"ports": [port], "target": {"address": "127.0.0.1", "port": port}}]},
    }
    objects = [
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": "streams"},
            "spec": {"selector": {"matchNamespaces": ["default"]}, **spec},
        }
        for kind, spec in told.items()
    ]
    return "---\n".join(json.dumps(each) + "\n" for each in objects)


def create(node: Node, env: dict[str, str]) -> None:
    """The pod, once it runs."""
    container = {"name": "c", "image": "none", "stdin": True}
    spec = {"nodeName": node.name, "containers": [container], "automountServiceAccountToken": False}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": node.pod}, "spec": spec}
    made, ready = ["create", "-f", "-"], ["wait", "--for=condition=Ready", f"pod/{node.pod}", f"--timeout={PATIENCE}s"]
    for arguments in (made, ready):
        subprocess.run(
            ["kubectl", *arguments], input=json.dumps(pod), text=True, check=True, env=env, stdout=subprocess.DEVNULL
        )


def cri(line: str) -> str:
    """A line as a container runtime writes it to a pod's log."""
    return f"2026-01-01T00:00:00.000000000Z stdout F {line}\n"


def say(world: World, line: str) -> None:
    """Something that the pod says."""
    with world.node.log.open("a") as log:
        log.write(cri(line))


@pytest.mark.parametrize("way", ways("exec", CLIENT, WAYS))
def test_what_a_command_says_arrives_and_is_recorded_by_channel(world: World, way: str) -> None:
    after = world.record.last()
    script = "head -c 300000 /dev/zero; echo wrong >&2"
    done = world.kubectl(way, "exec", POD, "--", "sh", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, bytes(300_000), b"wrong\n")
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert (carried(frames, "stdout", ANSWERED), carried(frames, "stderr", ANSWERED)) == (300_000, 6)
    assert carried(frames, "stdin", ASKED) == 0
    assert carried(frames, "error", ANSWERED) > 0
    assert channels(frames).index("stdout") < channels(frames).index("error")
    assert exchange.end is End.COMPLETE


@pytest.mark.parametrize("way", ways("exec -i", CLIENT, WAYS))
def test_what_is_typed_comes_back(world: World, way: str) -> None:
    after, line = world.record.last(), b"x" * 10_000 + b"\n"
    with world.running(way, "exec", "-i", POD, "--", "cat") as kubectl:
        for _ in range(5):
            talk(kubectl, line)
        kubectl.kill()
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert carried(frames, "stdin", ASKED) == carried(frames, "stdout", ANSWERED) == 5 * len(line)
    assert exchange.end is End.CLIENT_GONE


@pytest.mark.parametrize("way", ways("attach", CLIENT, WAYS))
def test_attach_shows_what_is_said_from_then_on(world: World, way: str) -> None:
    after = world.record.last()

    def arrives() -> bool | None:
        say(world, "now")  # what was said before kwok had begun to look is not shown
        frames = [frame for each in world.record.exchanges(after, "attach") for frame in world.record.frames(each)]
        return True if carried(frames, "stdout", ANSWERED) else None

    with world.running(way, "attach", POD) as kubectl:
        wait_for(arrives)
        say(world, "last")
        assert kubectl.stdout is not None
        heard = [kubectl.stdout.readline()]
        while heard[-1] not in {b"last\n", b""}:
            heard.append(kubectl.stdout.readline())
        kubectl.kill()
    assert len(heard) > 1
    assert heard == [b"now\n"] * (len(heard) - 1) + [b"last\n"]
    ((exchange, frames),) = world.recorded(way, after, "attach")
    assert carried(frames, "stdout", ANSWERED) == sum(map(len, heard))
    assert exchange.end is End.CLIENT_GONE


@pytest.mark.compat(client=CLIENT, feature="logs -f")
def test_a_log_is_followed_line_by_line(world: World) -> None:
    world.node.log.write_text(cri("first"))
    after = world.record.last()
    with world.running("WebSocket", "logs", "-f", POD) as kubectl:
        assert kubectl.stdout is not None
        assert kubectl.stdout.readline() == b"first\n"
        for number in range(3):
            say(world, f"line {number}")
            assert kubectl.stdout.readline() == b"line %d\n" % number
            world.record.frame(after, "log", bool)
        kubectl.kill()
    (exchange,) = world.record.ended(after, "log")
    frames = world.record.frames(exchange)
    assert {frame.kind for frame in frames} == {LOG_LINE}
    assert sum(frame.body.size for frame in frames) == len("first\n") + 3 * len("line 0\n")
    assert exchange.end is End.CLIENT_GONE


@pytest.mark.parametrize("way", ways("port-forward, 20 connections,", CLIENT, WAYS))
def test_twenty_connections_at_once_are_forwarded(world: World, way: str, echo: int) -> None:
    test_forward.test_twenty_connections_at_once_are_forwarded(world, way, echo)


@pytest.mark.parametrize("way", ways("cp from a pod", CLIENT, WAYS))
def test_a_file_is_copied_from_the_pod(world: World, way: str, tmp_path: Path) -> None:
    data, after = os.urandom(3_000_000), world.record.last()
    there, here = tmp_path / "there", tmp_path / "here"
    there.write_bytes(data)
    done = world.kubectl(way, "cp", f"{POD}:{there}", str(here))
    assert done.returncode == 0, done.stderr
    assert here.read_bytes() == data
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert carried(frames, "stdout", ANSWERED) > len(data)
    # At the archive's end kubectl has what it wants: it may leave before the exec is over.
    assert exchange.end in {End.COMPLETE, End.CLIENT_GONE}
