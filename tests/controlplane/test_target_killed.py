"""A real api-server that is killed while a session is replayed on it."""

from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.replay_process import killed_midway

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(420)]


def test_a_replay_whose_api_server_is_killed_is_inconclusive_at_that_place_and_leaves_its_recording(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    output = tmp_path / "replayed.kproxy"
    ended, report, said = killed_midway(
        LabSettings(server="kube-apiserver", assets=assets), "kube-apiserver", output, real_env
    )
    assert ended == 2, said
    assert report["verdict"] == "inconclusive"
    reasons = report["reasons"]
    assert isinstance(reasons, list)
    assert "the target was gone at exchange 2; 1 of 4 exchanges compared" in reasons
    assert "Traceback" not in said
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert [each.info.verb for each in recording.exchanges()][:1] == ["create"]
