"""How exec ends through kproxy: refused, its client or its recorder killed, the recording ended."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from kproxy.model.exchange import End
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.live_record import carried, live_record
from tests.support.record_process import PATIENCE
from tests.support.streams_world import ANSWERED, ASKED, WAYS, World, talk

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]


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
