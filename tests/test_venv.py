"""tools/venv.sh finds a Python that really starts, whatever the names on PATH promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def asked(path: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    found = {"PATH": f"{path}:/usr/bin:/bin", "PYTHON_VERSIONS": VERSION, **env}
    return subprocess.run(
        ["/bin/sh", "tools/venv.sh", "--print"], env=found, capture_output=True, text=True, check=False
    )


def broken(folder: Path) -> Path:
    """A version manager's folder of shims, none of which starts."""
    shims = folder / "shims"
    shims.mkdir(parents=True)
    for name in (f"python{VERSION}", "python3", "python"):
        (shims / name).write_text("#!/bin/sh\nexit 127\n")
        (shims / name).chmod(0o755)
    return shims


def working(place: Path) -> Path:
    """This very Python, in a folder as version managers lay them out."""
    python = place / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return python


def test_a_shim_that_fails_is_passed_by_for_a_version_that_a_manager_keeps_in_home(tmp_path: Path) -> None:
    python = working(tmp_path / "home" / ".local/share/uv/python" / f"cpython-{VERSION}.0-any")
    assert asked(broken(tmp_path / "manager"), HOME=str(tmp_path / "home")).stdout == f"{python}\n"


def test_a_shim_that_fails_tells_where_its_versions_are_though_home_is_another(tmp_path: Path) -> None:
    python = working(tmp_path / "manager" / "versions" / f"{VERSION}.0")
    assert asked(broken(tmp_path / "manager"), HOME=str(tmp_path / "home")).stdout == f"{python}\n"


def test_a_named_python_that_does_not_start_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    answer = asked(broken(tmp_path / "manager"), HOME=str(tmp_path), PYTHON="/nowhere/python3")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "PYTHON=/nowhere/python3 does not start" in answer.stderr


def test_without_a_home_the_search_goes_on(tmp_path: Path) -> None:
    answer = asked(broken(tmp_path / "manager"), PYTHON_VERSIONS="3.99")
    assert answer.returncode == 2
    assert "none that starts was found" in answer.stderr
