"""People's requests alone, beside a fresh cluster's own controllers, on the real control plane."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.model.jsontypes import JSONObject

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(400)]

KPROXY = [sys.executable, "-m", "kproxy"]
SESSION = Path(__file__).parent / "sessions" / "people.sh"


def run(*arguments: str, env: dict[str, str], code: int = 0) -> str:
    done = subprocess.run([*KPROXY, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_deployment_a_job_and_a_namespace_end_the_same_beside_other_controllers(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    session = tmp_path / "s.kproxy"
    lab = ["lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--with", "controllers", "--"]
    run(*lab, *KPROXY, "record", "-o", str(session), "--when-stuck", "block", "--", "sh", str(SESSION), env=real_env)
    people = ["--drive", "people", "--with", "controllers", "--on", "fresh", "--format", "json"]
    said: JSONObject = json.loads(run("replay", str(session), *people, "--assets", str(assets), env=real_env))
    assert said["verdict"] == "equivalent"
    assert said["differences"] == []
    noise = said["noise"]
    assert isinstance(noise, list)
    assert "controllers-beside" in {each["rule"] for each in noise if isinstance(each, dict)}
