"""`kproxy replay --dry-run`: what would be sent, and why each request would wait; nothing is sent."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from tests.session.test_stage import in_use

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
KUBECTL = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def test_each_request_is_listed_with_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", GOLDEN, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[0]      1  send       create /api/v1/namespaces/default/pods  201"
    assert "         after [0]: same object pods/default/hello-demo" in lines
    assert sum("  send  " in line for line in lines) == 4


def test_as_json_it_is_one_object_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", KUBECTL, "--dry-run", "--dry-run-as", "json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert {"send", "await", "close"} == {row["what"] for row in rows}
    for row in rows:
        assert row.keys() == {"number", "what", "seq", "verb", "target", "detail", "after"}
        assert all(wait["number"] < row["number"] and wait["ground"] for wait in row["after"])


def test_as_a_graph_each_wait_is_an_edge_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", GOLDEN, "--dry-run", "--dry-run-as", "dot"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("digraph plan {\n")
    assert said.endswith("}\n")
    assert '  s0 -> s1 [label="same object pods/default/hello-demo"];' in said


def test_what_is_restored_before_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = str(in_use(tmp_path / "s.kproxy"))
    assert _exit_code(["replay", recorded, "--dry-run"]) == 0
    assert "about 1 objects of the start state would be made before" in capsys.readouterr().err
    assert _exit_code(["replay", recorded, "--dry-run", "--restore", "none"]) == 0
    assert capsys.readouterr().err == ""


def test_without_it_a_target_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", GOLDEN]) == 2
    assert "--on TARGET says where to replay" in capsys.readouterr().err


def test_a_slice_lists_its_own_and_names_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", GOLDEN, "--dry-run", "--verb", "GET", "--verb", "delete", "--to", "3600"]) == 0
    said = capsys.readouterr()
    assert [line.split()[1] for line in said.out.splitlines() if "  send  " in line] == ["2", "3", "4"]
    assert "3 of 4 exchanges" in said.err
    assert "pods/default/hello-demo, made or changed by exchange 1, is used by exchange 2" in said.err


@pytest.mark.parametrize("options", [["--from", "soon"], ["--from-mark", "x"], ["--client", "nobody"]])
def test_a_slice_that_cannot_be_is_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["replay", GOLDEN, "--dry-run", *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1
