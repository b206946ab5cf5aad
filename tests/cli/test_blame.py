"""`kproxy blame`: the lines that people read."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.store.text import export_text
from tests.support.life import OBJECT, Life, widget

KUBECTL = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert _exit_code(["blame", *arguments]) == 0
    return capsys.readouterr().out


def test_each_field_s_line_names_who_set_it(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, KUBECTL, "deploy/hello-web", "-n", "default", "--at", "19").splitlines()
    assert lines[0] == "deployments.apps/default/hello-web  /registry/deployments/default/hello-web"
    assert "#19 patch   15:46:29.760  kproxy-admin kubectl         spec.replicas: 3" in lines
    assert lines[-1] == "28 fields, held against managedFields: agrees 20, unmanaged 7, server 1"
    assert any("status: {}  (server; owned by nobody; " in line for line in lines)


def test_its_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(shown(capsys, KUBECTL, "deploy/hello-web", "-n", "default", "--at", "19", "--json"))
    assert len(document["fields"]) == 28
    assert document["managed_fields"]["agrees"] == 20


def test_an_object_that_was_not_there_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["blame", KUBECTL, "pods/default/hello-demo"]) == 2
    assert "was not there then" in capsys.readouterr().err


def test_what_a_recording_holds_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    life = Life().write(widget("u1", x="\x1b[31m" + "y" * 10_000), agent="\u202eevil/1")
    export_text(life.recording, tmp_path / "life")
    out = shown(capsys, str(tmp_path / "life"), OBJECT)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert max(len(line) for line in out.splitlines()) < 600
