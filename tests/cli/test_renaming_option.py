"""`--renaming FILE`."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.renaming.kinds import Kind
from kproxy.renaming.value import renaming_json, renaming_of
from tests.session.test_rules import run


def test_what_stands_for_what_is_written_and_can_be_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = run(tmp_path, "a", "n1"), run(tmp_path, "b", "n1")
    file = tmp_path / "renaming.json"
    assert _exit_code(["diff", first, second, "--renaming", str(file)]) == 0
    assert "verdict: identical" in capsys.readouterr().out
    value = json.loads(file.read_text())
    renaming = renaming_of(value)
    assert renaming_json(renaming) == value
    uid = "aaaaaaaa-0000-4000-8000-000000000097"
    assert renaming.image(Kind.UID, uid) == uid.replace("a", "b")
    assert renaming.inverse().image(Kind.UID, uid.replace("a", "b")) == uid


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = run(tmp_path, "a", "n1"), run(tmp_path, "b", "n1")
    assert _exit_code(["diff", first, second, "--renaming", str(tmp_path / "none" / "there.json")]) == 2
    assert "the renaming cannot be written" in capsys.readouterr().err
