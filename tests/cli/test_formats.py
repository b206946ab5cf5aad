"""`--format`, repeatable: each report goes where it was sent, and the exit code is the verdict's."""

import json
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
OTHER = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def test_without_a_format_the_text_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["diff", GOLDEN, GOLDEN]) == 0
    assert capsys.readouterr().out.endswith("verdict: identical\n")


def test_reports_go_to_their_files_and_to_standard_output(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, two = tmp_path / "v.json", tmp_path / "a=b.txt"
    formats = ["--format", f"json={one}", "--format", f"text={two}", "--format", "json"]
    assert _exit_code(["diff", GOLDEN, GOLDEN, *formats]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads(one.read_text())
    assert two.read_text().endswith("verdict: identical\n")
    assert said.keys() >= {"verdict", "exchanges", "etcd", "renamed", "noise", "differences"}
    assert said["exchanges"].keys() >= {"compared", "identical", "equivalent", "different"}


def test_a_difference_is_exit_code_1_and_named_by_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["diff", GOLDEN, OTHER, "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "different"
    for difference in said["differences"]:
        assert difference.keys() >= {"seq", "where", "path", "kind", "baseline", "replayed"}


@pytest.mark.parametrize("words", ["yaml", "", "=v.json", "json=/nowhere/v.json"])
def test_a_report_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert _exit_code(["diff", GOLDEN, GOLDEN, "--format", words]) == 2
    assert capsys.readouterr().err.startswith("kproxy: ")


def test_text_is_coloured_when_that_is_asked_for_and_only_then(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["diff", GOLDEN, GOLDEN, "--color", "always"]) == 0
    assert "\x1b[32m" in capsys.readouterr().out
    for color in ("auto", "never"):
        assert _exit_code(["diff", GOLDEN, GOLDEN, "--color", color]) == 0
        assert "\x1b" not in capsys.readouterr().out


def test_a_file_is_never_coloured(tmp_path: Path) -> None:
    report = tmp_path / "r.txt"
    assert _exit_code(["diff", GOLDEN, OTHER, "--color", "always", "--format", f"text={report}"]) == 1
    assert "\x1b" not in report.read_text()


@pytest.mark.parametrize(("name", "start"), [("junit", "<?xml"), ("html", "<!doctype html>"), ("markdown", "## ")])
def test_each_format_is_written_with_what_both_recordings_say(
    capsys: pytest.CaptureFixture[str], name: str, start: str
) -> None:
    assert _exit_code(["diff", GOLDEN, OTHER, "--format", name]) == 1
    report = capsys.readouterr().out
    assert report.startswith(start)
    assert "hello-kubectl" in report


def test_no_report_and_no_renaming_replaces_a_recording(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine, another = tmp_path / "mine.kproxy", tmp_path / "another.kproxy"
    for each in (mine, another):
        assert _exit_code(["import", GOLDEN, "-o", str(each)]) == 0
    before = mine.read_bytes(), another.read_bytes()
    for path in (mine, another):
        for words in (["diff", str(mine), GOLDEN], ["replay", str(mine), "--on", "http://127.0.0.1:1"]):
            for option in (["--format", f"json={path}"], ["--renaming", str(path)]):
                capsys.readouterr()
                assert _exit_code([*words, *option]) == 2
                assert f"cannot be written to {path}" in capsys.readouterr().err
    assert (mine.read_bytes(), another.read_bytes()) == before


def test_a_report_that_cannot_be_is_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for option in (["--format", f"json={tmp_path}/none/v.json"], ["--renaming", f"{tmp_path}/none/r.json"]):
        for words in (["diff", GOLDEN, "nowhere.kproxy"], ["replay", "nowhere.kproxy", "--on", "fresh"]):
            assert _exit_code([*words, *option]) == 2
            assert f"there is no folder {tmp_path}/none" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="nothing that is always full")
def test_a_report_that_fails_at_the_end_takes_neither_the_others_nor_the_verdict_with_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept, renaming = tmp_path / "v.json", tmp_path / "renaming.json"
    formats = ["--format", "text=/dev/full", "--format", f"json={kept}", "--format", "text"]
    assert _exit_code(["diff", GOLDEN, OTHER, *formats, "--renaming", str(renaming)]) == 2
    said = capsys.readouterr()
    assert json.loads(kept.read_text())["verdict"] == "different"
    assert "verdict: different" in said.out
    assert "No space left on device; name another file behind its --format (the verdict is different)" in said.err
    assert renaming.exists()
