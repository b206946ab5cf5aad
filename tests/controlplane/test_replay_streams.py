"""exec, attach and port-forward sent again, on a second real kube-apiserver with a kubelet's own library behind it."""

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.exchange import CHANNEL, Direction
from kproxy.model.verdict import Outcome
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.target import Target
from kproxy.store.reader import open_recording
from tests.controlplane.test_forward import echoed, forwarded_port
from tests.support.echo import echo_server
from tests.support.live_record import live_record
from tests.support.record_process import PATIENCE
from tests.support.stand_in_kubelet import Node, stand_in
from tests.support.streams_world import WAYS, streams_environment

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


@contextmanager
def world(assets: Path, folder: Path) -> Iterator[tuple[Lab, Node, dict[str, str]]]:
    """A server with a node and a pod that run; the same names each time."""
    folder.mkdir()
    env = streams_environment(assets, folder)
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        with stand_in("node", folder, env) as node:
            yield lab, node, env


SCRIPT = "read line; echo heard $line; echo wrong >&2; exit 3"


def recorded(env: dict[str, str], folder: Path, node: Node, port: int, way: str) -> Path:
    """What kubectl does this way: a command with input, an attachment, two connections to a forwarded port."""
    with live_record(folder, env, "--exec-content") as record:
        ways = {**record.env, **WAYS[way]}

        def kubectl(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
            command = ["kubectl", *arguments]
            return subprocess.run(command, input=data, capture_output=True, env=ways, timeout=PATIENCE, check=False)

        done = kubectl("exec", "-i", node.pod, "--", "sh", "-c", SCRIPT, data=b"a line\n")
        assert (done.returncode, done.stdout) == (3, b"heard a line\n")
        assert kubectl("attach", "-i", node.pod, data=b"typed\n").stdout == b"typed\n"
        after, command = record.last(), ["kubectl", "port-forward", node.pod, f":{port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ways) as forward:
            local = forwarded_port(forward)
            for size in (10, 100_000):
                data = bytes(range(250)) * (size // 250 + 1)
                assert echoed(local, data) == data
            record.frame(after, "portforward", lambda frame: frame.channel == f"close:data:{port}/1")
            forward.send_signal(signal.SIGINT)
            forward.wait(PATIENCE)
    return record.path


def said(recording: Path) -> list[tuple[str, dict[str, bytes]]]:
    """Of each upgraded connection, by channel, what was carried that way."""
    found = []
    with open_recording(str(recording)) as opened:
        for exchange in opened.exchanges():
            if not exchange.upgrade:
                continue
            carried: dict[str, bytes] = {}
            for frame in opened.frames(exchange.seq):
                if frame.kind == CHANNEL and frame.channel != "close" and frame.body.digest is not None:
                    way = ">" if frame.direction is Direction.REQUEST else "<"
                    name = f"{way} {frame.channel}"
                    carried[name] = carried.get(name, b"") + opened.body(frame.body.digest)
            found.append((exchange.info.subresource, carried))
    return found


@pytest.mark.parametrize("way", ["WebSocket", "SPDY"])
def test_what_was_said_is_said_again_and_answered_the_same(assets: Path, tmp_path: Path, way: str) -> None:
    with echo_server() as port:
        with world(assets, tmp_path / "first") as (_, node, env):
            first = recorded(env, tmp_path / "first", node, port, way)
        second = tmp_path / "second.kproxy"
        with world(assets, tmp_path / "again") as (lab, _, _):
            target = Target(upstream=load_kubeconfig(lab.kubeconfig, {}).upstream(None), etcd=None, lab=lab.info)
            settings = ReplaySettings(output=second, state_home=tmp_path / "state")
            verdict = asyncio.run(replay_recording(str(first), target, settings, Audience()))
    assert [what for what, _ in said(first)] == ["exec", "attach", "portforward"]
    assert said(second) == said(first)
    assert [each for each in verdict.differences if each.where in {"stream", "status", "end"}] == []
    assert not any("upgrade" in each or "channels" in each for each in verdict.reasons), verdict.reasons
    assert verdict.outcome is not Outcome.DIFFERENT, verdict.differences
