"""A real kube-apiserver, nodes of the stand-in kubelet, and kproxy before them, for tests of exec and its like."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import CHANNEL, Direction, End, Exchange, Frame
from tests.support.live_record import LiveRecord, live_record
from tests.support.record_process import PATIENCE
from tests.support.stand_in_kubelet import Node, stand_in

ASKED, ANSWERED = Direction.REQUEST, Direction.ANSWER

CLIENT = "kubectl 1.37"


WAYS = {
    "WebSocket": {},
    "SPDY": {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"},
    "SPDY, fallen back to": {},
}


@dataclass(frozen=True)
class World:
    """A server, two nodes, and kproxy before them. `refusing`: its kubelet takes no WebSockets."""

    record: LiveRecord
    straight: dict[str, str]
    node: Node
    refusing: Node

    def on(self, way: str) -> Node:
        """The node that makes kubectl go this way."""
        return self.refusing if way == "SPDY, fallen back to" else self.node

    def kubectl(self, way: str, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Kubectl through kproxy, with its output."""
        command = ["kubectl", *arguments]
        env = {**self.record.env, **WAYS[way]}
        return subprocess.run(command, input=data, capture_output=True, env=env, timeout=PATIENCE, check=False)

    @contextmanager
    def running(self, way: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """The same while it goes on; killed at the end, if it is still there."""
        env = {**self.record.env, **WAYS[way]}
        pipe = subprocess.PIPE
        with subprocess.Popen(["kubectl", *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env=env) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def recorded(self, way: str, after: int, subresource: str, count: int = 1) -> list[tuple[Exchange, list[Frame]]]:
        """The exchanges that were upgraded, ended, with their frames. Before each that fell back is one refused."""
        fell_back = way == "SPDY, fallen back to"
        found = self.record.ended(after, subresource, count * 2 if fell_back else count)
        refused, upgraded = (found[::2], found[1::2]) if fell_back else ([], found)
        assert [(each.answer and each.answer.status, each.end) for each in refused] == [(403, End.COMPLETE)] * len(
            refused
        )
        assert {each.upgrade.lower() for each in upgraded} == {"websocket" if way == "WebSocket" else "spdy/3.1"}
        made = [(each, self.record.frames(each)) for each in upgraded]
        for _, frames in made:
            assert [frame.index for frame in frames] == list(range(len(frames)))
            assert {frame.kind for frame in frames} == {CHANNEL}
        return made


def streams_environment(assets: Path, folder: Path) -> dict[str, str]:
    """For the real kubectl and for kproxy, with nothing in it that would tell them otherwise; without a KUBECONFIG."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECTL_"))}
    return {**base, "PATH": f"{assets}:{base['PATH']}", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


@contextmanager
def streams_world(assets: Path, folder: Path) -> Iterator[World]:
    """Running until the block ends; its tests look at what comes behind their beginning."""
    env = streams_environment(assets, folder)
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        refuse = ("--refuse-websocket", "403")
        with (
            stand_in("accepting", folder, env) as node,
            stand_in("refusing", folder, env, *refuse, features=("ExtendWebSocketsToKubelet",)) as refusing,
            live_record(folder, env) as record,
        ):
            yield World(record, env, node, refusing)


def ways(feature: str, client: str = CLIENT, among: Iterable[str] = WAYS) -> list[pytest.param]:  # type: ignore[valid-type] # pytest names no type of it
    """Each way, as a cell of docs/compatibility.md."""
    return [
        pytest.param(
            way,
            marks=pytest.mark.compat(client=client, feature=f"{feature} over {way}"),
            id="fallback" if "," in way else way,
        )
        for way in among
    ]


def channels(frames: list[Frame]) -> list[str]:
    """In their order, each once in a row."""
    names = [frame.channel for frame in frames]
    return [name for at, name in enumerate(names) if not at or names[at - 1] != name]


def talk(kubectl: subprocess.Popen[bytes], line: bytes) -> None:
    """Say a line to `cat` and hear it."""
    assert kubectl.stdin is not None
    assert kubectl.stdout is not None
    kubectl.stdin.write(line)
    kubectl.stdin.flush()
    assert kubectl.stdout.readline() == line
