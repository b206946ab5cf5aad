"""A control plane's session of 1.34.4 replayed on 1.37.2, and the other way: each finding is explained."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane.soak.make import NoSoak, make_soak
from tests.support.versions import EXPLAINED, PLANE, unexplained

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(1800)]

SECONDS = 15
"""Of the session: enough for all that its people do once."""

OPTIONS = ("--as", "impersonate", "--pace", "fast", "--concurrency", "16", "--format", "json")


@pytest.mark.parametrize("newer", [True, False], ids=["1.34.4 on 1.37.2", "1.37.2 on 1.34.4"])
def test_what_another_version_does_otherwise_with_a_control_plane_is_explained(
    *, newer: bool, assets: Path, older_plane: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    first, second, version = (older_plane, assets, "1.37.2") if newer else (assets, older_plane, "1.34.4")
    try:
        made = make_soak(SECONDS, "impersonate", first, bare=True, version="1.34.4" if newer else "")
    except NoSoak as error:
        pytest.fail(str(error))
    replay = ["replay", str(made / "recording.kproxy"), "--on", f"fresh:kube-apiserver@{version}", *OPTIONS]
    done = subprocess.run(
        [sys.executable, "-m", "kproxy", *replay, "-o", str(tmp_path / "r.kproxy")],
        env={**real_env, "KUBEBUILDER_ASSETS": str(second), "XDG_STATE_HOME": str(made / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    strange, _ = unexplained((each["cause"] for each in json.loads(done.stdout)["findings"]), PLANE, EXPLAINED)
    assert strange == []
