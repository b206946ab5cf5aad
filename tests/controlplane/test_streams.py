"""exec, attach, port-forward, logs and cp through kproxy, on a real kube-apiserver and with a kubelet's own library.

Every way that kubectl has: WebSocket, SPDY where it is told not to use WebSockets, and its fallback where the node's
kubelet refuses them. What the client gets is what it would get without kproxy; what is recorded adds up to it.
"""

import os
import re
import signal
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import CHANNEL, LOG_LINE, BodyState, Direction, End, Exchange, Frame
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.channel_client import channel_client
from tests.support.live_record import LiveRecord, carried, live_record
from tests.support.record_process import PATIENCE, wait_for
from tests.support.stand_in_kubelet import Node, stand_in

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

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


@pytest.fixture(scope="module")
def world(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests of a worker: they look at what comes behind their beginning."""
    folder = tmp_path_factory.mktemp("streams")
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECTL_"))}
    env = {**base, "PATH": f"{assets}:{base['PATH']}", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        refuse = ("--refuse-websocket", "403")
        with (
            stand_in("accepting", folder, env) as node,
            stand_in("refusing", folder, env, *refuse, features=("ExtendWebSocketsToKubelet",)) as refusing,
            live_record(folder, env) as record,
        ):
            yield World(record, env, node, refusing)


def ways(feature: str) -> list[pytest.param]:  # type: ignore[valid-type]
    """Each way, as a cell of docs/compatibility.md."""
    return [
        pytest.param(
            way, marks=pytest.mark.compat(client=CLIENT, feature=f"{feature} over {way}"), id=way.partition(",")[0]
        )
        for way in WAYS
    ]


def channels(frames: list[Frame]) -> list[str]:
    """In their order, each once in a row."""
    names = [frame.channel for frame in frames]
    return [name for at, name in enumerate(names) if not at or names[at - 1] != name]


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


@pytest.mark.parametrize("way", ways("cp, both directions,"))
def test_files_are_copied_both_ways(world: World, way: str, tmp_path: Path) -> None:
    data, after, pod = os.urandom(3_000_000), world.record.last(), world.on(way).pod
    source, there, back = tmp_path / "source", tmp_path / "there", tmp_path / "back"
    source.write_bytes(data)
    for origin, target in ((str(source), f"{pod}:{there}"), (f"{pod}:{there}", str(back))):
        done = world.kubectl(way, "cp", origin, target)
        assert done.returncode == 0, done.stderr
    assert there.read_bytes() == back.read_bytes() == data
    made = world.recorded(way, after, "exec", 3)  # test -d, tar -x, tar -c
    carrying = [(carried(frames, "stdin", ASKED), carried(frames, "stdout", ANSWERED)) for _, frames in made]
    assert [max(sizes) > len(data) for sizes in carrying] == [False, True, True]
    assert carrying[1][0] > len(data) < carrying[2][1]


@pytest.mark.compat(client=CLIENT, feature="logs -f")
def test_a_log_is_followed_line_by_line(world: World) -> None:
    after, log = world.record.last(), world.node.log
    log.write_text("first\n")
    with world.running("WebSocket", "logs", "-f", world.node.pod) as kubectl:
        assert kubectl.stdout is not None
        assert kubectl.stdout.readline() == b"first\n"
        for number in range(3):
            with log.open("a") as more:
                more.write(f"line {number}\n")
            assert kubectl.stdout.readline() == f"line {number}\n".encode()
            world.record.frame(after, "log", bool)
        log.unlink()
        assert kubectl.wait(PATIENCE) == 0
    log.write_text("first\n")
    (exchange,) = world.record.ended(after, "log")
    frames = world.record.frames(exchange)
    assert exchange.end is End.COMPLETE
    assert {frame.kind for frame in frames} == {LOG_LINE}
    assert sum(frame.body.size for frame in frames) == len("first\n") + 3 * len("line 0\n")


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets, until the other side has ended."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    """Serves all that come at once: with the usual queue of 5 the kernel resets some."""

    request_queue_size = 128
    daemon_threads = True


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server on this machine's loopback."""
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(PATIENCE)


def echoed(port: int, data: bytes) -> bytes:
    """What a connection to this port gives back."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        while len(got) < len(data) and (more := connection.recv(65536)):
            got += more
        sender.join(PATIENCE)
    return got


@pytest.mark.parametrize("way", ways("port-forward, 20 connections,"))
def test_twenty_connections_at_once_are_forwarded(world: World, way: str, echo: int) -> None:
    after = world.record.last()
    sent = [os.urandom(1000 + 10_000 * number) for number in range(20)]
    with world.running(way, "port-forward", world.on(way).pod, f":{echo}") as kubectl:
        port = forwarded_port(kubectl)
        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(lambda data: echoed(port, data), sent)) == sent
        closed = {f"close:data:{echo}/{number}" for number in range(20)}
        wait_for(lambda: True if closed <= named(world, after) else None)
        kubectl.send_signal(signal.SIGINT)
        kubectl.wait(PATIENCE)
    ((exchange, frames),) = world.recorded(way, after, "portforward")
    ids = {f"data:{echo}/{number}" for number in range(20)}
    assert {frame.channel for frame in frames if frame.channel.startswith("data:")} == ids
    for direction in (ASKED, ANSWERED):
        assert sorted(carried(frames, each, direction) for each in ids) == sorted(map(len, sent))
    order = [frame.channel for frame in frames]
    for each in ids:
        assert order.index(f"open:{each}") < order.index(each) < order.index(f"close:{each}")
    assert exchange.end is End.COMPLETE


def test_a_forwarded_port_ends_for_the_client_when_the_server_behind_it_ends(world: World) -> None:
    after = world.record.last()
    with socket.create_server(("127.0.0.1", 0)) as source:
        target = source.getsockname()[1]
        with world.running("WebSocket", "port-forward", world.node.pod, f":{target}") as kubectl:
            port = forwarded_port(kubectl)
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                client.sendall(b"give\n")
                served, _ = source.accept()
                with served:
                    assert served.recv(100) == b"give\n"
                    served.sendall(b"x" * 300_000)
                got = b""
                while more := client.recv(65536):
                    got += more
            kubectl.send_signal(signal.SIGINT)
            kubectl.wait(PATIENCE)
    assert got == b"x" * 300_000
    ((_, frames),) = world.recorded("WebSocket", after, "portforward")
    assert carried(frames, f"data:{target}/0", ANSWERED) == 300_000


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


def named(world: World, after: int) -> set[str]:
    """The channels of a port-forward that goes on."""
    return {
        frame.channel for each in world.record.exchanges(after, "portforward") for frame in world.record.frames(each)
    }


def forwarded_port(kubectl: subprocess.Popen[bytes]) -> int:
    """Which port of ours it listens on, from what it prints."""
    assert kubectl.stdout is not None
    match = re.match(rb"Forwarding from 127\.0\.0\.1:(\d+)", line := kubectl.stdout.readline())
    assert match is not None, line
    return int(match[1])


def test_an_upgrade_that_is_refused_is_an_ordinary_answer(world: World) -> None:
    after = world.record.last()
    done = world.kubectl("WebSocket", "exec", "missing", "--", "true")
    assert done.returncode == 1
    assert b'pods "missing" not found' in done.stderr
    raw = subprocess.run(
        ["kubectl", "exec", world.node.pod, "-c", "nobody", "--", "true"],
        env=world.record.env, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert b"container nobody" in raw.stderr
    for exchange in world.record.exchanges(after, "exec"):
        assert exchange.end is End.COMPLETE
        assert exchange.upgrade == ""
        assert exchange.answer is not None
        assert exchange.answer.status >= 400
        assert world.record.frames(exchange) == []


@pytest.mark.parametrize("way", ["WebSocket", "SPDY"])
def test_a_client_that_is_killed_in_the_middle_is_gone(world: World, way: str) -> None:
    after = world.record.last()
    with world.running(way, "exec", "-i", world.node.pod, "--", "cat") as kubectl:
        talk(kubectl, b"half a talk\n")
        kubectl.kill()
    ((exchange, frames),) = world.recorded(way, after, "exec")
    assert exchange.end is End.CLIENT_GONE
    assert carried(frames, "stdin", ASKED) == carried(frames, "stdout", ANSWERED) == 12


def talk(kubectl: subprocess.Popen[bytes], line: bytes) -> None:
    """Say a line to `cat` and hear it."""
    assert kubectl.stdin is not None
    assert kubectl.stdout is not None
    kubectl.stdin.write(line)
    kubectl.stdin.flush()
    assert kubectl.stdout.readline() == line


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


def test_a_recorder_that_is_killed_in_the_middle_leaves_no_frame_out_and_none_twice(
    world: World, tmp_path: Path
) -> None:
    pipe = subprocess.PIPE
    with live_record(tmp_path, world.straight) as record:
        command = ["kubectl", "exec", "-i", world.node.pod, "--", "cat"]
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=record.env) as kubectl:
            for number in range(30):
                talk(kubectl, b"x" * number + b"\n")
                if number % 10 == 5:
                    os.kill(record.recorder(), signal.SIGKILL)
            kubectl.communicate(timeout=PATIENCE)
        (exchange,) = record.ended(0, "exec")
        frames = record.frames(exchange)
    for channel, direction in (("stdin", ASKED), ("stdout", ANSWERED)):
        sizes = [frame.body.size for frame in frames if (frame.channel, frame.direction) == (channel, direction)]
        assert [size for size in sizes if size] == list(range(1, 31))
    assert [frame.index for frame in frames] == list(range(len(frames)))
    with open_recording(str(record.path)) as recording:
        assert list(recording.gaps()) == []


def typed(world: World, after: int) -> list[Frame]:
    """What came on stdin of an exec that goes on."""
    found = [frame for each in world.record.exchanges(after, "exec") for frame in world.record.frames(each)]
    return [frame for frame in found if frame.channel == "stdin"]


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


def test_sigterm_ends_live_execs_and_the_recording_is_whole(world: World, tmp_path: Path) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    with live_record(tmp_path, world.straight) as record:
        for way in ("WebSocket", "SPDY"):
            command = ["kubectl", "exec", "-i", world.node.pod, "--", "cat"]
            env: Mapping[str, str] = {**record.env, **WAYS[way]}
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
            processes.append(process)
            talk(process, b"still here\n")
        assert record.terminate() == 143
        for process in processes:
            process.communicate(timeout=PATIENCE)  # kubectl says 0 to a connection that ends in good order
    with open_recording(str(record.path)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        execs = [each for each in recording.exchanges() if each.info.subresource == "exec"]
        assert [(each.end, each.upgrade.lower()) for each in execs] == [
            (End.STOPPED, "websocket"),
            (End.STOPPED, "spdy/3.1"),
        ]
        for each in execs:
            frames = list(recording.frames(each.seq))
            assert carried(frames, "stdin", ASKED) == carried(frames, "stdout", ANSWERED) == 11
