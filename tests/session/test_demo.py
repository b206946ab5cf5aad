"""The demo, as a newcomer types it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
def test_the_demo_shows_each_key_with_its_ground_and_ends_identical(tmp_path: Path) -> None:
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-m", "kproxy", "demo"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = re.sub(r"@\d+", "@N", done.stdout)
    pods = "/api/v1/namespaces/default/pods"
    key = "/registry/pods/default/hello-demo@N"
    expected = [
        f"create  {pods}  201",
        f"        → PUT {key} (traced)",
        f"get     {pods}/hello-demo  200",
        "        → nothing changed in etcd",
        f"delete  {pods}/hello-demo  200",
        f"        → PUT {key} (traced)",
        f"        → DELETE {key} (traced)",
        f"get     {pods}/hello-demo  404",
        "        → nothing changed in etcd",
    ]
    lines = said.splitlines()
    assert lines[1 : 1 + len(expected)] == expected
    assert "verdict: identical" in lines
    assert (tmp_path / "kproxy-demo.kproxy").exists()
