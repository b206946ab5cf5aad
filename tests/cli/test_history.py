"""`kproxy history`: the lines that people read."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.model.jsontypes import JSONObject
from kproxy.store.text import export_text
from tests.support.life import OBJECT, Life, widget

DEMO = str(Path(__file__).parents[2] / "recordings" / "hello-demo")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert _exit_code(["history", *arguments]) == 0
    return capsys.readouterr().out


def test_the_walkthrough_s_pod(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, DEMO, "pods/default/hello-demo").splitlines()
    assert lines[0] == "pods/default/hello-demo  /registry/pods/default/hello-demo"
    assert lines[2].startswith("@215  PUT created  2026-11-23T15:46:14.")
    assert lines[2].endswith("  #1 create by kproxy-admin with curl/7.88.1 as curl")
    assert "    34 fields" in lines
    assert "    ~ metadata.generation: 1 → 2" in lines
    assert "    + metadata.deletionGracePeriodSeconds: 0" in lines


def test_its_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(shown(capsys, DEMO, "pod/hello-demo", "-n", "default", "--json"))
    assert document["object"] == "pods/default/hello-demo"
    assert document["source"] == "etcd"
    assert [len(version["changes"]) for version in document["versions"]] == [34, 3, 0]
    assert document["versions"][0]["by"]["field_manager"] == "curl"
    assert document["versions"][2]["basis"] == "revision"


def test_what_a_recording_holds_steers_no_terminal_and_fills_no_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil: JSONObject = {f"\x1b[31m{n}": "\x1b]0;x\x07" + "y" * 10_000 for n in range(500)}
    export_text(Life().write(widget(x=1)).write(widget(x=1, data=evil)).recording, tmp_path / "life")
    out = shown(capsys, str(tmp_path / "life"), OBJECT)
    assert "\x1b" not in out
    assert "… and 450 more fields (--json has all)" in out
    assert max(len(line) for line in out.splitlines()) < 600


def test_a_key_that_holds_no_object_shows_its_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    life = Life().write(widget(x=1))
    change = life.recording.change_list[0]
    assert change.value is not None
    assert change.value.digest is not None
    life.recording.body_bytes[change.value.digest] = b"plain \x07 text"
    text = life.recording.keep(b"plain \x07 text")
    life.recording.change_list[0] = type(change)(
        cluster=change.cluster,
        revision=change.revision,
        key=change.key,
        type=change.type,
        at=change.at,
        value=text,
        create_revision=change.create_revision,
        version=1,
        lease=0x7F,
    )
    export_text(life.recording, tmp_path / "life")
    out = shown(capsys, str(tmp_path / "life"), OBJECT)
    assert "    lease 7f\n    plain \\x07 text\n" in out
