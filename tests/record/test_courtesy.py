"""Who steps back when the recorder cannot keep up."""

import os
import signal
import time
from pathlib import Path
from typing import Literal

from tests.support.record_process import Traffic, record_process, wait_for
from tests.support.small_upstream import small_upstream


def priority_after_a_halt(tmp_path: Path, when_stuck: Literal["pass", "block"]) -> int:
    """What the recorder's is once it goes on, and the proxy has told it what came meanwhile."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with (
        small_upstream() as upstream,
        record_process(upstream, tmp_path / "s.kproxy", "--when-stuck", when_stuck, "--buffer", "64KiB") as running,
    ):
        traffic = Traffic(running.url)
        recorder = wait_for(running.recorder)
        os.kill(recorder, signal.SIGSTOP)
        traffic.start(clients=8)
        if when_stuck == "pass":
            wait_for(lambda: True if len(traffic.done) > 500 else None)
        else:
            time.sleep(0.5)
        os.kill(recorder, signal.SIGCONT)
        before = len(traffic.done)
        wait_for(lambda: True if len(traffic.done) > before + 200 else None)
        if when_stuck == "pass":
            wait_for(lambda: True if os.getpriority(os.PRIO_PROCESS, recorder) > usual else None)
        traffic.stop()
        found = os.getpriority(os.PRIO_PROCESS, recorder)
        assert traffic.failed == set()
    return found - usual


def test_a_recorder_that_is_left_behind_lets_the_traffic_go_first(tmp_path: Path) -> None:
    assert priority_after_a_halt(tmp_path, "pass") > 0


def test_one_that_makes_traffic_wait_keeps_its_priority(tmp_path: Path) -> None:
    assert priority_after_a_halt(tmp_path, "block") == 0
