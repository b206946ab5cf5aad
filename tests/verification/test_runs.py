"""tests.verification.runs: what becomes of one replay."""

import sys
from pathlib import Path

import pytest

from tests.verification import runs
from tests.verification.runs import Subject, Way, replay

pytestmark = pytest.mark.process

SUBJECT = Subject(name="s", recording=Path("s.kproxy"))


@pytest.fixture(autouse=True)
def alarms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs that are no good are kept."""
    monkeypatch.setattr(runs, "ALARMS", tmp_path / "alarms")
    return tmp_path / "alarms"


def says(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command print this."""
    monkeypatch.setattr(runs, "KPROXY", [sys.executable, "-c", f"print({text!r})"])


def test_a_good_run_leaves_nothing_and_another_one_its_report(alarms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says('{"verdict": "equivalent", "exchanges": {"compared": 7}}', monkeypatch)
    run = replay(SUBJECT, Way(), {})
    assert (run.verdict, run.exchanges, run.good) == ("equivalent", 7, True)
    assert list(alarms.iterdir()) == []
    says('{"verdict": "different", "exchanges": {"compared": 7}}', monkeypatch)
    run = replay(SUBJECT, Way(), {})
    (kept,) = alarms.iterdir()
    assert not run.good
    assert run.said == (f"kept: {kept}",)
    assert "different" in (kept / "report.json").read_text()


def test_a_run_that_does_not_end_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KPROXY", [sys.executable, "-c", "import time; time.sleep(600)"])
    monkeypatch.setattr(runs, "SECONDS", 0.5)
    run = replay(SUBJECT, Way(), {})
    assert (run.verdict, run.good) == ("", False)
    assert "had not ended after 0.5 seconds" in run.said[0]
