"""docs/compatibility.md is what the markers of the tests behind it say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
TOOL = [sys.executable, str(ROOT / "tools" / "compatibility.py")]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TOOL, "--check", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_page_is_what_the_markers_say() -> None:
    done = check()
    assert done.returncode == 0, done.stderr + done.stdout


def test_a_cell_whose_test_has_not_passed_is_named(tmp_path: Path) -> None:
    proven = tmp_path / "proven.jsonl"
    proven.write_text(
        '{"client": "kr8s", "feature": "watch", "passed": true}\n'
        '{"client": "kopf", "feature": "an operator\'s handlers", "passed": false}\n'
    )
    done = check(str(proven))
    assert done.returncode == 1
    assert "no test has passed for kopf: an operator's handlers" in done.stderr
    assert "for kr8s: watch" not in done.stderr
