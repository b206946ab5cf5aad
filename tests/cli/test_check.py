"""`kproxy check`."""

import json
from pathlib import Path

import pytest

from kproxy.cli.check import lines_of
from kproxy.cli.main import _exit_code
from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.run import check
from kproxy.store.text import export_text
from tests.support.told import Told

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")


@pytest.fixture
def with_findings(tmp_path: Path) -> str:
    told = Told()
    told.ask("GET", "/api/v1/secrets")
    export_text(told.recording, tmp_path / "session")
    return str(tmp_path / "session")


def test_nothing_found_is_said_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["check", GOLDEN, "--fail"]) == 0
    assert capsys.readouterr().out == "0 findings in 4 exchanges\n"


def test_findings_exit_with_0_and_with_fail_with_3_never_with_1(
    with_findings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _exit_code(["check", with_findings]) == 0
    assert _exit_code(["check", with_findings, "--fail"]) == 3
    assert _exit_code(["check", with_findings, "--fail", "--rule", "hot-loop"]) == 0
    assert "all-secrets: secrets read in the whole cluster" in capsys.readouterr().out


def test_a_rule_that_does_not_need_the_ledger_says_the_same_without_it(
    with_findings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for rules in (["--rule", "all-secrets"], ["--rule", "all-secrets", "--rule", "no-op-writer"]):
        assert _exit_code(["check", with_findings, *rules]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_json_has_the_keys_that_scripts_rely_on(with_findings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["check", with_findings, "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding.keys() >= {"rule", "user", "user_agent", "count", "says", "first"}


def test_what_comes_from_a_recording_steers_no_terminal() -> None:
    told = Told()
    evil = (("Warning", '299 - "\x1b[31m is deprecated"'),)
    told.ask("GET", "/api/v1/pods", agent="\x1b]0;\x07", answer_headers=evil)
    assert all(line.isprintable() for line in lines_of(check(told.recording, told.ledger, Thresholds())))
