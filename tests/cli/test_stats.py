"""`kproxy stats`."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.cli.stats import lines_of
from kproxy.insight.stats import DIMENSIONS, statistics
from tests.support.told import Told, reading

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert _exit_code(["stats", GOLDEN, *arguments]) == 0
    return capsys.readouterr().out


def test_the_walkthrough_in_figures(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys)
    assert "create  pods" in text
    assert "keys that changed most" in text
    assert "/registry/pods/default/hello-demo" in text
    assert "what requests cost in etcd is not known" in text


def test_json_has_the_keys_that_scripts_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "--json", "--by", "verb"))
    assert document.keys() >= {"total", "groups", "hot_keys", "own_calls", "gaps", "with_etcd", "with_calls"}
    assert {group["verb"]: group["exchanges"] for group in document["groups"]} == {"create": 1, "get": 2, "delete": 1}
    assert document["total"]["errors"] == 1


def test_rows_beyond_the_top_are_counted() -> None:
    told = Told()
    for number in range(5):
        told.ask("GET", f"/api/v1/things{number}")
    lines = lines_of(statistics(told.recording, told.ledger), DIMENSIONS, 3)
    assert "… and 2 more rows (--top)" in lines


def test_what_comes_from_a_recording_steers_no_terminal() -> None:
    told = Told()
    seq = told.ask("PUT", "/api/v1/x\x1b[31m", agent="evil\x1b]0;\x07")
    told.put("/registry/\x1b[31m", seq)
    told.put("/registry/\x1b[31m", seq)
    told.call(None, reading("/\x07/"))
    assert all(line.isprintable() for line in lines_of(statistics(told.recording, told.ledger), DIMENSIONS, 30))
