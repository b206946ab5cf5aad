import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

GOLDEN = Path(__file__).parents[2] / "recordings" / "hello-demo"

CLIENT = """
import os, sys, urllib.request
url = os.environ["KPROXY_URL"] + sys.argv[1]
print(urllib.request.urlopen(url).status)
"""


def play(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kproxy", "play", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path)


def test_a_command_is_answered_and_its_exit_code_is_ours(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    client = [sys.executable, "-c", CLIENT, "/api/v1/namespaces/default/pods/hello-demo"]
    done = play(tmp_path, str(GOLDEN), "--report", str(report), "--", *client)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    assert "1 of 4 recorded exchanges were played" in done.stderr
    assert json.loads(report.read_text()) == {"recorded": 4, "played": 1, "missing": []}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    client = [sys.executable, "-c", CLIENT, "/api/v1/nodes"]
    done = play(tmp_path, str(GOLDEN), "--", *client)
    assert done.returncode == 1
    assert "kproxy: not recorded: GET /api/v1/nodes" in done.stderr


def test_a_command_that_cannot_be_started_and_a_listener_that_is_none_are_said(tmp_path: Path) -> None:
    done = play(tmp_path, str(GOLDEN), "--", "no-such-program")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = play(tmp_path, str(GOLDEN), "--listen", "nowhere")
    assert (done.returncode, "is no HOST:PORT" in done.stderr) == (2, True)


def test_no_credentials_are_lent_to_other_machines(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    done = play(tmp_path, str(GOLDEN), "--listen", "0.0.0.0:0", "--otherwise", str(kubeconfig), "--", "true")
    assert (done.returncode, "would be open to other machines" in done.stderr) == (2, True)


def test_a_report_does_not_replace_what_is_none_and_is_tried_before(tmp_path: Path) -> None:
    other = tmp_path / "other.kproxy"
    other.write_bytes(b"SQLite format 3")
    done = play(tmp_path, str(GOLDEN), "--report", str(other), "--", "true")
    assert (done.returncode, other.read_bytes()) == (2, b"SQLite format 3")
    done = play(tmp_path, str(GOLDEN), "--report", str(tmp_path / "no" / "report.json"), "--", "touch", "ran")
    assert (done.returncode, (tmp_path / "ran").exists()) == (2, False)
