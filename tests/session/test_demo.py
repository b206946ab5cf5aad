"""The demo, as a newcomer types it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import watch_beside

pytestmark = pytest.mark.process


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
    keys = list((tmp_path / "state" / "kproxy" / "keys").iterdir())
    assert len(keys) == 1, "the replay's recording is gone, and its key with it"


@pytest.mark.timeout(180)
def test_the_recorded_walkthrough_has_every_change_that_etcdctl_saw(tmp_path: Path) -> None:
    """The demo's first half, with etcdctl's own watch beside it."""
    path, watched = tmp_path / "s.kproxy", tmp_path / "watch.jsonl"
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    kproxy = [sys.executable, "-m", "kproxy"]
    lab, beside = [*kproxy, "lab", "run", "--"], [sys.executable, watch_beside.__file__, str(watched)]
    record = [*kproxy, "record", "-o", str(path), "--", sys.executable, "-m", "kproxy.session.walkthrough"]
    done = subprocess.run([*lab, *beside, *record], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert watch_beside.check(watched, str(path)) == []
    assert len(list(watch_beside.events(watched))) > 3
