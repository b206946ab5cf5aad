"""`kproxy learn`, and `--rules`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from tests.session.test_rules import run

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"


def test_rules_are_learned_from_runs_and_hide_what_they_taught(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = run(tmp_path, "a", "node-a1b2"), run(tmp_path, "b", "node-9c8d")
    third = run(tmp_path, "c", "node-7e6f")
    rules = str(tmp_path / "rules.yaml")
    assert _exit_code(["learn", first, second, "-o", rules]) == 0
    said = capsys.readouterr().out
    assert "2 rules from 2 runs on v1.37.2" in said
    assert "get pods $.status.host" in said
    assert _exit_code(["diff", first, third]) == 1
    capsys.readouterr()
    assert _exit_code(["diff", first, third, "--rules", rules, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "equivalent"
    assert _exit_code(["diff", first, third, "--rules", rules, "--strict"]) == 1


def test_what_cannot_be_learned_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = run(tmp_path, "a", "n1"), run(tmp_path, "b", "x" * 600)
    assert _exit_code(["learn", first, second, "-o", str(tmp_path / "rules.yaml")]) == 0
    assert "not learned, 1 time: body $.status.host changed" in capsys.readouterr().out


def test_an_existing_file_is_kept_and_a_wrong_wish_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = run(tmp_path, "a", "n1"), run(tmp_path, "b", "n2")
    kept = tmp_path / "kept.yaml"
    kept.write_text("mine")
    for words in (
        [first, second, "-o", str(kept)],
        [first, "-o", str(tmp_path / "new.yaml")],
        [first, second, "--on", "fresh", "-o", str(tmp_path / "new.yaml")],
        [first, "--on", "https://127.0.0.1:1", "-o", str(tmp_path / "new.yaml")],
    ):
        assert _exit_code(["learn", *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert kept.read_text() == "mine"
    assert not (tmp_path / "new.yaml").exists()
    assert _exit_code(["learn", first, second, "-o", str(kept), "--force"]) == 0


@pytest.mark.process
def test_a_server_of_another_version_is_refused_before_anything_is_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def replayed(*_: object) -> None:
        pytest.fail("it was replayed")

    monkeypatch.setattr("kproxy.cli.learn.replay_recording", replayed)
    assert _exit_code(["learn", str(HELLO), "--on", "fresh:emulated", "-o", str(tmp_path / "other.yaml")]) == 2
    assert "what differs between versions is no noise" in capsys.readouterr().err


@pytest.mark.process
def test_runs_are_made_on_fresh_servers_of_the_recorded_version(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    env = kept | {"XDG_STATE_HOME": str(tmp_path / "state")}

    def kproxy(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kproxy", *map(str, words)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    recorded, rules = tmp_path / "recorded.kproxy", tmp_path / "rules.yaml"
    assert kproxy("replay", HELLO, "--on", "fresh:emulated", "-o", recorded).returncode == 0
    done = kproxy("learn", recorded, "--on", "fresh", "--runs", "2", "-o", rules)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 rules from 2 runs on v1" in done.stdout
    done = kproxy("replay", recorded, "--on", "fresh", "--rules", rules, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    keys = list((tmp_path / "state" / "kproxy" / "keys").iterdir())
    assert len(keys) == 1, "the keys of recordings that are gone are gone with them"
