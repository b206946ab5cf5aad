"""A real api-server that is killed while a session is replayed on it."""

import os
import signal
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.session.test_replay import context
from tests.support.replay_process import SLOWLY, replay_process

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(420)]

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"


def test_a_replay_whose_api_server_is_killed_is_inconclusive_at_that_place_and_leaves_its_recording(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    output = tmp_path / "replayed.kproxy"
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        on = f"context:{context(lab.kubeconfig)}"
        options = ("--pace", SLOWLY, "--allow-existing")
        with replay_process(HELLO, on, output, *options, env=real_env | lab.environment()) as replay:
            replay.has_answered(1)
            os.kill(dict(lab.info.pids)["kube-apiserver"], signal.SIGKILL)
            ended, report, said = replay.ended()
    assert ended == 2, said
    assert report["verdict"] == "inconclusive"
    reasons = report["reasons"]
    assert isinstance(reasons, list)
    assert "the target was gone at exchange 2; 1 of 4 exchanges compared" in reasons
    assert "Traceback" not in said
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert [each.info.verb for each in recording.exchanges()][:1] == ["create"]
