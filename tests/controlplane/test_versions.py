"""A session of 1.34.4 replayed on 1.37.2, and the other way: each finding is explained, each explanation needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.versions import ROOT, unexplained

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

KPROXY = [sys.executable, "-m", "kproxy"]
SESSION = ROOT / "tests/controlplane/versions/session.sh"


def run(*arguments: str, env: dict[str, str], code: int = 0) -> str:
    done = subprocess.run([*KPROXY, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("newer", [True, False], ids=["1.34.4 on 1.37.2", "1.37.2 on 1.34.4"])
def test_what_another_version_does_otherwise_is_explained(
    *, newer: bool, assets: Path, older_assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    first, second, version = (older_assets, assets, "1.37.2") if newer else (assets, older_assets, "1.34.4")
    session, replayed = tmp_path / "s.kproxy", tmp_path / "r.kproxy"
    lab = ["lab", "run", "--server", "kube-apiserver", "--assets", str(first), "--"]
    recording = [*KPROXY, "record", "-o", str(session), "--when-stuck", "block", "--", "sh", str(SESSION)]
    run(*lab, *recording, env={**real_env, "KUBEBUILDER_ASSETS": str(first)})
    told = run(
        *("replay", str(session), "--on", f"fresh:kube-apiserver@{version}", "-o", str(replayed), "--format", "json"),
        env={**real_env, "KUBEBUILDER_ASSETS": str(second)},
        code=1,
    )
    verdict = json.loads(told)
    assert unexplained(each["cause"] for each in verdict["findings"]) == ([], [])
    assert verdict["etcd"].get("different", 0) == 0
    assert {each["where"] for each in verdict["findings"]} == {"body", "header"}
