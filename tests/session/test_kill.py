"""Promise 3: kill -9 of any process at any moment leaves a readable recording that says how it ended."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from kproxy.model.exchange import End
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.record_process import RecordProcess, Traffic, record_process, wait_for
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process

ROUNDS = 20
FLUSH = 0.02
"""Seconds between the proxy's batches: what the newest batch holds cannot have been sent."""
SLACK = 0.3
"""Seconds that a loaded test machine may take to give a process its turn; the recorder's own lag comes on top."""


def recorded_numbers(output: Path) -> tuple[dict[int, End], SessionEnd, float]:
    with open_recording(str(output)) as recording:
        found: dict[int, End] = {}
        for exchange in recording.exchanges():
            number = int(exchange.request.target.rpartition("-")[2])
            assert number not in found, f"request {number} is there twice"
            found[number] = exchange.end
            if exchange.answer is not None and exchange.answer.body.digest is not None:
                assert f'"n-{number}"'.encode() in recording.body(exchange.answer.body.digest)
        return found, recording.session.end, recording.session.max_lag / 1e9


@pytest.mark.timeout(300)
def test_a_recorder_killed_twenty_times_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    chance = random.Random(1)
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output, "--when-stuck", "block") as running:
        traffic = Traffic(running.url)
        traffic.start()
        killed: set[int] = set()
        for _ in range(ROUNDS):
            pid = wait_for(lambda: ((found := running.recorder()) and found not in killed and found) or None)
            time.sleep(chance.uniform(0, 0.4))
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        traffic.stop()
    found, end, _ = recorded_numbers(output)
    assert len(killed) == ROUNDS
    assert traffic.failed == set()
    assert len(traffic.done) > ROUNDS
    assert set(found) == set(traffic.done)
    assert set(found.values()) == {End.COMPLETE}
    assert end is SessionEnd.COMPLETE


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("victims", "expected"),
    [("proxy", SessionEnd.PROXY_GONE), ("both", SessionEnd.RECORDER_GONE)],
    ids=["the proxy", "the proxy and the recorder"],
)
def test_what_a_kill_takes_is_no_more_than_the_recorders_lag(
    tmp_path: Path, victims: str, expected: SessionEnd
) -> None:
    chance = random.Random(victims)
    with small_upstream() as upstream:
        for turn in range(ROUNDS):
            output = tmp_path / f"{turn}.kproxy"
            with record_process(upstream, output) as running:
                killed_at, traffic = _kill_during_traffic(running, victims, chance.uniform(0.05, 0.5))
            found, end, lag = recorded_numbers(output)
            assert end is expected
            late = killed_at - max(lag, 0.1) - FLUSH - SLACK
            lost = {number for number, when in traffic.done.items() if when < late and number not in found}
            assert lost == set(), f"round {turn}: lost though answered before the recorder's lag of {lag:.3f} s"
            assert set(found) <= traffic.sent


def _kill_during_traffic(running: RecordProcess, victims: str, after: float) -> tuple[float, Traffic]:
    traffic = Traffic(running.url)
    recorder = wait_for(running.recorder)
    traffic.start()
    wait_for(lambda: len(traffic.done) > 20 or None)
    time.sleep(after)
    killed_at = time.monotonic()
    running.process.kill()
    if victims == "both":
        os.kill(recorder, signal.SIGKILL)
    running.process.wait()
    traffic.stop()
    wait_for(lambda: not _alive(recorder) or None)  # alone, it stores what it was sent, and ends
    return killed_at, traffic


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if Path("/proc").is_dir() else True
    )
