"""A full disk (a file that may not grow is one), through the real `kproxy record`: traffic goes on, one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.store.reader import open_recording
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process

IMPATIENT = (
    "import sys, kproxy.session.recorder as recorder; recorder.DRAIN_SECONDS = 2.0; "
    "from kproxy.cli.main import run; run()"
)
FLOOD = (
    "for n in $(seq 60); do head -c 12000 /dev/urandom | base64 > $1/blob; "
    'curl -sS -o /dev/null -w "%{http_code}\n" --data-binary @$1/blob "$KPROXY_URL/api/v1/namespaces/default/pods"; '
    "done"
)


def test_traffic_goes_on_and_what_was_stored_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream:
        record = [sys.executable, "-c", IMPATIENT, "record", "--upstream", upstream, "--listen", "http://127.0.0.1:0"]
        command = [*record, "-o", str(output), "--", "sh", "-c", FLOOD, "sh", str(tmp_path)]
        limited = ["sh", "-c", 'ulimit -f 600; exec "$@"', "sh", *command]  # 300 KiB a file, in POSIX's blocks
        done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 60
    sentences = done.stderr.splitlines()
    assert len(sentences) == 2, done.stderr
    assert "s.kproxy cannot be written: " in sentences[0]
    assert "tried again each second" in sentences[0]
    assert "not everything could be written into the recording, its disk stayed full" in sentences[1]
    assert "the rest is missing" in sentences[1]
    with open_recording(str(output)) as recording:
        assert 0 < len(list(recording.exchanges())) < 60


@pytest.mark.parametrize("output", ["/dev/null/s.kproxy", "nowhere/s.kproxy"])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, output: str) -> None:
    command = [sys.executable, "-m", "kproxy", "record", "--upstream", "http://127.0.0.1:1", "-o", output, "--", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert output.rpartition("/")[0] in done.stderr


def test_a_place_for_keys_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    command = [
        sys.executable,
        "-m",
        "kproxy",
        "record",
        "--upstream",
        "http://127.0.0.1:1",
        "-o",
        "s.kproxy",
        "--",
        "true",
    ]
    env = {"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "state" in done.stderr
    assert not (tmp_path / "s.kproxy").exists()
