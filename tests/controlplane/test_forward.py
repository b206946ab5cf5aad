"""port-forward, cp and logs -f through kproxy, in every way that kubectl has (test_exec.py)."""

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kproxy.model.exchange import LOG_LINE, End
from tests.support.echo import echo_server
from tests.support.live_record import carried
from tests.support.record_process import PATIENCE, wait_for
from tests.support.streams_world import ANSWERED, ASKED, CLIENT, World, ways

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server on this machine's loopback."""
    with echo_server() as port:
        yield port


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


def forwarded_port(kubectl: subprocess.Popen[bytes]) -> int:
    """Which port of ours it listens on, from what it prints."""
    assert kubectl.stdout is not None
    match = re.match(rb"Forwarding from 127\.0\.0\.1:(\d+)", line := kubectl.stdout.readline())
    assert match is not None, line
    return int(match[1])


def named(world: World, after: int) -> set[str]:
    """The channels of a port-forward that goes on."""
    return {
        frame.channel for each in world.record.exchanges(after, "portforward") for frame in world.record.frames(each)
    }


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
