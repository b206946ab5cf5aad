"""Several processes that serve one address, and the one recording that they make."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kproxy.model.exchange import End, Exchange
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.record_process import RecordProcess, Traffic, record_process, wait_for
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process


def workers_of(running: RecordProcess) -> list[int]:
    """The further workers' process ids, once it serves: what an import starts for a moment is none of them."""
    assert running.url
    found = subprocess.run(["pgrep", "-P", str(running.process.pid)], capture_output=True, text=True, check=False)
    recorder = running.recorder()
    return [int(pid) for pid in found.stdout.split() if int(pid) != recorder]


def recorded(output: Path) -> tuple[list[Exchange], SessionEnd]:
    with open_recording(str(output)) as recording:
        assert list(recording.gaps()) == []
        return list(recording.exchanges()), recording.session.end


def number_of(exchange: Exchange) -> int:
    return int(exchange.request.target.rpartition("-")[2])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_request_is_recorded_once_and_all_workers_serve(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with (
        small_upstream() as upstream,
        record_process(upstream, output, "--workers", "3", "--when-stuck", "block") as running,
    ):
        workers = wait_for(lambda: found if len(found := workers_of(running)) == 2 else None)
        traffic = Traffic(running.url)
        traffic.start(clients=24)
        wait_for(lambda: True if len(traffic.done) > 500 else None)
        traffic.stop()
    exchanges, end = recorded(output)
    assert sorted(map(number_of, exchanges)) == sorted(traffic.done)
    assert traffic.failed == set()
    assert [exchange.seq for exchange in exchanges] == list(range(1, len(exchanges) + 1))
    assert {exchange.end for exchange in exchanges} == {End.COMPLETE}
    assert len({(exchange.connection - 1) % 3 for exchange in exchanges}) > 1  # the kernel deals them out by chance
    assert end is SessionEnd.COMPLETE
    assert not any(alive(pid) for pid in workers)


@pytest.mark.timeout(300)
def test_a_recorder_that_is_killed_is_replaced_for_all_of_them(tmp_path: Path) -> None:
    chance = random.Random(2)
    output = tmp_path / "s.kproxy"
    with (
        small_upstream() as upstream,
        record_process(upstream, output, "--workers", "2", "--when-stuck", "block") as running,
    ):
        traffic = Traffic(running.url)
        traffic.start()
        killed: set[int] = set()
        for _ in range(5):
            pid = wait_for(lambda: ((found := running.recorder()) and found not in killed and found) or None)
            time.sleep(chance.uniform(0.1, 0.5))
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        traffic.stop()
    exchanges, end = recorded(output)
    assert sorted(map(number_of, exchanges)) == sorted(traffic.done)
    assert {exchange.end for exchange in exchanges} == {End.COMPLETE}
    assert end is SessionEnd.COMPLETE


def test_a_worker_that_is_killed_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output, "--workers", "2") as running:
        [worker] = wait_for(lambda: found if len(found := workers_of(running)) == 1 else None)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: True if any("worker 1 of the proxy was gone" in line for line in list(running.said)) else None)
        traffic = Traffic(running.url)
        traffic.start()
        wait_for(lambda: True if len(traffic.done) > 100 else None)
        traffic.stop()
        assert traffic.failed == set()
    exchanges, end = recorded(output)
    assert sorted(map(number_of, exchanges)) == sorted(traffic.done)
    assert end is SessionEnd.COMPLETE


def test_workers_end_when_their_session_is_killed(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output, "--workers", "2") as running:
        [worker] = wait_for(lambda: found if len(found := workers_of(running)) == 1 else None)
        recorder = running.recorder()
        assert recorder is not None
        running.process.kill()
        wait_for(lambda: True if not alive(worker) and not alive(recorder) else None)
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.PROXY_GONE


def test_an_address_that_somebody_has_is_refused_though_workers_share_theirs(tmp_path: Path) -> None:
    with small_upstream() as upstream, record_process(upstream, tmp_path / "a.kproxy", "--workers", "2") as running:
        port = running.url.rpartition(":")[2]
        other = subprocess.run(
            [
                *(sys.executable, "-m", "kproxy", "record", "--workers", "2", "--upstream", upstream),
                *("--listen", f"http://127.0.0.1:{port}", "-o", str(tmp_path / "b.kproxy")),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert other.returncode == 2
        assert f"kproxy cannot listen on 127.0.0.1:{port}: Address already in use" in other.stderr
        assert not (tmp_path / "b.kproxy").exists()
