"""`kproxy why`: the lines that people read."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code

DEMO = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
CHANGE = "/registry/pods/default/hello-demo@216"


def test_the_chain_of_a_deletion(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["why", DEMO, CHANGE]) == 0
    out = capsys.readouterr().out
    assert "request  DELETE /api/v1/namespaces/default/pods/hello-demo  200" in out
    assert "the same request changed, too\n  @217  DELETE  /registry/pods/default/hello-demo  ← #3 (revision)" in out
    assert "the key's next change\n  @217" in out


def test_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["why", DEMO, "pod/hello-demo@216", "-n", "default", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["change"]["revision"] == 216
    assert document["other_changes"][0]["revision"] == 217
    assert document["follows_from"] == []


def test_a_change_that_is_not_there_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["why", DEMO, "/registry/pods/default/hello-demo@1"]) == 2
    assert "has no change at revision 1" in capsys.readouterr().err
