"""exec and attach through kproxy, on a real kube-apiserver and with a kubelet's own library.

Every way that kubectl has: WebSocket, SPDY where it is told not to use WebSockets, and its fallback where the node's
kubelet refuses them. What the client gets is what it would get without kproxy; what is recorded adds up to it.
"""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from kproxy.model.exchange import BodyState, End, Frame
from kproxy.store.reader import open_recording
from tests.support.channel_client import channel_client
from tests.support.live_record import carried, live_record
from tests.support.record_process import PATIENCE, wait_for
from tests.support.streams_world import ANSWERED, ASKED, WAYS, World, channels, talk, ways

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


@pytest.mark.parametrize("way", ways("exec -i, 3 MB,"))
def test_what_goes_in_comes_out_and_adds_up_in_the_recording(world: World, way: str) -> None:
    data, after = os.urandom(3_000_000), world.record.last()
    done = world.kubectl(way, "exec", "-i", world.on(way).pod, "--", "cat", data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == data
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert carried(frames, "stdin", ASKED) == carried(frames, "stdout", ANSWERED) == len(data)
    assert {frame.body.state for frame in frames} <= {BodyState.COUNTED, BodyState.EMPTY}
    names = channels(frames)
    assert names.index("stdin") < names.index("error")
    assert "close:stdin" in names
    assert carried(frames, "error", ANSWERED) > 0
    assert exchange.end is End.COMPLETE
    assert exchange.answer is not None
    assert (exchange.request.body.state, exchange.answer.body.state) == (BodyState.COUNTED, BodyState.COUNTED)
    assert exchange.request.body.size > len(data) < exchange.answer.body.size


@pytest.mark.parametrize("way", ways("exec, stderr and exit code"))
def test_an_exit_code_and_both_outputs_arrive(world: World, way: str) -> None:
    after = world.record.last()
    done = world.kubectl(way, "exec", world.on(way).pod, "--", "sh", "-c", "echo out; echo wrong >&2; exit 3")
    assert (done.returncode, done.stdout) == (3, b"out\n")
    assert done.stderr == b"wrong\ncommand terminated with exit code 3\n"
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert (carried(frames, "stdout", ANSWERED), carried(frames, "stderr", ANSWERED)) == (4, 6)
    assert carried(frames, "stdin", ASKED) == 0
    assert exchange.end is End.COMPLETE
    assert "stderr  6 bytes" in world.record.shown(exchange)


@pytest.mark.parametrize("way", ways("attach -i"))
def test_attach_talks_to_what_runs(world: World, way: str) -> None:
    after = world.record.last()
    done = world.kubectl(way, "attach", "-i", world.on(way).pod, data=b"typed\n")
    assert done.returncode == 0
    assert done.stdout == b"typed\n"
    ((exchange, frames),) = world.recorded(way, after, "attach")
    assert carried(frames, "stdin", ASKED) == carried(frames, "stdout", ANSWERED) == 6
    assert exchange.end is End.COMPLETE


@pytest.mark.parametrize("way", ways("exec -it"))
def test_a_terminal_tells_its_size(world: World, way: str) -> None:
    after = world.record.last()
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    env = {**world.record.env, **WAYS[way]}
    command = ["kubectl", "exec", "-it", world.on(way).pod, "--", "sh", "-c", "read line; echo heard"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as kubectl:
        os.close(theirs)
        world.record.frame(after, "exec", lambda frame: frame.channel == "resize")
        os.write(ours, b"line\n")
        shown = b""
        while b"heard" not in shown:
            shown += os.read(ours, 1000)
        assert kubectl.wait(PATIENCE) == 0
    os.close(ours)
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert carried(frames, "resize", ASKED) > 0
    assert carried(frames, "stdin", ASKED) == len("line\n")
    assert carried(frames, "stdout", ANSWERED) >= len("heard\n")
    assert exchange.end is End.COMPLETE


OLDER = ["channel.k8s.io", "v4.channel.k8s.io", "base64.channel.k8s.io", "v4.base64.channel.k8s.io", ""]


@pytest.mark.parametrize(
    "protocol",
    [
        pytest.param(
            each, marks=pytest.mark.compat(client="by hand", feature=f"exec over WebSocket, {each or 'no subprotocol'}")
        )
        for each in OLDER
    ],
)
def test_the_subprotocols_of_older_clients_are_read(world: World, protocol: str) -> None:
    after, script = world.record.last(), "read line; echo $line; echo wrong >&2"
    path = f"/api/v1/namespaces/default/pods/{world.node.pod}/exec"
    query = {"stdin": "true", "stdout": "true", "stderr": "true", "container": "c"}
    client = channel_client(Path(world.record.env["KUBECONFIG"]), path, query, protocol, ["sh", "-c", script])
    with client.connection:
        client.say(0, b"hello\n")
        heard = list(client.hear())
    for channel, said in ((1, b"hello\n"), (2, b"wrong\n")):
        assert b"".join(data for number, data in heard if number == channel) == said
    ((exchange, frames),) = world.recorded("WebSocket", after, "exec")
    assert (carried(frames, "stdin", ASKED), carried(frames, "stdout", ANSWERED)) == (6, 6)
    assert carried(frames, "stderr", ANSWERED) == 6
    assert carried(frames, "error", ANSWERED) == sum(len(data) for number, data in heard if number == 3)
    assert exchange.end is End.COMPLETE


def test_both_sides_talk_on_for_as_long_as_they_like_and_frames_come_as_they_go(world: World) -> None:
    after = world.record.last()
    with world.running("WebSocket", "exec", "-i", world.node.pod, "--", "cat") as kubectl:
        for number in range(5):
            line = b"%d" % number * 10 + b"\n"
            talk(kubectl, line)
            wait_for(lambda: True if len(typed(world, after)) > number else None)  # noqa: B023 - called at once
        assert kubectl.stdin is not None
        kubectl.stdin.close()
        assert kubectl.wait(PATIENCE) == 0
    ((exchange, frames),) = world.recorded("WebSocket", after, "exec")
    said = [
        (frame.channel, frame.body.size) for frame in frames if frame.channel in {"stdin", "stdout"} and frame.body.size
    ]
    assert said == [("stdin", 11), ("stdout", 11)] * 5
    assert exchange.end is End.COMPLETE


def typed(world: World, after: int) -> list[Frame]:
    """What came on stdin of an exec that goes on."""
    found = [frame for each in world.record.exchanges(after, "exec") for frame in world.record.frames(each)]
    return [frame for frame in found if frame.channel == "stdin"]


def test_a_client_that_reads_no_output_can_still_type(world: World, tmp_path: Path) -> None:
    data, target, after = os.urandom(2_000_000), tmp_path / "typed", world.record.last()
    path = f"/api/v1/namespaces/default/pods/{world.node.pod}/exec"
    query = {"stdin": "true", "stdout": "true", "container": "c"}
    command = ["sh", "-c", f"yes 0123456789abcdef & head -c {len(data)} > {target}; kill $!"]
    client = channel_client(Path(world.record.env["KUBECONFIG"]), path, query, "v4.channel.k8s.io", command)
    with client.connection:
        for start in range(0, len(data), 10_000):
            client.say(0, data[start : start + 10_000])
        wait_for(lambda: True if target.exists() and target.stat().st_size == len(data) else None)
        assert target.read_bytes() == data
        heard = sum(len(said) for number, said in client.hear() if number == 1)
    assert heard > 0
    ((_, frames),) = world.recorded("WebSocket", after, "exec")
    assert (carried(frames, "stdin", ASKED), carried(frames, "stdout", ANSWERED)) == (len(data), heard)


def test_content_is_kept_where_it_is_asked_for(world: World, tmp_path: Path) -> None:
    with live_record(tmp_path, world.straight, "--exec-content") as record:
        command = ["kubectl", "exec", "-i", world.node.pod, "--", "sh", "-c", "cat; exit 7"]
        done = subprocess.run(
            command, input=b"hello\n", capture_output=True, env=record.env, timeout=PATIENCE, check=False
        )
        assert (done.returncode, done.stdout) == (7, b"hello\n")
        (exchange,) = record.ended(0, "exec")
        shown = record.shown(exchange)
    assert re.search(r"> \S+  stdin  6 bytes\n  hello\n", shown)
    assert re.search(r"< \S+  stdout  6 bytes\n  hello\n", shown)
    assert '"message":"7"' in shown


WAYS_IN = {
    "with the client's own credentials": ("--identity", "pass"),
    "by impersonation": ("--identity", "impersonate"),
    "as a forward proxy": ("--mode", "regular"),
    "without TLS": ("--listen", "http://127.0.0.1:0", "--allow-exec"),
}


@pytest.mark.parametrize("options", WAYS_IN.values(), ids=list(WAYS_IN))
def test_exec_goes_through_whichever_way_it_comes_in(world: World, tmp_path: Path, options: tuple[str, ...]) -> None:
    script = (
        'kubectl exec "$0" -- echo one && KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl exec "$0" -- echo one more'
    )
    record = [sys.executable, "-m", "kproxy", "record", "-o", str(tmp_path / "s.kproxy"), *options]
    command = [*record, "--", "sh", "-c", script, world.node.pod]
    done = subprocess.run(command, capture_output=True, env=world.straight, timeout=4 * PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (0, b"one\none more\n"), done.stderr
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        execs = [each for each in recording.exchanges() if each.info.subresource == "exec"]
        said = [carried(list(recording.frames(each.seq)), "stdout", ANSWERED) for each in execs]
    assert [(each.upgrade.lower(), each.end) for each in execs] == [
        ("websocket", End.COMPLETE),
        ("spdy/3.1", End.COMPLETE),
    ]
    assert said == [4, 9]
