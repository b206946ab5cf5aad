"""Promise 2, with --when-stuck pass: a recorder that is behind is in nobody's way, and what is missing is counted."""

import os
import signal
import time
from pathlib import Path
from typing import Literal

import pytest

from kproxy.model.session import Gap
from kproxy.store.reader import open_recording
from tests.support.record_process import Traffic, record_process, wait_for
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process


def through_a_halt(
    output: Path, when_stuck: Literal["pass", "block"], buffer: str, missed: int
) -> tuple[Traffic, list[int], list[Gap]]:
    """The recorder is halted until `missed` requests have passed; then traffic goes on until it has followed."""
    options = ("--when-stuck", when_stuck, "--buffer", buffer)
    with small_upstream() as upstream, record_process(upstream, output, *options) as running:
        traffic = Traffic(running.url)
        recorder = wait_for(running.recorder)
        os.kill(recorder, signal.SIGSTOP)
        traffic.start(clients=8)
        if missed:
            wait_for(lambda: len(traffic.done) > missed or None)
        else:
            time.sleep(0.5)
        os.kill(recorder, signal.SIGCONT)
        before = len(traffic.done)
        wait_for(lambda: len(traffic.done) > before + 200 or None)
        traffic.stop()
    with open_recording(str(output)) as recording:
        recorded = [int(one.request.target.rpartition("-")[2]) for one in recording.exchanges()]
        return traffic, recorded, list(recording.gaps())


def test_while_the_buffer_is_full_all_passes_and_is_one_gap(tmp_path: Path) -> None:
    traffic, recorded, gaps = through_a_halt(tmp_path / "s.kproxy", "pass", "64KiB", missed=500)
    assert traffic.failed == set()
    assert len(recorded) + sum(gap.count for gap in gaps) == len(traffic.sent)
    assert set(recorded) <= traffic.sent
    assert {gap.kind for gap in gaps} == {"exchanges"}
    assert max(gap.count for gap in gaps) > 300  # one for the halt, whatever comes after it
    assert all(gap.reason.endswith("what came was left out until most of it was stored") for gap in gaps)


def test_a_burst_that_fits_the_buffer_is_recorded_whole(tmp_path: Path) -> None:
    traffic, recorded, gaps = through_a_halt(tmp_path / "s.kproxy", "pass", "64MiB", missed=500)
    assert traffic.failed == set()
    assert set(recorded) == traffic.sent
    assert len(recorded) == len(traffic.sent)
    assert gaps == []


def test_one_that_makes_traffic_wait_leaves_nothing_out(tmp_path: Path) -> None:
    traffic, recorded, gaps = through_a_halt(tmp_path / "s.kproxy", "block", "64KiB", missed=0)
    assert traffic.failed == set()
    assert set(recorded) == traffic.sent
    assert gaps == []
