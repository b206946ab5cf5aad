"""Replays that do not come to their end: Ctrl-C, SIGTERM, and a target that is killed."""

import signal
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.replay_process import HELLO, SLOWLY, killed_midway, replay_process

pytestmark = pytest.mark.process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_that_is_stopped_leaves_a_closed_recording_and_a_report_of_what_ran(
    tmp_path: Path, env: dict[str, str], number: signal.Signals, code: int
) -> None:
    output = tmp_path / "replayed.kproxy"
    with replay_process(HELLO, "fresh:emulated", output, "--pace", SLOWLY, env=env) as replay:
        replay.has_answered(1)
        replay.process.send_signal(number)
        ended, report, said = replay.ended()
    assert ended == code, said
    assert report["verdict"] == "inconclusive"
    assert report["differences"] == []
    assert report["reasons"] == [f"stopped by {number.name} at exchange 1; 1 of 4 exchanges compared"]
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert recording.session.exit_code == code
        assert [each.info.verb for each in recording.exchanges()] == ["create"]
    assert "Traceback" not in said


def test_a_target_that_dies_midway_is_inconclusive_at_the_exchange_where_it_died(
    tmp_path: Path, env: dict[str, str]
) -> None:
    output = tmp_path / "replayed.kproxy"
    ended, report, said = killed_midway(LabSettings(), "emulated", output, env)
    assert ended == 2, said
    assert report["verdict"] == "inconclusive"
    assert report["differences"] == []
    reasons = report["reasons"]
    assert isinstance(reasons, list)
    assert "the target was gone at exchange 2; 1 of 4 exchanges compared" in reasons
    assert not any("exchange 3" in str(each) or "exchange 4" in str(each) for each in reasons)
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
