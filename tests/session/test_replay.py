"""Replays on the emulated server: the golden walkthrough, and what a replay refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.session.log import Filters, log_rows
from tests.support.etcd_truth import check_recorded

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"
WALKTHROUGH = [sys.executable, "-m", "kproxy.session.walkthrough"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    return {**kept, "XDG_STATE_HOME": str(tmp_path / "state")}


def kproxy(*arguments: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kproxy", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, input="")


def test_the_golden_walkthrough_has_the_same_statuses_keys_and_event_types_on_the_emulated_server(
    tmp_path: Path, env: dict[str, str]
) -> None:
    replayed = tmp_path / "replayed.kproxy"
    done = kproxy("replay", HELLO, "--on", "fresh:emulated", "-o", replayed, "--format", "json", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] in {"identical", "equivalent"}

    def told(where: Path) -> list[tuple[object, ...]]:
        return [
            (row.verb, row.target, row.status, [(change.type, change.key) for change in row.changes])
            for row in log_rows(str(where), Filters())
        ]

    assert told(replayed) == told(HELLO)


def test_a_replay_refuses_the_recorded_server_and_one_that_is_not_fresh(tmp_path: Path, env: dict[str, str]) -> None:
    recorded = tmp_path / "recorded.kproxy"
    with start_lab(LabSettings()) as lab:
        inside = env | lab.environment()
        assert kproxy("record", "-o", recorded, "--", *WALKTHROUGH, env=inside).returncode == 0
        assert check_recorded(recorded) >= 3
        same = kproxy("replay", recorded, "--on", f"context:{context(lab.kubeconfig)}", "--yes", env=inside)
        assert same.returncode == 2
        assert "is the server that was recorded" in same.stderr
        assert same.stderr.count("\n") == 1
    with start_lab(LabSettings()) as lab:
        inside = env | lab.environment()
        left = tmp_path / "left.kproxy"
        script = (
            'curl -sf --cacert "$KPROXY_CA" -H "Authorization: Bearer $KPROXY_TOKEN" -H "$3" -d "$1" "$KPROXY_URL/$2"'
        )
        thing = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "in-the-way"}})
        json_type = "Content-Type: application/json"
        path = "api/v1/namespaces/default/configmaps"
        sent = kproxy("record", "-o", left, "--", "sh", "-c", script, "sh", thing, path, json_type, env=inside)
        assert sent.returncode == 0, sent.stderr
        assert check_recorded(left) >= 1
        on = f"context:{context(lab.kubeconfig)}"
        other = kproxy("replay", recorded, "--on", on, "--yes", env=inside)
        assert other.returncode == 2
        assert "configmaps/default/in-the-way" in other.stderr
        asked = kproxy("replay", recorded, "--on", on, "--allow-existing", env=inside)
        assert asked.returncode == 2  # nobody answered the question, so nothing was sent
        assert "nothing was sent: it was not confirmed" in asked.stderr
        assert "2 writes" in asked.stderr
        allowed = kproxy("replay", recorded, "--on", on, "--allow-existing", "--yes", env=inside)
        assert allowed.returncode == 0, allowed.stdout
        assert "HTTP only" in allowed.stdout


def context(kubeconfig: Path) -> str:
    line = next(line for line in kubeconfig.read_text().splitlines() if line.startswith("current-context:"))
    return line.partition(":")[2].strip()
